"""What subscribers and filters are told has the form of what is read."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from settlement.chain.local.server import LocalNode
from tests.chain.local.client import EMITTER, Rpc, RpcError, signed, words
from tests.chain.local.conformance.hex_forms import HASH, UINT256, Schema
from tests.chain.local.conformance.shapes import HEADER, LOG, WAITING
from tests.chain.local.web_socket_client import SocketRpc


def _faults(schema: Schema, told: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(told)]


@pytest.mark.parametrize(
    ("subscribed", "schema"),
    [
        (["newHeads"], HEADER),
        (["logs", {}], LOG),
        (["newPendingTransactions"], HASH),
        (["newPendingTransactions", True], WAITING),
    ],
    ids=str,
)
def test_subscription__an_event__has_the_form_of_what_is_read(
    node: LocalNode, rpc: Rpc, subscribed: list[Any], schema: Schema
) -> None:
    target = rpc.deploy(EMITTER)
    with SocketRpc(node.port) as socket:
        number = socket("eth_subscribe", *subscribed)
        assert _faults(UINT256, number) == []
        receipt = rpc.receipt(rpc.send(0, to=target, data=words(1, 2, 3), gas=100_000))
        told_by, told = socket.told()
        assert (told_by, _faults(schema, told)) == (number, [])
        if schema is LOG:
            assert [told] == receipt["logs"]
        if schema is HEADER:
            assert told == rpc("eth_getHeaderByHash", receipt["blockHash"])
        assert socket("eth_unsubscribe", number) is True
        with pytest.raises(RpcError, match="-32000: subscription not found"):
            socket("eth_unsubscribe", number)


def test_subscription__a_block_taken_off__its_log_comes_again_removed(node: LocalNode, rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    with SocketRpc(node.port) as socket:
        socket("eth_subscribe", "logs", {"address": target})
        receipt = rpc.receipt(rpc.send(0, to=target, data=words(1, 2, 3), gas=100_000))
        rpc("anvil_reorg", 1, [])
        (_, first), (_, again) = socket.told(), socket.told()
    assert [first] == receipt["logs"]
    assert _faults(LOG, again) == []
    assert again == {**first, "removed": True}


@pytest.mark.parametrize(
    ("installed", "schema"),
    [
        (["eth_newBlockFilter"], HASH),
        (["eth_newFilter", {}], LOG),
        (["eth_newPendingTransactionFilter"], HASH),
        (["eth_newPendingTransactionFilter", True], WAITING),
    ],
    ids=str,
)
def test_filter__a_change__has_the_form_of_what_is_read(
    rpc: Rpc, installed: list[Any], schema: Schema
) -> None:
    target = rpc.deploy(EMITTER)
    number = rpc(*installed)
    tx_hash = rpc("eth_sendRawTransaction", signed(1, nonce=0, to=target, data=words(1, 2, 3), gas=100_000))
    (change,) = rpc("eth_getFilterChanges", number)
    assert _faults(schema, change) == []
    shown = change["transactionHash"] if schema is LOG else change["hash"] if schema is WAITING else change
    assert shown == (rpc.receipt(tx_hash)["blockHash"] if installed[0] == "eth_newBlockFilter" else tx_hash)
    assert rpc("eth_getFilterChanges", number) == []
