"""The projection against the contracts' own views, act by act, on the embedded node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from settlement.chain.bindings.enums import FundBy, Phase
from settlement.chain.bindings.order_desk import OrderDesk
from settlement.chain.bindings.structs import Changes, PurchaseOrder, Repayment
from settlement.chain.follower import Follower, fetch_blocks
from settlement.ids import LineId, id_from_text, id_text
from settlement.store.engine import reading
from settlement.store.rebuild import rebuild, state_hash
from settlement.store.repositories import cash, lines, loans, receivables
from settlement.store.repositories.cursors import find_cursor
from settlement.store.tables_projection import Receivable
from tests.chain import changes
from tests.chain.trade import DAY, USD, Trade, member_of, open_trade, prepare

LINE = LineId(1)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a chain on which members, cash, a line and committees stand."""
    folder = tmp_path_factory.mktemp("network")
    prepare(folder)
    return folder


@pytest.fixture
def trade(network: Path, tmp_path: Path) -> Iterator[Trade]:
    """That network on a running node of this test's own."""
    found = open_trade(network, tmp_path / "trade")
    yield found
    found.client.close()
    found.node.__exit__()


class Mirror:
    """Follows a trade and compares after every act."""

    def __init__(self, engine: Engine, trade: Trade) -> None:
        self._engine = engine
        self._trade = trade
        self._follower = Follower(engine, trade.client, trade.deployment)

    def agrees(self, order: PurchaseOrder) -> bool:
        """Bring the projection to the head; say whether order, loan, line and cash are the views'."""
        while self._follower.step():
            pass
        order_id = self._trade.id_of(order)
        with reading(self._engine) as session:
            cursor = find_cursor(session, "projection")
            assert cursor is not None
            block = cursor.block_number
            row = receivables.find_receivable(session, id_text(order_id))
            loan = loans.find_loan(session, id_text(order_id))
            line = lines.find_line(session, LINE)
            balances = {
                account.account: account.balance_minor
                for actor in ("buyer", "supplier", "bank", "customs1")
                for account in cash.accounts_of(session, member_of(actor))
            }
        position = self._trade.gateways.receivables.position(order_id, block=block)
        assert row is not None
        assert _as_position(row) == vars(position)
        assert self._changes_agree(row)
        assert line is not None
        usage = self._trade.gateways.lines.usage(LINE, block=block)
        assert (line.limit_minor, line.used_minor, line.version) == (usage.limit, usage.used, usage.version)
        for account, balance_minor in balances.items():
            found = self._trade.gateways.ledger.balance(USD.number, int(account, 16), block=block)
            assert found == balance_minor
        if loan is None:
            return position.line == 0
        view = self._trade.gateways.lines.loan(order_id, block=block)
        assert (loan.principal_minor, loan.accrued_millionths, loan.since_at, loan.draws) == (
            view.principal,
            view.accrued,
            view.since,
            view.draws,
        )
        return not loan.draws_closed or view.draws_closed

    def _changes_agree(self, row: Receivable) -> bool:
        call = OrderDesk.changes_of(id_from_text(row.order))
        found: Changes = self._trade.client.call(self._trade.deployment.receivables, call)
        return (found.disputed, found.until, found.disputes, found.amendments, found.arrived_at) == (
            row.disputed_minor,
            row.dispute_until_at,
            row.disputes,
            row.amendments,
            row.arrived_at,
        )


def _as_position(row: Receivable) -> dict[str, object]:
    return {
        "buyer": row.buyer,
        "holder": row.holder,
        "line": row.line,
        "version": row.version,
        "currency": row.currency,
        "jurisdiction": row.jurisdiction,
        "phase": row.phase,
        "settle_on": row.settle_on,
        "fund_by": row.fund_by,
        "hold": row.hold,
        "tenor_days": row.tenor_days,
        "late_bps": row.late_bps,
        "due": row.due_at,
        "expiry": row.expiry_at,
        "seq": row.seq,
        "face": row.face_minor,
        "reduced": row.reduced_minor,
        "paid": row.paid_minor,
        "released": row.released_minor,
        "duty_cap": row.duty_cap_minor,
        "duty_paid": row.duty_paid_minor,
        "duty_demanded": row.duty_demanded_minor,
        "late_accrued": row.late_accrued,
        "late_since": row.late_since_at,
        "lapsed": row.lapsed,
        "draws_closed": row.draws_closed,
        "settlements": row.settlements,
    }


