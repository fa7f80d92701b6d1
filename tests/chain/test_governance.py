"""First governance looks before it acts."""

from __future__ import annotations

import pytest

from settlement.chain.bindings.structs import Seat
from settlement.chain.governance import Governor, open_governor
from settlement.chain.signer import demo_signer
from settlement.errors import Conflict, NotPermitted
from settlement.ids import lei_hash
from settlement.money import currency
from tests.chain.trade import COUNTRY, DAY, OBSERVERS, ROLES, Trade, address_of, lei_of, member_of


@pytest.fixture
def governor(trade: Trade) -> Governor:
    """Who governs the network."""
    return open_governor(trade.client, demo_signer("governor"), trade.deployment)


def test_ensure__all_that_is_there_already__sends_nothing(trade: Trade, governor: Governor) -> None:
    head = trade.client.head()
    for actor, roles in ROLES.items():
        member = governor.ensure_member(lei_of(actor), address_of(actor), COUNTRY, roles, 0, trade.now + DAY)
        assert member == member_of(actor)
    listed = trade.gateways.ledger.token(840).token
    assert governor.ensure_currency(currency("USD")) == listed
    seats = [Seat(address_of(actor), member_of(actor)) for actor in ("customs1", "customs2", "customs3")]
    governor.ensure_committee(COUNTRY, 2, member_of("customs1"), seats)
    governor.ensure_observers(2, [address_of(actor) for actor in OBSERVERS])
    assert trade.client.head() == head


def test_ensure_member__a_new_company__is_enrolled_once(trade: Trade, governor: Governor) -> None:
    wish = (lei_of("carrier"), address_of("carrier"), COUNTRY, 64, 1, trade.now + DAY)
    member = governor.ensure_member(*wish)
    assert governor.ensure_member(*wish) == member == len(ROLES) + 1
    assert trade.gateways.network.id_of(lei_hash(lei_of("carrier"))) == member


def test_ensure_member__the_lei_has_another_account__is_a_conflict(trade: Trade, governor: Governor) -> None:
    with pytest.raises(Conflict, match="with account"):
        governor.ensure_member(lei_of("buyer"), address_of("stranger"), COUNTRY, 1, 0, trade.now + DAY)


@pytest.mark.parametrize("code", ["JPY", "KWD"])
def test_d08__a_currency_of_another_exponent__is_listed_with_whole_minor_units(
    trade: Trade, governor: Governor, code: str
) -> None:
    unit = currency(code)
    token = governor.ensure_currency(unit)
    listed = trade.gateways.ledger.token(unit.number)
    assert (listed.token, listed.exponent, listed.scale) == (token, unit.exponent, 10 ** (6 - unit.exponent))


def test_ensure_committee__other_seats__take_the_place_of_the_former(
    trade: Trade, governor: Governor
) -> None:
    before = trade.gateways.clearance.committee(COUNTRY).version
    seats = [Seat(address_of("other"), member_of("customs2"))]
    governor.ensure_committee(COUNTRY, 1, member_of("customs1"), seats)
    sitting = trade.gateways.clearance.committee(COUNTRY)
    assert (sitting.version, list(sitting.seats)) == (before + 1, seats)


def test_ensure__by_another_key_than_the_governors__is_not_permitted(trade: Trade) -> None:
    stranger = open_governor(trade.client, demo_signer("relayer"), trade.deployment)
    with pytest.raises(NotPermitted, match="governor's key"):
        stranger.ensure_observers(1, [address_of("observer9")])
