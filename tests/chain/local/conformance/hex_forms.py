"""The hex forms of the execution API's base types, as JSON schemas (github.com/ethereum/execution-apis, base-types)."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def _text(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^{pattern}$"}


def byte_string(size: int) -> Schema:
    """Exactly so many bytes, in lower case as geth writes them."""
    return _text(f"0x[0-9a-f]{{{2 * size}}}")


# No leading zeros; zero itself is 0x0.
UINT = _text("0x(0|[1-9a-f][0-9a-f]{0,31})")
UINT64 = _text("0x(0|[1-9a-f][0-9a-f]{0,15})")
UINT256 = _text("0x(0|[1-9a-f][0-9a-f]{0,63})")
BIT = {"enum": ["0x0", "0x1"]}
BYTES = _text("0x([0-9a-f]{2})*")
SOME_BYTES = _text("0x([0-9a-f]{2})+")
ADDRESS = byte_string(20)
HASH = byte_string(32)
WORD = byte_string(32)
BLOOM = byte_string(256)
NULL: Schema = {"type": "null"}
BOOLEAN: Schema = {"type": "boolean"}
TEXT: Schema = {"type": "string"}


def or_null(schema: Schema) -> Schema:
    """It, or null where there is nothing to answer."""
    return {"anyOf": [schema, NULL]}


def list_of(schema: Schema, **bounds: int) -> Schema:
    """A list of such."""
    return {"type": "array", "items": schema, **bounds}


def exactly(fields: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object with these fields and no others; the optional ones may be missing."""
    return {
        "type": "object",
        "required": sorted(fields),
        "properties": {**fields, **(optional or {})},
        "additionalProperties": False,
    }
