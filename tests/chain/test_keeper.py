"""What falls due by time is called once, uncalled; on both databases."""

from __future__ import annotations

import pytest

from settlement.chain.bindings.enums import Phase, SettleOn, Status
from settlement.chain.bindings.structs import KeyRevocation, Policy, PurchaseOrder, Withdrawal
from settlement.chain.follower import Follower
from settlement.chain.keeper import Keeper
from settlement.chain.wanted import Kind
from settlement.ids import OrderId, bucket_of, id_text
from settlement.store.engine import reading
from settlement.store.handles import Engine
from settlement.store.repositories.intents import STATES, intents_in
from settlement.store.tables_private import Intent
from tests.chain import changes
from tests.chain.changes import dispute
from tests.chain.sending import sender_of
from tests.chain.trade import (
    DAY,
    HOUR,
    OBSERVERS,
    PERIL,
    PLACE,
    RICH_MINOR,
    USD,
    Trade,
    address_of,
    member_of,
)


class Worker:
    """Follower, keeper and relayer, stepped by hand until nothing moves."""

    def __init__(self, engine: Engine, trade: Trade) -> None:
        self.engine = engine
        self.follower = Follower(engine, trade.client, trade.deployment)
        self.keeper = Keeper(engine, trade.client, trade.deployment)
        self.sender = sender_of(engine, trade)

    def work(self) -> None:
        """Until nothing moves."""
        has_moved = True
        while has_moved:
            has_moved = False
            while self.follower.step():
                has_moved = True
            has_moved = bool(self.keeper.step()) or has_moved
            has_moved = self.sender.step() or has_moved

    def called(self, kind: Kind) -> list[Intent]:
        """The intents of one kind that were ever queued."""
        with reading(self.engine) as session:
            return [one for one in intents_in(session, STATES) if one.kind == kind]


@pytest.fixture
def worker(database: Engine, trade: Trade) -> Worker:
    """A worker that has caught up."""
    found = Worker(database, trade)
    found.work()
    return found


def _accepted(trade: Trade, *, drawn_minor: int = 0, **terms: object) -> PurchaseOrder:
    order = trade.order(**terms)
    trade.send(trade.accept(order))
    if drawn_minor:
        trade.send(trade.draw(order, drawn_minor))
    return order


def _insured(trade: Trade) -> Policy:
    """The cover of an order with a loan."""
    terms = trade.policy(_accepted(trade, drawn_minor=10_000_00))
    trade.send(trade.fund_pool())
    trade.send(trade.buy(terms))
    return terms


def _withdraw_all(trade: Trade, actor: str, nonce: int = 1) -> None:
    withdrawal = Withdrawal(member_of(actor), USD.number, trade.balance(actor), nonce, trade.now + DAY)
    trade.send(
        trade.gateways.ledger.withdraw(
            withdrawal, trade.sign(actor, trade.deployment.cash_ledger, withdrawal)
        )
    )


def test_step__a_tenor_ends__the_order_is_paid_once_and_not_before(worker: Worker, trade: Trade) -> None:
    order = _accepted(trade, tenor_days=10)
    trade.send(trade.attest(order))
    worker.work()
    assert worker.called(Kind.SETTLE) == []
    trade.advance(10 * DAY + HOUR)
    worker.work()
    trade.advance(DAY)
    worker.work()
    (settle,) = worker.called(Kind.SETTLE)
    assert settle.state == "final"
    assert trade.gateways.receivables.position(trade.id_of(order)).phase == Phase.CLOSED
    assert trade.balance("supplier") == order.face


def test_i19__a_held_order_falls_due__is_not_called_until_the_hold_is_lifted(
    worker: Worker, trade: Trade
) -> None:
    """I-19: no payment while a hold is on."""
    order = _accepted(trade, tenor_days=1)
    trade.send(trade.attest(order, 1))
    trade.send(trade.attest(order, 2, hold=True))
    trade.advance(2 * DAY)
    worker.work()
    assert worker.called(Kind.SETTLE) == []
    trade.send(trade.attest(order, 3))
    worker.work()
    assert trade.gateways.receivables.position(trade.id_of(order)).paid == order.face


