"""The order as JSON: what a buyer's system posts when it has no UBL document.

    {"number": "PO-2026-0042", "issued_on": "2026-03-02",
     "buyer": {"name": "...", "identifiers": [{"scheme": "LEI", "value": "..."}], "country": "DE"},
     "supplier": {...},
     "lines": [{"id": "1", "description": "...", "quantity": "120", "unit": "C62",
                "price": "50.00", "value": {"value": "600000", "currency": "USD"}}],
     "payable": {"value": "600000", "currency": "USD"},
     "delivery": {"country": "NL", "place": "Rotterdam", "not_before": "2026-04-01", "not_after": "2026-04-20",
                  "terms": "CIF"}}

Amounts are strings of minor units; unknown keys are refused.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from settlement.documents.limits import (
    LONGEST_TEXT,
    MOST_IDENTIFIERS,
    MOST_LINES,
)

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _only_a_day(value: object) -> object:
    # Left alone, pydantic reads a number as seconds since 1970 and a time as its day.
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("a date is written as 2026-03-02")


Day = Annotated[date, BeforeValidator(_only_a_day)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
Code = Annotated[str, Field(max_length=32)]
CountryCode = Annotated[str, Field(pattern=r"^([A-Z]{2})?$")]
DecimalText = Annotated[str, Field(pattern=r"^[0-9]{1,18}(\.[0-9]{1,9})?$")]
MinorText = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,17})$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AmountBody(_Strict):
    """An amount: a string of minor units and its ISO 4217 code."""

    value: MinorText
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class IdentifierBody(_Strict):
    """One identifier of a company, such as its LEI or GLN."""

    scheme: Code = ""
    value: Annotated[str, Field(min_length=1, max_length=120)]


class PartyBody(_Strict):
    """A company as the order names it."""

    name: Name
    identifiers: Annotated[list[IdentifierBody], Field(max_length=MOST_IDENTIFIERS)] = []
    country: CountryCode = ""


class OrderLineBody(_Strict):
    """One line; ``value`` is what it is worth, ``price`` is shown only."""

    id: Annotated[str, Field(min_length=1, max_length=60)]
    description: Text = ""
    quantity: DecimalText
    unit: Code = ""
    price: DecimalText | None = None
    value: AmountBody


class DeliveryBody(_Strict):
    """Where and when the goods are asked for."""

    country: CountryCode = ""
    place: Text = ""
    not_before: Day | None = None
    not_after: Day | None = None
    terms: Code = ""


class OrderBody(_Strict):
    """A purchase order in the API's own JSON."""

    number: Annotated[str, Field(min_length=1, max_length=200)]
    issued_on: Day
    buyer: PartyBody
    supplier: PartyBody
    lines: Annotated[list[OrderLineBody], Field(min_length=1, max_length=MOST_LINES)]
    payable: AmountBody
    delivery: DeliveryBody = DeliveryBody()
