"""What eth_simulateV1 is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.chain.local.client import address_of, words
from tests.chain.local.conformance.asking import INVALID_PARAMS, SERVER_ERROR, Ask, Refusal
from tests.chain.local.conformance.hex_forms import BIT, BYTES, TEXT, UINT64, Schema, exactly, list_of
from tests.chain.local.conformance.prepared import GENESIS_AT, STRANGER, Prepared
from tests.chain.local.conformance.shapes import BLOCK, FULL_BLOCK, LOG

_RICH = address_of(0)
_FEE = {"maxFeePerGas": "0x2540be400", "gas": "0x30d40"}
_PAID = {"from": _RICH, "to": STRANGER, "value": "0x5", **_FEE}
_CALL = exactly(
    {"returnData": BYTES, "logs": list_of(LOG), "gasUsed": UINT64, "maxUsedGas": UINT64, "status": BIT},
    {"error": exactly({"code": {"type": "integer"}, "message": TEXT}, {"data": BYTES})},
)


def _with_calls(block: Schema) -> Schema:
    fields = {**block["properties"], "calls": list_of(_CALL)}
    return list_of({**block, "required": sorted(fields), "properties": fields}, minItems=1)


_BLOCKS = _with_calls(BLOCK)


def _given(*blocks: dict[str, Any], **options: Any) -> Callable[[Prepared], list[Any]]:
    return lambda _: [{"blockStateCalls": list(blocks), **options}, "latest"]


def _refused(case: str, code: int, words_of_it: str, block: dict[str, Any], **options: Any) -> Ask:
    return Ask("eth_simulateV1", case, _given(block, **options), Refusal(code, words_of_it))


def _noted(prepared: Prepared) -> list[Any]:
    call = {"from": _RICH, "to": prepared.emitter, "input": words(1, 2, 3)}
    first, second = ({"blockOverrides": {"time": hex(GENESIS_AT + at)}} for at in (10**6, 10**6 + 5))
    return [{"blockStateCalls": [{**first, "calls": [call]}, {**second, "calls": [call, call]}]}, "latest"]


def _thrown(prepared: Prepared) -> list[Any]:
    return [{"blockStateCalls": [{"calls": [{"to": prepared.emitter}]}]}, "latest"]


SIMULATIONS = [
    Ask(
        "eth_simulateV1", "a transfer told as a log", _given({"calls": [_PAID]}, traceTransfers=True), _BLOCKS
    ),
    Ask("eth_simulateV1", "two blocks with logs", _noted, _BLOCKS),
    Ask("eth_simulateV1", "a custom error", _thrown, _BLOCKS),
    Ask(
        "eth_simulateV1",
        "whole transactions of valid blocks",
        _given({"calls": [_PAID]}, validation=True, returnFullTransactions=True),
        _with_calls(FULL_BLOCK),
    ),
    Ask(
        "eth_simulateV1",
        "money that is not there",
        _given(
            {
                "stateOverrides": {STRANGER: {"balance": "0x64"}},
                "calls": [{"from": STRANGER, "to": _RICH, "value": "0x64"}],
            }
        ),
        _BLOCKS,
    ),
    Ask("eth_simulateV1", "a gap in the numbers", _given({"blockOverrides": {"number": "0x20"}}), _BLOCKS),
    _refused(
        "a number not in order", -38020, "block numbers must be in", {"blockOverrides": {"number": "0x1"}}
    ),
    _refused(
        "a time not in order", -38021, "block timestamps must be in", {"blockOverrides": {"time": "0x1"}}
    ),
    _refused("too many blocks", -38026, "too many blocks", {"blockOverrides": {"number": "0x999"}}),
    _refused("no money", -38014, "err: insufficient funds", {"calls": [{**_PAID, "from": STRANGER}]}),
    _refused("too little gas", -38013, "err: intrinsic gas too low", {"calls": [{**_PAID, "gas": "0x1"}]}),
    _refused(
        "more gas than the block has", -38015, "block gas limit", {"calls": [{**_PAID, "gas": "0x5f5e100"}]}
    ),
    _refused(
        "a nonce used up",
        -38010,
        "err: nonce too low",
        {"calls": [{**_PAID, "nonce": "0x0"}]},
        validation=True,
    ),
    _refused(
        "a nonce to come",
        -38011,
        "err: nonce too high",
        {"calls": [{**_PAID, "nonce": "0x99"}]},
        validation=True,
    ),
    _refused(
        "a fee below the base fee",
        -38012,
        "err: max fee per gas less",
        {"calls": [{"to": _RICH}]},
        validation=True,
    ),
    _refused(
        "a code too long", -38025, "err: max initcode size", {"calls": [{"input": "0x" + "00" * 49_153}]}
    ),
    Ask("eth_simulateV1", "no blocks", _given(), Refusal(INVALID_PARAMS, "empty input")),
    Ask(
        "eth_simulateV1",
        "beyond the head",
        lambda _: [{"blockStateCalls": [{}]}, "0x999"],
        Refusal(SERVER_ERROR, "header not found"),
    ),
]
