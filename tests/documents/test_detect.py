"""Mirrors settlement/documents/detect.py."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from settlement.documents.detect import read_order
from settlement.errors import DocumentRefused
from tests.documents.ubl import ubl_order


@pytest.mark.parametrize(
    "content_type",
    [None, "application/json", "application/vnd.hanse+json; charset=utf-8", "application/octet-stream"],
)
def test_read_order__json__is_told_by_its_content(
    content_type: str | None, json_order: dict[str, object]
) -> None:
    assert read_order(json.dumps(json_order).encode(), content_type).source_format == "json"


@pytest.mark.parametrize(
    "content_type",
    [None, "application/xml", "text/xml; charset=utf-8", "application/octet-stream", "image/svg+xml"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_read_order__ubl__is_told_by_its_content(content_type: str | None, encoding: str) -> None:
    declared = "UTF-16" if "16" in encoding else "UTF-8"
    raw = f'<?xml version="1.0" encoding="{declared}"?>\n{ubl_order().decode()}'.encode(encoding)
    assert read_order(raw, content_type).source_format == "ubl"


def test_read_order__a_content_type_that_lies__is_refused(json_order: dict[str, object]) -> None:
    with pytest.raises(DocumentRefused, match="content type"):
        read_order(json.dumps(json_order).encode(), "application/xml")
    with pytest.raises(DocumentRefused, match="content type"):
        read_order(ubl_order(), "application/json")


@pytest.mark.parametrize(
    "raw", [b"", b"   ", b"UNA:+.? 'UNB+UNOA", b"%PDF-1.7", b"\x00\x00\x00\x00", b"number;face\n1;2"]
)
def test_read_order__neither_format__is_refused(raw: bytes) -> None:
    with pytest.raises(DocumentRefused, match="neither JSON nor XML"):
        read_order(raw)


def test_read_order__compressed_bytes__are_refused_unopened() -> None:
    with pytest.raises(DocumentRefused, match="neither JSON nor XML"):
        read_order(gzip.compress(ubl_order()))


def test_read_order__an_invoice__is_refused_by_its_name(samples: Path) -> None:
    with pytest.raises(DocumentRefused, match="'Invoice'") as refused:
        read_order((samples / "ubl" / "UBL-Invoice-2.1-Example.xml").read_bytes())
    assert refused.value.field == "/Invoice"
