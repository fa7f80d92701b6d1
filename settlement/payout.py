"""Parametric payout between attach and exhaust: the Python twin of the contract's library."""

from __future__ import annotations

from settlement.errors import InputRefused
from settlement.money import floor_share


def linear_payout(sum_minor: int, index: int, attach: int, exhaust: int) -> int:
    """What a policy pays at an index: nothing below attach, the sum at exhaust, linear between.

    Units:  minor units of the policy's currency; index units of the peril.
    Holds:  I-23 (at most the sum, monotone, rounded down: the remainder stays with the pool).
    Raises: InputRefused unless exhaust is above attach.
    Source: contracts/src/lib/Payout.sol.
    """
    if exhaust <= attach:
        raise InputRefused(f"exhaust {exhaust} must be above attach {attach}", field="exhaust")
    if index < attach:
        return 0
    if index >= exhaust:
        return sum_minor
    return floor_share(sum_minor, index - attach, exhaust - attach)
