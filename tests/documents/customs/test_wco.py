"""Mirrors settlement/documents/customs/wco.py."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from settlement.documents.customs.event import CustomsEvent, Duty, Kind
from settlement.documents.customs.wco import customs_event_from_wco
from settlement.errors import DocumentRefused
from settlement.money import Money, currency
from tests.documents.customs.messages import MRN, message

EACH = {
    "01_DMSACC.xml": Kind.ACCEPTED,
    "02_DMSRCV.xml": Kind.RECEIVED,
    "03_DMSREJ.xml": Kind.REJECTED,
    "05_DMSCTL.xml": Kind.CONTROL,
    "06_DMSDOC.xml": Kind.DOCUMENTS_REQUIRED,
    "07_DMSRES.xml": Kind.AMENDED,
    "08_DMSROG.xml": Kind.RELEASED,
    "09_DMSCLE.xml": Kind.CLEARED,
    "10_DMSINV.xml": Kind.INVALIDATED,
    "11_DMSREQ.xml": Kind.REQUEST_DECIDED,
    "13_DMSTAX.xml": Kind.DUTY,
    "14_DMSCPI.xml": Kind.PAYMENT_SHORT,
    "16_DMSEOG.xml": Kind.EXITED,
}


def written(text: str, namespaced: bool = False) -> bytes:
    """A minimal notification around what is given for the Response."""
    if namespaced:
        return (
            '<md:MetaData xmlns:md="urn:wco:datamodel:WCO:DocumentMetaData-DMS:2" xmlns="urn:wco:datamodel:WCO:RES-DMS:2"'
            ' xmlns:ds="urn:wco:datamodel:WCO:Response_DS:DMS:2">'
            f"<md:WCOTypeName>RES</md:WCOTypeName><Response>{text}</Response></md:MetaData>"
        ).encode()
    return f"<MetaData><WCOTypeName>RES</WCOTypeName><Response>{text}</Response></MetaData>".encode()


CODE = "<FunctionCode>08</FunctionCode>"
ID = "<FunctionalReferenceID>m-1</FunctionalReferenceID>"
TIME = '<IssueDateTime><DateTimeString formatCode="304">20260302145534Z</DateTimeString></IssueDateTime>'
DECLARATION = f"<Declaration><ID>{MRN}</ID><VersionID>1</VersionID></Declaration>"


def test_d16__hmrcs_own_notifications__are_read_without_namespaces(samples: Path) -> None:
    folder = samples / "customs_wco_hmrc" / "each_notification"
    read = {path.name: customs_event_from_wco(path.read_bytes(), 7) for path in sorted(folder.glob("*.xml"))}
    assert {name: event.kind for name, event in read.items()} == EACH
    assert all(
        event.is_whole and event.authority == "GB" and event.received_at == 7 for event in read.values()
    )
    assert all(event.raw_code == name[:2] for name, event in read.items())


def test_customs_event_from_wco__a_clearance_of_hmrc__is_read_whole(samples: Path) -> None:
    raw = (samples / "customs_wco_hmrc" / "im017a_control_then_clear" / "10._DMSCLE.xml").read_bytes()
    assert customs_event_from_wco(raw, 1_700_000_000) == CustomsEvent(
        authority="GB",
        declaration_number="21GB7X8M7S6NG8N6R0",
        declaration_version=2,
        message_id="9166c417b25b4f10a48c181aaf03f5d6",
        raw_code="09",
        kind=Kind.CLEARED,
        reason_code="A1",
        status_code="",
        items=(),
        duties=(),
        issued_at=1_626_708_769,
        issued_offset_minutes=0,
        received_at=1_700_000_000,
        raw_sha256=hashlib.sha256(raw).hexdigest(),
        trader_reference="TT_IM17a_v1.4_1907_01",
    )


def test_customs_event_from_wco__a_tax_notification__lists_every_duty_of_every_item(samples: Path) -> None:
    raw = (samples / "customs_wco_hmrc" / "im017a_control_then_clear" / "08._DMSTAX_3.xml").read_bytes()
    event = customs_event_from_wco(raw, 0)
    pounds = currency("GBP")
    assert event.status_code == "4"
    assert set(event.duties) == {
        Duty("A00", Money(2_000, pounds), 1),
        Duty("B00", Money(20_400, pounds), 1),
        Duty("A00", Money(200, pounds), 3),
        Duty("B00", Money(2_040, pounds), 3),
    }


def test_customs_event_from_wco__an_amendment_notice__speaks_for_the_declaration_with_the_number(
    samples: Path,
) -> None:
    raw = (samples / "customs_wco_hmrc" / "im017a_control_then_clear" / "09._DMSRES.xml").read_bytes()
    event = customs_event_from_wco(raw, 0)
    assert (event.declaration_number, event.declaration_version, event.kind) == (
        "21GB7X8M7S6NG8N6R0",
        2,
        Kind.AMENDED,
    )
    turned = written(
        f"{CODE}{ID}{TIME}<Declaration><FunctionCode>9</FunctionCode></Declaration>{DECLARATION}"
    )
    assert customs_event_from_wco(turned, 0).declaration_number == MRN


def test_customs_event_from_wco__with_and_without_namespaces__is_the_same() -> None:
    parts = CODE + ID + TIME + DECLARATION
    plain, spaced = (
        customs_event_from_wco(written(parts), 0),
        customs_event_from_wco(written(parts, namespaced=True), 0),
    )
    assert plain.raw_sha256 != spaced.raw_sha256
    assert (plain.kind, plain.issued_at, plain.declaration_number) == (
        spaced.kind,
        spaced.issued_at,
        spaced.declaration_number,
    )


def test_customs_event_from_wco__elements_of_a_foreign_namespace__are_not_read() -> None:
    foreign = '<x:FunctionCode xmlns:x="urn:someone:else">08</x:FunctionCode>'
    with pytest.raises(DocumentRefused, match="FunctionCode is missing"):
        customs_event_from_wco(written(foreign + ID + TIME + DECLARATION), 0)
    assert customs_event_from_wco(written(foreign + CODE + ID + TIME + DECLARATION), 0).kind is Kind.RELEASED


@pytest.mark.parametrize("code", ["04", "12", "15", "17", "51", "99", "8", "ROG"])
def test_o10__an_unknown_code__is_kept_and_never_guessed(code: str) -> None:
    event = message(code, 0)
    assert (event.kind, event.raw_code) == (Kind.OTHER, code)


def test_customs_event_from_wco__code_10__refuses_only_with_an_unsatisfactory_control() -> None:
    assert message("10", 0).kind is Kind.INVALIDATED
    assert message("10", 0, reason="3").kind is Kind.INVALIDATED
    assert message("10", 0, reason="B1").kind is Kind.REFUSED
    assert message("08", 0, reason="B1").kind is Kind.RELEASED


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        (ID + TIME + DECLARATION, "/MetaData/Response/FunctionCode"),
        (CODE + TIME + DECLARATION, "/MetaData/Response/FunctionalReferenceID"),
        (CODE + ID + DECLARATION, "/MetaData/Response/IssueDateTime/DateTimeString"),
        (CODE + ID + TIME, "/MetaData/Response/Declaration"),
        (
            CODE + ID + TIME + "<Declaration><VersionID>1</VersionID></Declaration>",
            "/MetaData/Response/Declaration/ID",
        ),
        (
            CODE + ID + TIME + f"<Declaration><ID>{MRN}</ID></Declaration>",
            "/MetaData/Response/Declaration/VersionID",
        ),
        (CODE + ID + TIME + DECLARATION.replace(">1<", ">0<"), "/MetaData/Response/Declaration/VersionID"),
        (CODE + ID + TIME + DECLARATION.replace(">1<", ">-1<"), "/MetaData/Response/Declaration/VersionID"),
        (
            CODE + ID + TIME + DECLARATION.replace(">1<", ">\u0661<"),
            "/MetaData/Response/Declaration/VersionID",
        ),
    ],
)
def test_customs_event_from_wco__a_part_missing_or_wrong__is_refused_at_its_path(
    parts: str, field: str
) -> None:
    with pytest.raises(DocumentRefused) as refused:
        customs_event_from_wco(written(parts), 0)
    assert refused.value.field == field


def test_customs_event_from_wco__a_duty_that_is_no_exact_amount__is_refused() -> None:
    duty = (
        f"<Declaration><ID>{MRN}</ID><VersionID>1</VersionID><DutyTaxFee><Payment>"
        '<PaymentAmount currencyID="{code}">{amount}</PaymentAmount></Payment></DutyTaxFee></Declaration>'
    )
    tax = CODE.replace("08", "13") + ID + TIME
    read = customs_event_from_wco(written(tax + duty.format(code="JPY", amount="5")), 0)
    assert read.duties == (Duty("", Money(5, currency("JPY"))),)
    for code, amount in [
        ("GBP", "1.234"),
        ("JPY", "1.5"),
        ("GBP", "-1"),
        ("GBP", "1e3"),
        ("XXX", "1"),
        ("", "1"),
    ]:
        with pytest.raises(DocumentRefused, match="PaymentAmount"):
            customs_event_from_wco(written(tax + duty.format(code=code, amount=amount)), 0)


def test_customs_event_from_wco__a_declaration__is_refused_as_no_notification(samples: Path) -> None:
    raw = (samples / "customs_wco_hmrc" / "im001a_straight_clear" / "Step1_TT_IM001a.xml").read_bytes()
    with pytest.raises(DocumentRefused, match="type DEC, not a notification"):
        customs_event_from_wco(raw, 0)


def test_customs_event_from_wco__another_document__is_refused_by_its_root(samples: Path) -> None:
    raw = (samples / "ubl" / "UBL-Order-2.1-Example.xml").read_bytes()
    with pytest.raises(DocumentRefused, match="'Order', not a WCO MetaData"):
        customs_event_from_wco(raw, 0)
    with pytest.raises(DocumentRefused, match="not a WCO MetaData"):
        customs_event_from_wco(b'<MetaData xmlns="urn:someone:else"/>', 0)
