"""Chain values as the tables and the outbox keep them."""

from __future__ import annotations

import dataclasses
import re
from enum import IntEnum
from typing import Any, Final

from settlement.ids import id_text

# Fields that hold 256-bit ids; everything else that is a number is an amount, a count or a time.
_IDS: Final = frozenset({"order", "policy", "pool", "from_", "share", "to", "token_id"})
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def hex_text(value: bytes) -> str:
    """Bytes as ``0x`` and lower-case hex digits."""
    return "0x" + value.hex()


def snake_words(name: str) -> str:
    """``RoleGranted`` as ``role_granted``."""
    return _WORD.sub("_", name).lower()


def event_body(event: object) -> dict[str, Any]:
    """The fields of an event, JSON-able: ids and bytes as hex text, amounts, counts and enumerations as numbers.

    Raises: TypeError when ``event`` is no dataclass.
    """
    if not dataclasses.is_dataclass(event) or isinstance(event, type):
        raise TypeError(f"{event!r} is no event")
    return {
        field.name.rstrip("_"): _plain(field.name, getattr(event, field.name))
        for field in dataclasses.fields(event)
    }


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return hex_text(value)
    if isinstance(value, IntEnum):
        return int(value)
    if isinstance(value, tuple | list):
        return [_plain(name, item) for item in value]
    if dataclasses.is_dataclass(value):
        return event_body(value)
    if name in _IDS and isinstance(value, int):
        return id_text(value)
    return value
