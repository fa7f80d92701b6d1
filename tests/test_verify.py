"""Verification finds nothing wrong where nothing is, and every difference planted in a projection table."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import text

from settlement.chain.abi import Call
from settlement.chain.bindings.enums import FundBy
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import Assignment, Repayment, Seat, Split, Undertaking, Withdrawal
from settlement.chain.client import ChainClient
from settlement.chain.follower import Follower
from settlement.chain.wanted import Kind, Wanted
from settlement.errors import ChainError, Conflict
from settlement.store.engine import migrate, open_database
from settlement.store.handles import Engine
from settlement.store.projection import TABLES
from settlement.store.tables_projection import PROJECTION_TABLES, ProjectionTable
from settlement.verify import Report, verify
from tests.chain import changes
from tests.chain.trade import (
    COUNTRY,
    DAY,
    OBSERVERS,
    USD,
    Trade,
    address_of,
    member_of,
    open_trade,
    prepare,
)

ABROAD: Final = COUNTRY + 80

KEEPS_NO_PROOF: Final = {"block_number"}
"""The block of a row's last change: no view and no single event tells it (the outbox's own is compared)."""


@pytest.fixture(scope="module")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trade]:
    """A network on which something of every kind has happened."""
    folder = tmp_path_factory.mktemp("eventful")
    prepare(folder / "network")
    trade = open_trade(folder / "network", folder / "trade")
    _act(trade)
    yield trade
    trade.client.close()
    trade.node.__exit__()


def _act(trade: Trade) -> None:
    order = trade.order(duty_cap=5_000_00)
    trade.send(trade.accept(order))
    trade.send(trade.draw(order, 40_000_00))
    trade.send(trade.attest(order, 1, released=30_000_00, duty=1_000_00))
    trade.send(trade.attest(order, 2, released=30_000_00, duty=1_000_00, hold=True))
    insured = trade.order()
    trade.send(trade.accept(insured))
    trade.send(trade.draw(insured, 10_000_00))
    repayment = Repayment(trade.id_of(insured), member_of("buyer"), 1_000_00, 5, trade.now + DAY)
    signed = trade.sign("buyer", trade.deployment.credit_lines, repayment)
    trade.send(trade.gateways.lines.repay(repayment, signed))
    trade.send(trade.fund_pool())
    terms = trade.policy(insured)
    trade.send(trade.buy(terms))
    other = trade.policy(insured, nonce=8, first_day=terms.first_day + 9, last_day=terms.last_day + 9)
    trade.send(trade.buy(other))
    withdrawal = Withdrawal(member_of("bank"), USD.number, 1_00, 3, trade.now + DAY)
    paid_out = trade.sign("bank", trade.deployment.cash_ledger, withdrawal)
    trade.send(trade.gateways.ledger.withdraw(withdrawal, paid_out))
    suspended = trade.gateways.clearance.suspend_seat(address_of("customs3"))
    trade.send(suspended, by="governor")
    late = trade.order(fund_by=FundBy.SHIPPED)
    trade.send(trade.accept(late, line=0))
    trade.advance(4 * DAY)
    for observer, value in zip(OBSERVERS, (150, 160, 170), strict=True):
        trade.send(trade.observe(observer, terms.first_day, value))
    policy = trade.gateways.cover.policy_id(terms)
    trade.send(trade.gateways.cover.pay(policy, terms, terms.first_day))
    trade.send(trade.observe("observer1", terms.first_day + 1, 90))
    _split(trade)
    _commit(trade)
    _reseat(trade)
    _lose(trade)


def _commit(trade: Trade) -> None:
    """A committed line: a reserve with cash of its own, drawn on in part, whose order is credited."""
    trade.send(changes.publish(trade, committed=True, commitment_bps=50, longest_days=200))
    order, untouched = trade.order(), trade.order()
    for one in (order, untouched):
        trade.send(trade.accept(one, line=2))
    trade.send(trade.draw(order, 5_000_00))
    trade.send(changes.credit(trade, order, 10_000_00, 14))


def _reseat(trade: Trade) -> None:
    """A committee abroad whose former version still counts."""
    for version in ("first", "second"):
        seats = tuple(
            Seat(address_of(f"{version} {actor}"), member_of(actor)) for actor in ("customs1", "customs2")
        )
        trade.send(trade.gateways.clearance.seat(ABROAD, 2, member_of("customs1"), seats), by="governor")


def _lose(trade: Trade) -> None:
    """A loan written off after its maturity, and recovered in part."""
    order = trade.order(expiry=trade.now + DAY)
    trade.send(trade.accept(order))
    trade.send(trade.draw(order, 10_000_00))
    trade.advance(7 * DAY)
    trade.send(changes.write_off(trade, order))
    recovery = Repayment(trade.id_of(order), member_of("supplier"), 3_000_00, 15, trade.now + DAY)
    signed = trade.sign("supplier", trade.deployment.credit_lines, recovery)
    trade.send(trade.gateways.lines.repay(recovery, signed))


def _split(trade: Trade) -> None:
    """An order with five shares, one handed on, that an undertaking paid in part."""
    order = trade.order()
    trade.send(trade.accept(order))
    id_, at = trade.id_of(order), trade.deployment.receivables
    supplier, bank = member_of("supplier"), member_of("bank")
    request = Split(id_, supplier, 1, (bank, *[supplier] * 4), (1_00,) * 5, trade.now + DAY)
    _book(trade, Receivables.split(request, trade.sign("supplier", at, request)))
    sale = Assignment(id_ | 2, supplier, bank, 1_00, 11, trade.now + DAY)
    _book(trade, Receivables.assign(sale, trade.sign("supplier", at, sale)))
    pledge = Undertaking(id_, bank, 2_00, 0, trade.now + DAY, 12, trade.now + DAY)
    _book(trade, Receivables.undertake(pledge, trade.sign("bank", at, pledge)))
    free = trade.gateways.ledger.balance(USD.number, member_of("buyer"))
    leaving = Withdrawal(member_of("buyer"), USD.number, free - order.face + 1_00, 13, trade.now + DAY)
    trade.send(
        trade.gateways.ledger.withdraw(leaving, trade.sign("buyer", trade.deployment.cash_ledger, leaving))
    )
    trade.send(trade.attest(order, 1))


def _book(trade: Trade, call: Call[None]) -> None:
    trade.send(Wanted(Kind.SETTLE, "", trade.deployment.receivables, call.data))


@pytest.fixture(scope="module")
def projected(eventful: Trade, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that is level with the eventful chain."""
    path = tmp_path_factory.mktemp("projected") / "hanse.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    follower = Follower(engine, eventful.client, eventful.deployment)
    while follower.step():
        pass
    engine.dispose()
    return path


