"""The rows that a run of blocks touches: loaded once, changed in memory, written together with their undo images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Table, and_, func, insert, select, true, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from settlement.blocks import BlockHeader
from settlement.errors import InvariantBroken
from settlement.store.tables_projection import (
    PROJECTION_TABLES,
    Outbox,
    ProjectionTable,
)
from settlement.store.tables_window import WINDOW_TABLES, Block, Undo

R = TypeVar("R", bound=ProjectionTable)
T = TypeVar("T")

Key = tuple[Any, ...]
Image = dict[str, Any]


def table_of(model: type[SQLModel]) -> Table:
    """The SQL table behind a row class."""
    table = getattr(model, "__table__", None)
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is no table")
    return table


TABLES: Final[Mapping[type[SQLModel], Table]] = {
    model: table_of(model) for model in (*PROJECTION_TABLES, *WINDOW_TABLES)
}
"""Where rows are written, unless a rebuild gives its shadow tables."""

_MOST_KEYS: Final = 500

_COLUMNS: Final = {model: tuple(table.columns.keys()) for model, table in TABLES.items()}
_KEYS: Final = {model: tuple(column.name for column in table.primary_key) for model, table in TABLES.items()}


@dataclass(frozen=True)
class EventPlace:
    """Where an event happened."""

    block: BlockHeader
    log_index: int
    tx_hash: str

    @property
    def at(self) -> int:
        """The block's time, unix seconds."""
        return self.block.timestamp


