"""Requests as a hostile or careless client may send them: of JSON-RPC's grammar, near it, and far from it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.chain.local.client import EMITTER, address_of, init_code, signed, words

_WORD = "0x" + "ab" * 32
# Small enough to be served in no time, or far beyond any bound; nothing between, which would only be slow.
_NUMBERS = [0, 1, 2, 3, 31_337, -1, 2**63, 2**64 - 1, 2**64, 2**256 - 1, 2**256]
_QUANTITIES = [hex(number) for number in _NUMBERS if number >= 0] + [
    "0x",
    "0x00",
    "0X1",
    "-0x1",
    "1",
    "0xg",
    "0x1 ",
]
_TAGS = ["latest", "pending", "earliest", "safe", "finalized", "Latest", ""]
_ADDRESSES = [address_of(0), address_of(3).lower(), "0x" + "00" * 20, "0x" + "00" * 19, "0x" + "zz" * 20]
_BYTES = ["0x", "0x0", "0x00", "0xdeadbeef", "deadbeef", "0x 00", "0x" + "ff" * 300, words(1, 2, 3), _WORD]
_RAW = [
    *(signed(index, nonce=nonce) for index, nonce in ((0, 0), (0, 1), (1, 5), (2, 0))),
    signed(3, nonce=0, data=init_code(EMITTER), gas=300_000),
    signed(4, nonce=0, gasPrice=10**10),
    signed(5, nonce=0, chainId=1),
    signed(6, nonce=0, value=10**30),
    "0x02c0",
    "0x03" + "c0" * 9,
    "0xf8",
]
_FIELDS = [
    *(
        "to",
        "from",
        "data",
        "input",
        "value",
        "gas",
        "gasPrice",
        "maxFeePerGas",
        "maxPriorityFeePerGas",
        "nonce",
    ),
    *("type", "chainId", "accessList", "authorizationList", "blobVersionedHashes", "maxFeePerBlobGas"),
    *("fromBlock", "toBlock", "address", "topics", "blockHash", "blockNumber", "requireCanonical"),
    *(
        "balance",
        "code",
        "state",
        "stateDiff",
        "movePrecompileToAddress",
        "number",
        "time",
        "gasLimit",
        "coinbase",
    ),
    *(
        "tracer",
        "tracerConfig",
        "onlyTopCall",
        "withLog",
        "limit",
        "enableMemory",
        "timeout",
        "stateOverrides",
    ),
    *(
        "depth",
        "txBlockPairs",
        "forking",
        "jsonRpcUrl",
        "timestamp",
        "blocks",
        "index",
        "storageKeys",
        "yParity",
    ),
    *("types", "domain", "primaryType", "message", "EIP712Domain", "name", address_of(0)),
]

_leaves: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(_NUMBERS),
    st.floats(),
    st.sampled_from(_QUANTITIES),
    st.sampled_from(_TAGS),
    st.sampled_from(_ADDRESSES),
    st.sampled_from(_BYTES),
    st.sampled_from(_RAW),
    st.sampled_from(["callTracer", "prestateTracer", "newHeads", "logs", "2s"]),
    st.text(max_size=6),
)
values: st.SearchStrategy[Any] = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_FIELDS) | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=12,
)
_call = st.fixed_dictionaries(
    {},
    optional={
        "from": st.sampled_from(_ADDRESSES),
        "to": st.sampled_from(_ADDRESSES),
        "data": st.sampled_from(_BYTES),
        "value": st.sampled_from(_QUANTITIES),
        "gas": st.sampled_from([*_QUANTITIES, "0x5208", "0xf4240"]),
        "nonce": st.sampled_from(_QUANTITIES),
        "maxFeePerGas": st.sampled_from([*_QUANTITIES, "0x12a05f200"]),
        "accessList": values,
        "authorizationList": values,
    },
)
params = st.one_of(
    st.lists(values, max_size=4),
    st.tuples(_call).map(list),
    st.tuples(_call, st.sampled_from(_TAGS) | st.sampled_from(_QUANTITIES)).map(list),
    st.tuples(_call, st.sampled_from(_TAGS), values, values).map(list),
    st.tuples(st.sampled_from(_ADDRESSES), st.sampled_from(_QUANTITIES), values).map(list),
    st.tuples(st.sampled_from(_RAW)).map(list),
    values,
)


def requests(methods: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Requests of ``methods`` and of others, whole and well-formed for the most part."""
    return st.fixed_dictionaries(
        {
            "jsonrpc": st.just("2.0") | st.just("2.0") | st.just("2.0") | values,
            "method": st.sampled_from(methods) | st.sampled_from(methods) | values,
        },
        optional={"id": st.integers() | st.text(max_size=4) | values, "params": params, "extra": values},
    )


def bodies(methods: list[str]) -> st.SearchStrategy[bytes]:
    """Bodies: a request, a batch, any JSON, or bytes that are nearly JSON."""
    request = requests(methods)
    whole = st.one_of(request, request, request, st.lists(request | values, max_size=5), values).map(_written)
    return (
        whole
        | st.tuples(whole, st.integers(0, 200), st.binary(max_size=3)).map(_damaged)
        | st.binary(max_size=40)
    )


def _written(value: Any) -> bytes:
    return json.dumps(value).encode()


def _damaged(parts: tuple[bytes, int, bytes]) -> bytes:
    """``body`` with a few bytes in the place of others."""
    body, at, replaced = parts
    at = min(at, len(body))
    return body[:at] + replaced + body[at + len(replaced) :]
