"""What a verification found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

_SHOWN: Final = 5
"""Differences told in words; all of them are counted."""


@dataclass(frozen=True)
class Check:
    """One comparison: ``expected`` is the chain's or the rule's word, ``found`` what the database says."""

    name: str
    ok: bool
    expected: str
    found: str
    detail: str


@dataclass(frozen=True)
class Report:
    """All comparisons at one block, and what no view of the contracts can prove."""

    block_number: int
    block_hash: str
    checks: tuple[Check, ...]
    unproven: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether everything that was compared is equal."""
        return all(check.ok for check in self.checks)


@dataclass
class Tally:
    """One check in the making: counts what was compared, remembers what differs."""

    name: str
    compared: int = 0
    differences: list[str] = field(default_factory=list)

    def same(self, what: str, expected: object, found: object) -> None:
        """Compare one value of one thing."""
        self.compared += 1
        if expected != found:
            self.differences.append(f"{what}: expected {expected}, found {found}")

    def all_same(self, what: str, pairs: dict[str, tuple[object, object]]) -> None:
        """Compare several named values (expected, found) of one thing."""
        for name, (expected, found) in pairs.items():
            self.same(f"{what} {name}", expected, found)

    def wrong(self, what: str) -> None:
        """Something that cannot be compared because one side lacks it."""
        self.compared += 1
        self.differences.append(what)

    def check(self) -> Check:
        """The finished check."""
        equal = self.compared - len(self.differences)
        detail = "; ".join(self.differences[:_SHOWN])
        if len(self.differences) > _SHOWN:
            detail += f"; and {len(self.differences) - _SHOWN} more"
        return Check(
            self.name, not self.differences, f"{self.compared} values equal", f"{equal} values equal", detail
        )


def checks_of(tallies: Sequence[Tally]) -> list[Check]:
    """The finished checks, in order."""
    return [tally.check() for tally in tallies]
