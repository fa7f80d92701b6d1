"""Wei as text, for people. Nothing of the trade is counted in it: members pay no gas."""

from __future__ import annotations

ETHER = 10**18


def ether_text(wei: int) -> str:
    """Wei as ether: thousands grouped, no more digits than it needs."""
    return _decimal(wei, 18)


def gwei_text(wei: int) -> str:
    """Wei as gwei, in which gas is priced."""
    return f"{_decimal(wei, 9)} gwei"


def _decimal(wei: int, digits: int) -> str:
    whole, part = divmod(wei, 10**digits)
    return f"{whole:,}" + (f".{part:0{digits}d}".rstrip("0") if part else "")
