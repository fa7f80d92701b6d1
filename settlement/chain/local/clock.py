"""Business time: the wall clock plus an offset that is stored with the chain, at least one second after the head."""

from __future__ import annotations

import time
from dataclasses import dataclass

from settlement.chain.local.formats.hashing import bytes_int, int_bytes


@dataclass(frozen=True, slots=True)
class Clock:
    """``offset_s`` is added to the wall clock; ``next_at`` fixes the very next block's time, once."""

    offset_s: int = 0
    next_at: int | None = None

    def time_after(self, head_at: int) -> int:
        """When the block after one of ``head_at`` would be, were it mined now."""
        if self.next_at is not None:
            return self.next_at
        return max(wall_time() + self.offset_s, head_at + 1)

    def after_block(self, block_at: int) -> Clock:
        """The clock once a block was mined: a fixed time becomes the point that time runs on from."""
        if self.next_at is None:
            return self
        return Clock(offset_s=block_at - wall_time())

    def advanced(self, seconds: int) -> Clock:
        return Clock(self.offset_s + seconds, None if self.next_at is None else self.next_at + seconds)

    def encode(self) -> bytes:
        """Sign, offset and fixed time; zero stands for no fixed time, since no block can be of the year 1970's start."""
        sign = b"-" if self.offset_s < 0 else b"+"
        return sign + abs(self.offset_s).to_bytes(8, "big") + int_bytes(self.next_at or 0)

    @classmethod
    def decode(cls, encoded: bytes) -> Clock:
        offset = bytes_int(encoded[1:9])
        return cls(-offset if encoded[:1] == b"-" else offset, bytes_int(encoded[9:]) or None)


def wall_time() -> int:
    """Unix seconds by the machine's clock."""
    return int(time.time())
