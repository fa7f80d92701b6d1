"""Untrusted JSON into plain values: UTF-8 only, bounded, no repeated keys, no numbers that a float would hold.

Source: RFC 8259; CHECKLISTS T13, T14.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

from settlement.errors import DocumentRefused

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 32
MAX_DIGITS = 40

# Possessive, and an unclosed string runs to the end: linear on any input.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


def parse_json(raw: bytes) -> object:
    """Read one JSON document.

    Raises: DocumentRefused when it is too large, too deep, not UTF-8, not JSON, repeats a key,
            or holds a number with a point or an exponent, NaN or Infinity.
    """
    if len(raw) > MAX_BYTES:
        raise DocumentRefused(
            f"the document has {len(raw)} bytes, more than the {MAX_BYTES} that are read; send one order per request",
            field="/",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise DocumentRefused(
            f"the document is not UTF-8 (byte {wrong.start}); JSON is sent as UTF-8", field="/"
        ) from wrong
    _refuse_depth(text)
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_float=_no_fraction,
            parse_int=_bounded,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as wrong:
        raise DocumentRefused(
            f"the document is not JSON: {wrong.msg} at character {wrong.pos}", field="/"
        ) from wrong


def _refuse_depth(text: str) -> None:
    """Count brackets outside strings, before a recursive parser sees them."""
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket.group() in "[{" else -1
        if depth > MAX_DEPTH:
            raise DocumentRefused(
                f"values are nested deeper than {MAX_DEPTH}; send a flat document", field="/"
            )


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    seen: dict[str, object] = {}
    for name, value in pairs:
        if name in seen:
            raise DocumentRefused(
                f"the key {name[:60]!r} stands twice in one object; send it once", field=name[:60]
            )
        seen[name] = value
    return seen


def _no_fraction(text: str) -> NoReturn:
    raise DocumentRefused(
        f"the number {text[:40]} has a point or an exponent; send amounts as strings of minor units",
        field="/",
    )


def _bounded(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise DocumentRefused(
            f"a number of {len(text)} digits is not read; amounts are strings of minor units", field="/"
        )
    return int(text)


def _no_constant(text: str) -> NoReturn:
    raise DocumentRefused(f"{text} is not a JSON value", field="/")
