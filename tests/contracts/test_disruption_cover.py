"""DisruptionCover on the bare EVM: capital and sale, each beside what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.disruption_cover import (
    CoverBought,
    DisruptionCover,
    PoolFunded,
)
from settlement.chain.bindings.enums import Phase, Status
from settlement.chain.bindings.structs import PolicyState
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.covers import (
    ATTACH,
    COVER,
    EXHAUST,
    POOL_MINOR,
    PREMIUM_MINOR,
    SUM_MINOR,
    Desk,
    open_desk,
)
from tests.contracts.harness import CHAIN_ID, reverts, signer
from tests.contracts.holdings import split
from tests.contracts.observers import DAY, OBSERVERS, WINDOW
from tests.contracts.world import INSURER, JPY, USD, build_world

GRACE = 3 * DAY


@pytest.fixture(scope="module")
def built() -> Desk:
    return open_desk(build_world())


@pytest.fixture
def desk(built: Desk) -> Iterator[Desk]:
    with built.world.evm.branch():
        yield built


@pytest.fixture
def order(desk: Desk) -> int:
    """An accepted order of 100,000.00 with a loan of 60,000.00."""
    order = desk.world.accepted(line=desk.world.publish())
    desk.world.draw(order, 60_000_00)
    return order


def suspend(desk: Desk, actor: str) -> None:
    desk.world.govern("TrustedNetwork", TrustedNetwork.set_status(desk.world.ids[actor], Status.SUSPENDED))


def as_insurer(desk: Desk, actor: str) -> None:
    renewal = TrustedNetwork.renew(desk.world.ids[actor], INSURER, 1, desk.world.evm.now + 365 * DAY)
    desk.world.govern("TrustedNetwork", renewal)


# Capital


def test_fund__free_cash__becomes_capital(desk: Desk) -> None:
    before = desk.world.cash("insurer")
    done = desk.fund(desk.funding(5_000_00))
    pool = desk.world.view(COVER, DisruptionCover.pool_id(desk.world.ids["insurer"], USD))
    assert done.one(PoolFunded) == PoolFunded(pool, desk.world.ids["insurer"], USD, 5_000_00)
    assert desk.pool() == (POOL_MINOR + 5_000_00, 0)
    assert desk.world.cash("insurer") == before - 5_000_00
    assert desk.pool(JPY) == (0, 0)


def test_fund__caller_is_the_insurer__needs_no_signature(desk: Desk) -> None:
    call = DisruptionCover.fund(desk.funding(1), b"")
    with reverts(errors.KeyNotValid):
        desk.world.send(COVER, call)
    desk.world.send(COVER, call, desk.world.key("insurer"))
    assert desk.pool().capital == POOL_MINOR + 1


def test_fund__same_consent_twice__is_refused(desk: Desk) -> None:
    """I-02: terms signed once move cash once."""
    funding = desk.funding(1)
    desk.fund(funding)
    with reverts(errors.NonceUsed(funding.insurer, funding.nonce)):
        desk.fund(funding)
    used = DisruptionCover.is_nonce_used(funding.insurer, funding.nonce)
    assert desk.world.view(COVER, used)


def test_fund__others_or_outdated_consent__is_refused(desk: Desk) -> None:
    """I-02: only the holder's signature moves its cash."""
    as_insurer(desk, "bank2")
    with reverts(errors.NotSignedBy(desk.world.ids["insurer"])):
        desk.fund(desk.funding(1), by="bank2")
    with reverts(errors.SignatureExpired(desk.world.evm.now - 1)):
        desk.fund(desk.funding(1, deadline=desk.world.evm.now - 1))
    with reverts(errors.RoleMissing(desk.world.ids["bank"], INSURER)):
        desk.fund(desk.funding(1, insurer=desk.world.ids["bank"]), by="bank")
    with reverts(errors.InvalidTerms()):
        desk.fund(desk.funding(0))


def test_fund__more_than_is_free__is_refused(desk: Desk) -> None:
    free = desk.world.cash("insurer")
    with reverts(errors.InsufficientCash):
        desk.fund(desk.funding(free + 1))
    desk.fund(desk.funding(free))
    assert desk.world.cash("insurer") == 0


def test_fund__key_with_a_smaller_limit__is_refused(desk: Desk) -> None:
    clerk = signer(60)
    desk.world.give_key("insurer", clerk, 32, 999)
    for amount, expected in ((1_000, errors.KeyLimitExceeded(clerk.address, 1_000, 999)), (999, None)):
        funding = desk.funding(amount)
        call = DisruptionCover.fund(funding, clerk.sign(desk.world.at[COVER], funding))
        if expected is None:
            desk.world.send(COVER, call)
        else:
            with reverts(expected):
                desk.world.send(COVER, call)


def test_fund__suspended_insurer__is_refused(desk: Desk) -> None:
    """I-28: a suspended member opens nothing new."""
    suspend(desk, "insurer")
    with reverts(errors.NotInGoodStanding(desk.world.ids["insurer"])):
        desk.fund(desk.funding(1))


