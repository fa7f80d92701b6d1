"""Declarations in the WCO data model (WCOTypeName DEC), as a trader lodges them.

Source: HMRC customs-declarations API, example declarations; DE numbers of the UK tariff, volume 3.
"""

from __future__ import annotations

import hashlib

from settlement.documents.customs.declaration import Declaration, DeclaredItem, Purpose, Trader
from settlement.documents.customs.event import CustomsEvent
from settlement.documents.customs.wco import (
    Place,
    customs_event_from_wco,
    goods_items,
    metadata_of,
    money_at,
    positive,
)
from settlement.documents.quantity import read_quantity
from settlement.documents.safe_xml import text_of
from settlement.errors import DocumentRefused
from settlement.money import Currency, Money

_ORIGINAL = "9"
_ADDITIONAL = "13"
_PURPOSES = {"COR": Purpose.AMENDMENT, "INV": Purpose.CANCELLATION}


def read_wco(raw: bytes, received_at: int) -> CustomsEvent | Declaration:
    """Read whichever WCO document this is: a notification of the authority, or a declaration of the trader.

    Raises: DocumentRefused when it is neither.
    """
    return (
        declaration_from_wco(raw)
        if metadata_of(raw).first("Declaration")
        else customs_event_from_wco(raw, received_at)
    )


def declaration_from_wco(raw: bytes) -> Declaration:
    """Read a declaration, an amendment or a cancellation request.

    Raises: DocumentRefused naming the element and the reason when it is not one.
    """
    metadata = metadata_of(raw)
    lodged = metadata.first("Declaration")
    if lodged is None:
        kind = metadata.text("WCOTypeName") or "unnamed"
        raise DocumentRefused(
            f"the document is of WCO type {kind}, not a declaration (DEC); send the declaration itself",
            field="/MetaData/Declaration",
        )
    items = tuple(_item(item) for item in goods_items(lodged))
    invoice_at = lodged.first("InvoiceAmount")
    invoice = None if invoice_at is None else money_at(invoice_at)
    return Declaration(
        trader_reference=lodged.required("FunctionalReferenceID"),
        number=lodged.text("ID"),
        purpose=_purpose(lodged.text("FunctionCode").lstrip("0"), lodged.text("TypeCode")),
        type_code=lodged.text("TypeCode"),
        transaction_nature=lodged.text("GoodsShipment", "TransactionNatureCode"),
        currency=_single_currency(items, invoice),
        invoice=invoice,
        items=items,
        exporter=_trader(lodged, ("Exporter",), ("GoodsShipment", "Exporter")),
        importer=_trader(lodged, ("GoodsShipment", "Importer"), ("GoodsShipment", "Consignee")),
        raw_sha256=hashlib.sha256(raw).hexdigest(),
    )


def _purpose(function_code: str, type_code: str) -> Purpose:
    if function_code == _ORIGINAL:
        return Purpose.ORIGINAL
    return _PURPOSES.get(type_code, Purpose.OTHER) if function_code == _ADDITIONAL else Purpose.OTHER


def _item(item: Place) -> DeclaredItem:
    measure = item.first("Commodity", "GoodsMeasure", "TariffQuantity")
    value = item.first("Commodity", "InvoiceLine", "ItemChargeAmount")
    if measure is not None:
        read_quantity(text_of(measure.node), "", measure.path)
    return DeclaredItem(
        sequence=positive(item, "SequenceNumeric"),
        description=item.text("Commodity", "Description"),
        value=None if value is None else money_at(value),
        quantity=None if measure is None else text_of(measure.node),
        unit="" if measure is None else str(measure.node.get("unitCode", "")).strip(),
        procedures=tuple(
            procedure.text("CurrentCode") + procedure.text("PreviousCode")
            for procedure in item.all("GovernmentProcedure")
        ),
    )


def _single_currency(items: tuple[DeclaredItem, ...], invoice: Money | None) -> Currency | None:
    """The one currency of the declared values; None where they mix or none is given."""
    found = {item.value.currency for item in items if item.value is not None}
    if invoice is not None:
        found.add(invoice.currency)
    return found.pop() if len(found) == 1 else None


def _trader(lodged: Place, *paths: tuple[str, ...]) -> Trader:
    for path in paths:
        at = lodged.first(*path)
        if at is not None:
            return Trader(at.text("ID"), at.text("Name"), at.text("Address", "CountryCode"))
    return Trader("", "", "")
