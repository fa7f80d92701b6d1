"""The database as it is opened, and its migrations."""

from __future__ import annotations

import stat
import threading
import traceback
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import Session

from settlement.errors import InputRefused
from settlement.money import AMOUNT_LIMIT
from settlement.store import tables_private, tables_projection, tables_window
from settlement.store.columns import Amount
from settlement.store.engine import migrate, open_database, reading, transaction
from settlement.store.repositories.documents import find_document, put_document
from settlement.store.tables_projection import AccountBalance

METADATAS = [tables_private.METADATA, tables_projection.METADATA, tables_window.METADATA]


def test_open_database__other_kind__is_refused() -> None:
    with pytest.raises(InputRefused, match="mysql"):
        open_database("mysql://localhost/hanse")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_open_database__sqlite_in_memory__is_refused(url: str) -> None:
    with pytest.raises(InputRefused, match="name a file"):
        open_database(url)


def test_open_database__no_url__is_refused_without_repeating_it() -> None:
    with pytest.raises(InputRefused) as refused:
        open_database("secret words")
    assert "secret" not in str(refused.value)


def test_open_database__new_sqlite_file__is_born_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "inner" / "hanse.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    engine.dispose()


def test_open_database__sqlite__is_durable(sqlite_database: Engine) -> None:
    with sqlite_database.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_migrate__from_nothing__gives_the_declared_tables(empty_database: Engine) -> None:
    migrate(empty_database)
    with empty_database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, _all_tables()) == []


def _all_tables() -> MetaData:
    together = MetaData()
    for metadata in METADATAS:
        for table in metadata.sorted_tables:
            table.to_metadata(together)
    return together


def test_migrate__twice__changes_nothing(database: Engine) -> None:
    with transaction(database) as session:
        put_document(session, b"kept", "text/plain", 1)
    migrate(database)
    with reading(database) as session:
        assert session.connection().execute(text("SELECT count(*) FROM document")).scalar() == 1


def test_migrate__two_processes_at_once__both_find_the_tables(postgresql_url: str) -> None:
    engines = [open_database(postgresql_url) for _ in range(2)]
    threads = [threading.Thread(target=migrate, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for engine in engines:
        assert "receivable" in inspect(engine).get_table_names()
        engine.dispose()


def test_migrate__checks__are_those_of_the_models(empty_database: Engine, tmp_path: Path) -> None:
    migrate(empty_database)
    declared = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    for metadata in METADATAS:
        metadata.create_all(declared)
    names = {table: _checks(declared, table) for table in inspect(declared).get_table_names()}
    assert sum(len(checks) for checks in names.values()) > 30
    assert names == {table: _checks(empty_database, table) for table in names}
    declared.dispose()


def _checks(engine: Engine, table: str) -> set[str | None]:
    return {check["name"] for check in inspect(engine).get_check_constraints(table)}


@pytest.mark.parametrize("amount", [-1, AMOUNT_LIMIT, AMOUNT_LIMIT * 64])
def test_amount__outside_its_range__is_refused_by_the_table(database: Engine, amount: int) -> None:
    with pytest.raises(IntegrityError), transaction(database) as session:
        session.add(AccountBalance(currency=840, account="0x1", balance_minor=amount, kind="member"))


@pytest.mark.parametrize("amount", [0, (1 << 53) + 1, AMOUNT_LIMIT - 1])
def test_amount__inside_its_range__comes_back_exactly(database: Engine, amount: int) -> None:
    with transaction(database) as session:
        session.add(AccountBalance(currency=840, account="0x1", balance_minor=amount, kind="member"))
    with reading(database) as session:
        assert session.get_one(AccountBalance, (840, "0x1")).balance_minor == amount


def test_amount__every_minor_column__has_the_checked_type() -> None:
    named = [
        column
        for metadata in METADATAS
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("_minor")
    ]
    assert len(named) > 30
    assert [str(column) for column in named if not isinstance(column.type, Amount)] == []


def test_transaction__that_raises__leaves_nothing(database: Engine) -> None:
    def write_half(session: Session) -> None:
        put_document(session, b"half", "text/plain", 1)
        raise RuntimeError

    with pytest.raises(RuntimeError), transaction(database) as session:
        write_half(session)
    with reading(database) as session:
        assert session.connection().execute(text("SELECT count(*) FROM document")).scalar() == 0


def test_t10__failed_statement__tells_none_of_its_values(database: Engine) -> None:
    with pytest.raises(StatementError) as wrong, transaction(database) as session:
        session.execute(
            text("INSERT INTO document (sha256, content) VALUES (:name, :salt)"),
            {"name": "canary-name", "salt": "canary-salt"},
        )
    told = "".join(traceback.format_exception(wrong.value))
    assert "INSERT INTO document" in told
    assert "content_type" in told
    # The canaries stand in this test's own lines of the traceback and nowhere else.
    rest = told.replace('{"name": "canary-name", "salt": "canary-salt"}', "")
    assert "canary" not in rest
    assert b"canary-salt".hex() not in rest


def test_reading__while_somebody_writes__neither_waits_nor_sees_it(database: Engine) -> None:
    with transaction(database) as session:
        kept = put_document(session, b"before", "text/plain", 1).sha256
    with reading(database) as reader:
        assert find_document(reader, kept) is not None
        with transaction(database) as writer:
            later = put_document(writer, b"after", "text/plain", 2).sha256
        assert find_document(reader, later) is None
    with reading(database) as reader:
        assert find_document(reader, later) is not None
