"""Customs notifications in the WCO data model as HMRC's declaration service sends them.

HMRC's own messages carry no namespace, its schemas do: elements are matched by local name, within no namespace or one
of the WCO's. Unknown function codes become ``Kind.OTHER`` and are kept; nothing is guessed.

| code | message | kind              |
|------|---------|-------------------|
| 01   | DMSACC  | accepted          |
| 02   | DMSRCV  | received          |
| 03   | DMSREJ  | rejected          |
| 05   | DMSCTL  | control           |
| 06   | DMSDOC  | documents_required |
| 07   | DMSRES  | amended           |
| 08   | DMSROG  | released          |
| 09   | DMSCLE  | cleared           |
| 10   | DMSINV  | invalidated; refused where the AFB statement says B1 |
| 11   | DMSREQ  | request_decided (status 39 granted, 41 denied) |
| 13   | DMSTAX  | duty              |
| 14   | DMSCPI  | payment_short     |
| 16   | DMSEOG  | exited            |

**Refusal.** WCO has no function code for "these goods will not come in". Code 10 ends a declaration for any reason,
mostly at the trader's own wish, so alone it refuses nothing. It does where it carries a control result, an
AdditionalInformation with StatementTypeCode AFB, of B1: "not satisfactory" in the EU's control result codes, of which
HMRC's releases carry A1 and A2.

Source: HMRC customs-declarations API, example DMS notifications; WCO_RES_2_DMS.xsd; EU code list CL047.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lxml import etree

from settlement.documents.customs.event import CustomsEvent, Duty, ItemScope, Kind
from settlement.documents.customs.wco_time import read_issue_time
from settlement.documents.limits import bounded_text
from settlement.documents.quantity import read_quantity
from settlement.documents.refusal import at_field
from settlement.documents.safe_xml import children, local_name, namespace, parse_xml, text_of
from settlement.errors import DocumentRefused
from settlement.money import Money, currency, minor_from_decimal_text

NOT_SATISFACTORY = "B1"
CONTROL_RESULT = "AFB"

_KINDS = {
    "01": Kind.ACCEPTED,
    "02": Kind.RECEIVED,
    "03": Kind.REJECTED,
    "05": Kind.CONTROL,
    "06": Kind.DOCUMENTS_REQUIRED,
    "07": Kind.AMENDED,
    "08": Kind.RELEASED,
    "09": Kind.CLEARED,
    "10": Kind.INVALIDATED,
    "11": Kind.REQUEST_DECIDED,
    "13": Kind.DUTY,
    "14": Kind.PAYMENT_SHORT,
    "16": Kind.EXITED,
}
_WCO_NAMESPACES = "urn:wco:datamodel:WCO:"
_MOST_ITEMS = 999
_MOST_DUTIES = 10_000


@dataclass(frozen=True)
class Place:
    """An element and the path it was found at, so that a refusal can name it."""

    node: etree._Element
    path: str

    def all(self, name: str) -> list[Place]:
        """Every child of that local name in a WCO namespace or none."""
        return [
            Place(node, f"{self.path}/{name}")
            for node in children(self.node)
            if local_name(node) == name and is_wco(node)
        ]

    def first(self, *names: str) -> Place | None:
        """The first element down the path of names."""
        at: Place | None = self
        for name in names:
            found = at.all(name) if at is not None else []
            at = found[0] if found else None
        return at

    def text(self, *names: str) -> str:
        """The text at the path of names, empty when it is not there."""
        at = self.first(*names)
        return "" if at is None else bounded_text(text_of(at.node), at.path)

    def required(self, *names: str) -> str:
        """The text at the path of names.

        Raises: DocumentRefused when it is missing or empty.
        """
        text = self.text(*names)
        if not text:
            path = "/".join([self.path, *names])
            raise DocumentRefused(
                f"{path} is missing or empty; ask the sender for a complete message", field=path
            )
        return text


def is_wco(node: etree._Element) -> bool:
    """Whether the element stands in a WCO namespace, or in none as in HMRC's notifications."""
    return namespace(node) == "" or namespace(node).startswith(_WCO_NAMESPACES)


def metadata_of(raw: bytes) -> Place:
    """The MetaData element that wraps every WCO document.

    Raises: DocumentRefused for any other root element.
    """
    root = parse_xml(raw)
    if local_name(root) != "MetaData" or not is_wco(root):
        raise DocumentRefused(
            f"the document is {local_name(root)!r}, not a WCO MetaData; send the customs message as received",
            field=f"/{local_name(root)}",
        )
    return Place(root, "/MetaData")


