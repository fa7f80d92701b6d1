"""Two nodes' answers compared field by field, and the table of the differences that are meant."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.chain.local.conformance.asking import Refusal

TABLE = Path(__file__).with_name("differences.toml")
_MISSING = "(missing)"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two answers differ: ``method(case)``, then the field; ``#`` stands for any element of a list."""

    place: str
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        return f"{self.place}: {_shown(self.ours)} here, {_shown(self.theirs)} there"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why answers differ, and the places where they may, as shell patterns."""

    text: str
    places: tuple[str, ...]


def read_table() -> list[Reason]:
    """The differences that are meant."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))["difference"]
    return [Reason(row["reason"], tuple(row["places"])) for row in rows]


def unlisted(found: list[Difference], table: list[Reason]) -> list[str]:
    """Differences that no row explains."""
    patterns = [pattern for row in table for pattern in row.places]
    return [str(one) for one in found if not any(fnmatchcase(one.place, pattern) for pattern in patterns)]


def stale(found: list[Difference], table: list[Reason]) -> list[str]:
    """Places of the table where nothing differs."""
    places = {one.place for one in found}
    return [
        pattern
        for row in table
        for pattern in row.places
        if not any(fnmatchcase(place, pattern) for place in places)
    ]


def differences(place: str, ours: Any, theirs: Any) -> Iterator[Difference]:
    """Where two answers differ, field by field."""
    if isinstance(ours, Refusal) and isinstance(theirs, Refusal):
        for name in ("code", "words", "data"):
            yield from differences(f"{place}!{name}", getattr(ours, name), getattr(theirs, name))
    elif isinstance(ours, dict) and isinstance(theirs, dict):
        for name in ours.keys() | theirs.keys():
            yield from differences(f"{place}.{name}", ours.get(name, _MISSING), theirs.get(name, _MISSING))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for one, other in zip(ours, theirs, strict=True):
            yield from differences(f"{place}.#", one, other)
    elif isinstance(ours, bool) is not isinstance(theirs, bool) or ours != theirs:
        yield Difference(place, ours, theirs)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
