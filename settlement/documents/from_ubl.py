"""An order from a UBL 2.x Order document.

Elements are matched by namespace URI, never by prefix. What the service does not use is not read;
what it uses and cannot read is refused with the element's path.

Source: OASIS UBL 2.1 and 2.0, Order-2.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date

from lxml import etree

from settlement.documents.limits import MOST_IDENTIFIERS, MOST_LINES, bounded_text
from settlement.documents.order import Delivery, Order, OrderLine, Party
from settlement.documents.quantity import extension_minor, read_quantity
from settlement.documents.refusal import at_field
from settlement.documents.safe_xml import local_name, namespace, parse_xml, text_of
from settlement.errors import DocumentRefused
from settlement.money import Currency, currency, minor_from_decimal_text
from settlement.order_number import canonical_number

ORDER_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:Order-2"
_SPACES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?")
_COUNTRY = re.compile(r"[A-Z]{2}")


def order_from_ubl(raw: bytes) -> Order:
    """Read a UBL 2.x Order.

    Raises: DocumentRefused naming the element's path and the reason when it is not a usable order.
    """
    root = parse_xml(raw)
    if (namespace(root), local_name(root)) != (ORDER_NAMESPACE, "Order"):
        raise DocumentRefused(
            f"the document is {local_name(root)!r} of namespace {namespace(root)!r}, not a UBL Order; send the order",
            field=f"/{local_name(root)}",
        )
    return order_from_ubl_root(root, hashlib.sha256(raw).hexdigest())


def order_from_ubl_root(root: etree._Element, source_sha256: str) -> Order:
    """Read an already parsed UBL Order element.

    Raises: DocumentRefused.
    """
    for once in ("cbc:ID", "cbc:IssueDate", "cbc:DocumentCurrencyCode"):
        _only(root, once)
    number = _required(root, "/Order", "cbc:ID", "give the order its number")
    with at_field("/Order/cbc:ID"):
        canonical_number(number)
    issued_on = _date(
        _required(root, "/Order", "cbc:IssueDate", "give the date of issue"), "/Order/cbc:IssueDate"
    )
    unit = _currency(root)
    lines = _lines(root, unit)
    return Order(
        number=number,
        issued_on=issued_on,
        currency=unit,
        buyer=_party(root, "cac:BuyerCustomerParty"),
        supplier=_party(root, "cac:SellerSupplierParty"),
        lines=lines,
        face_minor=_payable(root, unit, lines),
        allowance_minor=_adjustments(root, unit, is_charge=False),
        charge_minor=_adjustments(root, unit, is_charge=True),
        tax_minor=sum(
            _amount(one, unit, "/Order/cac:TaxTotal/cbc:TaxAmount")
            for one in _all(root, "cac:TaxTotal/cbc:TaxAmount")
        ),
        delivery=_delivery(root),
        source_format="ubl",
        source_sha256=source_sha256,
    )


def _all(node: etree._Element, path: str) -> list[etree._Element]:
    return node.findall(path, _SPACES)


def _text(node: etree._Element, path: str, within: str) -> str:
    # A line break inside a name is the layout of the file, not part of the name.
    return bounded_text(" ".join(text_of(node.find(path, _SPACES)).split()), f"{within}/{path}")


def _only(root: etree._Element, path: str) -> etree._Element | None:
    """The element at the path, which may stand once: a second one would let two readers see two orders.

    Raises: DocumentRefused when it stands twice.
    """
    found = _all(root, path)
    if len(found) > 1:
        raise DocumentRefused(
            f"/Order/{path} stands {len(found)} times; give it once", field=f"/Order/{path}"
        )
    return found[0] if found else None


def _required(node: etree._Element, within: str, path: str, what_to_do: str) -> str:
    text = _text(node, path, within)
    if not text:
        raise DocumentRefused(f"{within}/{path} is missing or empty; {what_to_do}", field=f"{within}/{path}")
    return text


def _date(text: str, field: str) -> date:
    """The calendar date as the document gives it; a zone behind it does not move it."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise DocumentRefused(
            f"{field}: {text[:40]!r} is not a date such as 2026-03-02; correct it", field=field
        )
    try:
        return date.fromisoformat(match.group(1))
    except ValueError as wrong:
        raise DocumentRefused(
            f"{field}: {text} is not a day of the calendar; correct it", field=field
        ) from wrong


