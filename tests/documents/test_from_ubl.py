"""Mirrors settlement/documents/from_ubl.py."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.documents.from_ubl import order_from_ubl
from settlement.documents.order import Delivery
from settlement.errors import DocumentRefused
from settlement.money import currency
from tests.documents.ubl import BUYER, HEAD, NUMBER, currency_of, line, payable, ubl_order


def test_order_from_ubl__the_oasis_example__is_read_whole(samples: Path) -> None:
    raw = (samples / "ubl" / "UBL-Order-2.1-Example.xml").read_bytes()
    order = order_from_ubl(raw)
    assert (order.number, order.reference, order.issued_on) == ("34", "34", date(2010, 1, 20))
    assert (order.face_minor, order.lines_minor, order.currency.code) == (622_500, 622_500, "SEK")
    assert (order.allowance_minor, order.charge_minor, order.tax_minor) == (10_000, 10_000, 10_000)
    assert (order.buyer.name, order.supplier.name) == ("Johnssons Byggvaror AB", "Moderna Produkter AB")
    assert ("SE:ORGNR", "5532331183") in order.buyer.identifiers
    assert ("GLN", "7300070011115") in order.buyer.identifiers
    assert [(one.quantity, one.unit, one.value_minor) for one in order.lines] == [
        ("120", "LTR", 600_000),
        ("15", "C62", 22_500),
    ]
    assert order.lines[0].description == "Falu Rödfärg"
    assert order.delivery == Delivery("SE", "Stockholm", date(2010, 2, 10), date(2010, 2, 25), "FOT")
    assert order.source_sha256 == hashlib.sha256(raw).hexdigest()
    assert order.face_by_line() == (600_000, 22_500)


def test_order_from_ubl__the_minimal_order_without_number__is_refused_at_its_number(samples: Path) -> None:
    with pytest.raises(DocumentRefused, match="give the order its number") as refused:
        order_from_ubl((samples / "ubl" / "CENBII-Order-minimal.xml").read_bytes())
    assert refused.value.field == "/Order/cbc:ID"


def test_order_from_ubl__every_other_sample__is_refused_by_its_root(samples: Path) -> None:
    others = [path for path in sorted((samples / "ubl").glob("*.xml")) if "-Order-" not in path.name]
    assert len(others) > 15
    for path in others:
        with pytest.raises(DocumentRefused, match="not a UBL Order") as refused:
            order_from_ubl(path.read_bytes())
        assert refused.value.field is not None
        assert refused.value.field.removeprefix("/") in path.name or "CENBII" in path.name


def test_order_from_ubl__prefixes__do_not_matter() -> None:
    plain = ubl_order()
    renamed = (
        plain.replace(b"cbc:", b"a:")
        .replace(b"cac:", b"b:")
        .replace(b"xmlns:cbc", b"xmlns:a")
        .replace(b"xmlns:cac", b"xmlns:b")
    )
    renamed = renamed.replace(b"<Order xmlns=", b"<o:Order xmlns:o=").replace(b"</Order>", b"</o:Order>")
    assert order_from_ubl(renamed).lines == order_from_ubl(plain).lines


def test_order_from_ubl__the_right_names_in_another_namespace__are_not_an_order() -> None:
    with pytest.raises(DocumentRefused, match="not a UBL Order"):
        order_from_ubl(ubl_order(head=HEAD.replace(":Order-2", ":Order-9")))
    with pytest.raises(DocumentRefused, match="cbc:ID is missing"):
        order_from_ubl(ubl_order(head=HEAD.replace("CommonBasicComponents-2", "CommonBasicComponents-9")))


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"number": ""}, "/Order/cbc:ID"),
        ({"number": "<cbc:ID>---</cbc:ID>"}, "/Order/cbc:ID"),
        ({"number": "<cbc:ID>\u0420O7</cbc:ID>"}, "/Order/cbc:ID"),
        ({"number": NUMBER * 2}, "/Order/cbc:ID"),
        ({"issued": ""}, "/Order/cbc:IssueDate"),
        ({"issued": "<cbc:IssueDate>02.03.2026</cbc:IssueDate>"}, "/Order/cbc:IssueDate"),
        ({"issued": "<cbc:IssueDate>2026-02-30</cbc:IssueDate>"}, "/Order/cbc:IssueDate"),
        ({"currency": "", "total": ""}, "/Order/cbc:DocumentCurrencyCode"),
        ({"currency": currency_of("XYZ")}, "/Order/cbc:DocumentCurrencyCode"),
        ({"currency": currency_of("XAU")}, "/Order/cbc:DocumentCurrencyCode"),
        ({"buyer": ""}, "/Order/cac:BuyerCustomerParty/cac:Party"),
        ({"buyer": BUYER * 2}, "/Order/cac:BuyerCustomerParty/cac:Party"),
        ({"supplier": ""}, "/Order/cac:SellerSupplierParty/cac:Party"),
        (
            {"buyer": BUYER.replace("Kontor", "")},
            "/Order/cac:BuyerCustomerParty/cac:Party/cac:PartyName/cbc:Name",
        ),
        (
            {"total": payable("100", "EUR")},
            "/Order/cac:AnticipatedMonetaryTotal/cbc:PayableAmount/@currencyID",
        ),
        ({"total": payable("100", "")}, "/Order/cac:AnticipatedMonetaryTotal/cbc:PayableAmount/@currencyID"),
        ({"total": payable("0")}, "/Order/cac:AnticipatedMonetaryTotal/cbc:PayableAmount"),
        ({"total": payable("-1")}, "/Order/cac:AnticipatedMonetaryTotal/cbc:PayableAmount"),
        ({"total": payable("1e3")}, "/Order/cac:AnticipatedMonetaryTotal/cbc:PayableAmount"),
        ({"total": payable("1,000")}, "/Order/cac:AnticipatedMonetaryTotal/cbc:PayableAmount"),
        ({"total": payable("NaN")}, "/Order/cac:AnticipatedMonetaryTotal/cbc:PayableAmount"),
        ({"total": payable("0.001")}, "/Order/cac:AnticipatedMonetaryTotal/cbc:PayableAmount"),
        ({"total": payable("720575940379279.36")}, "/Order/cac:AnticipatedMonetaryTotal/cbc:PayableAmount"),
        ({"total": payable("1") * 2}, "/Order/cac:AnticipatedMonetaryTotal/cbc:PayableAmount"),
        ({"lines": ""}, "/Order/cac:OrderLine"),
        ({"lines": line() + line()}, "lines"),
        ({"lines": line(value="0")}, "lines"),
        ({"lines": line("")}, "/Order/cac:OrderLine[1]/cac:LineItem/cbc:ID"),
        (
            {"lines": line() + line("2", value=None)},
            "/Order/cac:OrderLine[2]/cac:LineItem/cbc:LineExtensionAmount",
        ),
        (
            {"lines": line(code="EUR")},
            "/Order/cac:OrderLine[1]/cac:LineItem/cbc:LineExtensionAmount/@currencyID",
        ),
        ({"lines": line(value="-100")}, "/Order/cac:OrderLine[1]/cac:LineItem/cbc:LineExtensionAmount"),
        ({"lines": line(quantity="ten")}, "/Order/cac:OrderLine[1]/cac:LineItem/cbc:Quantity"),
        (
            {"lines": line(value=None, price="1", base="3")},
            "/Order/cac:OrderLine[1]/cac:LineItem/cac:Price/cbc:PriceAmount",
        ),
    ],
)
def test_order_from_ubl__a_part_missing_or_wrong__is_refused_at_its_path(
    parts: dict[str, str], field: str
) -> None:
    order_from_ubl(ubl_order())
    with pytest.raises(DocumentRefused) as refused:
        order_from_ubl(ubl_order(**parts))
    assert refused.value.field == field
    assert field.rpartition("/")[2] in refused.value.message or field == "lines"


def test_order_from_ubl__without_a_payable_amount__the_lines_are_payable() -> None:
    order = order_from_ubl(
        ubl_order(total="", lines=line("1", "10.50") + line("2", value=None, price="0.125", quantity="8"))
    )
    assert order.face_minor == 1150
    assert [one.value_minor for one in order.lines] == [1050, 100]


def test_order_from_ubl__charges_outside_the_lines__keep_face_and_weights_apart() -> None:
    charge = (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>"
        '<cbc:Amount currencyID="USD">0.01</cbc:Amount></cac:AllowanceCharge>'
    )
    order = order_from_ubl(
        ubl_order(more=charge, total=payable("10.01"), lines=line("1", "3") + line("2", "7"))
    )
    assert (order.face_minor, order.lines_minor, order.charge_minor, order.allowance_minor) == (
        1001,
        1000,
        1,
        0,
    )
    assert order.face_by_line() == (300, 701)


@pytest.mark.parametrize(
    ("code", "amount", "minor"),
    [
        ("JPY", "1000", 1000),
        ("JPY", "1000.00", 1000),
        ("KWD", "1.234", 1234),
        ("KWD", "1.2", 1200),
        ("USD", "1.23", 123),
        ("CLF", "1.2345", 12345),
    ],
)
def test_d08__currency_exponents__give_their_own_minor_units(code: str, amount: str, minor: int) -> None:
    order = order_from_ubl(
        ubl_order(currency=currency_of(code), total=payable(amount, code), lines=line(value="1", code=code))
    )
    assert (order.face_minor, order.currency) == (minor, currency(code))


@pytest.mark.parametrize(
    ("code", "amount"), [("JPY", "1000.5"), ("KWD", "1.2345"), ("USD", "1.234"), ("CLF", "1.23456")]
)
def test_d08__digits_below_the_minor_unit__are_refused(code: str, amount: str) -> None:
    with pytest.raises(DocumentRefused, match="more digits"):
        order_from_ubl(
            ubl_order(
                currency=currency_of(code), total=payable(amount, code), lines=line(value="1", code=code)
            )
        )


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(sum), st.integers(1, (1 << 56) - 1))
def test_face_by_line__any_weights__add_up_to_the_face(values: list[int], face: int) -> None:
    lines = "".join(line(str(at), str(value), "JPY") for at, value in enumerate(values))
    order = order_from_ubl(
        ubl_order(currency=currency_of("JPY"), total=payable(str(face), "JPY"), lines=lines)
    )
    shares = order.face_by_line()
    assert sum(shares) == face
    assert min(shares) >= 0
    assert [share for share, value in zip(shares, values, strict=True) if value == 0] == [0] * values.count(0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_order_from_ubl__other_encodings__read_the_same_names(encoding: str) -> None:
    declared = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "iso-8859-1": "ISO-8859-1"}[encoding]
    text = (
        f'<?xml version="1.0" encoding="{declared}"?>'
        + ubl_order(buyer=BUYER.replace("Kontor", "Kontör")).decode()
    )
    assert order_from_ubl(text.encode(encoding)).buyer.name == "Kontör"


def test_p01__the_same_number_in_two_formats__is_one_reference(samples: Path) -> None:
    sample = order_from_ubl((samples / "ubl" / "UBL-Order-2.1-Example.xml").read_bytes())
    padded = order_from_ubl(ubl_order(number="<cbc:ID>  0034 </cbc:ID>"))
    assert padded.reference == sample.reference == "34"
