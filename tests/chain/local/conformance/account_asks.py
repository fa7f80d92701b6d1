"""What the reading methods are asked about accounts, calls, fees and the node itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.chain.local.client import address_of, words
from tests.chain.local.conformance.asking import INVALID_PARAMS, REVERTED, SERVER_ERROR, Ask, Refusal
from tests.chain.local.conformance.hex_forms import (
    ADDRESS,
    BYTES,
    HASH,
    TEXT,
    UINT,
    UINT64,
    UINT256,
    WORD,
    exactly,
    list_of,
)
from tests.chain.local.conformance.prepared import AUTHORITY, NOWHERE, STRANGER, Prepared
from tests.chain.local.conformance.shapes import FEE_HISTORY, PROOF

_BEYOND = "0x999"
_NO_HEADER = Refusal(SERVER_ERROR, "header not found")
_NO_HASH = Refusal(SERVER_ERROR, "header for hash not found")
_WRONG = Refusal(INVALID_PARAMS, "invalid")
_DELEGATED = {"type": "string", "pattern": "^0xef0100[0-9a-f]{40}$"}
# Error(string) "too late", and Panic(uint256) of an overflow.
TOO_LATE = "0x08c379a0" + words(32, 8)[2:] + b"too late".hex() + "00" * 24
OVERFLOW = "0x4e487b71" + words(0x11)[2:]


def _hash_key(prepared: Prepared, number: int = 1) -> dict[str, Any]:
    return {"blockHash": prepared.block(number)["hash"]}


ACCOUNTS = [
    Ask("eth_accounts", "the well-known", lambda _: [], list_of(ADDRESS, minItems=10, maxItems=10)),
    Ask("eth_requestAccounts", "the well-known", lambda _: [], list_of(ADDRESS, minItems=10, maxItems=10)),
    Ask("eth_getBalance", "a sender", lambda _: [address_of(0), "latest"], UINT256),
    Ask("eth_getBalance", "the block left out", lambda _: [address_of(0)], UINT256),
    Ask("eth_getBalance", "pending", lambda _: [address_of(0), "pending"], UINT256),
    Ask("eth_getBalance", "by block hash", lambda p: [address_of(0), _hash_key(p)], UINT256),
    Ask(
        "eth_getBalance", "by number in an object", lambda _: [address_of(0), {"blockNumber": "0x1"}], UINT256
    ),
    Ask("eth_getBalance", "nobody", lambda _: [STRANGER, "latest"], {"const": "0x0"}),
    Ask("eth_getBalance", "beyond the head", lambda _: [address_of(0), _BEYOND], _NO_HEADER),
    Ask("eth_getBalance", "unknown hash", lambda _: [address_of(0), {"blockHash": NOWHERE}], _NO_HASH),
    Ask("eth_getBalance", "a short address", lambda _: ["0x12", "latest"], _WRONG),
    Ask("eth_getBalance", "no argument", lambda _: [], Refusal(INVALID_PARAMS, "missing value")),
    Ask(
        "eth_getBalance",
        "too many arguments",
        lambda _: [STRANGER, "latest", "0x0"],
        Refusal(INVALID_PARAMS, "too many arguments"),
    ),
    Ask("eth_getTransactionCount", "a sender", lambda _: [address_of(0), "latest"], UINT64),
    Ask("eth_getTransactionCount", "long ago", lambda _: [address_of(0), "0x0"], {"const": "0x0"}),
    Ask(
        "eth_getTransactionCount",
        "one waits after a gap",
        lambda _: [address_of(3), "pending"],
        {"const": "0x0"},
    ),
    Ask("eth_getCode", "a contract", lambda p: [p.emitter, "latest"], BYTES),
    Ask("eth_getCode", "before it was there", lambda p: [p.emitter, "0x0"], {"const": "0x"}),
    Ask("eth_getCode", "a delegated account", lambda _: [address_of(AUTHORITY), "latest"], _DELEGATED),
    Ask("eth_getStorageAt", "a word", lambda p: [p.emitter, "0x0", "latest"], WORD),
    Ask("eth_getStorageAt", "a slot of 32 bytes", lambda p: [p.emitter, words(0), "latest"], WORD),
    Ask("eth_getStorageAt", "nothing there", lambda p: [p.emitter, "0x7", "0x1"], {"const": words(0)}),
    Ask(
        "eth_getAccount",
        "a contract",
        lambda p: [p.emitter, "latest"],
        exactly({"balance": UINT256, "nonce": UINT64, "codeHash": HASH, "storageRoot": HASH}),
    ),
    Ask(
        "eth_getAccountInfo",
        "a contract",
        lambda p: [p.emitter, "latest"],
        exactly({"balance": UINT256, "nonce": UINT64, "code": BYTES}),
    ),
    Ask("eth_getProof", "a contract's slots", lambda p: [p.emitter, ["0x0", words(1)], "latest"], PROOF),
    Ask("eth_getProof", "nobody", lambda _: [STRANGER, [], "latest"], PROOF),
    Ask("eth_getProof", "beyond the head", lambda _: [STRANGER, [], _BEYOND], _NO_HEADER),
]


def _note(prepared: Prepared) -> dict[str, Any]:
    return {"from": address_of(0), "to": prepared.emitter, "data": words(1, 2, 3)}


def _note_at(tag: str) -> Callable[[Prepared], list[Any]]:
    return lambda prepared: [_note(prepared), tag]


def _thrown(prepared: Prepared, data: str) -> dict[str, Any]:
    return {"to": prepared.echo, "data": data}


CALLS = [
    *(
        Ask("eth_call", f"at {tag}", _note_at(tag), WORD)
        for tag in ("latest", "safe", "finalized", "pending", "0x2")
    ),
    Ask("eth_call", "by block hash", lambda p: [_note(p), _hash_key(p, 2)], WORD),
    Ask("eth_call", "the block left out", lambda p: [_note(p)], WORD),
    Ask("eth_call", "input for data", lambda p: [{"to": p.emitter, "input": words(1, 2, 3)}, "latest"], WORD),
    Ask("eth_call", "no code there", lambda _: [{"to": STRANGER}, "latest"], {"const": "0x"}),
    Ask("eth_call", "before it was there", lambda p: [{"to": p.emitter}, "0x0"], {"const": "0x"}),
    Ask(
        "eth_call",
        "a custom error",
        lambda p: [{"to": p.emitter}, "latest"],
        Refusal(REVERTED, "execution reverted", "0xdeadbeef"),
    ),
    Ask(
        "eth_call",
        "a reason",
        lambda p: [_thrown(p, TOO_LATE), "latest"],
        Refusal(REVERTED, "execution reverted: too late", TOO_LATE),
    ),
    Ask(
        "eth_call",
        "a panic",
        lambda p: [_thrown(p, OVERFLOW), "latest"],
        Refusal(
            REVERTED,
            "execution reverted: arithmetic underflow or overflow",
            OVERFLOW,
        ),
    ),
    Ask(
        "eth_call",
        "no reason",
        lambda p: [_thrown(p, "0x"), "latest"],
        Refusal(REVERTED, "execution reverted", "0x"),
    ),
    Ask(
        "eth_call",
        "more value than there is",
        lambda _: [{"from": STRANGER, "to": address_of(0), "value": "0x1"}, "latest"],
        Refusal(SERVER_ERROR, "insufficient funds for"),
    ),
    Ask(
        "eth_call",
        "a fee below the base fee",
        lambda _: [{"from": address_of(0), "to": STRANGER, "maxFeePerGas": "0x1"}, "latest"],
        Refusal(SERVER_ERROR, "max fee per gas less than block base fee"),
    ),
    Ask("eth_call", "beyond the head", lambda p: [_note(p), _BEYOND], _NO_HEADER),
    Ask("eth_call", "no object", lambda _: ["0x", "latest"], _WRONG),
    Ask(
        "eth_call",
        "code put in its place",
        lambda p: [{"to": p.emitter}, "latest", {p.emitter: {"code": "0x602a5f5260205ff3"}}],
        {"const": words(42)},
    ),
    Ask(
        "eth_estimateGas",
        "a plain transfer",
        lambda _: [{"from": address_of(0), "to": STRANGER}],
        {"const": "0x5208"},
    ),
    Ask("eth_estimateGas", "a call", lambda p: [_note(p), "latest"], UINT64),
    Ask(
        "eth_estimateGas",
        "a custom error",
        lambda p: [{"to": p.emitter}],
        Refusal(REVERTED, "execution reverted", "0xdeadbeef"),
    ),
    Ask(
        "eth_estimateGas",
        "too little gas allowed",
        lambda p: [_note(p) | {"gas": "0x5300"}],
        Refusal(SERVER_ERROR, "gas required exceeds allowance"),
    ),
]

FEES = [
    Ask("eth_gasPrice", "now", lambda _: [], UINT256),
    Ask("eth_maxPriorityFeePerGas", "now", lambda _: [], UINT256),
    Ask("eth_baseFee", "of the next block", lambda _: [], UINT256),
    Ask("eth_blobBaseFee", "of the next block", lambda _: [], UINT256),
    Ask("eth_feeHistory", "with tips", lambda _: ["0x3", "latest", [10, 50, 90.5]], FEE_HISTORY),
    Ask("eth_feeHistory", "without tips", lambda _: ["0x2", "0x3", []], FEE_HISTORY),
    Ask("eth_feeHistory", "more than there are", lambda _: ["0x64", "latest", [50]], FEE_HISTORY),
    Ask("eth_feeHistory", "an empty block", lambda _: ["0x1", "0x0", [50]], FEE_HISTORY),
    Ask(
        "eth_feeHistory",
        "beyond the head",
        lambda _: ["0x1", _BEYOND, []],
        Refusal(SERVER_ERROR, "request beyond head block: requested 2457, head"),
    ),
    Ask(
        "eth_feeHistory",
        "over 100 percent",
        lambda _: ["0x1", "latest", [101]],
        Refusal(SERVER_ERROR, "invalid reward percentile: 101"),
    ),
]

IDENTITY = [
    Ask("eth_chainId", "usual", lambda _: [], {"const": "0x7a69"}),
    Ask("net_version", "usual", lambda _: [], {"const": "31337"}),
    Ask("net_listening", "usual", lambda _: [], {"const": True}),
    Ask("net_peerCount", "usual", lambda _: [], UINT),
    Ask("web3_clientVersion", "usual", lambda _: [], TEXT),
    Ask(
        "web3_sha3",
        "a byte",
        lambda _: ["0x01"],
        {"const": "0x5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41dcffd2"},
    ),
    Ask("web3_sha3", "no hex", lambda _: ["one"], _WRONG),
    Ask("eth_protocolVersion", "usual", lambda _: [], UINT),
    Ask("eth_syncing", "never", lambda _: [], {"const": False}),
    Ask("eth_mining", "at once", lambda _: [], {"const": True}),
    Ask("eth_hashrate", "none", lambda _: [], {"const": "0x0"}),
    Ask("eth_coinbase", "usual", lambda _: [], ADDRESS),
    Ask(
        "rpc_modules",
        "usual",
        lambda _: [],
        {"type": "object", "required": ["eth", "net", "web3"], "additionalProperties": TEXT},
    ),
    Ask(
        "eth_nonesuch",
        "unknown method",
        lambda _: [],
        Refusal(-32601, "the method eth_nonesuch does not exist/is not available"),
    ),
]