@pytest.fixture
def books(projected: Path, tmp_path: Path) -> Iterator[Engine]:
    """A copy of that database."""
    shutil.copy(projected, tmp_path / "hanse.db")
    engine = open_database(f"sqlite:///{tmp_path / 'hanse.db'}")
    yield engine
    engine.dispose()


def _verify(engine: Engine, trade: Trade) -> Report:
    return verify(engine, trade.client, trade.deployment)


def _columns(model: type[ProjectionTable]) -> list[str]:
    columns = [column.name for column in TABLES[model].columns]
    is_outbox = model.__tablename__ == "outbox"
    return [name for name in columns if is_outbox or name not in KEEPS_NO_PROOF]


EVERY_COLUMN: Final = [(model, name) for model in PROJECTION_TABLES for name in _columns(model)]


def _other(value: Any) -> Any:
    """A value that the column could hold as well."""
    if isinstance(value, int):
        # Away from the upper bound of amounts.
        return 1 - value if value in (0, 1) else value + 1 if value < 1 << 40 else value - 1
    if isinstance(value, str):
        if value.startswith(("{", "[")):
            return json.dumps({"planted": True})
        if value in ("member", "order", "pool"):
            return "pool" if value != "pool" else "order"
        if value.isdigit():
            return str(int(value) + 1)
        last = value[-1:]
        return value[:-1] + ("1" if last == "0" else "0")
    raise TypeError(f"nothing to plant in place of {value!r}")