# Sale


def test_buy__both_signed__locks_the_sum_and_takes_the_premium(desk: Desk, order: int) -> None:
    """I-22: the sum is locked at the sale."""
    terms = desk.terms(order)
    before = desk.world.cash("supplier")
    done = desk.buy(terms)
    policy = desk.identity(terms)
    assert done.value == policy
    assert done.one(CoverBought) == CoverBought(
        policy, order, terms.insured, policy.to_bytes(32, "big"), terms
    )
    assert desk.state(terms) == PolicyState(terms.insurer, terms.insured, USD, SUM_MINOR, 0, False)
    assert desk.pool() == (POOL_MINOR + PREMIUM_MINOR, SUM_MINOR)
    assert desk.world.cash("supplier") == before - PREMIUM_MINOR


@pytest.mark.parametrize(
    "changes",
    [
        {"sum": 0},
        {"attach": 0},
        {"attach": EXHAUST},
        {"exhaust": ATTACH - 1},
        {"waiting_days": 0},
        {"last_day": 19_675},
        {"first_day": 19_676, "last_day": 19_676 + 31},
        {"first_day": 49_706, "last_day": 49_706},
        {"first_day": 2**32 - 2, "last_day": 2**32 - 1},
        {"insured": 7},
    ],
)
def test_buy__terms_that_make_no_policy__are_refused(desk: Desk, order: int, changes: dict[str, Any]) -> None:
    assert (desk.today, desk.world.ids["insurer"]) == (19_675, 7)
    with reverts(errors.InvalidTerms()):
        desk.buy(desk.terms(order, **changes))


def test_buy__longest_and_latest_cover__is_sold(desk: Desk, order: int) -> None:
    terms = desk.bought(order, sum=1, first_day=19_676, last_day=19_676 + 30)
    assert not desk.state(terms).is_settled
    last = desk.bought(order, sum=1, first_day=49_704, last_day=49_704)
    assert desk.expires_at(last) == 49_705 * DAY + WINDOW + GRACE < 2**32
    assert desk.expires_at(replace(last, last_day=2**32 - 1)) == 2**32 - 1


def test_buy__without_either_signature__is_refused(desk: Desk, order: int) -> None:
    """I-02: the premium moves only by terms that its payer signed."""
    terms = desk.terms(order)
    as_insurer(desk, "bank2")
    with reverts(errors.NotSignedBy(terms.insurer)):
        desk.buy(terms, insurer="bank2")
    with reverts(errors.RoleMissing(desk.world.ids["supplier"], INSURER)):
        desk.buy(terms, insurer="supplier")
    with reverts(errors.NotSignedBy(terms.insured)):
        desk.buy(terms, insured="insurer")
    with reverts(errors.SignatureExpired(desk.world.evm.now - 1)):
        desk.buy(replace(terms, deadline=desk.world.evm.now - 1))
    desk.buy(replace(terms, deadline=desk.world.evm.now))


def test_buy__same_quote_twice__is_refused(desk: Desk, order: int) -> None:
    terms = desk.bought(order, sum=1)
    with reverts(errors.QuoteUsed(desk.identity(terms))):
        desk.buy(terms)
    desk.buy(replace(terms, nonce=terms.nonce + 1_000))


def test_buy__nothing_to_lose_under_the_order__is_refused(desk: Desk, order: int) -> None:
    bank = desk.world.ids["bank"]
    with reverts(errors.NoInsurableInterest(bank, order)):
        desk.buy(desk.terms(order, insured=bank), insured="bank")
    desk.buy(desk.terms(order, insured=desk.world.ids["buyer"]), insured="buyer")
    with reverts(errors.UnknownOrder(order + 1)):
        desk.buy(desk.terms(order + 1))
    desk.world.attest(order, 1, refused=True, released=0, phase=Phase.ACCEPTED)
    assert desk.world.position(order).phase == Phase.CLOSED
    with reverts(errors.NoInsurableInterest(desk.world.ids["supplier"], order)):
        desk.buy(desk.terms(order))


def test_buy__for_a_share__is_refused_once_its_order_is_closed(desk: Desk) -> None:
    world = desk.world
    order = world.accepted()
    split(world, order, [("supplier2", 1_00), ("supplier", 2_00)])
    desk.buy(desk.terms(order | 2, sum=1_00, premium=0))
    world.attest(order, 1, released=1)
    desk.buy(desk.terms(order | 2, sum=1_00, premium=0))
    world.attest(order, 2)
    assert world.position(order).phase == Phase.CLOSED
    with reverts(errors.NoInsurableInterest(world.ids["supplier"], order | 2)):
        desk.buy(desk.terms(order | 2, sum=1_00, premium=0))


