"""How far the follower has come; two followers cannot both move on from one block."""

from __future__ import annotations

from sqlalchemy import CursorResult, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from settlement.errors import Conflict
from settlement.store.tables_private import Cursor


def find_cursor(session: Session, name: str) -> Cursor | None:
    """The cursor of this name; none before its first block."""
    return session.get(Cursor, name, populate_existing=True)


def start_cursor(session: Session, name: str, block_number: int, block_hash: str) -> None:
    """Set a cursor that does not exist yet.

    Raises: Conflict when somebody else has set it.
    """
    try:
        with session.begin_nested():
            session.add(Cursor(name=name, block_number=block_number, block_hash=block_hash))
    except IntegrityError:
        raise Conflict(
            f"cursor {name} was set by another process; read it again and go on from there"
        ) from None


def move_cursor(
    session: Session, name: str, expected: tuple[int, str], block_number: int, block_hash: str
) -> None:
    """Move a cursor from the expected block to another.

    Raises: Conflict when it is no longer where it was expected: another follower is at work.
    """
    moved = session.execute(
        update(Cursor)
        .where(
            col(Cursor.name) == name,
            col(Cursor.block_number) == expected[0],
            col(Cursor.block_hash) == expected[1],
        )
        .values(block_number=block_number, block_hash=block_hash)
        .execution_options(synchronize_session="fetch")
    )
    if not isinstance(moved, CursorResult) or moved.rowcount != 1:
        raise Conflict(
            f"cursor {name} is no longer at block {expected[0]}; another follower moved it, read it again"
        )
