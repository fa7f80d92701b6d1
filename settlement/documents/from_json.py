"""An order from the API's own JSON.

Source: settlement/wire/order.py for the shape.
"""

from __future__ import annotations

import hashlib

from pydantic import ValidationError

from settlement.documents.limits import bounded_text
from settlement.documents.order import Delivery, Order, OrderLine, Party
from settlement.documents.refusal import at_field
from settlement.documents.strict_json import parse_json
from settlement.errors import DocumentRefused
from settlement.money import Currency, currency, minor_from_text
from settlement.order_number import canonical_number
from settlement.wire.order import AmountBody, OrderBody, OrderLineBody, PartyBody


def order_from_json(raw: bytes) -> Order:
    """Read a JSON order.

    Raises: DocumentRefused naming the field and the reason when it is not a usable order.
    """
    body = _validated(parse_json(raw))
    with at_field("payable/currency"):
        unit = currency(body.payable.currency)
    with at_field("number"):
        canonical_number(body.number)
    return Order(
        number=bounded_text(body.number, "number"),
        issued_on=body.issued_on,
        currency=unit,
        buyer=_party(body.buyer, "buyer"),
        supplier=_party(body.supplier, "supplier"),
        lines=tuple(_line(line, unit, f"lines/{at}") for at, line in enumerate(body.lines)),
        face_minor=_minor(body.payable, unit, "payable"),
        allowance_minor=0,
        charge_minor=0,
        tax_minor=0,
        delivery=_delivery(body),
        source_format="json",
        source_sha256=hashlib.sha256(raw).hexdigest(),
    )


def _validated(value: object) -> OrderBody:
    # Python-mode strictness is off on purpose: dates arrive as strings; every amount is a string by pattern.
    try:
        return OrderBody.model_validate(value)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        field = "/".join(str(step) for step in first["loc"]) or "/"
        raise DocumentRefused(f"{field}: {first['msg']}; see the order schema", field=field) from wrong


def _minor(amount: AmountBody, unit: Currency, field: str) -> int:
    if amount.currency != unit.code:
        raise DocumentRefused(
            f"{field}/currency: {amount.currency}, but the order is payable in {unit.code}; use one currency",
            field=f"{field}/currency",
        )
    with at_field(f"{field}/value"):
        return minor_from_text(amount.value)


def _line(line: OrderLineBody, unit: Currency, field: str) -> OrderLine:
    return OrderLine(
        line_id=bounded_text(line.id, f"{field}/id"),
        description=bounded_text(line.description, f"{field}/description"),
        quantity=line.quantity,
        unit=bounded_text(line.unit, f"{field}/unit"),
        price=line.price,
        value_minor=_minor(line.value, unit, f"{field}/value"),
    )


def _party(party: PartyBody, role: str) -> Party:
    return Party(
        name=bounded_text(party.name, f"{role}/name"),
        identifiers=tuple(
            (bounded_text(one.scheme, f"{role}/identifiers"), bounded_text(one.value, f"{role}/identifiers"))
            for one in party.identifiers
        ),
        country=party.country,
    )


def _delivery(body: OrderBody) -> Delivery:
    asked = body.delivery
    return Delivery(
        country=asked.country,
        place=bounded_text(asked.place, "delivery/place"),
        not_before=asked.not_before,
        not_after=asked.not_after,
        terms=bounded_text(asked.terms, "delivery/terms"),
    )