def test_p04__cover_in_another_currency_than_the_order__is_refused(desk: Desk, order: int) -> None:
    desk.fund(desk.funding(POOL_MINOR, JPY))
    with reverts(errors.CurrencyDiffers(USD, JPY)):
        desk.buy(desk.terms(order, currency=JPY))


def test_buy__suspended_side__is_refused(desk: Desk, order: int) -> None:
    """I-28: a suspended member opens nothing new."""
    for actor in ("insurer", "supplier"):
        with desk.world.evm.branch():
            suspend(desk, actor)
            with reverts(errors.NotInGoodStanding(desk.world.ids[actor])):
                desk.buy(desk.terms(order))


def test_buy__capital_to_the_last_unit__and_not_one_more(desk: Desk, order: int) -> None:
    """I-22: what is locked never exceeds the capital."""
    most = POOL_MINOR + PREMIUM_MINOR
    with reverts(errors.CapitalShort(desk_pool_id(desk), most, most + 1)):
        desk.buy(desk.terms(order, sum=most + 1))
    desk.buy(desk.terms(order, sum=most))
    assert desk.pool() == (most, most)
    with reverts(errors.CapitalShort(desk_pool_id(desk), 0, 1)):
        desk.buy(desk.terms(order, sum=1, premium=0))


def desk_pool_id(desk: Desk) -> int:
    return int(desk.world.view(COVER, DisruptionCover.pool_id(desk.world.ids["insurer"], USD)))


def test_o16__cover_that_ends_later__is_in_the_commitments(desk: Desk, order: int) -> None:
    """I-22: policies of all terms share one pool of locked capital."""
    desk.bought(order, sum=60_000_00, premium=0, last_day=desk.today + 31)
    with reverts(errors.CapitalShort(desk_pool_id(desk), 40_000_00, 40_000_01)):
        desk.buy(desk.terms(order, sum=40_000_01, premium=0))
    desk.bought(order, sum=40_000_00, premium=0, last_day=desk.today + 1)


def test_buy__inside_the_waiting_period__is_refused(desk: Desk, order: int) -> None:
    """I-24: covered days start after the waiting period."""
    today = desk.today
    with reverts(errors.WaitingPeriod(today, today + 1)):
        desk.buy(desk.terms(order, first_day=today))
    with reverts(errors.WaitingPeriod(today + 4, today + 5)):
        desk.buy(desk.terms(order, first_day=today + 4, last_day=today + 9, waiting_days=5))
    desk.buy(desk.terms(order, first_day=today + 5, last_day=today + 9, waiting_days=5))


@pytest.mark.parametrize("days_ago", [1, 2, 3, 4])
def test_o15__event_under_way__stops_sales(desk: Desk, order: int, days_ago: int) -> None:
    """I-24: one reading at the attachment is enough."""
    day = desk.today - 1
    desk.station.observe(day, ATTACH - 1, OBSERVERS[0])
    with desk.world.evm.branch():
        desk.bought(order)
    desk.station.observe(day, ATTACH, OBSERVERS[1])
    desk.world.evm.advance((days_ago - 1) * DAY)
    with reverts(errors.EventUnderWay(day)):
        desk.buy(desk.terms(order))
    desk.buy(desk.terms(order, attach=ATTACH + 1))
    desk.buy(desk.terms(order, sum=1, place=b"CNSHA".ljust(32, b"\0")))
    desk.buy(desk.terms(order, sum=1, peril=3))


def test_o15__storm_over_for_five_days__sales_go_on(desk: Desk, order: int) -> None:
    day = desk.today - 1
    desk.station.observe_all(day, (EXHAUST,) * 5)
    desk.world.evm.advance(4 * DAY)
    assert not desk.state(desk.bought(order)).is_settled


def test_o05__policy_signed_for_another_contract_or_chain__is_refused(desk: Desk, order: int) -> None:
    """I-20: a signature is good for one chain and one contract."""
    terms, insurer = desk.terms(order), desk.world.key("insurer")
    supplier, good = desk.world.key("supplier"), desk.world.sign("supplier", COVER, terms)
    for at, chain_id in ((desk.world.at[COVER], 1), (desk.world.at["CashLedger"], CHAIN_ID)):
        stray, beside = (key.sign(at, terms, chain_id=chain_id) for key in (insurer, supplier))
        # Both signed for elsewhere, or the insurer alone.
        for other in (beside, good):
            with reverts(errors.KeyNotValid):
                desk.world.send(COVER, DisruptionCover.buy(terms, stray, other))


def test_o01__other_forms_of_the_insurers_signature__are_nobodys(desk: Desk, order: int) -> None:
    terms = desk.terms(order)
    plain, good = desk.world.sign("insurer", COVER, terms), desk.world.sign("supplier", COVER, terms)
    for other in (plain[:64] + bytes([plain[64] - 27]), plain[:64], plain + b"\0"):
        with reverts(errors.KeyNotValid):
            desk.world.send(COVER, DisruptionCover.buy(terms, other, good))
