"""A child process ends when its parent does, however the parent ended.

The parent keeps the write end of a pipe; a kill -9 closes it, and the children's read end reports it.
"""

from __future__ import annotations

import os
import signal
import threading

_LAST_CHANCE_S = 8


def stop_with_parent(read_end: int | None) -> None:
    """Send this process SIGTERM once the pipe closes, and end it by force if it has not gone after a while."""
    if read_end is None:
        return
    threading.Thread(target=_watch, args=(read_end,), name="parent-pipe", daemon=True).start()


def _watch(read_end: int) -> None:
    os.read(read_end, 1)
    force = threading.Timer(_LAST_CHANCE_S, os._exit, args=(1,))
    force.daemon = True
    force.start()
    os.kill(os.getpid(), signal.SIGTERM)
