"""What the reading methods are asked about blocks, transactions, receipts and logs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.chain.local.client import words
from tests.chain.local.conformance.asking import INVALID_PARAMS, SERVER_ERROR, Ask, Refusal
from tests.chain.local.conformance.hex_forms import NULL, SOME_BYTES, UINT64, list_of
from tests.chain.local.conformance.prepared import NOWHERE, TOPIC, Prepared
from tests.chain.local.conformance.shapes import (
    BLOCK,
    FULL_BLOCK,
    HEADER,
    LOG,
    PENDING_BLOCK,
    PENDING_HEADER,
    RECEIPT,
    transaction_of,
)

_KINDS = ("legacy", "unprotected", "access_list", "dynamic", "delegation")
_BEYOND = "0x999"
_ONE = {"minItems": 1}


def _fixed(*params: Any) -> Callable[[Prepared], list[Any]]:
    return lambda _: list(params)


def _hash_of(kind: str) -> Callable[[Prepared], list[Any]]:
    return lambda prepared: [getattr(prepared, kind)]


BLOCKS = [
    Ask("eth_blockNumber", "the head", lambda _: [], UINT64),
    Ask("eth_getBlockByNumber", "hashes", lambda p: [hex(p.head), False], BLOCK),
    Ask("eth_getBlockByNumber", "whole", lambda p: [hex(p.head), True], FULL_BLOCK),
    Ask("eth_getBlockByNumber", "genesis", lambda _: ["0x0", True], FULL_BLOCK),
    *(
        Ask("eth_getBlockByNumber", tag, _fixed(tag, False), BLOCK)
        for tag in ("latest", "safe", "finalized", "earliest")
    ),
    Ask("eth_getBlockByNumber", "pending", lambda _: ["pending", False], PENDING_BLOCK),
    Ask("eth_getBlockByNumber", "pending whole", lambda _: ["pending", True], PENDING_BLOCK),
    Ask("eth_getBlockByNumber", "beyond the head", lambda _: [_BEYOND, False], NULL),
    Ask("eth_getBlockByNumber", "no number", lambda _: ["head", False], Refusal(INVALID_PARAMS, "invalid")),
    Ask("eth_getBlockByNumber", "no argument", lambda _: [], Refusal(INVALID_PARAMS, "missing value")),
    Ask("eth_getBlockByHash", "hashes", lambda p: [p.block(1)["hash"], False], BLOCK),
    Ask("eth_getBlockByHash", "whole", lambda p: [p.block(p.head)["hash"], True], FULL_BLOCK),
    Ask("eth_getBlockByHash", "unknown", lambda _: [NOWHERE, True], NULL),
    Ask("eth_getBlockByHash", "a short hash", lambda _: ["0x12", True], Refusal(INVALID_PARAMS, "invalid")),
    Ask("eth_getHeaderByNumber", "a block", lambda _: ["0x1"], HEADER),
    Ask("eth_getHeaderByNumber", "pending", lambda _: ["pending"], PENDING_HEADER),
    Ask("eth_getHeaderByNumber", "beyond the head", lambda _: [_BEYOND], NULL),
    Ask("eth_getHeaderByHash", "a block", lambda p: [p.block(1)["hash"]], HEADER),
    Ask("eth_getHeaderByHash", "unknown", lambda _: [NOWHERE], NULL),
    Ask("eth_getBlockTransactionCountByNumber", "a pair", lambda p: [hex(p.head)], {"const": "0x2"}),
    Ask("eth_getBlockTransactionCountByNumber", "beyond the head", lambda _: [_BEYOND], NULL),
    Ask("eth_getBlockTransactionCountByHash", "one", lambda p: [p.block(1)["hash"]], {"const": "0x1"}),
    Ask("eth_getBlockTransactionCountByHash", "unknown", lambda _: [NOWHERE], NULL),
    Ask("eth_getBlockReceipts", "by number", lambda p: [hex(p.head)], list_of(RECEIPT, minItems=2)),
    Ask("eth_getBlockReceipts", "by hash", lambda p: [p.block(1)["hash"]], list_of(RECEIPT, **_ONE)),
    Ask("eth_getBlockReceipts", "an empty block", lambda _: ["0x0"], {"const": []}),
    Ask("eth_getBlockReceipts", "beyond the head", lambda _: [_BEYOND], NULL),
    Ask("eth_getUncleCountByBlockNumber", "a block", lambda _: ["0x1"], {"const": "0x0"}),
    Ask("eth_getUncleCountByBlockNumber", "beyond the head", lambda _: [_BEYOND], NULL),
    Ask("eth_getUncleCountByBlockHash", "a block", lambda p: [p.block(1)["hash"]], {"const": "0x0"}),
    Ask("eth_getUncleByBlockNumberAndIndex", "a block", lambda _: ["0x1", "0x0"], NULL),
    Ask("eth_getUncleByBlockHashAndIndex", "a block", lambda p: [p.block(1)["hash"], "0x0"], NULL),
]

TRANSACTIONS = [
    *(Ask("eth_getTransactionByHash", kind, _hash_of(kind), transaction_of(kind)) for kind in _KINDS),
    Ask("eth_getTransactionByHash", "failed", lambda p: [p.failed], transaction_of("dynamic")),
    Ask(
        "eth_getTransactionByHash",
        "waiting",
        lambda p: [p.waiting],
        transaction_of("dynamic", is_mined=False),
    ),
    Ask("eth_getTransactionByHash", "unknown", lambda _: [NOWHERE], NULL),
    Ask(
        "eth_getTransactionByBlockNumberAndIndex",
        "the second",
        lambda p: [hex(p.head), "0x1"],
        transaction_of("dynamic"),
    ),
    Ask("eth_getTransactionByBlockNumberAndIndex", "past the last", lambda p: [hex(p.head), "0x2"], NULL),
    Ask("eth_getTransactionByBlockNumberAndIndex", "beyond the head", lambda _: [_BEYOND, "0x0"], NULL),
    Ask(
        "eth_getTransactionByBlockHashAndIndex",
        "the first",
        lambda p: [p.block(1)["hash"], "0x0"],
        transaction_of("dynamic"),
    ),
    Ask("eth_getTransactionByBlockHashAndIndex", "unknown", lambda _: [NOWHERE, "0x0"], NULL),
    Ask(
        "eth_getTransactionBySenderAndNonce",
        "mined",
        lambda p: [p.rpc("eth_accounts")[0], "0x0"],
        transaction_of("dynamic"),
    ),
    Ask("eth_getTransactionBySenderAndNonce", "none", lambda p: [p.rpc("eth_accounts")[9], "0x0"], NULL),
    Ask("eth_getRawTransactionByHash", "a delegation", lambda p: [p.delegation], SOME_BYTES),
    Ask("eth_getRawTransactionByHash", "unknown", lambda _: [NOWHERE], NULL),
    Ask("eth_getRawTransactionByBlockNumberAndIndex", "the first", lambda _: ["0x1", "0x0"], SOME_BYTES),
    Ask("eth_getRawTransactionByBlockNumberAndIndex", "past the last", lambda _: ["0x1", "0x1"], NULL),
    Ask(
        "eth_getRawTransactionByBlockHashAndIndex",
        "the first",
        lambda p: [p.block(1)["hash"], "0x0"],
        SOME_BYTES,
    ),
    *(Ask("eth_getTransactionReceipt", kind, _hash_of(kind), RECEIPT) for kind in (*_KINDS, "failed")),
    Ask("eth_getTransactionReceipt", "waiting", lambda p: [p.waiting], NULL),
    Ask("eth_getTransactionReceipt", "unknown", lambda _: [NOWHERE], NULL),
    Ask("debug_getRawHeader", "a block", lambda _: ["0x1"], SOME_BYTES),
    Ask("debug_getRawBlock", "a block", lambda _: ["0x1"], SOME_BYTES),
    Ask("debug_getRawReceipts", "a pair", lambda p: [hex(p.head)], list_of(SOME_BYTES, minItems=2)),
    Ask("debug_getRawTransaction", "a legacy one", lambda p: [p.legacy], SOME_BYTES),
]

_LOGS = list_of(LOG, minItems=1)
_ALL = {"fromBlock": "0x0", "toBlock": "latest"}
LOGS = [
    Ask("eth_getLogs", "all", lambda _: [_ALL], list_of(LOG, minItems=5)),
    Ask("eth_getLogs", "by address", lambda p: [{**_ALL, "address": p.emitter}], _LOGS),
    Ask("eth_getLogs", "by addresses", lambda p: [{**_ALL, "address": [p.emitter, p.echo]}], _LOGS),
    Ask("eth_getLogs", "by topic", lambda _: [{**_ALL, "topics": [TOPIC]}], _LOGS),
    Ask("eth_getLogs", "topic lists", lambda _: [{**_ALL, "topics": [[TOPIC, words(1)], [words(7)]]}], _LOGS),
    Ask("eth_getLogs", "any first topic", lambda _: [{**_ALL, "topics": [None, words(7)]}], _LOGS),
    Ask("eth_getLogs", "no such topic", lambda _: [{**_ALL, "topics": [words(99)]}], {"const": []}),
    Ask(
        "eth_getLogs", "more topics than logs have", lambda _: [{**_ALL, "topics": [None] * 3}], {"const": []}
    ),
    Ask("eth_getLogs", "by block hash", lambda p: [{"blockHash": p.block_of(p.dynamic)["hash"]}], _LOGS),
    Ask("eth_getLogs", "the head by default", lambda _: [{}], _LOGS),
    Ask("eth_getLogs", "above the head", lambda _: [{"fromBlock": _BEYOND}], {"const": []}),
    Ask(
        "eth_getLogs",
        "unknown block",
        lambda _: [{"blockHash": NOWHERE}],
        Refusal(SERVER_ERROR, "unknown block"),
    ),
    Ask(
        "eth_getLogs",
        "a range backwards",
        lambda _: [{"fromBlock": "0x2", "toBlock": "0x1"}],
        Refusal(INVALID_PARAMS, "invalid block range params"),
    ),
    Ask(
        "eth_getLogs",
        "hash and range",
        lambda p: [{"blockHash": p.block(1)["hash"], "fromBlock": "0x1"}],
        Refusal(INVALID_PARAMS, "cannot specify both BlockHash and FromBlock/ToBlock"),
    ),
    Ask(
        "eth_getLogs",
        "five topics",
        lambda _: [{**_ALL, "topics": [None] * 5}],
        Refusal(INVALID_PARAMS, "exceed max topics"),
    ),
    Ask("eth_getLogs", "no object", lambda _: ["latest"], Refusal(INVALID_PARAMS, "invalid filter")),
]
