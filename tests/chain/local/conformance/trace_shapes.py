"""Traces as JSON schemas, after geth's own types (eth/tracers/logger and eth/tracers/native)."""

from __future__ import annotations

from tests.chain.local.conformance.hex_forms import (
    ADDRESS,
    BYTES,
    HASH,
    TEXT,
    UINT64,
    UINT256,
    WORD,
    Schema,
    exactly,
    list_of,
)

_COUNT: Schema = {"type": "integer", "minimum": 0}
# Stack words have no leading zeros, words of memory all of theirs.
_STEP = exactly(
    {"pc": _COUNT, "op": TEXT, "gas": _COUNT, "gasCost": _COUNT, "depth": {"type": "integer", "minimum": 1}},
    {
        "stack": list_of(UINT256, maxItems=1024),
        "memory": list_of({"type": "string", "pattern": "^(0x)?[0-9a-f]{64}$"}),
        "storage": {
            "type": "object",
            "additionalProperties": {"type": "string", "pattern": "^(0x)?[0-9a-f]{64}$"},
        },
        "returnData": BYTES,
        "refund": _COUNT,
        "error": TEXT,
    },
)
STEPS = exactly(
    {"gas": _COUNT, "failed": {"type": "boolean"}, "returnValue": BYTES, "structLogs": list_of(_STEP)}
)
_FRAME_LOG = exactly(
    {"address": ADDRESS, "topics": list_of(WORD), "data": BYTES, "position": UINT64, "index": UINT64}
)
CALL_FRAME: Schema = {
    "$id": "frame",
    **exactly(
        {
            "type": {
                "enum": [
                    "CALL",
                    "STATICCALL",
                    "DELEGATECALL",
                    "CALLCODE",
                    "CREATE",
                    "CREATE2",
                    "SELFDESTRUCT",
                ]
            },
            "from": ADDRESS,
            "gas": UINT64,
            "gasUsed": UINT64,
            "input": BYTES,
        },
        {
            "to": ADDRESS,
            "value": UINT256,
            "output": BYTES,
            "error": TEXT,
            "revertReason": TEXT,
            "calls": list_of({"$ref": "frame"}, minItems=1),
            "logs": list_of(_FRAME_LOG, minItems=1),
        },
    ),
}
EACH_OF_BLOCK = list_of(exactly({"txHash": HASH, "result": CALL_FRAME}), minItems=1)
# By account; what an account does not have is left out.
PRESTATE: Schema = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": ADDRESS,
    "additionalProperties": exactly(
        {},
        {
            "balance": UINT256,
            "nonce": _COUNT,
            "code": BYTES,
            "codeHash": HASH,
            "storage": {"type": "object", "propertyNames": WORD, "additionalProperties": WORD},
        },
    ),
}
