"""JSON-RPC's hex forms: quantities, byte strings, addresses and words, read and written."""

from __future__ import annotations

import re
from typing import Any

from settlement.chain.local.faults import InvalidParams

_QUANTITY = re.compile(r"0[xX][0-9a-fA-F]{1,64}\Z")


def quantity(value: int) -> str:
    """A number as JSON-RPC writes it: hex, no leading zeros."""
    return hex(value)


def prefixed(value: bytes) -> str:
    """Bytes as JSON-RPC writes them: two hex digits each."""
    return "0x" + value.hex()


def read_quantity(value: Any, name: str) -> int:
    """A hex quantity, ``"0x1f"``.

    Raises: InvalidParams.
    """
    if not isinstance(value, str) or not _QUANTITY.match(value):
        raise InvalidParams(f"invalid {name}: expected a hex quantity such as 0x1f, got {_shown(value)}")
    return int(value, 16)


def read_number(value: Any, name: str) -> int:
    """A hex quantity, a decimal string or a JSON number: testing verbs take all three.

    Raises: InvalidParams.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isdecimal() and len(value) <= 78:
        return int(value)
    return read_quantity(value, name)


def read_bytes(value: Any, name: str) -> bytes:
    """A hex byte string with an even number of digits.

    Raises: InvalidParams.
    """
    if not isinstance(value, str) or value[:2] not in ("0x", "0X"):
        raise InvalidParams(f"invalid {name}: expected a hex string starting with 0x, got {_shown(value)}")
    try:
        found = bytes.fromhex(value[2:])
    except ValueError:
        found = b""
    # fromhex allows spaces and line breaks between the digits.
    if 2 * len(found) != len(value) - 2:
        raise InvalidParams(f"invalid {name}: {_shown(value)} is no hex string of whole bytes")
    return found


def read_fixed(value: Any, size: int, name: str) -> bytes:
    """A byte string of exactly ``size`` bytes.

    Raises: InvalidParams.
    """
    found = read_bytes(value, name)
    if len(found) != size:
        raise InvalidParams(f"invalid {name}: want {size} bytes, got {len(found)}")
    return found


def read_address(value: Any, name: str) -> bytes:
    """Twenty bytes; the case of the digits is not looked at."""
    return read_fixed(value, 20, name)


def read_word(value: Any, name: str) -> bytes:
    """Thirty-two bytes: a hash or a topic."""
    return read_fixed(value, 32, name)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