def _plant(engine: Engine, table: str, column: str) -> bool:
    """Change the column in one row; whether there was a value to change."""
    with engine.begin() as connection:
        found = connection.execute(
            text(
                f'SELECT rowid, "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL ORDER BY rowid LIMIT 1'
            )
        ).first()
        if found is None:
            return False
        # A seat's neighbour has the next number.
        new = 99 if column == "seat" else _other(found[1])
        planted = {"new": new, "row": found[0]}
        connection.execute(text(f'UPDATE "{table}" SET "{column}" = :new WHERE rowid = :row'), planted)
    return True


def test_i01_i07_i14__an_eventful_network__shows_no_difference(books: Engine, eventful: Trade) -> None:
    """I-01, I-07, I-14, I-22: recomputed from the chain's own values at one block."""
    report = _verify(books, eventful)
    assert [check for check in report.checks if not check.ok] == []
    assert report.ok
    assert report.block_number == eventful.client.head()
    assert report.unproven
    named = {check.name for check in report.checks}
    assert {"cash_conserved", "face_is_paid_reduced_open", "receivables", "outbox"} <= named


def test_verify__something_of_every_kind_happened__no_table_is_empty(books: Engine) -> None:
    with books.connect() as connection:
        counts = {
            model.__tablename__: connection.execute(
                text(f'SELECT count(*) FROM "{model.__tablename__}"')
            ).scalar()
            for model in PROJECTION_TABLES
        }
    assert [name for name, count in counts.items() if not count] == []


@pytest.mark.parametrize("model", PROJECTION_TABLES, ids=lambda model: str(model.__tablename__))
def test_verify__a_row_is_missing__is_found(
    books: Engine, eventful: Trade, model: type[ProjectionTable]
) -> None:
    table = str(model.__tablename__)
    with books.begin() as connection:
        connection.execute(text(f'DELETE FROM "{table}" WHERE rowid = (SELECT max(rowid) FROM "{table}")'))
    assert not _verify(books, eventful).ok


@pytest.mark.parametrize("model", PROJECTION_TABLES, ids=lambda model: str(model.__tablename__))
def test_verify__a_changed_value__is_found_and_told(
    books: Engine, eventful: Trade, model: type[ProjectionTable]
) -> None:
    keys = {column.name for column in TABLES[model].primary_key}
    column = next((name for name in reversed(_columns(model)) if name not in keys), None)
    assert column is not None
    assert _plant(books, str(model.__tablename__), column)
    report = _verify(books, eventful)
    assert not report.ok
    assert all(check.detail for check in report.checks if not check.ok)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("model", "column"),
    EVERY_COLUMN,
    ids=lambda value: value if isinstance(value, str) else value.__tablename__,
)
def test_verify__a_changed_value_in_any_column__is_found(
    books: Engine, eventful: Trade, model: type[ProjectionTable], column: str
) -> None:
    assert _plant(books, str(model.__tablename__), column)
    assert not _verify(books, eventful).ok


def test_i11__cash_set_aside_for_committed_reserves__is_told_apart_and_backs_them(books: Engine) -> None:
    """I-11: the eventful network has a reserve that nobody drew on, one drawn on in part, and a loss."""
    with books.connect() as connection:
        lost = connection.execute(text("SELECT lost_minor FROM line WHERE line = 1")).one()[0]
        flags = connection.execute(text("SELECT count(*) FROM loan WHERE written_off")).scalar()
        committed = connection.execute(text("SELECT committed, used_minor FROM line WHERE line = 2")).one()
        kinds = connection.execute(
            text("SELECT kind FROM account_balance WHERE balance_minor IN (8000000, 6700000)")
        ).all()
    assert 0 < lost < 10_000_00
    assert flags == 1
    assert tuple(committed) == (1, 152_000_00)
    assert kinds == [("order",), ("order",)]


