"""Lists in pages, by key: a row that appears meanwhile shifts nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Mapped
from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

from settlement.errors import InputRefused
from settlement.store.columns import is_text

R = TypeVar("R")

LARGEST_PAGE: Final = 200
_LONGEST_CURSOR: Final = 1000


@dataclass(frozen=True)
class Page(Generic[R]):
    """Some rows, and the opaque cursor of the next ones (none: these were the last)."""

    rows: list[R]
    next_cursor: str | None


def page_of(
    session: Session,
    statement: SelectOfScalar[R],
    keys: Sequence[Mapped[Any]],
    *,
    limit: int,
    cursor: str | None,
    newest_first: bool = False,
) -> Page[R]:
    """Run a query for one page, ordered by ``keys``, which together are unique.

    Raises: InputRefused for a limit outside 1..200 and for a cursor this list did not give.
    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise InputRefused(f"limit {limit} is outside 1..{LARGEST_PAGE}", field="limit")
    columns = [_column(key) for key in keys]
    if cursor is not None:
        place = tuple_(*columns)
        after = tuple_(*_read_cursor(cursor, columns))
        beyond: ColumnElement[bool] = place < after if newest_first else place > after
        statement = statement.where(beyond)
    statement = statement.order_by(*(key.desc() if newest_first else key.asc() for key in columns))
    rows = list(session.exec(statement.limit(limit + 1)))
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], _write_cursor([getattr(last, key.key) for key in columns]))


def _column(key: Mapped[Any]) -> InstrumentedAttribute[Any]:
    if not isinstance(key, InstrumentedAttribute):
        raise TypeError(f"a page is ordered by columns of its table, not by {key!r}")
    return key


def _write_cursor(values: list[Any]) -> str:
    text = json.dumps(values, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, columns: list[InstrumentedAttribute[Any]]) -> list[Any]:
    refusal = InputRefused("the cursor is not one this list gave; start without one", field="cursor")
    if len(cursor) > _LONGEST_CURSOR:
        raise refusal
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise refusal from None
    if not isinstance(values, list) or len(values) != len(columns):
        raise refusal
    if not all(_fits(value, column) for value, column in zip(values, columns, strict=True)):
        raise refusal
    return values


def _fits(value: object, column: InstrumentedAttribute[Any]) -> bool:
    if is_text(column.type):
        return isinstance(value, str) and "\0" not in value
    # JSON's true is an int in Python.
    return isinstance(value, int) and not isinstance(value, bool) and -(1 << 63) <= value < 1 << 63
