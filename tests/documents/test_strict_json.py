"""Mirrors settlement/documents/strict_json.py."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.documents.strict_json import MAX_BYTES, MAX_DEPTH, _unique, parse_json
from settlement.errors import DocumentRefused

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**38), 10**38) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_parse_json__what_json_writes__is_read_back(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


def test_t14__two_to_the_53_plus_one__survives() -> None:
    assert parse_json(b"[9007199254740993]") == [9007199254740993]


@pytest.mark.parametrize(
    "raw",
    [
        b"[1.0]",
        b"[1e3]",
        b"[1E3]",
        b"[-0.5]",
        b"[NaN]",
        b"[Infinity]",
        b"[-Infinity]",
        b"[" + b"9" * 41 + b"]",
        b"[" + b"9" * 100_000 + b"]",
    ],
)
def test_t14__numbers_a_float_would_hold__are_refused(raw: bytes) -> None:
    with pytest.raises(DocumentRefused):
        parse_json(raw)


def test_t14__deep_json__is_refused_and_the_deepest_read() -> None:
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    for raw in (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), b"[" * 1_000_000, b'{"a":' * 300_000):
        with pytest.raises(DocumentRefused, match="nested deeper"):
            parse_json(raw)


def test_parse_json__brackets_inside_strings__are_no_depth() -> None:
    assert parse_json(json.dumps(["[{" * 100, '\\"[[[']).encode()) == ["[{" * 100, '\\"[[[']


def test_parse_json__an_unclosed_string_of_escapes__is_refused_in_linear_time() -> None:
    start = time.monotonic()
    with pytest.raises(DocumentRefused, match="not JSON"):
        parse_json(b'["' + b'\\"' * 900_000)
    assert time.monotonic() - start < 2


def test_t13__a_hundred_megabytes_of_json__are_refused_at_once() -> None:
    start = time.monotonic()
    with pytest.raises(DocumentRefused, match="bytes"):
        parse_json(b"[" + b" " * 100_000_000 + b"]")
    assert time.monotonic() - start < 1


def test_parse_json__a_repeated_key__is_refused() -> None:
    with pytest.raises(DocumentRefused, match="'face' stands twice") as refused:
        parse_json(b'{"a": {"face": "1", "face": "2"}}')
    assert refused.value.field == "face"


class _CountedName(str):
    """A key that counts how often keys are compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        type(self).compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def _comparisons(keys: int) -> int:
    _CountedName.compared = 0
    names = [_CountedName(at) for at in range(keys)]
    with pytest.raises(DocumentRefused, match="stands twice"):
        _unique([(name, 0) for name in [*names, _CountedName(keys - 1)]])
    return _CountedName.compared


def test_t13__a_repeated_key_among_many__is_found_in_one_pass() -> None:
    assert _comparisons(1_000) <= 2 * 1_000
    assert _comparisons(2_000) <= 2 * 2_000


def _many_keys() -> bytes:
    return b"{" + b",".join(b'"%06d":0' % at for at in range(MAX_BYTES // 11 - 10)) + b',"%06d":0}' % 9


@pytest.mark.parametrize(
    "make",
    [
        _many_keys,
        lambda: b'["' + b'\\"' * (MAX_BYTES // 2 - 1),
        lambda: b'"' * MAX_BYTES,
        lambda: b"\\" * MAX_BYTES,
        lambda: b"[" + b"[]," * (MAX_BYTES // 3 - 1) + b"]",
        lambda: b"[" + b"{}," * (MAX_BYTES // 3 - 1) + b"]",
        lambda: b"[" + b"9" * (MAX_BYTES - 2) + b"]",
        lambda: b"\n" * MAX_BYTES,
        lambda: b"[" + b'"\\u00e9",' * (MAX_BYTES // 9 - 1) + b"]",
    ],
)
def test_t13__the_worst_of_two_megabytes__is_refused_before_anybody_waits(
    make: Callable[[], bytes], tmp_path: Path
) -> None:
    raw = make()
    assert MAX_BYTES - 200 < len(raw) <= MAX_BYTES
    (tmp_path / "raw").write_bytes(raw)
    program = (
        "import sys; from pathlib import Path; from settlement.documents.strict_json import parse_json;"
        "from settlement.errors import DocumentRefused\n"
        "try: parse_json(Path(sys.argv[1]).read_bytes())\n"
        "except DocumentRefused as refused: print(refused.code)"
    )
    # A process of its own: only a hang ends it, whatever the machine is doing.
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "raw")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "document_refused\n"


def test_parse_json__a_byte_order_mark__is_passed_over_and_utf16_refused() -> None:
    assert parse_json(b"\xef\xbb\xbf[1]") == [1]
    with pytest.raises(DocumentRefused, match="UTF-8"):
        parse_json("[1]".encode("utf-16"))


@pytest.mark.parametrize("raw", [b"", b"{", b"[1,]", b"{'a': 1}", b"[1] [2]", b"\xff\xfe"])
def test_parse_json__not_json__is_refused(raw: bytes) -> None:
    with pytest.raises(DocumentRefused):
        parse_json(raw)