def test_step__the_buyer_is_short__it_is_called_again_only_once_cash_is_there(
    worker: Worker, trade: Trade
) -> None:
    order = _accepted(trade, tenor_days=1)
    trade.send(trade.attest(order))
    _withdraw_all(trade, "buyer")
    trade.advance(2 * DAY)
    worker.work()
    (first,) = worker.called(Kind.SETTLE)
    position = trade.gateways.receivables.position(trade.id_of(order))
    assert (position.paid, position.late_since > 0) == (0, True)
    trade.advance(30 * DAY)
    worker.work()
    assert [one.id for one in worker.called(Kind.SETTLE)] == [first.id]

    trade.deposit("buyer", 200_000_00)
    worker.work()
    closed = trade.gateways.receivables.position(trade.id_of(order))
    assert (closed.phase, closed.paid) == (Phase.CLOSED, order.face)
    assert len(worker.called(Kind.SETTLE)) == 2
    assert trade.balance("supplier") > order.face


def test_step__an_order_runs_out__lapses_once_after_the_posting_grace(worker: Worker, trade: Trade) -> None:
    order = _accepted(trade, expiry=trade.now + 2 * DAY)
    trade.advance(3 * DAY)
    worker.work()
    assert worker.called(Kind.LAPSE) == []
    trade.advance(5 * DAY)
    worker.work()
    trade.advance(DAY)
    worker.work()
    (lapse,) = worker.called(Kind.LAPSE)
    assert lapse.state == "final"
    position = trade.gateways.receivables.position(trade.id_of(order))
    assert (position.reduced, position.phase) == (order.face, Phase.CLOSED)


