"""A page of a list; ``next`` is an opaque cursor, null on the last page."""

from __future__ import annotations

from typing import Generic, TypeVar

from settlement.wire.model import Answer

T = TypeVar("T")

MOST_ROWS = 200


class Page(Answer, Generic[T]):
    """Rows in a stable order, and where the next page starts."""

    items: list[T]
    next: str | None = None
