"""Open the database, bring its tables up to date, and run transactions in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlmodel import Session

from settlement.errors import InputRefused

POOL_SIZE: Final = 40
"""Connections of one process: the API's thread pool has as many threads."""

DatabaseFailure = SQLAlchemyError
"""What a database raises that is not there or does not answer."""

BUSY_TIMEOUT_MS: Final = 30_000
_READ_ONLY: Final = "hanse_read_only"


def open_database(url: str) -> Engine:
    """Open SQLite (``sqlite:///path``) or PostgreSQL (``postgresql://...``).

    A failed statement tells its text and not its values: among these are salts and fields of documents (T10).

    Raises: InputRefused for any other database, and for SQLite in memory (each connection would see its own).
    """
    try:
        address = make_url(url)
    except ArgumentError as malformed:
        raise InputRefused(
            "HANSE_DATABASE_URL is no database URL; use sqlite:///PATH or postgresql://..."
        ) from malformed
    backend = address.get_backend_name()
    if backend == "sqlite":
        return _open_sqlite(address)
    if backend == "postgresql":
        engine = create_engine(
            address.set(drivername="postgresql+psycopg"),
            pool_size=POOL_SIZE,
            pool_pre_ping=True,
            hide_parameters=True,
        )
        event.listen(engine, "handle_error", _tell_no_row)
        return engine
    raise InputRefused(
        f"database {backend!r} is not supported; use sqlite or postgresql", field="HANSE_DATABASE_URL"
    )


def _tell_no_row(context: ExceptionContext) -> None:
    """Keep the first line of PostgreSQL's message: behind it comes the failing row with all its values."""
    told, failure = context.sqlalchemy_exception, context.original_exception
    primary = getattr(getattr(failure, "diag", None), "message_primary", None)
    if primary is None:
        return
    failure.args = (primary,)
    if told is not None:
        told.args = (f"({type(failure).__name__}) {primary}",)


def _open_sqlite(address: URL) -> Engine:
    if not address.database or address.database == ":memory:":
        raise InputRefused(
            "SQLite in memory cannot be shared; name a file: sqlite:///PATH", field="HANSE_DATABASE_URL"
        )
    path = Path(address.database)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Born closed to others; SQLite gives its journal files the same mode.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    engine = create_engine(address, pool_size=POOL_SIZE, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions itself: it would do so late, and deferred.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: a deferred one that turns writer late fails instead of waiting.
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """One writing transaction: committed when the block ends, rolled back when it raises."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One reading transaction that sees a single state from its first query on and blocks no writer."""
    options: dict[str, Any] = {_READ_ONLY: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with (
        engine.connect().execution_options(**options) as connection,
        Session(connection, expire_on_commit=False) as session,
    ):
        yield session


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest version, from none at all if need be. Safe to call at every start."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # Two processes starting at once: the second waits and finds the work done.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(724001)")
        command.upgrade(migration_config(connection), "head")


def migration_config(connection: Connection) -> Config:
    """How Alembic finds the packaged migrations, and the connection they run on."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