def customs_event_from_wco(raw: bytes, received_at: int) -> CustomsEvent:
    """Read one notification (WCOTypeName RES).

    Raises: DocumentRefused naming the element and the reason when it is no notification or lacks what it must say.
    """
    metadata = metadata_of(raw)
    response = metadata.first("Response")
    if response is None:
        kind = metadata.text("WCOTypeName") or "unnamed"
        raise DocumentRefused(
            f"the document is of WCO type {kind}, not a notification (RES); a declaration proves no release",
            field="/MetaData/Response",
        )
    declaration = _declaration_spoken_of(response)
    raw_code = response.required("FunctionCode")
    number = declaration.required("ID")
    reason = _control_result(response)
    issued_at, offset = read_issue_time(
        response.required("IssueDateTime", "DateTimeString"),
        _format_code(response),
        "/MetaData/Response/IssueDateTime/DateTimeString",
    )
    kind = _kind(raw_code, reason)
    return CustomsEvent(
        authority=metadata.text("ResponsibleAgencyName")
        or metadata.text("ResponsibleCountryCode")
        or number[2:4],
        declaration_number=number,
        declaration_version=positive(declaration, "VersionID"),
        message_id=response.required("FunctionalReferenceID"),
        raw_code=raw_code,
        kind=kind,
        reason_code=reason,
        status_code=response.text("Status", "NameCode"),
        items=() if kind is Kind.DUTY else _items(declaration),
        duties=_duties(declaration) if kind is Kind.DUTY else (),
        issued_at=issued_at,
        issued_offset_minutes=offset,
        received_at=received_at,
        raw_sha256=hashlib.sha256(raw).hexdigest(),
        trader_reference=declaration.text("FunctionalReferenceID"),
    )


def money_at(place: Place, currency_attribute: str = "currencyID") -> Money:
    """The amount an element holds, in the currency its attribute names.

    Raises: DocumentRefused when either cannot be read exactly.
    """
    field = f"{place.path}/@{currency_attribute}"
    with at_field(field):
        unit = currency(place.node.get(currency_attribute, "").strip())
    with at_field(place.path):
        return Money(minor_from_decimal_text(text_of(place.node), unit, place.path), unit)


def _declaration_spoken_of(response: Place) -> Place:
    """The declaration with the number; an amendment notice carries the changed values in a second one without."""
    found = response.all("Declaration")
    if not found:
        field = "/MetaData/Response/Declaration"
        raise DocumentRefused(f"{field} is missing; the message speaks for no declaration", field=field)
    return next((one for one in found if one.text("ID")), found[0])


def _kind(raw_code: str, reason: str) -> Kind:
    kind = _KINDS.get(raw_code, Kind.OTHER)
    if kind is Kind.INVALIDATED and reason == NOT_SATISFACTORY:
        return Kind.REFUSED
    return kind


def _control_result(response: Place) -> str:
    """The statement code of type AFB; other statements are about documents, offices and amendments."""
    for statement in response.all("AdditionalInformation"):
        if statement.text("StatementTypeCode") == CONTROL_RESULT and statement.text("StatementCode"):
            return statement.text("StatementCode")
    return ""


def _format_code(response: Place) -> str:
    at = response.first("IssueDateTime", "DateTimeString")
    return "" if at is None else str(at.node.get("formatCode", "")).strip()


def positive(place: Place, name: str) -> int:
    """The whole number from 1 that the child holds.

    Raises: DocumentRefused.
    """
    text = place.required(name)
    # isascii first: isdigit alone accepts digits that int reads and no authority writes.
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        field = f"{place.path}/{name}"
        raise DocumentRefused(
            f"{field}: {text[:40]!r} is not a whole number from 1; ask the sender", field=field
        )
    return int(text)


def goods_items(declaration: Place) -> list[Place]:
    """The goods items of a declaration or of what a notification says about one.

    Raises: DocumentRefused when there are more than a declaration can have.
    """
    shipment = declaration.first("GoodsShipment")
    found = [] if shipment is None else shipment.all("GovernmentAgencyGoodsItem")
    if len(found) > _MOST_ITEMS:
        field = f"{declaration.path}/GoodsShipment/GovernmentAgencyGoodsItem"
        raise DocumentRefused(
            f"{field}: {len(found)} items, a declaration has at most {_MOST_ITEMS}", field=field
        )
    return found


def _items(declaration: Place) -> tuple[ItemScope, ...]:
    """The goods items the message names, in their order. A quantity here is what this message speaks for."""
    scopes = []
    for item in goods_items(declaration):
        measure = item.first("Commodity", "GoodsMeasure", "TariffQuantity")
        value = item.first("Commodity", "InvoiceLine", "ItemChargeAmount")
        quantity = None
        if measure is not None:
            quantity = text_of(measure.node)
            read_quantity(quantity, "", measure.path)
        scopes.append(
            ItemScope(
                sequence=positive(item, "SequenceNumeric"),
                quantity=quantity,
                unit="" if measure is None else str(measure.node.get("unitCode", "")).strip(),
                value=None if value is None else money_at(value),
            )
        )
    return tuple(sorted(scopes, key=lambda scope: scope.sequence))


def _duties(declaration: Place) -> tuple[Duty, ...]:
    """Every payable amount of a tax notification; it restates the whole debt of its declaration."""
    found: list[Duty] = []
    for item in goods_items(declaration):
        sequence = positive(item, "SequenceNumeric")
        commodity = item.first("Commodity")
        for fee in [] if commodity is None else commodity.all("DutyTaxFee"):
            found += _duty(fee, sequence)
    for fee in declaration.all("DutyTaxFee"):
        found += _duty(fee, None)
    if len(found) > _MOST_DUTIES:
        raise DocumentRefused(
            f"{declaration.path} demands more than {_MOST_DUTIES} duties", field=declaration.path
        )
    return tuple(found)


def _duty(fee: Place, item: int | None) -> list[Duty]:
    paid = fee.first("Payment", "PaymentAmount")
    return [] if paid is None else [Duty(fee.text("TypeCode"), money_at(paid), item)]
