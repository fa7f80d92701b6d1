"""What falls due by time is called once, uncalled; on both databases."""

from __future__ import annotations

import pytest

from settlement.chain.bindings.enums import Phase, SettleOn
from settlement.chain.bindings.structs import PurchaseOrder, Withdrawal
from settlement.chain.follower import Follower
from settlement.chain.keeper import Keeper
from settlement.chain.wanted import Kind
from settlement.ids import bucket_of, id_text
from settlement.store.engine import reading
from settlement.store.handles import Engine
from settlement.store.repositories.intents import STATES, intents_in
from settlement.store.tables_private import Intent
from tests.chain.changes import dispute
from tests.chain.sending import sender_of
from tests.chain.trade import DAY, HOUR, OBSERVERS, PERIL, PLACE, RICH_MINOR, USD, Trade, member_of


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


def _accepted(trade: Trade, *, drawn_minor: int = 0, **changes: object) -> PurchaseOrder:
    order = trade.order(**changes)
    trade.send(trade.accept(order))
    if drawn_minor:
        trade.send(trade.draw(order, drawn_minor))
    return order


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
    order = _accepted(trade, drawn_minor=10_000_00)
    trade.send(trade.fund_pool())
    terms = trade.policy(order)
    trade.send(trade.buy(terms))
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
    assert sum(trade.gateways.lines.outstanding(trade.id_of(order))) == 0


def test_step__a_policy_runs_out_untriggered__its_capital_is_freed_once(worker: Worker, trade: Trade) -> None:
    order = _accepted(trade, drawn_minor=10_000_00)
    trade.send(trade.fund_pool())
    terms = trade.policy(order)
    trade.send(trade.buy(terms))
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
