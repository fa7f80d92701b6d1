"""When signatures of a committee are enough: the Python twin of the contracts' library. Pure."""

from __future__ import annotations

from typing import Final

MOST_SEATS: Final = 16
"""How many members one committee may have."""


def is_sound(threshold: int, seats: int) -> bool:
    """Whether k of n is a committee in which two quorums always share a member.

    Holds:  I-17.
    Source: contracts/src/lib/Quorum.sol, isSound.
    """
    return 0 < seats <= MOST_SEATS and threshold <= seats < 2 * threshold


def add_ascending(bitmap: int, index: int) -> int:
    """The seats counted so far with one more; zero unless it is above every one of them, so that none counts twice.

    Holds:  I-17.
    Source: contracts/src/lib/Quorum.sol, addAscending.
    """
    return bitmap | 1 << index if 1 << index > bitmap else 0