def _currency(root: etree._Element) -> Currency:
    """The document's currency; without DocumentCurrencyCode that of the payable amount.

    Raises: DocumentRefused when neither names one.
    """
    declared = _text(root, "cbc:DocumentCurrencyCode", "/Order")
    field = "/Order/cbc:DocumentCurrencyCode"
    if not declared:
        payable = _only(root, "cac:AnticipatedMonetaryTotal/cbc:PayableAmount")
        declared = "" if payable is None else payable.get("currencyID", "").strip()
    if not declared:
        raise DocumentRefused(
            f"{field} is missing or empty, and no PayableAmount names a currency; give the ISO 4217 code",
            field=field,
        )
    with at_field(field):
        return currency(declared)


def _amount(node: etree._Element, unit: Currency, field: str) -> int:
    stated = node.get("currencyID", "").strip()
    if stated != unit.code:
        raise DocumentRefused(
            f"{field}/@currencyID is {stated!r}, the document's currency {unit.code}; an order is in one currency",
            field=f"{field}/@currencyID",
        )
    with at_field(field):
        return minor_from_decimal_text(text_of(node), unit, field)


def _payable(root: etree._Element, unit: Currency, lines: tuple[OrderLine, ...]) -> int:
    payable = _only(root, "cac:AnticipatedMonetaryTotal/cbc:PayableAmount")
    field = "/Order/cac:AnticipatedMonetaryTotal/cbc:PayableAmount"
    face_minor = sum(line.value_minor for line in lines) if payable is None else _amount(payable, unit, field)
    if face_minor == 0:
        raise DocumentRefused(
            f"{field} is 0; an order that is financed is for more than nothing", field=field
        )
    return face_minor


def _adjustments(root: etree._Element, unit: Currency, *, is_charge: bool) -> int:
    """The sum of the document-level charges, or of the allowances."""
    total = 0
    for one in _all(root, "cac:AllowanceCharge"):
        indicator = text_of(one.find("cbc:ChargeIndicator", _SPACES))
        amount = one.find("cbc:Amount", _SPACES)
        if amount is not None and indicator in (("true", "1") if is_charge else ("false", "0")):
            total += _amount(amount, unit, "/Order/cac:AllowanceCharge/cbc:Amount")
    return total


def _lines(root: etree._Element, unit: Currency) -> tuple[OrderLine, ...]:
    items = _all(root, "cac:OrderLine/cac:LineItem")
    if not items:
        raise DocumentRefused(
            "/Order/cac:OrderLine is missing; an order has at least one line", field="/Order/cac:OrderLine"
        )
    if len(items) > MOST_LINES:
        raise DocumentRefused(
            f"/Order/cac:OrderLine: {len(items)} lines, at most {MOST_LINES} are read",
            field="/Order/cac:OrderLine",
        )
    return tuple(
        _line(item, unit, f"/Order/cac:OrderLine[{at}]/cac:LineItem")
        for at, item in enumerate(items, start=1)
    )


