"""Forget old idempotency keys now and then, beside the writes that make them."""

from __future__ import annotations

import threading
from typing import Final

from settlement.store.handles import Engine
from settlement.use_cases.idempotency import forget_old_keys

EVERY_S: Final = 3_600


class ForgetfulHour:
    """Forgets at the first write, then at most once an hour. Units: seconds of wall time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._next_at = 0
        self._turn = threading.Lock()

    def pass_by(self, now_at: int) -> bool:
        """Forget what is older than seven days if it is time; say whether it was."""
        with self._turn:
            if now_at < self._next_at:
                return False
            self._next_at = now_at + EVERY_S
        forget_old_keys(self._engine, now_at)
        return True
