"""Which format an order came in, told by its content; a declared content type may only narrow it."""

from __future__ import annotations

import codecs

from settlement.documents.from_json import order_from_json
from settlement.documents.from_ubl import order_from_ubl
from settlement.documents.order import Order
from settlement.errors import DocumentRefused

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_order(raw: bytes, content_type: str | None = None) -> Order:
    """Read an order from JSON or UBL 2.x, whichever the bytes are.

    Raises: DocumentRefused when they are neither, not what ``content_type`` says, or not a usable order.
    """
    found = _format_of(raw)
    declared = (content_type or "").split(";")[0].strip().lower()
    expected = "json" if declared.endswith("json") else "xml" if declared.endswith("xml") else found
    if found is None:
        raise DocumentRefused(
            f"the document starts with {raw[:12]!r}, neither JSON nor XML; send a JSON order or a UBL 2.x Order",
            field="/",
        )
    if expected != found:
        raise DocumentRefused(
            f"the content type says {declared}, the document is {found}; correct the header", field="/"
        )
    return order_from_json(raw) if found == "json" else order_from_ubl(raw)


def _format_of(raw: bytes) -> str | None:
    start = raw[:64]
    for mark in _MARKS:
        start = start.removeprefix(mark)
    # A UTF-16 text of ASCII characters is those characters with zeros between.
    first = start.replace(b"\x00", b"").lstrip()[:1]
    return {b"{": "json", b"[": "json", b"<": "xml"}.get(first)
