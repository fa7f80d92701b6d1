"""Lets readers in together; whoever shuts it waits until all are out. LMDB's map moves only while nobody reads it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Entered and left by readers, around each reading."""

    def __init__(self) -> None:
        self._condition = threading.Condition(threading.Lock())
        self._readers = 0
        self._is_shut = False

    def enter(self) -> None:
        with self._condition:
            while self._is_shut:
                self._condition.wait()
            self._readers += 1

    def leave(self) -> None:
        with self._condition:
            self._readers -= 1
            if self._is_shut and not self._readers:
                self._condition.notify_all()

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Nobody reads within. One thread at a time shuts."""
        # Said before the lock is asked for: readers that come and go take it again and again, and would never let in
        # whoever waits for it. Now they stop at the gate.
        self._is_shut = True
        with self._condition:
            while self._readers:
                self._condition.wait()
        try:
            yield
        finally:
            with self._condition:
                self._is_shut = False
                self._condition.notify_all()
