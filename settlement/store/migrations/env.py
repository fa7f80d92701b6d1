"""Alembic's entry: the caller hands the connection in, the tables are those of all three modules."""

from __future__ import annotations

from alembic import context

from settlement.store import tables_private, tables_projection, tables_window

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[tables_private.METADATA, tables_projection.METADATA, tables_window.METADATA],
    compare_type=True,
)

with context.begin_transaction():
    context.run_migrations()
