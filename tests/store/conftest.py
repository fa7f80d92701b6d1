"""Fixtures of the store's tests: every test that asks for ``database`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from tests.databases import (
    database,
    database_url,
    empty_database,
    postgresql_database,
    postgresql_server,
    postgresql_url,
    sqlite_database,
    sqlite_url,
)

__all__ = [
    "database",
    "database_url",
    "empty_database",
    "postgresql_database",
    "postgresql_server",
    "postgresql_url",
    "sqlite_database",
    "sqlite_url",
]
