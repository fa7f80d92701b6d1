"""One step of the machine as the properties see it: what was tried, what became of it, the chain before and after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.properties.books import Book, Order
from tests.properties.seen import Seen

E = TypeVar("E")


@dataclass
class Told:
    """What the views say of the order that was touched."""

    payable: int = 0
    late: int = 0
    interest: int = 0
    principal: int = 0
    drawable: int = 0
    due_from_supplier: int = 0


@dataclass
class Step:
    """``refused_by`` is the error's name, None where it succeeded; ``reasons`` are the books' (none: it must succeed)."""

    verb: str
    before: Seen
    after: Seen
    book: Book
    ids: dict[str, int]
    scales: dict[int, int]
    order: Order | None = None
    reasons: frozenset[str] = frozenset()
    refused_by: str | None = None
    events: tuple[Any, ...] = ()
    told: Told | None = None
    owed_before: tuple[int, int] = (0, 0)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether the chain did it."""
        return self.refused_by is None

    def every(self, kind: type[E]) -> list[E]:
        """Events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def change(self, currency: int, account: str | int) -> int:
        """What an account gained."""
        key = (currency, account)
        return self.after.cash.get(key, 0) - self.before.cash.get(key, 0)
