"""How long a part that found nothing to do waits before it looks again."""

from __future__ import annotations

import threading
from typing import Final

FIRST_S: Final = 0.01
MOST_S: Final = 0.2
_TROUBLE_S: Final = 0.5


class Pace:
    """Looks again at once after work, ever more rarely while nothing comes, up to five times a second.

    Holds:  a request to stop ends any wait.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._idle_s = FIRST_S

    def rest(self, *, has_moved: bool) -> None:
        """Wait after a step."""
        if has_moved:
            self._idle_s = FIRST_S
            return
        self._stop.wait(self._idle_s)
        self._idle_s = min(2 * self._idle_s, MOST_S)

    def recover(self) -> None:
        """Wait after trouble that may pass by itself."""
        self._stop.wait(_TROUBLE_S)