def test_step__release_taken_back_after_a_lapse__lapses_again(worker: Worker, trade: Trade) -> None:
    order = _accepted(trade, expiry=trade.now + 2 * DAY, settle_on=SettleOn.CLEARANCE)
    trade.send(trade.attest(order, released=order.face // 2))
    trade.advance(8 * DAY)
    worker.work()
    trade.send(trade.attest(order, 2, phase=Phase.ACCEPTED, released=0, hold=True))
    worker.work()
    assert len(worker.called(Kind.LAPSE)) == 1
    trade.send(trade.attest(order, 3, phase=Phase.ACCEPTED, released=0))
    worker.work()
    assert [one.state for one in worker.called(Kind.LAPSE)] == ["final", "final"]
    position = trade.gateways.receivables.position(trade.id_of(order))
    assert (position.reduced, position.phase) == (order.face, Phase.CLOSED)


def test_step__a_dispute_nobody_decided__is_dismissed_once_and_paid(worker: Worker, trade: Trade) -> None:
    order = _accepted(trade, expiry=trade.now + 100 * DAY)
    trade.send(dispute(trade, order, order.face))
    trade.send(trade.attest(order))
    worker.work()
    assert worker.called(Kind.SETTLE) == []
    trade.advance(30 * DAY - HOUR)
    worker.work()
    assert worker.called(Kind.DISMISS) == []
    trade.advance(2 * HOUR)
    worker.work()
    (dismissed,) = worker.called(Kind.DISMISS)
    assert dismissed.state == "final"
    position = trade.gateways.receivables.position(trade.id_of(order))
    assert (position.phase, position.paid) == (Phase.CLOSED, order.face)


def test_step__a_lapsed_order_with_a_loan__the_supplier_is_called_on(worker: Worker, trade: Trade) -> None:
    order = _accepted(trade, drawn_minor=40_000_00, expiry=trade.now + 2 * DAY)
    trade.advance(8 * DAY)
    worker.work()
    recourse = worker.called(Kind.RECOURSE)
    assert [one.state for one in recourse] == ["final"]
    assert trade.balance("supplier") == 0
    owed = trade.gateways.lines.outstanding(trade.id_of(order))
    # The interest is more than the supplier has: the rest waits for its cash, without being called in vain.
    assert 0 < owed.interest + owed.principal < 1_000_00
    trade.advance(DAY)
    worker.work()
    assert len(worker.called(Kind.RECOURSE)) == 1
    trade.deposit("supplier", 1_000_00)
    worker.work()
    assert sum(trade.gateways.lines.outstanding(trade.id_of(order))) == 0
    assert trade.balance("bank") > RICH_MINOR


def test_step__an_open_loan_before_maturity__is_left_alone(worker: Worker, trade: Trade) -> None:
    _accepted(trade, drawn_minor=40_000_00)
    trade.advance(30 * DAY)
    worker.work()
    assert worker.called(Kind.RECOURSE) == []


def test_step__an_index_and_its_policy__are_fixed_and_paid_by_themselves(
    worker: Worker, trade: Trade
) -> None:
    terms = _insured(trade)
    trade.advance(4 * DAY)
    for observer, value in zip(OBSERVERS[:2], (155, 165), strict=True):
        trade.send(trade.observe(observer, terms.first_day, value))
    worker.work()
    # The third observer may still speak.
    assert worker.called(Kind.FIX_INDEX) == []
    trade.advance(trade.gateways.index.observation_window_s())
    worker.work()
    assert [one.state for one in worker.called(Kind.FIX_INDEX)] == ["final"]
    (pay,) = worker.called(Kind.PAY_COVER)
    assert pay.state == "final"
    policy = trade.gateways.cover.policy(trade.gateways.cover.policy_id(terms))
    # Index 160 between attach 100 and exhaust 200.
    assert (policy.payout, policy.is_settled) == (terms.sum * 60 // 100, True)
    assert sum(trade.gateways.lines.outstanding(OrderId(terms.order))) == 0


def test_step__a_policy_runs_out_untriggered__its_capital_is_freed_once(worker: Worker, trade: Trade) -> None:
    terms = _insured(trade)
    trade.advance(3 * DAY)
    for observer in OBSERVERS:
        trade.send(trade.observe(observer, terms.first_day, 50))
    worker.work()
    assert worker.called(Kind.EXPIRE_COVER) == []
    trade.advance(60 * DAY)
    worker.work()
    (expire,) = worker.called(Kind.EXPIRE_COVER)
    assert expire.state == "final"
    assert worker.called(Kind.PAY_COVER) == []
    assert trade.gateways.cover.pool(member_of("insurer"), USD.number).locked == 0


def test_step__an_undertaking_runs_out__its_cash_is_returned_once_and_not_before(
    worker: Worker, trade: Trade
) -> None:
    order = _accepted(trade)
    trade.send(changes.undertake(trade, order, 5_000_00, days=20))
    worker.work()
    assert trade.balance("bank") == RICH_MINOR - 5_000_00
    trade.advance(20 * DAY - HOUR)
    worker.work()
    assert worker.called(Kind.RETURN_UNDERTAKING) == []
    trade.advance(2 * HOUR)
    worker.work()
    trade.advance(DAY)
    worker.work()
    (returned,) = worker.called(Kind.RETURN_UNDERTAKING)
    assert (returned.state, returned.subject) == ("final", id_text(trade.id_of(order)))
    assert trade.balance("bank") == RICH_MINOR


def test_step__an_order_closes_before_its_undertaking_ends__the_cash_is_returned(
    worker: Worker, trade: Trade
) -> None:
    order = _accepted(trade)
    trade.send(changes.undertake(trade, order, 5_000_00))
    trade.send(trade.attest(order))
    worker.work()
    assert trade.gateways.receivables.position(trade.id_of(order)).phase == Phase.CLOSED
    assert [one.state for one in worker.called(Kind.RETURN_UNDERTAKING)] == ["final"]
    assert trade.balance("bank") == RICH_MINOR


def test_step__a_buyer_owes_its_guarantor__is_called_on_whenever_it_has_cash_and_nothing_else_is_due(
    worker: Worker, trade: Trade
) -> None:
    order = _accepted(trade)
    trade.send(changes.undertake(trade, order, 60_000_00))
    _withdraw_all(trade, "buyer")
    trade.send(trade.attest(order))
    worker.work()
    order_id = trade.id_of(order)
    assert trade.gateways.receivables.position(order_id).paid == 60_000_00
    assert worker.called(Kind.REFUND_GUARANTOR) == []

    # The face comes first, and its late charge: of this cash nothing is left for the guarantor.
    trade.deposit("buyer", 30_000_00)
    worker.work()
    assert trade.gateways.receivables.position(order_id).paid == 90_000_00
    assert worker.called(Kind.REFUND_GUARANTOR) == []
    trade.deposit("buyer", 20_000_00)
    worker.work()
    assert trade.gateways.receivables.position(order_id).phase == Phase.CLOSED
    (first,) = worker.called(Kind.REFUND_GUARANTOR)
    left = trade.gateways.receivables.guarantee(order_id).claim
    # What the late charge took of it, at most.
    assert 50_000_00 <= left <= 50_001_00
    assert trade.balance("buyer") == 0

    trade.advance(DAY)
    worker.work()
    assert [one.id for one in worker.called(Kind.REFUND_GUARANTOR)] == [first.id]
    trade.deposit("buyer", 70_000_00)
    worker.work()
    assert trade.gateways.receivables.guarantee(order_id).claim == 0
    assert trade.balance("buyer") == 70_000_00 - left
    assert trade.balance("bank") == RICH_MINOR
    assert [one.state for one in worker.called(Kind.REFUND_GUARANTOR)] == ["final", "final"]


def test_step__a_late_buyer_without_cash_gets_a_guarantor__is_settled_at_once(
    worker: Worker, trade: Trade
) -> None:
    order = _accepted(trade)
    _withdraw_all(trade, "buyer")
    trade.send(trade.attest(order))
    worker.work()
    assert trade.gateways.receivables.position(trade.id_of(order)).late_since
    trade.send(changes.undertake(trade, order, order.face))
    worker.work()
    assert trade.gateways.receivables.position(trade.id_of(order)).paid == order.face


def test_step__a_committed_reserve_under_a_hold__is_freed_when_it_could_have_lapsed(
    worker: Worker, trade: Trade
) -> None:
    """Nothing can be drawn after the expiry; without a hold the lapse says so."""
    trade.send(changes.publish(trade, committed=True))
    order = trade.order(expiry=trade.now + 10 * DAY)
    trade.send(trade.accept(order, line=2))
    trade.send(trade.attest(order, phase=Phase.SHIPPED, released=0, hold=True))
    worker.work()
    assert trade.balance("bank") == RICH_MINOR - 80_000_00
    trade.advance(15 * DAY - HOUR)
    worker.work()
    assert worker.called(Kind.RELEASE_RESERVE) == []
    trade.advance(2 * HOUR)
    worker.work()
    trade.advance(DAY)
    worker.work()
    assert [one.state for one in worker.called(Kind.RELEASE_RESERVE)] == ["final"]
    assert worker.called(Kind.LAPSE) == []
    assert trade.balance("bank") == RICH_MINOR


def test_step__an_undrawn_order_lapses__its_reserve_is_not_released_twice(
    worker: Worker, trade: Trade
) -> None:
    _accepted(trade, expiry=trade.now + 2 * DAY)
    trade.advance(8 * DAY)
    worker.work()
    assert [one.state for one in worker.called(Kind.LAPSE)] == ["final"]
    assert worker.called(Kind.RELEASE_RESERVE) == []


def test_step__observers_disagree_for_two_weeks__the_index_is_given_up_and_the_capital_freed(
    worker: Worker, trade: Trade
) -> None:
    terms = _insured(trade)
    trade.advance(3 * DAY)
    for observer, value in zip(OBSERVERS, (100, 150, 200), strict=True):
        trade.send(trade.observe(observer, terms.first_day, value))
    window = trade.gateways.index.observation_window_s()
    day_end = (terms.first_day + 1) * DAY
    trade.advance(day_end + window + 14 * DAY - HOUR - trade.now)
    worker.work()
    # Held, so that neither payout nor expiry may come.
    assert (worker.called(Kind.GIVE_UP_INDEX), worker.called(Kind.EXPIRE_COVER)) == ([], [])
    trade.advance(2 * HOUR)
    worker.work()
    assert [one.state for one in worker.called(Kind.GIVE_UP_INDEX)] == ["final"]
    trade.advance(3 * DAY)
    worker.work()
    assert [one.state for one in worker.called(Kind.EXPIRE_COVER)] == ["final"]
    assert len(worker.called(Kind.GIVE_UP_INDEX)) == 1
    assert (worker.called(Kind.PAY_COVER), worker.called(Kind.FIX_INDEX)) == ([], [])
    assert trade.gateways.cover.pool(member_of("insurer"), USD.number).locked == 0


def test_step__a_fifth_share_is_paid__what_was_set_aside_for_it_reaches_its_holder_once(
    worker: Worker, trade: Trade
) -> None:
    order = _accepted(trade)
    trade.send(changes.split(trade, order, *[("bank", 1_000_00)] * 5))
    trade.send(trade.attest(order))
    assert trade.balance("bank") == RICH_MINOR + 4_000_00
    worker.work()
    assert trade.balance("bank") == RICH_MINOR + 5_000_00
    (settle,) = worker.called(Kind.SETTLE)
    assert settle.subject == id_text(trade.id_of(order) | 5)


@pytest.mark.parametrize("loss", ["suspended", "run out"])
def test_p33__a_customs_member_loses_its_standing__its_seat_is_taken_once_and_the_others_stay(
    worker: Worker, trade: Trade, loss: str
) -> None:
    network, member, until = trade.gateways.network, member_of("customs3"), trade.now + 20 * DAY
    worker.work()
    assert worker.called(Kind.SUSPEND_SEAT) == []
    if loss == "suspended":
        trade.send(network.set_status(member, Status.SUSPENDED), by="governor")
    else:
        trade.send(network.renew(member, 8, 0, until), by="governor")
        trade.advance(20 * DAY - HOUR)
        worker.work()
        assert worker.called(Kind.SUSPEND_SEAT) == []
        trade.advance(2 * HOUR)
    worker.work()
    trade.advance(DAY)
    worker.work()
    (unseated,) = worker.called(Kind.SUSPEND_SEAT)
    assert (unseated.state, unseated.effect_key) == ("final", address_of("customs3"))


def test_p33__a_seats_key_is_revoked__its_seat_is_taken(worker: Worker, trade: Trade) -> None:
    member, at = member_of("customs2"), trade.deployment.trusted_network
    revocation = KeyRevocation(member, address_of("customs2"), 31, trade.now + DAY)
    trade.send(trade.gateways.network.revoke_key(revocation, trade.sign("customs2", at, revocation)))
    worker.work()
    assert [one.effect_key for one in worker.called(Kind.SUSPEND_SEAT)] == [address_of("customs2")]


def test_t05__two_keepers__queue_one_intent(database: Engine, trade: Trade) -> None:
    order = _accepted(trade, tenor_days=1)
    trade.send(trade.attest(order))
    trade.advance(2 * DAY)
    worker = Worker(database, trade)
    while worker.follower.step():
        pass
    other = Keeper(database, trade.client, trade.deployment)
    assert (worker.keeper.step(), other.step()) == (1, 0)
    worker.sender.step()
    # Mined, but not projected yet: it is not due a second time.
    assert (worker.keeper.step(), other.step()) == (0, 0)
    (settle,) = worker.called(Kind.SETTLE)
    assert settle.subject == id_text(trade.id_of(order))


def test_bucket_of__is_the_contracts_bucket(trade: Trade) -> None:
    assert bucket_of(PERIL, PLACE, 20_000) == trade.gateways.index.bucket(PERIL, PLACE, 20_000)
