"""What the tracing methods, the filters and the access list are asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.chain.local.client import address_of, words
from tests.chain.local.conformance.asking import INVALID_PARAMS, METHOD_NOT_FOUND, SERVER_ERROR, Ask, Refusal
from tests.chain.local.conformance.hex_forms import TEXT, UINT64, UINT256, exactly, list_of
from tests.chain.local.conformance.prepared import NOWHERE, Prepared
from tests.chain.local.conformance.shapes import ACCESS_LIST, LOG
from tests.chain.local.conformance.trace_shapes import CALL_FRAME, EACH_OF_BLOCK, PRESTATE, STEPS

_CALLS = {"tracer": "callTracer"}
_WITH_LOGS = {"tracer": "callTracer", "tracerConfig": {"withLog": True}}
_PRESTATE = {"tracer": "prestateTracer"}
_ALL = {"enableMemory": True, "enableReturnData": True}
_NONE = {"disableStack": True, "disableStorage": True, "limit": 3}
_UNKNOWN = Refusal(SERVER_ERROR, "transaction not found")


def _note(prepared: Prepared) -> dict[str, Any]:
    return {"from": address_of(0), "to": prepared.emitter, "data": words(1, 2, 3)}


TRACES = [
    Ask("debug_traceTransaction", "steps", lambda p: [p.dynamic], STEPS),
    Ask("debug_traceTransaction", "steps with all", lambda p: [p.dynamic, _ALL], STEPS),
    Ask("debug_traceTransaction", "three bare steps", lambda p: [p.dynamic, _NONE], STEPS),
    Ask("debug_traceTransaction", "steps of a failed one", lambda p: [p.failed, {}], STEPS),
    Ask("debug_traceTransaction", "calls", lambda p: [p.dynamic, _CALLS], CALL_FRAME),
    Ask("debug_traceTransaction", "calls with logs", lambda p: [p.dynamic, _WITH_LOGS], CALL_FRAME),
    Ask("debug_traceTransaction", "calls of a failed one", lambda p: [p.failed, _CALLS], CALL_FRAME),
    Ask("debug_traceTransaction", "the second of a pair", lambda p: [p.pair[1], _WITH_LOGS], CALL_FRAME),
    Ask("debug_traceTransaction", "a plain transfer", lambda p: [p.legacy, _CALLS], CALL_FRAME),
    Ask("debug_traceTransaction", "state before", lambda p: [p.dynamic, _PRESTATE], PRESTATE),
    Ask("debug_traceTransaction", "unknown", lambda _: [NOWHERE, {}], _UNKNOWN),
    Ask("debug_traceCall", "steps", lambda p: [_note(p), "latest"], STEPS),
    Ask("debug_traceCall", "calls", lambda p: [_note(p), "latest", _CALLS], CALL_FRAME),
    Ask("debug_traceCall", "a revert", lambda p: [{"to": p.emitter}, "latest", _CALLS], CALL_FRAME),
    Ask("debug_traceBlockByNumber", "a pair", lambda p: [hex(p.head), _CALLS], EACH_OF_BLOCK),
    Ask("debug_traceBlockByHash", "one", lambda p: [p.block(1)["hash"], _CALLS], EACH_OF_BLOCK),
    Ask(
        "eth_createAccessList",
        "a call",
        lambda p: [_note(p), "latest"],
        exactly({"accessList": ACCESS_LIST, "gasUsed": UINT64}, {"error": TEXT}),
    ),
    Ask(
        "eth_createAccessList",
        "a revert",
        lambda p: [{"from": address_of(0), "to": p.emitter}, "latest"],
        exactly({"accessList": ACCESS_LIST, "gasUsed": UINT64, "error": TEXT}),
    ),
]


def _new(method: str, *params: Any) -> Callable[[Prepared], list[Any]]:
    """The id of a filter that is installed for the question."""
    return lambda prepared: [prepared.rpc(method, *params)]


_RANGE = {"fromBlock": "0x0", "toBlock": "latest"}
_NO_FILTER = Refusal(SERVER_ERROR, "filter not found")
FILTERS = [
    Ask("eth_newFilter", "all", lambda _: [{}], UINT256),
    Ask("eth_newFilter", "no object", lambda _: ["0x1"], Refusal(INVALID_PARAMS, "invalid")),
    Ask("eth_newBlockFilter", "heads", lambda _: [], UINT256),
    Ask("eth_newPendingTransactionFilter", "hashes", lambda _: [], UINT256),
    Ask("eth_getFilterChanges", "logs, none yet", _new("eth_newFilter", {}), {"const": []}),
    Ask("eth_getFilterChanges", "heads, none yet", _new("eth_newBlockFilter"), {"const": []}),
    Ask("eth_getFilterChanges", "unknown", lambda _: ["0x1234"], _NO_FILTER),
    Ask("eth_getFilterLogs", "all", _new("eth_newFilter", _RANGE), list_of(LOG, minItems=5)),
    Ask("eth_getFilterLogs", "unknown", lambda _: ["0x1234"], _NO_FILTER),
    Ask("eth_uninstallFilter", "one that is there", _new("eth_newBlockFilter"), {"const": True}),
    Ask("eth_uninstallFilter", "unknown", lambda _: ["0x1234"], {"const": False}),
    Ask(
        "eth_subscribe",
        "over HTTP",
        lambda _: ["newHeads"],
        Refusal(METHOD_NOT_FOUND, "notifications not supported"),
    ),
    Ask(
        "eth_unsubscribe",
        "over HTTP",
        lambda _: ["0x1234"],
        Refusal(METHOD_NOT_FOUND, "notifications not supported"),
    ),
]
