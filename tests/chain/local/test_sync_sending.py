"""eth_sendRawTransactionSync: the receipt as soon as there is one, or in time the hash."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hanse.waiting import wait_for
from settlement.chain.local.formats.hashing import keccak
from settlement.chain.local.mining import Mining
from settlement.chain.local.server import LocalNode
from tests.chain.local.client import EMITTER, ProcessNode, Rpc, RpcError, address_of, signed, words
from tests.chain.local.web_socket_client import SocketRpc

METHOD = "eth_sendRawTransactionSync"


@pytest.fixture
def by_order(tmp_path: Path) -> Iterator[LocalNode]:
    """A node that mines on order only."""
    with LocalNode(tmp_path / "chain", mining=Mining(is_automatic=False)) as node:
        yield node


def hash_of(raw: str) -> str:
    return "0x" + keccak(bytes.fromhex(raw[2:])).hex()


def test_sync__mined_at_once__is_the_receipt(rpc: Rpc) -> None:
    raw = signed(0, nonce=0)
    receipt = rpc(METHOD, raw)
    assert receipt["transactionHash"] == hash_of(raw)
    assert receipt == rpc.receipt(hash_of(raw))


def test_sync__reverts__is_a_receipt_too(rpc: Rpc) -> None:
    contract = rpc.deploy(EMITTER)
    assert rpc(METHOD, signed(1, nonce=0, to=contract, gas=100_000))["status"] == "0x0"
    noted = rpc(METHOD, signed(1, nonce=1, to=contract, data=words(5, 7, 9), gas=200_000))
    assert (noted["status"], len(noted["logs"])) == ("0x1", 1)


@pytest.mark.parametrize("wait", [1, "1", "0x1"])
def test_sync__not_mined_in_time__error_4_with_the_hash_and_it_waits_on(
    by_order: LocalNode, wait: Any
) -> None:
    raw = signed(0, nonce=0)
    with Rpc(by_order.port) as rpc:
        with pytest.raises(RpcError, match=r"4: .*wasn't processed in 0\.001s") as refused:
            rpc(METHOD, raw, wait)
        assert (refused.value.code, refused.value.data) == (4, hash_of(raw))
        assert rpc("txpool_status")["pending"] == "0x1"
        rpc("evm_mine")
        assert rpc.receipt(hash_of(raw))["status"] == "0x1"


def test_sync__mined_by_order_meanwhile__every_waiter_gets_its_own_receipt(by_order: LocalNode) -> None:
    raws = [signed(index, nonce=0) for index in range(5)]
    found: dict[str, Any] = {}

    def send(raw: str) -> None:
        with Rpc(by_order.port) as rpc:
            found[raw] = rpc(METHOD, raw, 30_000)

    threads = [threading.Thread(target=send, args=(raw,)) for raw in raws]
    for thread in threads:
        thread.start()
    with Rpc(by_order.port) as rpc:
        wait_for(lambda: rpc("txpool_status")["pending"] == "0x5" or None, "five waiting")
        assert found == {}
        rpc("evm_mine")
        for thread in threads:
            thread.join(timeout=20)
        assert found == {raw: rpc.receipt(hash_of(raw)) for raw in raws}


def test_sync__behind_a_gap__answered_when_the_gap_is_filled(rpc: Rpc, node: LocalNode) -> None:
    found: list[Any] = []

    def send() -> None:
        with Rpc(node.port) as other:
            found.append(other(METHOD, signed(0, nonce=1)))

    thread = threading.Thread(target=send)
    thread.start()
    wait_for(lambda: rpc("txpool_status")["queued"] == "0x1" or None, "one behind a gap")
    first = rpc(METHOD, signed(0, nonce=0))
    thread.join(timeout=20)
    assert [one["blockNumber"] for one in found] == [first["blockNumber"]]


def test_sync__by_web_socket__what_the_same_client_asks_meanwhile_is_answered(by_order: LocalNode) -> None:
    raw = signed(0, nonce=0)
    with SocketRpc(by_order.port) as rpc:
        waiting = {"jsonrpc": "2.0", "id": "waits", "method": METHOD, "params": [raw, 30_000]}
        rpc.connection.send(json.dumps(waiting))
        wait_for(lambda: rpc("txpool_status")["pending"] == "0x1" or None, "one waiting")
        rpc.connection.send(json.dumps({"jsonrpc": "2.0", "id": "mines", "method": "evm_mine"}))
        answers = {answer["id"]: answer["result"] for answer in (rpc.receive(), rpc.receive())}
    assert answers["waits"]["transactionHash"] == hash_of(raw)
    assert answers["mines"] == "0x0"


@pytest.mark.parametrize(
    ("params", "code", "words_of_it"),
    [
        ((), -32602, "missing value"),
        (("0x1234",), -32000, "transaction type not supported"),
        (("raw",), -32602, "invalid transaction"),
        ((signed(0, nonce=0), "soon"), -32602, "invalid timeout"),
        ((signed(0, nonce=0), 1, 2), -32602, "too many arguments"),
        ((signed(0, nonce=0, value=10**30),), -32000, "insufficient funds"),
    ],
)
def test_sync__refused__as_sending_is(rpc: Rpc, params: tuple[Any, ...], code: int, words_of_it: str) -> None:
    with pytest.raises(RpcError) as refused:
        rpc(METHOD, *params)
    assert refused.value.code == code
    assert words_of_it in refused.value.message
    assert rpc.nonce(0) == 0


def test_sync__known_already__refused_and_the_first_is_answered(by_order: LocalNode) -> None:
    raw = signed(0, nonce=0)
    with Rpc(by_order.port) as first, Rpc(by_order.port) as rpc:
        request = {"jsonrpc": "2.0", "id": 1, "method": METHOD, "params": [raw, 30_000]}
        first.connection.request("POST", "/", json.dumps(request), {"Content-Type": "application/json"})
        wait_for(lambda: rpc("txpool_status")["pending"] == "0x1" or None, "one waiting")
        with pytest.raises(RpcError, match="already known"):
            rpc(METHOD, raw, 1)
        rpc("evm_mine")
        answer = json.loads(first.connection.getresponse().read())
        assert answer["result"]["transactionHash"] == hash_of(raw)


def test_sync__the_node_is_stopped_meanwhile__it_ends_at_once(tmp_path: Path) -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": METHOD, "params": [signed(0, nonce=0), 60_000]}
    with ProcessNode(tmp_path / "chain", "--no-mining") as node, Rpc(node.port) as first:
        first.connection.request("POST", "/", json.dumps(request), {"Content-Type": "application/json"})
        with Rpc(node.port) as rpc:
            wait_for(lambda: rpc("txpool_status")["pending"] == "0x1" or None, "one waiting")
        # It fails when the process has not ended after 20 seconds.
        assert node.terminate() == 0


def test_request_accounts__as_accounts(rpc: Rpc) -> None:
    assert rpc("eth_requestAccounts") == rpc("eth_accounts")
    assert rpc("eth_requestAccounts")[0] == address_of(0).lower()