@pytest.fixture
def mirror(sqlite_database: Engine, trade: Trade) -> Mirror:
    """A database that follows the trade."""
    return Mirror(sqlite_database, trade)


def test_straight_trade__drawn_and_settled__agrees(mirror: Mirror, trade: Trade) -> None:
    order = trade.order(fund_by=FundBy.ACCEPTED)
    trade.send(trade.accept(order))
    assert mirror.agrees(order)
    trade.send(trade.draw(order, 30_000_00))
    assert mirror.agrees(order)
    trade.advance(30 * DAY)
    trade.send(trade.attest(order, phase=Phase.SHIPPED, released=0))
    assert mirror.agrees(order)
    trade.send(trade.draw(order, 20_000_00, 1))
    assert mirror.agrees(order)
    trade.advance(15 * DAY)
    trade.send(trade.attest(order, 2))
    assert mirror.agrees(order)


def test_buyer_short__late_charge_and_hold__agrees(mirror: Mirror, trade: Trade) -> None:
    most = trade.balance("buyer")
    # A first order takes the buyer's cash, so that the second one finds nearly none.
    first = trade.order(face=most - 10_000_00)
    second = trade.order()
    for order in (first, second):
        trade.send(trade.accept(order, line=0 if order is first else LINE))
    trade.send(trade.draw(second, 40_000_00))
    trade.send(trade.attest(first))
    assert mirror.agrees(first)
    trade.send(trade.attest(second, released=50_000_00))
    assert mirror.agrees(second)
    trade.advance(10 * DAY)
    trade.send(trade.attest(second, 2, released=60_000_00))
    assert mirror.agrees(second)
    trade.advance(3 * DAY)
    trade.send(trade.attest(second, 3, released=60_000_00, hold=True))
    assert mirror.agrees(second)
    trade.advance(3 * DAY)
    trade.send(trade.attest(second, 4, released=20_000_00))
    assert mirror.agrees(second)
    trade.send(trade.attest(second, 5, released=100_000_00))
    assert mirror.agrees(second)


def test_late_buyer__with_cash_again__agrees_on_the_end_of_the_charge(mirror: Mirror, trade: Trade) -> None:
    # A locked order takes all of the buyer's cash, and gives it back when customs refuse it.
    locked = trade.order(face=trade.balance("buyer"), fund_by=FundBy.ACCEPTED)
    late = trade.order()
    trade.send(trade.accept(locked, line=0))
    trade.send(trade.accept(late))
    trade.send(trade.attest(late))
    assert mirror.agrees(late)
    trade.advance(6 * DAY)
    trade.send(trade.attest(late, 2))
    assert trade.gateways.receivables.position(trade.id_of(late)).late_accrued > 0
    assert mirror.agrees(late)
    trade.advance(6 * DAY)
    trade.send(trade.attest(locked, phase=Phase.ACCEPTED, released=0, refused=True))
    trade.send(trade.gateways.receivables.settle(trade.id_of(late), "test"))
    assert mirror.agrees(late)
    assert trade.gateways.receivables.position(trade.id_of(late)).late_since == 0


def test_refusal__after_a_draw__agrees(mirror: Mirror, trade: Trade) -> None:
    order = trade.order(fund_by=FundBy.ACCEPTED)
    trade.send(trade.accept(order))
    trade.send(trade.draw(order, 30_000_00))
    trade.advance(5 * DAY)
    trade.send(trade.attest(order, phase=Phase.ACCEPTED, released=0, refused=True))
    assert mirror.agrees(order)
    trade.send(trade.gateways.lines.recourse(trade.id_of(order), "test"))
    assert mirror.agrees(order)


def test_lapse__partly_released_with_tenor_and_duty__agrees(mirror: Mirror, trade: Trade) -> None:
    order = trade.order(fund_by=FundBy.SHIPPED, tenor_days=20, duty_cap=5_000_00)
    trade.send(trade.accept(order))
    trade.send(trade.draw(order, 30_000_00))
    trade.send(trade.attest(order, phase=Phase.SHIPPED, released=0, duty=7_000_00))
    assert mirror.agrees(order)
    trade.send(trade.attest(order, 2, released=40_000_00, duty=3_000_00))
    assert mirror.agrees(order)
    trade.advance(66 * DAY)
    trade.send(trade.gateways.receivables.lapse(trade.id_of(order)))
    assert mirror.agrees(order)
    trade.advance(21 * DAY)
    trade.send(trade.gateways.receivables.settle(trade.id_of(order), "test"))
    assert mirror.agrees(order)


