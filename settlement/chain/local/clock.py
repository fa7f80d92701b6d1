"""Business time: the wall clock plus an offset that is stored with the chain, at least one second after the head."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from settlement.chain.local.formats.hashing import bytes_int


@dataclass(frozen=True, slots=True)
class Clock:
    """``offset_s`` is added to the wall clock; ``next_at`` fixes the very next block's time, once.

    With ``step_s`` the clock stands still but for blocks: each comes so many seconds after the one before.
    """

    offset_s: int = 0
    next_at: int | None = None
    step_s: int | None = None

    def time_after(self, head_at: int) -> int:
        """When the block after one of ``head_at`` would be, were it mined now."""
        if self.next_at is not None:
            return self.next_at
        if self.step_s is not None:
            return head_at + self.step_s
        return max(wall_time() + self.offset_s, head_at + 1)

    def after_block(self, block_at: int) -> Clock:
        """The clock once a block was mined: a fixed time becomes the point that time runs on from."""
        if self.next_at is None:
            return self
        return replace(self, offset_s=block_at - wall_time(), next_at=None)

    def advanced(self, seconds: int, head_at: int) -> Clock:
        """The clock so many seconds later than it shows, or than the head, which quick blocks carry ahead of it: a tester
        who lets a day pass finds the next block a day after the last one.
        """
        next_at = None if self.next_at is None else self.next_at + seconds
        now = max(wall_time() + self.offset_s, head_at)
        return replace(self, offset_s=now + seconds - wall_time(), next_at=next_at)

    def set_to(self, at: int) -> Clock:
        """The clock that shows ``at`` now and runs on."""
        return replace(self, offset_s=at - wall_time(), next_at=None)

    def encode(self) -> bytes:
        """Sign, offset, fixed time, step. Zero stands for no fixed time, since no block can be of the year 1970's start,
        and for no step.
        """
        sign = b"-" if self.offset_s < 0 else b"+"
        words = (abs(self.offset_s), self.next_at or 0, self.step_s or 0)
        return sign + b"".join(word.to_bytes(8, "big") for word in words)

    @classmethod
    def decode(cls, encoded: bytes) -> Clock:
        if len(encoded) != 25 or encoded[:1] not in (b"+", b"-"):
            raise ValueError("the clock's record has not its length or its sign")
        offset = bytes_int(encoded[1:9])
        next_at, step_s = bytes_int(encoded[9:17]), bytes_int(encoded[17:])
        return cls(-offset if encoded[:1] == b"-" else offset, next_at or None, step_s or None)


def wall_time() -> int:
    """Unix seconds by the machine's clock."""
    return int(time.time())
