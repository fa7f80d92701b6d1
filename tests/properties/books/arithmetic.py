"""Rounding and interest of the books (R2, R7), and the constants that the rules name."""

from __future__ import annotations

DAY = 86_400
ACCEPTED, SHIPPED, RELEASED, CLEARED, CLOSED = 1, 2, 3, 4, 5
ON_RELEASE, ON_CLEARANCE, ON_ARRIVAL = 0, 1, 2
NEVER, AT_ACCEPTANCE, AT_SHIPMENT, AT_RELEASE = 0, 1, 2, 3
POSTING_GRACE_S = 5 * DAY
HOLD_GRACE_S = 90 * DAY
DECISION_S = 30 * DAY
WHOLE_BPS = 10_000
MOST_SHARES, AT_ONCE = 8, 4
LATE_BASIS = 365


def ceil_div(a: int, b: int) -> int:
    """Rounded up."""
    return -(-a // b)


def due_up(millionths: int) -> int:
    """Whole minor units due."""
    return ceil_div(millionths, 10**6)


def accrual(principal: int, bps: int, seconds: int, basis: int) -> int:
    """R7, in millionths of a minor unit, rounded up."""
    return ceil_div(principal * bps * seconds * 10**6, WHOLE_BPS * basis * DAY)
