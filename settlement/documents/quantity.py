"""Exact decimal quantities of documents, and what they are worth; no rounding, no binary fractions.

Source: CONTRACTS.md Evidence, "released is value".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from settlement.errors import DocumentRefused
from settlement.money import AMOUNT_LIMIT, Currency

_PLAIN = re.compile(r"[0-9]{1,18}(\.[0-9]{1,9})?")


@dataclass(frozen=True)
class Quantity:
    """A non-negative exact number of some unit (UN/ECE Recommendation 20 code, empty when the document names none)."""

    count: Fraction
    unit: str


def read_quantity(text: str, unit: str, field: str) -> Quantity:
    """Read a plain decimal quantity.

    Raises: DocumentRefused naming ``field`` for signs, exponents, more than 18 digits before or 9 after the point.
    """
    stripped = text.strip()
    if not _PLAIN.fullmatch(stripped):
        raise DocumentRefused(
            f"{field}: {stripped[:40]!r} is not a plain decimal quantity such as 120 or 7.5; correct it",
            field=field,
        )
    return Quantity(Fraction(stripped), unit)


def extension_minor(
    price: Quantity, quantity: Quantity, base: Quantity, currency: Currency, field: str
) -> int:
    """Price x quantity over base quantity in minor units, exactly.

    Units:  ``price`` in whole currency units per ``base``.
    Raises: DocumentRefused when the base is zero, the result has a part below the minor unit, or is 2^56 or more.
    """
    if base.count == 0:
        raise DocumentRefused(f"{field}: the base quantity of the price is 0; correct it", field=field)
    above = price.count * quantity.count * int(10**currency.exponent)
    minor, rest = divmod(above.numerator * base.count.denominator, above.denominator * base.count.numerator)
    if rest:
        raise DocumentRefused(
            f"{field}: price x quantity is not a whole number of {currency.code} minor units; give the line's amount",
            field=field,
        )
    if minor >= AMOUNT_LIMIT:
        raise DocumentRefused(f"{field}: price x quantity is 2^56 minor units or more", field=field)
    return minor


def value_of_part(value_minor: int, part: Fraction, whole: Fraction) -> int:
    """What ``part`` of ``whole`` is worth: floored, and capped at the value of the whole.

    Units:  minor units; the remainder stays with the buyer until the whole is there.
    """
    if part >= whole:
        return value_minor
    return value_minor * part.numerator * whole.denominator // (part.denominator * whole.numerator)
