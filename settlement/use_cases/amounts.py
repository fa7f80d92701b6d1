"""Amounts between the wire and whole minor units."""

from __future__ import annotations

from settlement.errors import InputRefused
from settlement.money import Currency, currency_of_number, minor_from_text
from settlement.wire.order import AmountBody


def amount(minor: int, number: int) -> AmountBody:
    """Minor units of a currency (ISO 4217 number) as the API writes them."""
    return AmountBody(value=str(minor), currency=currency_of_number(number).code)


def minor_in(body: AmountBody, unit: Currency, field: str = "amount") -> int:
    """The minor units of an amount that must be of this currency and more than nothing.

    Raises: InputRefused.
    """
    if body.currency != unit.code:
        raise InputRefused(f"{field} is in {body.currency}; {unit.code} is needed here", field=field)
    minor = minor_from_text(body.value)
    if minor == 0:
        raise InputRefused(f"{field} is 0; give what is to be moved", field=field)
    return minor
