"""The worker: sender, follower and keeper in one process until it is told to stop."""

from __future__ import annotations

import signal
import threading

from settlement.chain.worker import run_worker
from settlement.settings import Settings


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; what is under way is finished or picked up at the next start."""
    is_stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: is_stopping.set())
    run_worker(settings, is_stopping)
