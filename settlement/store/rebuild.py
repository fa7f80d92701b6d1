"""Make the projection anew from the chain, beside the one in use, then put it in its place at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import (
    Column,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    delete,
    insert,
    select,
)
from sqlmodel import Session, SQLModel

from settlement.blocks import BlockHeader, PlacedEvent
from settlement.errors import ChainError
from settlement.store.columns import is_text
from settlement.store.engine import reading, transaction
from settlement.store.projection import TABLES
from settlement.store.projector import CURSOR, WINDOW, project, prune_window, require_chain
from settlement.store.repositories.cursors import find_cursor, move_cursor, start_cursor
from settlement.store.tables_projection import PROJECTION_TABLES

_BATCH: Final = 200
_ROWS: Final = 1000

Blocks = Iterable[tuple[BlockHeader, Sequence[PlacedEvent]]]


def rebuild(engine: Engine, blocks: Blocks) -> BlockHeader:
    """Project all blocks from the deployment on into shadow tables, then swap them in within one transaction.

    Until the swap readers see the old projection, afterwards the new one; the cursor moves with it, and a
    follower that went on meanwhile projects the rest again. Returns the last block.

    Raises: ChainError when there are no blocks, or they do not follow each other.
    """
    shadows = _shadow_tables()
    metadata = next(iter(shadows.values())).metadata
    with transaction(engine) as session:
        # A rebuild that was killed may have left its shadows.
        metadata.drop_all(session.connection())
        metadata.create_all(session.connection())
    last: BlockHeader | None = None
    source = iter(blocks)
    while batch := list(islice(source, _BATCH)):
        headers = [block for block, _ in batch]
        require_chain(headers, None if last is None else (last.number, last.hash))
        last = headers[-1]
        with transaction(engine) as session:
            project(session, batch, shadows)
            prune_window(session, last.number - WINDOW, shadows)
    if last is None:
        raise ChainError(
            "the chain gave no blocks from the deployment on; check HANSE_CHAIN_URL", code="no_blocks"
        )
    with transaction(engine) as session:
        _swap(session, shadows, last)
        metadata.drop_all(session.connection())
    return last


def _swap(session: Session, shadows: Mapping[type[SQLModel], Table], last: BlockHeader) -> None:
    cursor = find_cursor(session, CURSOR)
    if cursor is None:
        start_cursor(session, CURSOR, last.number, last.hash)
    else:
        # Locks the follower out first: its next step finds the cursor elsewhere and reads it again.
        move_cursor(session, CURSOR, (cursor.block_number, cursor.block_hash), last.number, last.hash)
    for model, shadow in shadows.items():
        table = TABLES[model]
        names = [column.name for column in table.columns]
        session.execute(delete(table))
        session.execute(insert(table).from_select(names, select(*(shadow.c[name] for name in names))))
    session.expire_all()


def _shadow_tables() -> dict[type[SQLModel], Table]:
    # Keys, uniqueness and CHECKs as in the real ones; unnamed, since PostgreSQL wants such names once per schema.
    metadata = MetaData()
    shadows: dict[type[SQLModel], Table] = {}
    for model, table in TABLES.items():
        columns = [
            Column(column.name, column.type, nullable=column.nullable, autoincrement=False)
            for column in table.columns
        ]
        unique = [
            UniqueConstraint(*(column.name for column in constraint.columns))
            for constraint in table.constraints
            if isinstance(constraint, UniqueConstraint)
        ]
        key = PrimaryKeyConstraint(*(column.name for column in table.primary_key))
        shadows[model] = Table(f"shadow_{table.name}", metadata, *columns, key, *unique)
    return shadows


def dump_projection(session: Session) -> Iterator[bytes]:
    """Every row of the projection as one line of canonical JSON, in an order that all databases share."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    for model in sorted(PROJECTION_TABLES, key=lambda model: TABLES[model].name):
        table = TABLES[model]
        # SQLite compares text by bytes; PostgreSQL does only when told to.
        keys = [
            column.collate("C") if is_postgresql and is_text(column.type) else column
            for column in table.primary_key
        ]
        rows = session.execute(select(table).order_by(*keys).execution_options(yield_per=_ROWS))
        for row in rows.mappings():
            yield _line(table.name, dict(row))


def _line(table: str, row: dict[str, Any]) -> bytes:
    text = json.dumps([table, row], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"


def state_hash(engine: Engine) -> str:
    """SHA-256 over the dump of the projection at one moment: equal projections have equal hashes."""
    digest = hashlib.sha256()
    with reading(engine) as session:
        for line in dump_projection(session):
            digest.update(line)
    return digest.hexdigest()
