"""The readable story of a demo: one line for each thing that happened."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TextIO


@dataclass
class Timeline:
    """Prints lines as things happen: business date, seconds since the start, who, what, gas, transaction."""

    stream: TextIO = field(default_factory=lambda: sys.stdout)
    started_at: int = field(default_factory=time.monotonic_ns)

    def title(self, text: str) -> None:
        """Begin a chapter."""
        self._print(f"\n{text}")

    def tell(
        self, at: int, actor: str, what: str, *, gas: int | None = None, transaction: str | None = None
    ) -> None:
        """Tell one thing.

        Units:  ``at`` unix seconds of business time.
        """
        day = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
        spent = f"{gas:>9,} gas" if gas is not None else ""
        named = f"{transaction[:10]}…" if transaction else ""
        self._print(f"  {day}  +{self._elapsed():>5} s  {actor:<9} {what:<64} {spent:>13}  {named}".rstrip())

    def share(self, amount: str, receiver: str) -> None:
        """Tell who got how much of what was just paid."""
        self._print(f"{'':>39}{amount:>18}  to {receiver}")

    def note(self, text: str) -> None:
        """Say something that has no time of its own."""
        self._print(f"  {text}")

    def _elapsed(self) -> str:
        tenths = (time.monotonic_ns() - self.started_at) // 100_000_000
        return f"{tenths // 10}.{tenths % 10}"

    def _print(self, line: str) -> None:
        print(line, file=self.stream, flush=True)