class Projection:
    """One writer of the projection's tables, for one transaction. The only place that writes them.

    Holds: for every row a block changed, ``undo`` has what it was before that block.
    """

    def __init__(self, session: Session, tables: Mapping[type[SQLModel], Table] = TABLES) -> None:
        self._session = session
        self._tables = tables
        self._rows: dict[tuple[type[ProjectionTable], Key], ProjectionTable | None] = {}
        self._before: dict[tuple[type[ProjectionTable], Key], Image | None] = {}
        self._changed: dict[tuple[type[ProjectionTable], Key], None] = {}
        self._blocks: list[Image] = []
        self._undo: list[Image] = []
        self._last_position: int | None = None
        self._sequences: dict[str | None, int] = {}

    def find(self, model: type[R], *key: Any) -> R | None:
        """The row of this key, to be read or changed in place; none if there is none."""
        place = (model, key)
        if place not in self._rows:
            self._rows[place] = self._load(model, key)
        row = self._rows[place]
        if place not in self._before:
            self._before[place] = None if row is None else _image(row)
        if row is not None and not isinstance(row, model):
            raise TypeError(f"row {key} of {model.__name__} is a {type(row).__name__}")
        return row

    def prefetch(self, needs: Iterable[tuple[type[ProjectionTable], Key]], orders: Iterable[str]) -> None:
        """Load the rows that will be asked for, and the outbox's counts of these orders, a table at a time."""
        wanted: dict[type[ProjectionTable], list[Key]] = {}
        for model, key in dict.fromkeys(needs):
            if (model, key) not in self._rows:
                self._rows[model, key] = None
                wanted.setdefault(model, []).append(key)
        for model, keys in wanted.items():
            table = self._tables[model]
            place = tuple_(*(table.c[name] for name in _KEYS[model]))
            for some in _chunks(keys):
                for found in self._session.execute(select(table).where(place.in_(some))).mappings():
                    self._rows[model, tuple(found[name] for name in _KEYS[model])] = model(**found)
        outbox = self._tables[Outbox]
        for names in _chunks([order for order in dict.fromkeys(orders) if order not in self._sequences]):
            self._sequences.update(dict.fromkeys(names, 0))
            counts = select(outbox.c.order, func.max(outbox.c.sequence)).where(outbox.c.order.in_(names))
            for order, highest in self._session.execute(counts.group_by(outbox.c.order)):
                self._sequences[order] = int(highest)

    def get(self, model: type[R], *key: Any) -> R:
        """The row of this key.

        Raises: InvariantBroken when an event speaks of something that no earlier event made.
        """
        row = self.find(model, *key)
        if row is None:
            raise InvariantBroken(
                f"an event speaks of {model.__tablename__} {key}, which no earlier one made; "
                "events are missing: rebuild from the deployment block"
            )
        return row

    def matching(self, model: type[R], **equal: Any) -> list[R]:
        """The rows with these column values, those changed and not yet written included; in the order of their keys."""
        table = self._tables[model]
        names = _KEYS[model]
        condition = and_(true(), *(table.c[name] == value for name, value in equal.items()))
        stored = self._session.execute(select(*(table.c[name] for name in names)).where(condition))
        keys = {tuple(row) for row in stored} | {key for known, key in self._rows if known is model}
        rows = (self.find(model, *key) for key in sorted(keys))
        return [
            row
            for row in rows
            if row is not None and all(getattr(row, name) == value for name, value in equal.items())
        ]

    def add(self, row: R) -> R:
        """Take a new row in.

        Raises: InvariantBroken when its key is taken: an event came twice.
        """
        key = tuple(getattr(row, name) for name in _KEYS[type(row)])
        if self.find(type(row), *key) is not None:
            raise InvariantBroken(
                f"{row.__tablename__} {key} was made twice; rebuild from the deployment block"
            )
        self._rows[type(row), key] = row
        return row

    def add_to_outbox(self, place: EventPlace, kind: str, order: str | None, body: Image) -> None:
        """Note an event for those who are told: counted over all, and per order."""
        if self._last_position is None:
            self._last_position = self._highest("position")
        if order not in self._sequences:
            self._sequences[order] = self._highest("sequence", order=order)
        self._last_position += 1
        self._sequences[order] += 1
        row = Outbox(
            position=self._last_position,
            order=order,
            sequence=self._sequences[order],
            type=kind,
            body=body,
            block_hash=place.block.hash,
            occurred_at=place.at,
            tx_hash=place.tx_hash,
        )
        self._rows[Outbox, (row.position,)] = row
        self._before[Outbox, (row.position,)] = None

    def end_block(self, block: BlockHeader) -> None:
        """Close a block: rows it changed carry its number, and what they were goes to ``undo``."""
        n = 0
        for place, before in self._before.items():
            row = self._rows[place]
            if row is None or (before is not None and _image(row) == before):
                continue
            row.block_number = block.number
            self._changed[place] = None
            self._undo.append(
                {
                    "block_number": block.number,
                    "n": n,
                    "table_name": table_of(place[0]).name,
                    "row_key": list(place[1]),
                    "before": before,
                }
            )
            n += 1
        self._before.clear()
        self._blocks.append(
            {
                "number": block.number,
                "hash": block.hash,
                "parent_hash": block.parent_hash,
                "timestamp": block.timestamp,
            }
        )

    def flush(self) -> None:
        """Write everything that changed since the last call, in this transaction."""
        images: dict[type[ProjectionTable], list[Image]] = {}
        for place in self._changed:
            row = self._rows[place]
            if row is not None:
                images.setdefault(place[0], []).append(_image(row))
        for model, rows in images.items():
            upsert(self._session, self._tables[model], rows)
        for window_model, entries in ((Block, self._blocks), (Undo, self._undo)):
            if entries:
                self._session.execute(insert(self._tables[window_model]), entries)
        self._changed.clear()
        self._blocks.clear()
        self._undo.clear()

    def _load(self, model: type[R], key: Key) -> R | None:
        table = self._tables[model]
        condition = and_(*(table.c[name] == value for name, value in zip(_KEYS[model], key, strict=True)))
        found = self._session.execute(select(table).where(condition)).mappings().first()
        return None if found is None else model(**found)

    def _highest(self, column: str, **where: str | None) -> int:
        table = self._tables[Outbox]
        statement = select(func.max(table.c[column]))
        for name, value in where.items():
            statement = statement.where(table.c[name].is_(None) if value is None else table.c[name] == value)
        return int(self._session.execute(statement).scalar() or 0)


def _chunks(items: list[T]) -> Iterator[list[T]]:
    # Both databases bound the number of parameters of one statement.
    for start in range(0, len(items), _MOST_KEYS):
        yield items[start : start + _MOST_KEYS]


def upsert(session: Session, table: Table, rows: list[Image]) -> None:
    """Insert rows, or replace those whose keys exist."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    others = [column.name for column in table.columns if column.name not in keys]
    replaced = {name: statement.excluded[name] for name in others}
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=replaced), rows)


def _image(row: ProjectionTable) -> Image:
    return {name: getattr(row, name) for name in _COLUMNS[type(row)]}
