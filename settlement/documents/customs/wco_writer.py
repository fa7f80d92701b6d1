"""Notifications written in the WCO data model, as the test network's customs authority issues them.

What a real authority does not send, the release of a part, is written with the model's own elements: the goods item,
its TariffQuantity with a unit, or its ItemChargeAmount with a currency. The reader in ``wco`` reads both alike.

Source: WCO_RES_2_DMS.xsd; HMRC example notifications for the wrapping and the order of elements.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from settlement.documents.customs.event import Duty, ItemScope
from settlement.documents.customs.wco import CONTROL_RESULT, NOT_SATISFACTORY
from settlement.documents.customs.wco_time import write_issue_time
from settlement.money import Money, decimal_text

_MODEL_VERSION = "3.6"
_DEMANDED = "4"
REFUSAL = ("10", NOT_SATISFACTORY)
"""Function code and reason by which the authority says that the goods will not come in."""


def wco_notification(
    function_code: str,
    declaration_number: str,
    version: int,
    message_id: str,
    issued_at: int,
    *,
    issued_offset_minutes: int = 0,
    trader_reference: str = "",
    authority: str = "",
    reason_code: str = "",
    status_code: str = "",
    items: Sequence[ItemScope] = (),
    duties: Sequence[Duty] = (),
) -> bytes:
    """Write one notification; ``customs_event_from_wco`` reads back what was given.

    Without ``items`` it speaks for the whole declaration. Duties go under their goods item, or item 1 where they name none.

    Units:  ``issued_at`` unix seconds.
    """
    metadata = etree.Element("MetaData")
    _put(metadata, "WCODataModelVersionCode", _MODEL_VERSION)
    _put(metadata, "WCOTypeName", "RES")
    _put(metadata, "ResponsibleAgencyName", authority)
    response = _put(metadata, "Response")
    _put(response, "FunctionCode", function_code)
    _put(response, "FunctionalReferenceID", message_id)
    moment = _put(
        _put(response, "IssueDateTime"), "DateTimeString", write_issue_time(issued_at, issued_offset_minutes)
    )
    moment.set("formatCode", "304")
    if reason_code:
        statement = _put(response, "AdditionalInformation")
        _put(statement, "StatementCode", reason_code)
        _put(statement, "StatementTypeCode", CONTROL_RESULT)
    if status_code or duties:
        _put(_put(response, "Status"), "NameCode", status_code or _DEMANDED)
    declaration = _put(response, "Declaration")
    if trader_reference:
        _put(declaration, "FunctionalReferenceID", trader_reference)
    _put(declaration, "ID", declaration_number)
    _put(declaration, "VersionID", str(version))
    _put_goods(declaration, items, duties)
    return bytes(etree.tostring(metadata, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _put_goods(declaration: etree._Element, items: Sequence[ItemScope], duties: Sequence[Duty]) -> None:
    by_item: dict[int, list[Duty]] = {}
    for duty in duties:
        by_item.setdefault(duty.item or 1, []).append(duty)
    scopes = {item.sequence: item for item in items} | {
        sequence: ItemScope(sequence)
        for sequence in by_item
        if sequence not in {item.sequence for item in items}
    }
    if not scopes:
        return
    shipment = _put(declaration, "GoodsShipment")
    for sequence in sorted(scopes):
        goods = _put(shipment, "GovernmentAgencyGoodsItem")
        _put(goods, "SequenceNumeric", str(sequence))
        commodity = _put(goods, "Commodity")
        for duty in by_item.get(sequence, []):
            fee = _put(commodity, "DutyTaxFee")
            _put(fee, "TypeCode", duty.type_code)
            _put_money(_put(fee, "Payment"), "PaymentAmount", duty.amount)
        _put_part(commodity, scopes[sequence])


def _put_part(commodity: etree._Element, item: ItemScope) -> None:
    if item.quantity is not None:
        measure = _put(_put(commodity, "GoodsMeasure"), "TariffQuantity", item.quantity)
        if item.unit:
            measure.set("unitCode", item.unit)
    if item.value is not None:
        _put_money(_put(commodity, "InvoiceLine"), "ItemChargeAmount", item.value)


def _put(parent: etree._Element, name: str, text: str = "") -> etree._Element:
    child = etree.SubElement(parent, name)
    if text:
        child.text = text
    return child


def _put_money(parent: etree._Element, name: str, amount: Money) -> None:
    _put(parent, name, _decimal(amount)).set("currencyID", amount.currency.code)


def _decimal(amount: Money) -> str:
    """The amount as a document writes it: a point, no grouping."""
    return decimal_text(amount.minor, amount.currency.exponent).replace(",", "")
