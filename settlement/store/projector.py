"""Bring blocks into the projection, and take them back.

Holds: a block is projected whole or not at all; two followers never both go on from one block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Table, delete, func, insert, select, tuple_
from sqlmodel import Session, SQLModel

from settlement.blocks import BlockHeader, PlacedEvent
from settlement.errors import ChainError
from settlement.ids import id_text, new_private_id, share_number
from settlement.store.events import EVENTS, OUTBOX_TYPES
from settlement.store.projecting.needs import needs_of
from settlement.store.projecting.text import event_body
from settlement.store.projection import TABLES, EventPlace, Projection, upsert
from settlement.store.repositories.cursors import find_cursor, move_cursor, start_cursor
from settlement.store.tables_private import Retraction
from settlement.store.tables_projection import PROJECTION_TABLES, Outbox, Policy, Share
from settlement.store.tables_window import Block, Undo

CURSOR: Final = "projection"
"""Name of the follower's cursor: the last projected block."""

WINDOW: Final = 256
"""Blocks that can be taken back."""

_MODELS: Final = {TABLES[model].name: model for model in PROJECTION_TABLES}


def apply_blocks(session: Session, blocks: Sequence[tuple[BlockHeader, Sequence[PlacedEvent]]]) -> None:
    """Project blocks that follow the cursor, in the caller's transaction, and move the cursor.

    Raises: ChainError when they do not follow, or hold an event without projection; Conflict when another
            follower moved the cursor; InvariantBroken when an event contradicts the projection. The caller's
            transaction must then be rolled back.
    """
    if not blocks:
        return
    cursor = find_cursor(session, CURSOR)
    last = blocks[-1][0]
    if cursor is None:
        require_chain([block for block, _ in blocks], None)
        start_cursor(session, CURSOR, last.number, last.hash)
    else:
        place = (cursor.block_number, cursor.block_hash)
        require_chain([block for block, _ in blocks], place)
        # First of all writes: a second follower stops here, before it writes anything twice.
        move_cursor(session, CURSOR, place, last.number, last.hash)
    project(session, blocks, TABLES)
    prune_window(session, last.number - WINDOW, TABLES)


def require_chain(blocks: Sequence[BlockHeader], after: tuple[int, str] | None) -> None:
    """Check that each block is the child of the one before.

    Raises: ChainError naming the block that is not.
    """
    for block in blocks:
        if after is not None and (block.number != after[0] + 1 or block.parent_hash != after[1]):
            raise ChainError(
                f"block {block.number} ({block.hash}) does not follow block {after[0]} ({after[1]}); "
                "roll back to the common ancestor first",
                code="fork",
            )
        after = (block.number, block.hash)


def project(
    session: Session,
    blocks: Sequence[tuple[BlockHeader, Sequence[PlacedEvent]]],
    tables: Mapping[type[SQLModel], Table],
) -> None:
    """Write what the events of these blocks change into ``tables``; the cursor is the caller's."""
    projection = Projection(session, tables)
    known = [placed.event for _, events in blocks for placed in events]
    projection.prefetch(
        (need for event in known for need in needs_of(event)),
        (id_text(order) for event in known if isinstance(order := getattr(event, "order", None), int)),
    )
    for block, events in blocks:
        for placed in events:
            _project_event(projection, placed, EventPlace(block, placed.log_index, placed.tx_hash))
        projection.end_block(block)
    projection.flush()


def _project_event(projection: Projection, placed: PlacedEvent, place: EventPlace) -> None:
    handler = EVENTS.get(type(placed.event))
    if handler is None:
        raise ChainError(
            f"block {place.block.number}, log {place.log_index} of {placed.contract} is "
            f"{type(placed.event).__name__}, which this version does not project; install the version that "
            "belongs to the deployed contracts",
            code="unknown_event",
        )
    handler(projection, placed.event, place)
    name = OUTBOX_TYPES[type(placed.event)]
    if name is not None:
        projection.add_to_outbox(place, name, _order_of(projection, placed.event), event_body(placed.event))


