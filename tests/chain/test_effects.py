"""Each kind of effect is found on chain once it is there, whoever sent it, and not before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from settlement.chain.bindings.enums import Status
from settlement.chain.bindings.structs import KeyGrant, KeyRevocation, Repayment, Seat, Withdrawal
from settlement.chain.effects import Evidence, open_effects
from settlement.chain.gateways.cash_token import CashTokenGateway, deploy_test_cash
from settlement.chain.signer import demo_signer
from settlement.chain.wanted import Kind, Wanted
from settlement.ids import LineId, lei_hash
from settlement.money import currency
from tests.chain.changes import dispute, undertake
from tests.chain.trade import (
    COUNTRY,
    DAY,
    OBSERVERS,
    PERIL,
    PLACE,
    USD,
    Trade,
    address_of,
    lei_of,
    member_of,
)


def _accept(trade: Trade) -> Wanted:
    return trade.accept(trade.order())


def _attest(trade: Trade) -> Wanted:
    order = trade.order()
    trade.send(trade.accept(order))
    return trade.attest(order, released=order.face // 2)


def _settle(trade: Trade) -> Wanted:
    order = trade.order(tenor_days=1)
    trade.send(trade.accept(order))
    trade.send(trade.attest(order))
    trade.advance(DAY + 600)
    return trade.gateways.receivables.settle(trade.id_of(order), "")


def _lapse(trade: Trade) -> Wanted:
    order = trade.order(expiry=trade.now + DAY)
    trade.send(trade.accept(order))
    trade.advance(7 * DAY)
    return trade.gateways.receivables.lapse(trade.id_of(order))


def _dismiss(trade: Trade) -> Wanted:
    order = trade.order()
    trade.send(trade.accept(order))
    trade.send(dispute(trade, order, 1_00))
    trade.advance(31 * DAY)
    return trade.gateways.receivables.dismiss(trade.id_of(order))


def _return_undertaking(trade: Trade) -> Wanted:
    order = trade.order()
    trade.send(trade.accept(order, line=0))
    trade.send(undertake(trade, order, 1_00, days=2))
    trade.advance(3 * DAY)
    return trade.gateways.receivables.return_undertaking(trade.id_of(order))


def _refund_guarantor(trade: Trade) -> Wanted:
    order = trade.order(face=trade.balance("buyer") + 1_00)
    trade.send(trade.accept(order, line=0))
    trade.send(undertake(trade, order, 1_00))
    trade.send(trade.attest(order))
    trade.deposit("buyer", 5_00)
    return trade.gateways.receivables.refund_guarantor(trade.id_of(order))


def _publish(trade: Trade) -> Wanted:
    terms = trade.gateways.lines.terms(LineId(1), 1)
    terms = replace(terms, line=0, nonce=2, deadline=trade.now + DAY)
    return trade.gateways.lines.publish(terms, trade.sign("bank", trade.deployment.credit_lines, terms))


def _draw(trade: Trade) -> Wanted:
    order = trade.order()
    trade.send(trade.accept(order))
    return trade.draw(order, 10_000_00)


def _repay(trade: Trade) -> Wanted:
    order = trade.order()
    trade.send(trade.accept(order))
    trade.send(trade.draw(order, 10_000_00))
    repayment = Repayment(trade.id_of(order), member_of("supplier"), 1_000_00, 5, trade.now + DAY)
    return trade.gateways.lines.repay(
        repayment, trade.sign("supplier", trade.deployment.credit_lines, repayment)
    )


def _recourse(trade: Trade) -> Wanted:
    order = trade.order(expiry=trade.now + DAY)
    trade.send(trade.accept(order))
    trade.send(trade.draw(order, 10_000_00))
    trade.advance(7 * DAY)
    trade.send(trade.gateways.receivables.lapse(trade.id_of(order)))
    trade.deposit("supplier", 1_000_00)
    return trade.gateways.lines.recourse(trade.id_of(order), "")


def _release_reserve(trade: Trade) -> Wanted:
    order = trade.order(expiry=trade.now + DAY)
    trade.send(trade.accept(order))
    trade.advance(2 * DAY)
    return trade.gateways.lines.release(trade.id_of(order))


def _deposit(trade: Trade) -> Wanted:
    return trade.permitted_deposit("supplier", 500)


def _withdraw(trade: Trade) -> Wanted:
    withdrawal = Withdrawal(member_of("bank"), USD.number, 1_00, 3, trade.now + DAY)
    return trade.gateways.ledger.withdraw(
        withdrawal, trade.sign("bank", trade.deployment.cash_ledger, withdrawal)
    )


def _observe(trade: Trade) -> Wanted:
    return trade.observe("observer1", trade.now // DAY - 1, 140)


def _fix(trade: Trade) -> Wanted:
    day = trade.now // DAY - 1
    for observer in OBSERVERS[:2]:
        trade.send(trade.observe(observer, day, 140))
    trade.advance(30 * DAY)
    return trade.gateways.index.fix(trade.gateways.index.bucket(1, b"CNSHA".ljust(32, b"\0"), day))


def _give_up(trade: Trade) -> Wanted:
    day = trade.now // DAY - 1
    for observer, value in zip(OBSERVERS, (100, 200, 300), strict=True):
        trade.send(trade.observe(observer, day, value))
    trade.advance(40 * DAY)
    return trade.gateways.index.give_up(trade.gateways.index.bucket(PERIL, PLACE, day))


def _fund_pool(trade: Trade) -> Wanted:
    return trade.fund_pool()


def _buy(trade: Trade) -> Wanted:
    order = trade.order()
    trade.send(trade.accept(order))
    trade.send(trade.draw(order, 10_000_00))
    trade.send(trade.fund_pool())
    return trade.buy(trade.policy(order))


def _sold(trade: Trade) -> tuple[int, int, Callable[[int], Wanted], Wanted]:
    order = trade.order()
    trade.send(trade.accept(order))
    trade.send(trade.draw(order, 10_000_00))
    trade.send(trade.fund_pool())
    terms = trade.policy(order)
    trade.send(trade.buy(terms))
    policy = trade.gateways.cover.policy_id(terms)
    pay = lambda day: trade.gateways.cover.pay(policy, terms, day)  # noqa: E731 - one line says it
    return terms.first_day, terms.last_day, pay, trade.gateways.cover.expire(policy, terms)


def _pay_cover(trade: Trade) -> Wanted:
    first, _, pay, _ = _sold(trade)
    trade.advance(4 * DAY)
    for observer in OBSERVERS:
        trade.send(trade.observe(observer, first, 150))
    return pay(first)


def _expire_cover(trade: Trade) -> Wanted:
    *_, expire = _sold(trade)
    trade.advance(60 * DAY)
    return expire


def _enrol(trade: Trade) -> Wanted:
    return trade.gateways.network.enrol(
        lei_hash(lei_of("carrier")), address_of("carrier"), COUNTRY, 64, 0, trade.now + 100 * DAY
    )


def _seal(trade: Trade) -> Wanted:
    governor, guardian = demo_signer("governor").address, address_of("guardian")
    return trade.gateways.governance.seal(trade.deployment, governor, guardian)


def _schedule(trade: Trade) -> Wanted:
    trade.send(_seal(trade), by="governor")
    act, governor = _set_status(trade), demo_signer("governor").address
    operation = keccak(encode(("address", "address", "bytes"), (governor, act.to, act.calldata)))
    return trade.gateways.governance.schedule(act.to, act.calldata, operation)


def _set_status(trade: Trade) -> Wanted:
    return trade.gateways.network.set_status(member_of("insurer"), Status.SUSPENDED)


def _renew(trade: Trade) -> Wanted:
    return trade.gateways.network.renew(member_of("insurer"), 16, 2, trade.now + 99 * DAY)


def _grant_key(trade: Trade) -> Wanted:
    at, bank, key = trade.deployment.trusted_network, member_of("bank"), address_of("second key")
    grant = KeyGrant(bank, key, 4, 100, 1, trade.now + DAY)
    signatures = trade.sign("bank", at, grant), trade.sign("second key", at, grant)
    return trade.gateways.network.grant_key(grant, *signatures)


def _revoke_key(trade: Trade) -> Wanted:
    trade.send(_grant_key(trade))
    revocation = KeyRevocation(member_of("bank"), address_of("second key"), 2, trade.now + DAY)
    signature = trade.sign("bank", trade.deployment.trusted_network, revocation)
    return trade.gateways.network.revoke_key(revocation, signature)


def _seat_committee(trade: Trade) -> Wanted:
    seats = (Seat(address_of("seat"), member_of("customs3")),)
    return trade.gateways.clearance.seat(COUNTRY, 1, member_of("customs1"), seats)


def _suspend_seat(trade: Trade) -> Wanted:
    return trade.gateways.clearance.suspend_seat(address_of("customs3"))


def _seat_observers(trade: Trade) -> Wanted:
    return trade.gateways.index.seat(1, (address_of("observer9"),))


def _list_currency(trade: Trade) -> Wanted:
    created = trade.send(deploy_test_cash(currency("JPY")), by="governor").created
    assert created is not None
    return trade.gateways.ledger.list_currency(392, 0, created)


SCENES: dict[Kind, Callable[[Trade], Wanted]] = {
    Kind.ACCEPT: _accept,
    Kind.ATTEST: _attest,
    Kind.SETTLE: _settle,
    Kind.LAPSE: _lapse,
    Kind.DISMISS: _dismiss,
    Kind.RETURN_UNDERTAKING: _return_undertaking,
    Kind.REFUND_GUARANTOR: _refund_guarantor,
    Kind.PUBLISH_LINE: _publish,
    Kind.DRAW: _draw,
    Kind.REPAY: _repay,
    Kind.RECOURSE: _recourse,
    Kind.RELEASE_RESERVE: _release_reserve,
    Kind.DEPOSIT: _deposit,
    Kind.WITHDRAW: _withdraw,
    Kind.OBSERVE: _observe,
    Kind.FIX_INDEX: _fix,
    Kind.GIVE_UP_INDEX: _give_up,
    Kind.FUND_POOL: _fund_pool,
    Kind.BUY_COVER: _buy,
    Kind.PAY_COVER: _pay_cover,
    Kind.EXPIRE_COVER: _expire_cover,
    Kind.SEAL_GOVERNANCE: _seal,
    Kind.SCHEDULE: _schedule,
    Kind.ENROL: _enrol,
    Kind.SET_STATUS: _set_status,
    Kind.RENEW: _renew,
    Kind.GRANT_KEY: _grant_key,
    Kind.REVOKE_KEY: _revoke_key,
    Kind.SEAT_COMMITTEE: _seat_committee,
    Kind.SUSPEND_SEAT: _suspend_seat,
    Kind.SEAT_OBSERVERS: _seat_observers,
    Kind.LIST_CURRENCY: _list_currency,
}
ONLY_A_VIEW_TELLS = {
    Kind.REPAY,
    Kind.WITHDRAW,
    Kind.FUND_POOL,
    Kind.SEAL_GOVERNANCE,
    Kind.SCHEDULE,
    Kind.SET_STATUS,
    Kind.RENEW,
    Kind.GRANT_KEY,
}


@pytest.mark.parametrize("kind", SCENES, ids=str)
def test_find__each_effect__is_absent_before_and_found_after_somebody_did_it(
    trade: Trade, kind: Kind
) -> None:
    wanted = SCENES[kind](trade)
    effects = open_effects(trade.client, trade.deployment)
    assert wanted.kind == kind
    assert effects.find(wanted.kind, wanted.effect_key, wanted.calldata) is None

    receipt = trade.send(wanted, by=wanted.signer)

    found = effects.find(wanted.kind, wanted.effect_key, wanted.calldata)
    place = Evidence(receipt.tx_hash, receipt.block_number, receipt.block_hash)
    assert found == (Evidence() if kind in ONLY_A_VIEW_TELLS else place)


def test_find__every_kind__is_looked_for_or_leaves_no_mark() -> None:
    assert set(Kind) - set(SCENES) == {Kind.DEPLOY_TEST_CASH, Kind.MINT_TEST_CASH}


def test_find__a_listed_currency__is_the_effect_of_its_tokens_deployment(trade: Trade) -> None:
    effects, wanted = open_effects(trade.client, trade.deployment), deploy_test_cash(USD)
    assert effects.find(wanted.kind, wanted.effect_key, wanted.calldata) is not None
    other = deploy_test_cash(currency("KWD"))
    assert effects.find(other.kind, other.effect_key, other.calldata) is None


def test_find__the_same_order_on_another_line__is_not_this_acceptance(trade: Trade) -> None:
    order = trade.order()
    without_line, with_line = trade.accept(order, line=0), trade.accept(order, line=1)
    trade.send(without_line)
    effects = open_effects(trade.client, trade.deployment)
    assert effects.find(with_line.kind, with_line.effect_key, with_line.calldata) is None
    assert effects.find(without_line.kind, without_line.effect_key, without_line.calldata) is not None


def test_find__another_amount_under_the_same_draw_index__is_not_this_draw(trade: Trade) -> None:
    order = trade.order()
    trade.send(trade.accept(order))
    smaller, larger = trade.draw(order, 1_000_00), trade.draw(order, 2_000_00)
    trade.send(smaller)
    effects = open_effects(trade.client, trade.deployment)
    assert effects.find(larger.kind, larger.effect_key, larger.calldata) is None


def test_find__seat_of_a_suspended_member__is_suspended_by_anyone(trade: Trade) -> None:
    seat = address_of("customs3")
    effects, wanted = open_effects(trade.client, trade.deployment), trade.gateways.clearance.unseat(seat)
    trade.send(trade.gateways.network.set_status(member_of("customs3"), Status.SUSPENDED), by="governor")
    receipt = trade.send(wanted)
    found = effects.find(wanted.kind, wanted.effect_key, wanted.calldata)
    assert found == Evidence(receipt.tx_hash, receipt.block_number, receipt.block_hash)
    assert found == effects.find(*_key_of(trade.gateways.clearance.suspend_seat(seat)))


def _key_of(wanted: Wanted) -> tuple[str, str, bytes]:
    return wanted.kind, wanted.effect_key, wanted.calldata


def test_find__a_mint__is_never_looked_for(trade: Trade) -> None:
    token = CashTokenGateway(trade.client, trade.gateways.ledger.token(USD.number).token)
    wanted = token.mint(address_of("bank"), 5, "test")
    trade.send(wanted)
    effects = open_effects(trade.client, trade.deployment)
    assert effects.find(wanted.kind, wanted.effect_key, wanted.calldata) is None


@pytest.mark.parametrize("kind", [Kind.SETTLE, Kind.RECOURSE, Kind.LAPSE, Kind.DISMISS])
def test_find__the_order_is_not_on_chain__neither_is_the_effect(trade: Trade, kind: Kind) -> None:
    """A fork may take back the very order that an intent is about."""
    assert open_effects(trade.client, trade.deployment).find(kind, "0x" + "ab" * 32, b"") is None
