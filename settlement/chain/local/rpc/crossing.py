"""How results of the writer thread come to the event loop: all that a block settles at one waking, not one by one."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from concurrent.futures import Future
from typing import Any


class Crossing:
    """Waits for other threads' futures on the event loop that it is made on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._is_awake = False

    async def result_of(self, future: Future[Any]) -> Any:
        """What the future holds, or its exception. Whoever waits may be cancelled; the future is not."""
        waiter = self._loop.create_future()
        future.add_done_callback(lambda done: self._arrive(waiter, done))
        return await waiter

    def _arrive(self, waiter: asyncio.Future[Any], done: Future[Any]) -> None:
        """On any thread."""
        self._arrived.append((waiter, done))
        if not self._is_awake:
            self._is_awake = True
            # A loop that has ended serves nobody any more.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # Before the first is taken: what arrives from now on wakes the loop again.
        self._is_awake = False
        while self._arrived:
            waiter, done = self._arrived.popleft()
            if waiter.done():
                continue
            failure = done.exception()
            if failure is None:
                waiter.set_result(done.result())
            else:
                waiter.set_exception(failure)