def _order_of(projection: Projection, event: object) -> str | None:
    named = getattr(event, "order", getattr(event, "share", None))
    if isinstance(named, int):
        # What happens to a share belongs to its order, whose parties are told.
        share = projection.find(Share, id_text(named)) if share_number(named) else None
        return id_text(named) if share is None else share.order
    policy = getattr(event, "policy", None)
    return projection.get(Policy, id_text(policy)).order if isinstance(policy, int) else None


def window_blocks(session: Session) -> list[BlockHeader]:
    """The projected blocks that can still be taken back, newest first: what the follower compares with the chain."""
    table = TABLES[Block]
    rows = session.execute(select(table).order_by(table.c.number.desc())).mappings()
    return [BlockHeader(row["number"], row["hash"], row["parent_hash"], row["timestamp"]) for row in rows]


def rollback_to(session: Session, number: int) -> None:
    """Take back every block above ``number``, in the caller's transaction; what the outbox told is retracted.

    Raises: ChainError when ``number`` is below the window: only a rebuild helps then; Conflict as above.
    """
    cursor = find_cursor(session, CURSOR)
    if cursor is None or cursor.block_number == number:
        return
    blocks, undo, outbox = TABLES[Block], TABLES[Undo], TABLES[Outbox]
    kept = session.execute(select(blocks.c.hash).where(blocks.c.number == number)).scalar()
    if kept is None or number > cursor.block_number:
        raise ChainError(
            f"block {number} is not among the last {WINDOW} projected ones; run `hanse rebuild`",
            code="fork_below_window",
        )
    move_cursor(session, CURSOR, (cursor.block_number, cursor.block_hash), number, kept)
    _retract(session, outbox, number)
    for name, before in _images_before(session, undo, number).items():
        _restore(session, TABLES[_MODELS[name]], before)
    session.execute(delete(undo).where(undo.c.block_number > number))
    session.execute(delete(blocks).where(blocks.c.number > number))
    session.expire_all()


def _images_before(
    session: Session, undo: Table, number: int
) -> dict[str, dict[tuple[Any, ...], dict[str, Any] | None]]:
    # The oldest image above `number` is what the row was at `number`; later ones are in between.
    found: dict[str, dict[tuple[Any, ...], dict[str, Any] | None]] = {}
    statement = select(undo).where(undo.c.block_number > number).order_by(undo.c.block_number, undo.c.n)
    for row in session.execute(statement).mappings():
        found.setdefault(row["table_name"], {}).setdefault(tuple(row["row_key"]), row["before"])
    return found


def _restore(session: Session, table: Table, before: Mapping[tuple[Any, ...], dict[str, Any] | None]) -> None:
    made = [key for key, image in before.items() if image is None]
    place = tuple_(*table.primary_key)
    for start in range(0, len(made), 200):
        session.execute(delete(table).where(place.in_(made[start : start + 200])))
    changed = [image for image in before.values() if image is not None]
    if changed:
        upsert(session, table, changed)


def _retract(session: Session, outbox: Table, number: int) -> None:
    told = session.execute(
        select(outbox).where(outbox.c.block_number > number).order_by(outbox.c.position)
    ).mappings()
    rows = [
        {
            "id": new_private_id("ret"),
            "position": row["position"],
            "order": row["order"],
            "type": row["type"],
            "body": row["body"],
            "block_number": row["block_number"],
            "block_hash": row["block_hash"],
        }
        for row in told
    ]
    if rows:
        session.execute(insert(Retraction), rows)


def prune_window(session: Session, below: int, tables: Mapping[type[SQLModel], Table]) -> None:
    """Forget the undo images and headers of blocks up to ``below``."""
    blocks, undo = tables[Block], tables[Undo]
    oldest = session.execute(select(func.min(blocks.c.number))).scalar()
    if oldest is None or oldest > below:
        return
    session.execute(delete(undo).where(undo.c.block_number <= below))
    session.execute(delete(blocks).where(blocks.c.number <= below))