def test_undrawn_order__refused_by_customs__frees_its_reserve(mirror: Mirror, trade: Trade) -> None:
    order = trade.order()
    trade.send(trade.accept(order))
    assert mirror.agrees(order)
    trade.send(trade.attest(order, phase=Phase.ACCEPTED, released=0, refused=True))
    assert mirror.agrees(order)


def test_repayment__by_a_stranger_and_by_the_supplier__agrees(mirror: Mirror, trade: Trade) -> None:
    order = trade.order()
    trade.send(trade.accept(order))
    trade.send(trade.draw(order, 30_000_00))
    trade.advance(7 * DAY)
    for actor, nonce in (("insurer", 21), ("supplier", 22)):
        repayment = Repayment(trade.id_of(order), member_of(actor), 10_000_00, nonce, trade.now + DAY)
        signature = trade.sign(actor, trade.deployment.credit_lines, repayment)
        trade.send(trade.gateways.lines.repay(repayment, signature))
        assert mirror.agrees(order)


def test_cover__paid_to_the_lender_first__agrees(mirror: Mirror, trade: Trade) -> None:
    order = trade.order()
    trade.send(trade.accept(order))
    trade.send(trade.draw(order, 30_000_00))
    trade.send(trade.fund_pool())
    terms = trade.policy(order)
    trade.send(trade.buy(terms))
    assert mirror.agrees(order)
    trade.advance(4 * DAY)
    for observer in ("observer1", "observer2", "observer3"):
        trade.send(trade.observe(observer, terms.first_day, 170))
    trade.send(trade.gateways.cover.pay(trade.gateways.cover.policy_id(terms), terms, terms.first_day))
    assert mirror.agrees(order)


def test_rebuild__from_the_chain__gives_what_was_followed(
    mirror: Mirror, trade: Trade, sqlite_database: Engine, postgresql_database: Engine
) -> None:
    order = trade.order()
    trade.send(trade.accept(order))
    trade.send(trade.attest(order))
    assert mirror.agrees(order)
    followed = state_hash(sqlite_database)
    for engine in (sqlite_database, postgresql_database):
        rebuild(engine, fetch_blocks(trade.client, trade.deployment))
        assert state_hash(engine) == followed


def test_cover__paid_to_the_buyer_alone__agrees_that_draws_go_on(mirror: Mirror, trade: Trade) -> None:
    order = trade.order()
    trade.send(trade.accept(order))
    trade.send(trade.fund_pool())
    terms = trade.policy(order, insured=member_of("buyer"))
    trade.send(trade.buy(terms, "buyer"))
    trade.advance(4 * DAY)
    for observer in ("observer1", "observer2", "observer3"):
        trade.send(trade.observe(observer, terms.first_day, 170))
    trade.send(trade.gateways.cover.pay(trade.gateways.cover.policy_id(terms), terms, terms.first_day))
    assert not trade.gateways.lines.loan(trade.id_of(order)).draws_closed
    assert mirror.agrees(order)


def test_changes__amended_drawn_disputed_credited__agree(mirror: Mirror, trade: Trade) -> None:
    order = trade.order(fund_by=FundBy.ACCEPTED, duty_cap=1_00)
    trade.send(trade.accept(order))
    trade.send(changes.amend(trade, order, face=90_000_00, duty_cap=0, tenor_days=3))
    assert mirror.agrees(order)
    trade.send(trade.draw(order, 30_000_00))
    trade.send(changes.credit(trade, order, 10_000_00, 31))
    assert mirror.agrees(order)
    trade.send(changes.dispute(trade, order, 20_000_00))
    assert mirror.agrees(order)
    trade.send(changes.resolve(trade, order, 5_000_00))
    assert mirror.agrees(order)
    trade.send(changes.dispute(trade, order, 75_000_00, 1))
    trade.advance(66 * DAY)
    trade.send(trade.gateways.receivables.lapse(trade.id_of(order)))
    assert mirror.agrees(order)


def test_changes__everything_credited_with_a_loan_out__agrees(mirror: Mirror, trade: Trade) -> None:
    order = trade.order()
    trade.send(trade.accept(order))
    trade.send(trade.draw(order, 30_000_00))
    trade.send(changes.credit(trade, order, order.face, 32))
    assert mirror.agrees(order)


def test_changes__cancelled__agrees(mirror: Mirror, trade: Trade) -> None:
    order = trade.order(fund_by=FundBy.ACCEPTED)
    trade.send(trade.accept(order))
    trade.send(changes.cancel(trade, order))
    assert mirror.agrees(order)
