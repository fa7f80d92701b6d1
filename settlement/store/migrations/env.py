"""Alembic's entry: the caller hands the connection in, the tables are those of both modules."""

from __future__ import annotations

from alembic import context

from settlement.store import tables_private, tables_projection

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[tables_private.METADATA, tables_projection.METADATA],
    compare_type=True,
)

with context.begin_transaction():
    context.run_migrations()
