"""Money as whole minor units with a currency; the only place where amounts are scaled or divided.

Source: ISO 4217 through the ``iso4217`` package; CONTRACTS.md arithmetic for the bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

import iso4217

from settlement.errors import InputRefused

AMOUNT_LIMIT = 1 << 56
"""Every amount in minor units stays below this (storage words hold 56 bits)."""

_PLAIN_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_MINOR_UNITS = re.compile(r"0|[1-9][0-9]{0,17}")


class CurrencyMismatch(InputRefused):
    """Two amounts of different currencies met."""

    code = "currency_mismatch"


@dataclass(frozen=True, order=False)
class Currency:
    """One ISO 4217 currency: alphabetic code, numeric code, digits after the point."""

    code: str
    number: int
    exponent: int


@cache
def currency(code: str) -> Currency:
    """Look up a currency by its alphabetic code.

    Raises: InputRefused when ISO 4217 has no such code or gives it no minor unit.
    Source: ISO 4217 table A.1.
    """
    try:
        entry = iso4217.Currency(code)
    except ValueError as unknown:
        raise InputRefused(
            f"currency {code!r} is not an ISO 4217 code; use one such as USD", field="currency"
        ) from unknown
    if entry.exponent is None:
        raise InputRefused(f"currency {code!r} has no minor unit; it cannot be settled", field="currency")
    return Currency(entry.code, int(entry.number), int(entry.exponent))


@cache
def _codes_by_number() -> dict[int, str]:
    return {int(entry.number): entry.code for entry in iso4217.Currency}


def currency_of_number(number: int) -> Currency:
    """Look up a currency by its ISO 4217 numeric code, the form kept on chain.

    Raises: InputRefused when there is none.
    """
    code = _codes_by_number().get(number)
    if code is None:
        raise InputRefused(f"currency number {number} is not in ISO 4217", field="currency")
    return currency(code)


@dataclass(frozen=True)
class Money:
    """An amount of one currency.

    Units:  ``minor`` counts ISO 4217 minor units (cents, yen, fils).
    """

    minor: int
    currency: Currency

    def __post_init__(self) -> None:
        if not 0 <= self.minor < AMOUNT_LIMIT:
            raise InputRefused(f"amount {self.minor} is outside 0..2^56-1 minor units", field="value")

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency.code} and {other.currency.code} cannot be added")
        return Money(self.minor + other.minor, self.currency)

    def __str__(self) -> str:
        return f"{self.currency.code} {decimal_text(self.minor, self.currency.exponent)}"


def minor_from_text(text: str) -> int:
    """Read the JSON form of an amount: a string of minor units.

    Raises: InputRefused for signs, points, exponents, leading zeros, or 2^56 and more.
    """
    if not _MINOR_UNITS.fullmatch(text):
        raise InputRefused(
            f"amount {text[:40]!r} is not a whole number of minor units written as digits", field="value"
        )
    minor = int(text)
    if minor >= AMOUNT_LIMIT:
        raise InputRefused(f"amount {text} is 2^56 minor units or more", field="value")
    return minor


def minor_from_decimal_text(text: str, unit: Currency, field: str) -> int:
    """Read a document's decimal amount exactly; digits below the minor unit are refused, never rounded.

    Raises: InputRefused naming ``field`` for other notations, negative amounts, too many digits or 2^56 and more.
    """
    stripped = text.strip()
    if len(stripped) > 40 or not _PLAIN_DECIMAL.fullmatch(stripped):
        raise InputRefused(f"{field}: {stripped[:40]!r} is not a plain decimal amount", field=field)
    try:
        scaled = Decimal(stripped).scaleb(unit.exponent)
    except InvalidOperation as wrong:
        raise InputRefused(f"{field}: {stripped[:40]!r} is not an amount", field=field) from wrong
    if scaled != scaled.to_integral_value():
        raise InputRefused(
            f"{field}: {stripped} has more digits than {unit.code} has minor units ({unit.exponent})",
            field=field,
        )
    minor = int(scaled)
    if not 0 <= minor < AMOUNT_LIMIT:
        raise InputRefused(f"{field}: {stripped} {unit.code} is negative or too large", field=field)
    return minor


def decimal_text(minor: int, exponent: int) -> str:
    """Write minor units as a decimal with grouped thousands, for people: 1250000, 2 -> ``12,500.00``."""
    if exponent == 0:
        return f"{minor:,}"
    whole, part = divmod(minor, 10**exponent)
    return f"{whole:,}.{part:0{exponent}d}"


def floor_share(amount_minor: int, part: int, whole: int) -> int:
    """``floor(amount x part / whole)``; the remainder stays with the payer.

    Raises: InputRefused when ``whole`` is zero.
    """
    if whole == 0:
        raise InputRefused("a share of nothing was asked for: the whole is 0")
    return amount_minor * part // whole


def ceil_ratio(numerator: int, denominator: int) -> int:
    """``ceil(numerator / denominator)`` for non-negative integers; the remainder burdens the payer."""
    return -(-numerator // denominator)
