"""Mirrors settlement/documents/safe_xml.py: what an attacker sends instead of a document."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from settlement.documents.customs.wco import customs_event_from_wco
from settlement.documents.from_ubl import order_from_ubl
from settlement.documents.safe_xml import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, parse_xml, text_of
from settlement.errors import DocumentRefused

LAUGHS = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))
BILLION_LAUGHS = f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a b="&l9;">&l9;</a>'


@pytest.mark.parametrize("read", [parse_xml, order_from_ubl, lambda raw: customs_event_from_wco(raw, 0)])
@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]><a/>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
        '<!DOCTYPE a PUBLIC "-//X//Y" "http://127.0.0.1:9/x.dtd"><a/>',
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]><a/>",
        BILLION_LAUGHS,
    ],
)
def test_t16__any_document_type__is_refused_at_once(attack: str, read: object) -> None:
    assert callable(read)
    for raw in (attack.encode(), ('<?xml version="1.0" encoding="UTF-16"?>' + attack).encode("utf-16")):
        start = time.monotonic()
        with pytest.raises(DocumentRefused, match="DOCTYPE"):
            read(raw)
        assert time.monotonic() - start < 1


def test_t16__an_undeclared_entity__is_refused() -> None:
    with pytest.raises(DocumentRefused, match="not well-formed"):
        parse_xml(b"<a>&undeclared;</a>")


def test_t16__an_inclusion__is_not_followed() -> None:
    root = parse_xml(
        b'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd" parse="text"/></a>'
    )
    assert text_of(root) == ""
    assert len(root) == 1


def test_t13__a_hundred_megabytes__are_refused_without_being_read() -> None:
    raw = b"<a>" + bytes(100_000_000) + b"</a>"
    tracemalloc.start()
    try:
        start = time.monotonic()
        for read in (parse_xml, order_from_ubl):
            with pytest.raises(DocumentRefused, match="100000007 bytes"):
                read(raw)
        assert time.monotonic() - start < 0.5
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_parse_xml__the_largest_document__is_read_and_one_byte_more_refused() -> None:
    largest = b"<a>" + b" " * (MAX_BYTES - 7) + b"</a>"
    assert len(largest) == MAX_BYTES
    assert parse_xml(largest).tag == "a"
    with pytest.raises(DocumentRefused, match="bytes"):
        parse_xml(largest + b"\n")


def test_d16__a_depth_bomb__is_refused_and_the_deepest_document_read() -> None:
    assert parse_xml(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH).tag == "a"
    with pytest.raises(DocumentRefused, match="nested deeper"):
        parse_xml(b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1))
    with pytest.raises(DocumentRefused, match="nested deeper"):
        parse_xml(b"<a>" * 500_000)


def test_parse_xml__too_many_elements__is_refused() -> None:
    with pytest.raises(DocumentRefused, match="elements"):
        parse_xml(b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>")


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", "UTF-16"),
        ("utf-16", ""),
        ("iso-8859-1", "ISO-8859-1"),
        ("cp1252", "windows-1252"),
    ],
)
def test_d16__other_encodings_and_marks__are_read_alike(encoding: str, declared: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    assert text_of(parse_xml(f"{head}<a>Rådhusgatan</a>".encode(encoding))) == "Rådhusgatan"


@pytest.mark.parametrize(
    "raw", [b"", b"   ", b"<a>", b"<a></b>", b"<a/><b/>", b"not xml", b"<a>\xff</a>", b"<a>\x00</a>"]
)
def test_parse_xml__not_well_formed__is_refused(raw: bytes) -> None:
    with pytest.raises(DocumentRefused, match="not well-formed"):
        parse_xml(raw)


def test_text_of__comments_and_sections__are_one_text_and_elements_none() -> None:
    for written in (b"1<!-- x -->00", b"1<?p x?>00", b"1<![CDATA[0]]>0", b"1&#48;0", b" 100\n"):
        assert text_of(parse_xml(b"<a>" + written + b"</a>")) == "100"
    assert text_of(parse_xml(b"<a>1<b/>00</a>")) == ""
