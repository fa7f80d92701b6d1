"""Simple interest by actual days, counted in millionths of a minor unit: the Python twin of the contract's library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from settlement.days import DAY_S
from settlement.errors import InputRefused
from settlement.money import ceil_ratio

MILLION: Final = 10**6
"""Millionths in a minor unit; cutting time into a thousand steps adds less than one minor unit in all (I-13)."""

ACCRUED_MOST: Final = (1 << 88) - 1
"""Where the contract's word for accrued interest stops."""

YEAR_DAYS: Final[Mapping[int, int]] = {0: 360, 1: 365}
"""Days in the year of a line's rate, by the contract's ``DayCount``: actual/360, actual/365."""


def accrue_up(accrued: int, principal_minor: int, rate_bps: int, elapsed_s: int, year_days: int) -> int:
    """Add the interest of a span at one rate, rounded up to the millionth (R7).

    Units:  ``accrued`` and the result in millionths of a minor unit.
    Holds:  I-13 (never falls; stops at its word instead of overflowing).
    Source: contracts/src/lib/Interest.sol, accrueUp.
    """
    added = ceil_ratio(principal_minor * rate_bps * elapsed_s * 100, year_days * DAY_S)
    return min(accrued + added, ACCRUED_MOST)


def accrue(
    accrued: int,
    principal_minor: int,
    rate_bps: int,
    late_bps: int,
    since_at: int,
    now_at: int,
    maturity_at: int,
    day_count: int,
) -> int:
    """Interest accrued up to now; the late margin is added to the rate from maturity on (R7).

    Units:  ``accrued`` and the result in millionths of a minor unit; times in unix seconds.
    Holds:  I-13.
    Raises: InputRefused when time runs backwards, or the day count is unknown.
    Source: contracts/src/lib/Interest.sol, accrueAcrossUp.
    """
    if now_at < since_at:
        raise InputRefused(f"interest from {since_at} to {now_at} runs backwards", field="now_at")
    if day_count not in YEAR_DAYS:
        raise InputRefused(
            f"day count {day_count} is unknown; 0 is actual/360, 1 actual/365", field="day_count"
        )
    turn_at = min(max(maturity_at, since_at), now_at)
    year_days = YEAR_DAYS[day_count]
    before = accrue_up(accrued, principal_minor, rate_bps, turn_at - since_at, year_days)
    return accrue_up(before, principal_minor, rate_bps + late_bps, now_at - turn_at, year_days)


def due_up(accrued: int) -> int:
    """Whole minor units due for what is accrued.

    Source: contracts/src/lib/Interest.sol, dueUp.
    """
    return ceil_ratio(accrued, MILLION)


def after_payment(accrued: int, paid_minor: int) -> int:
    """What is left accrued once ``paid_minor``, at most what is due, was paid.

    Source: contracts/src/lib/Interest.sol, afterPayment.
    """
    return max(0, accrued - paid_minor * MILLION)
