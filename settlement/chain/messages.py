"""From what members signed, as JSON-able EIP-712 messages, to the structs that contracts take; and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Protocol, TypeVar

from settlement.chain.abi import fixed
from settlement.errors import InputRefused
from settlement.typed_data import TYPES

_CAMEL: Final = re.compile(r"(?<!^)(?=[A-Z])")


class Struct(Protocol):
    """A generated struct of the contracts."""

    @classmethod
    def from_abi(cls, values: Any) -> Any:
        """The struct of values that eth_abi gave."""


S = TypeVar("S", bound=Struct)


def struct_from_message(struct: type[S], message: Mapping[str, Any]) -> S:
    """The struct of the same name as the message's primary type; bytes may be 0x hex or bytes.

    Raises: InputRefused naming the field that is missing or does not fit.
    """
    made: S = struct.from_abi(_values(struct.__name__, message))
    return made


def message_from_struct(struct: object) -> dict[str, Any]:
    """The JSON-able message of a struct: field names as signed, bytes as 0x hex, enums as numbers."""
    fields = TYPES[type(struct).__name__]
    return {name: _plain(getattr(struct, _CAMEL.sub("_", name).lower())) for name, _ in fields}


def _values(primary: str, message: Mapping[str, Any]) -> list[Any]:
    values = []
    for name, kind in TYPES[primary]:
        if name not in message:
            raise InputRefused(f"{primary} lacks {name}", field=name)
        values.append(_value(name, kind, message[name]))
    return values


def _value(name: str, kind: str, value: Any) -> Any:
    if kind.endswith("[]"):
        if not isinstance(value, list | tuple):
            raise InputRefused(f"{name}: {str(value)[:80]!r} is not a list", field=name)
        listed = kind.removesuffix("[]")
        if listed in TYPES:
            return tuple(_values(listed, item) for item in value)
        return tuple(_value(name, listed, one) for one in value)
    if kind.startswith("bytes"):
        try:
            raw = value if isinstance(value, bytes) else bytes.fromhex(str(value).removeprefix("0x"))
        except ValueError as malformed:
            raise InputRefused(f"{name}: {str(value)[:80]!r} is not 0x hex", field=name) from malformed
        return fixed(raw, int(kind.removeprefix("bytes")))
    if kind.startswith("uint") and (isinstance(value, bool) or not isinstance(value, int)):
        raise InputRefused(f"{name}: {str(value)[:80]!r} is not a whole number", field=name)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if type(value).__name__ in TYPES:
        return message_from_struct(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value
