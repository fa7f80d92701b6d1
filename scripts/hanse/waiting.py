"""Wait for something outside this process to become true."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from settlement.errors import ChainError

T = TypeVar("T")

_POLL_S = 1 / 20


class TookTooLong(ChainError):
    """What was waited for did not happen in time."""

    code = "took_too_long"


def wait_for(look: Callable[[], T | None], what: str, *, within_s: int = 60) -> T:
    """Look again and again until there is something.

    Raises: TookTooLong naming what did not happen.
    """
    give_up_at = time.monotonic() + within_s
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > give_up_at:
            raise TookTooLong(f"{what} did not happen within {within_s} s")
        time.sleep(_POLL_S)
