"""Shares of a cover pool against its capital: the Python twin of the contract's library. Pure.

Source: contracts/src/lib/PoolShares.sol.
"""

from __future__ import annotations

from typing import Final

from settlement.money import floor_share

VIRTUAL: Final = 10**6
"""Shares that nobody owns, beside one unit of capital: who gives to a pool gives to them too (P28)."""


def shares_for_down(amount_minor: int, capital_minor: int, total: int) -> int:
    """Shares for an amount, rounded down: the price of the others never falls. Holds: I-27."""
    return floor_share(amount_minor, total + VIRTUAL, capital_minor + 1)


def worth_down(shares: int, capital_minor: int, total: int) -> int:
    """What shares are worth, in minor units, rounded down: the price of the others never falls. Holds: I-27."""
    return floor_share(shares, capital_minor + 1, total + VIRTUAL)