NEW_WORDS: Final = (
    ("line", "committed", "lines"),
    ("line", "lost_minor", "lines"),
    ("line_version", "committed", "line_versions"),
    ("line_version", "commitment_bps", "line_versions"),
    ("line_version", "longest_days", "line_versions"),
    ("loan", "written_off", "loans"),
    ("committee", "grace_until_at", "committees"),
    ("share", "holder", "shares"),
    ("share", "face_minor", "shares"),
    ("share", "reduced_minor", "shares"),
    ("share", "paid_minor", "shares"),
    ("undertaking", "guarantor", "undertakings"),
    ("undertaking", "left_minor", "undertakings"),
    ("undertaking", "claim_minor", "undertakings"),
    ("undertaking", "expiry_at", "undertakings"),
    ("index_bucket", "state", "rows_as_told_by_events"),
    ("policy", "steps", "policies"),
)


@pytest.mark.parametrize(("table", "column", "check"), NEW_WORDS, ids=lambda value: value)
def test_verify__a_difference_in_what_the_whole_trade_added__is_told_by_its_own_check(
    books: Engine, eventful: Trade, table: str, column: str, check: str
) -> None:
    assert _plant(books, table, column)
    failed = {one.name for one in _verify(books, eventful).checks if not one.ok}
    assert check in failed


@pytest.mark.parametrize("by_minor", [1, -1])
def test_i11__cash_beside_a_committed_reserve__is_found(
    books: Engine, eventful: Trade, by_minor: int
) -> None:
    """I-11: to the unit, both ways."""
    with books.begin() as connection:
        changed = connection.execute(
            text(
                "UPDATE account_balance SET balance_minor = balance_minor + :by WHERE balance_minor = 8000000"
            ),
            {"by": by_minor},
        )
    assert changed.rowcount == 1
    failed = {one.name for one in _verify(books, eventful).checks if not one.ok}
    assert {"committed_reserves", "account_balances", "cash_conserved"} <= failed


def test_verify__cash_moved_between_accounts_in_sql__is_found_though_the_sum_is_right(
    books: Engine, eventful: Trade
) -> None:
    with books.begin() as connection:
        moved = text(
            "UPDATE account_balance SET balance_minor = balance_minor + :by WHERE rowid ="
            " (SELECT rowid FROM account_balance WHERE kind = 'member' ORDER BY balance_minor DESC LIMIT 1 OFFSET :at)"
        )
        connection.execute(moved, {"by": 100, "at": 0})
        connection.execute(moved, {"by": -100, "at": 1})
    failed = {check.name for check in _verify(books, eventful).checks if not check.ok}
    assert failed == {"account_balances"}


def test_verify__an_invented_order__is_found(books: Engine, eventful: Trade) -> None:
    with books.begin() as connection:
        columns = [column.name for column in TABLES[PROJECTION_TABLES[4]].columns if column.name != "order"]
        names = ", ".join(f'"{name}"' for name in columns)
        invented = {"order": "0x" + "a" * 64}
        connection.execute(
            text(f'INSERT INTO receivable ("order", {names}) SELECT :order, {names} FROM receivable LIMIT 1'),
            invented,
        )
    failed = {check.name: check.detail for check in _verify(books, eventful).checks if not check.ok}
    assert "there is no order 0xaaaa" in failed["receivables"]


def test_verify__nothing_projected_yet__is_told(database: Engine, eventful: Trade) -> None:
    with pytest.raises(Conflict, match="start the worker"):
        _verify(database, eventful)


def test_verify__a_projection_of_a_lost_branch__is_told_to_catch_up(books: Engine, eventful: Trade) -> None:
    with books.begin() as connection:
        connection.execute(text("UPDATE cursor SET block_hash = :other"), {"other": "0x" + "1" * 64})
    with pytest.raises(ChainError, match="let the follower catch up"):
        _verify(books, eventful)


def test_verify__the_chain_went_on__is_compared_at_the_projections_block(tmp_path: Path) -> None:
    """Everything is read at one block, however far the chain has come since."""
    prepare(tmp_path / "network")
    trade = open_trade(tmp_path / "network", tmp_path / "trade")
    engine = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    migrate(engine)
    with ChainClient(trade.node.url, 31337) as client:
        follower = Follower(engine, client, trade.deployment)
        while follower.step():
            pass
        at = client.head()
        trade.send(trade.accept(trade.order()))
        report = verify(engine, client, trade.deployment)
    engine.dispose()
    trade.client.close()
    trade.node.__exit__()
    assert (report.ok, report.block_number) == (True, at)
