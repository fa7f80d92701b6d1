"""When blocks are mined: at once, by a timer, or only when somebody orders one."""

from __future__ import annotations

import time
from dataclasses import dataclass

MOST_INTERVAL_S = 2**31


@dataclass(frozen=True, slots=True)
class Mining:
    """``is_automatic`` mines whatever can be mined as soon as it comes in; ``interval_s`` (whole seconds) mines a block,
    empty or not, each time so many have passed. Neither: blocks come by order only. Both go together.
    """

    is_automatic: bool = True
    interval_s: int | None = None

    def __post_init__(self) -> None:
        if self.interval_s is not None and not 1 <= self.interval_s <= MOST_INTERVAL_S:
            raise ValueError(f"an interval of {self.interval_s} s: blocks are 1 to {MOST_INTERVAL_S} s apart")


class Ticker:
    """Says when a block of ``interval_s`` is due, by a clock that never jumps. Without an interval none ever is."""

    def __init__(self, interval_s: int | None) -> None:
        self._interval_s = interval_s
        self._due_at = None if interval_s is None else time.monotonic() + interval_s

    def remaining_s(self) -> float | None:
        """How long to wait for the next block; None for ever."""
        return None if self._due_at is None else max(0, self._due_at - time.monotonic())

    def take(self) -> bool:
        """Whether a block is due; the next one is then due an interval later."""
        now = time.monotonic()
        if self._due_at is None or self._interval_s is None or now < self._due_at:
            return False
        # Blocks that a sleeping machine missed are not made up for.
        self._due_at = max(self._due_at + self._interval_s, now)
        return True