def _line(item: etree._Element, unit: Currency, within: str) -> OrderLine:
    quantity = item.find("cbc:Quantity", _SPACES)
    measure = (
        ""
        if quantity is None
        else bounded_text(quantity.get("unitCode", "").strip(), f"{within}/cbc:Quantity/@unitCode", 32)
    )
    counted = read_quantity(
        _required(item, within, "cbc:Quantity", "give the quantity ordered"),
        measure,
        f"{within}/cbc:Quantity",
    )
    price = item.find("cac:Price/cbc:PriceAmount", _SPACES)
    extension = item.find("cbc:LineExtensionAmount", _SPACES)
    if extension is not None:
        value_minor = _amount(extension, unit, f"{within}/cbc:LineExtensionAmount")
    elif price is not None:
        field = f"{within}/cac:Price/cbc:PriceAmount"
        base = text_of(item.find("cac:Price/cbc:BaseQuantity", _SPACES)) or "1"
        value_minor = extension_minor(
            read_quantity(text_of(price), unit.code, field),
            counted,
            read_quantity(base, measure, f"{within}/cac:Price/cbc:BaseQuantity"),
            unit,
            field,
        )
    else:
        field = f"{within}/cbc:LineExtensionAmount"
        raise DocumentRefused(
            f"{field} is missing and the line has no price; give the line's amount", field=field
        )
    return OrderLine(
        line_id=_required(item, within, "cbc:ID", "number the line"),
        description=_text(item, "cac:Item/cbc:Name", within)
        or _text(item, "cac:Item/cbc:Description", within),
        quantity=text_of(quantity),
        unit=measure,
        price=None
        if price is None
        else bounded_text(text_of(price), f"{within}/cac:Price/cbc:PriceAmount", 60),
        value_minor=value_minor,
    )


def _party(root: etree._Element, role: str) -> Party:
    field = f"/Order/{role}/cac:Party"
    party = _only(root, f"{role}/cac:Party")
    if party is None:
        raise DocumentRefused(f"{field} is missing; name both parties", field=field)
    identifiers = _identifiers(party, field)
    name = (
        _text(party, "cac:PartyLegalEntity/cbc:RegistrationName", field)
        or _text(party, "cac:PartyName/cbc:Name", field)
        or (identifiers[0][1] if identifiers else "")
    )
    if not name:
        raise DocumentRefused(
            f"{field}/cac:PartyName/cbc:Name is missing and no identifier is given; name the party",
            field=f"{field}/cac:PartyName/cbc:Name",
        )
    country = _text(party, "cac:PostalAddress/cac:Country/cbc:IdentificationCode", field) or _text(
        party, "cac:PartyLegalEntity/cac:RegistrationAddress/cac:Country/cbc:IdentificationCode", field
    )
    return Party(name, identifiers, country if _COUNTRY.fullmatch(country) else "")


def _identifiers(party: etree._Element, field: str) -> tuple[tuple[str, str], ...]:
    """Every identifier of the party, company numbers first: they outlive an endpoint or a buyer's own key."""
    paths = (
        "cac:PartyLegalEntity/cbc:CompanyID",
        "cac:PartyTaxScheme/cbc:CompanyID",
        "cac:PartyIdentification/cbc:ID",
        "cbc:EndpointID",
    )
    found = [
        (
            bounded_text(one.get("schemeID", "").strip(), f"{field}/{path}/@schemeID"),
            bounded_text(text_of(one), f"{field}/{path}"),
        )
        for path in paths
        for one in _all(party, path)
        if text_of(one)
    ]
    if len(found) > MOST_IDENTIFIERS:
        raise DocumentRefused(
            f"{field}: {len(found)} identifiers, at most {MOST_IDENTIFIERS} are read", field=field
        )
    return tuple(dict.fromkeys(found))


def _delivery(root: etree._Element) -> Delivery:
    delivery = root.find("cac:Delivery", _SPACES)
    if delivery is None:
        return Delivery()
    within = "/Order/cac:Delivery"
    address = (
        "cac:DeliveryLocation/cac:Address"
        if delivery.find("cac:DeliveryLocation", _SPACES) is not None
        else "cac:DeliveryAddress"
    )
    country = _text(delivery, f"{address}/cac:Country/cbc:IdentificationCode", within)
    start = _text(delivery, "cac:RequestedDeliveryPeriod/cbc:StartDate", within)
    end = _text(delivery, "cac:RequestedDeliveryPeriod/cbc:EndDate", within)
    return Delivery(
        country=country if _COUNTRY.fullmatch(country) else "",
        place=_text(delivery, f"{address}/cbc:CityName", within),
        not_before=_date(start, f"{within}/cac:RequestedDeliveryPeriod/cbc:StartDate") if start else None,
        not_after=_date(end, f"{within}/cac:RequestedDeliveryPeriod/cbc:EndDate") if end else None,
        terms=_text(root, "cac:DeliveryTerms/cbc:ID", "/Order"),
    )
