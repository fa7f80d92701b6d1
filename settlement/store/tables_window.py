"""The follower's window: the last projected blocks, and what their rows were before, to take them back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from settlement.store.columns import NAMING, document, whole

METADATA = MetaData(naming_convention=NAMING)


class WindowTable(SQLModel, registry=registry(metadata=METADATA)):
    """Base of what the follower keeps of the last blocks only, to take them back."""

    metadata = METADATA


class Block(WindowTable, table=True):
    """A projected block that may still be taken back."""

    __tablename__ = "block"

    number: int = whole(key=True)
    hash: str
    parent_hash: str
    timestamp: int = whole()


class Undo(WindowTable, table=True):
    """What a row was before a block changed it; ``before`` none: the block made the row."""

    __tablename__ = "undo"

    block_number: int = whole(key=True)
    n: int = whole(key=True)
    table_name: str
    row_key: list[Any] = document()
    before: dict[str, Any] | None = document(None)


WINDOW_TABLES: tuple[type[WindowTable], ...] = (Block, Undo)
