"""What a call may name: what contradicts itself, or cannot be had here, is refused by every method that takes a message."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chain.local.client import EMITTER, Rpc, RpcError, words

METHODS = ("eth_call", "eth_estimateGas", "eth_createAccessList", "debug_traceCall")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"data": "0x01", "input": "0x02"}, 'both "data" and "input" are set and not equal'),
        ({"blobVersionedHashes": ["0x01" + "00" * 31]}, r"blob transactions \(type 3\) are not supported"),
        ({"maxFeePerBlobGas": "0x1"}, r"blob transactions \(type 3\) are not supported"),
        ({"authorizationList": [7]}, "invalid authorizationList"),
        ({"accessList": {}}, "invalid accessList"),
    ],
)
def test_call_request__what_cannot_be_had__refused(
    rpc: Rpc, method: str, fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(RpcError, match=said) as caught:
        rpc(method, {"to": "0x" + "77" * 20, **fields}, "latest")
    assert caught.value.code == -32_602


def test_call_request__data_under_both_names__taken_when_equal(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    both = {"to": target, "data": words(1, 2, 3), "input": words(1, 2, 3)}
    assert rpc("eth_call", both) == rpc("eth_call", {"to": target, "input": words(1, 2, 3)})
    assert rpc("eth_call", both) != "0x"
