"""``eth_subscribe`` over a real WebSocket: heads, logs that come and go, transactions, and who is told of what."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from web3 import AsyncWeb3, WebSocketProvider
from websockets.frames import Opcode

from settlement.chain.local.rpc.subscriptions import MOST_SUBSCRIPTIONS
from settlement.chain.local.server import LocalNode
from settlement.chain.local.wire.web_socket import MOST_UNREAD_BYTES
from tests.chain.local.client import EMITTER, FEES, Rpc, RpcError, address_of, signed, words
from tests.chain.local.web_socket_client import SocketRpc, frame, raw_socket

TOPIC, OTHER_TOPIC = ("0x" + f"{number:064x}" for number in (7, 8))


@pytest.fixture
def client(node: LocalNode) -> Iterator[SocketRpc]:
    """A WebSocket to the node."""
    with SocketRpc(node.port) as opened:
        yield opened


def _emit(rpc: Rpc, contract: str, topic: int = 7) -> str:
    return rpc.send(1, to=contract, data=words(5, topic, 9), gas=200_000)


def test_new_heads__a_block_mined__its_header_without_its_transactions(client: SocketRpc, rpc: Rpc) -> None:
    number = client("eth_subscribe", "newHeads")
    assert re.fullmatch("0x[1-9a-f][0-9a-f]{20,31}", number), (
        "128 random bits without leading zeros, as geth's"
    )
    rpc.send(0)
    told_by, head = client.told()
    block = rpc("eth_getBlockByNumber", "latest", False)
    assert told_by == number
    assert head == {
        name: value
        for name, value in block.items()
        if name not in ("transactions", "uncles", "withdrawals", "size")
    }
    rpc("anvil_mine", "0x3")
    assert [int(client.told()[1]["number"], 16) for _ in range(3)] == [2, 3, 4]
    assert client.told_nothing_more()


def test_logs__match_and_no_match__as_eth_get_logs_gives_them(client: SocketRpc, rpc: Rpc) -> None:
    contract, other = rpc.deploy(EMITTER), rpc.deploy(EMITTER)
    subscribed = {
        "all": client("eth_subscribe", "logs", {}),
        "address": client("eth_subscribe", "logs", {"address": contract}),
        "topics": client(
            "eth_subscribe", "logs", {"address": [contract, other], "topics": [[TOPIC, OTHER_TOPIC]]}
        ),
        "none": client("eth_subscribe", "logs", {"topics": [None, TOPIC]}),
        "later": client("eth_subscribe", "logs", {"fromBlock": "0x99"}),
    }
    _emit(rpc, contract)
    _emit(rpc, other, topic=8)
    first, second = rpc("eth_getLogs", {"fromBlock": "0x0"})
    told: dict[str, list[Any]] = {number: [] for number in subscribed.values()}
    for _ in range(5):
        number, log = client.told()
        told[number].append(log)
    assert told == {
        subscribed["all"]: [first, second],
        subscribed["address"]: [first],
        subscribed["topics"]: [first, second],
        subscribed["none"]: [],
        subscribed["later"]: [],
    }
    assert client.told_nothing_more()


def test_logs__blocks_taken_off_and_mined_again__removed_newest_first_then_new(
    client: SocketRpc, rpc: Rpc
) -> None:
    contract = rpc.deploy(EMITTER)
    first, second = _emit(rpc, contract), _emit(rpc, contract)
    raw = rpc("eth_getRawTransactionByHash", first)
    logs = rpc("eth_getLogs", {"fromBlock": "0x0", "address": contract})
    client("eth_subscribe", "logs", {"address": contract})
    rpc("anvil_reorg", 2, [[raw, 1]])
    told = [client.told()[1] for _ in range(3)]
    assert told[:2] == [{**log, "removed": True} for log in reversed(logs)]
    assert [log["transactionHash"] for log in told] == [second, first, first]
    assert told[2] == rpc("eth_getLogs", {"fromBlock": "0x0", "address": contract})[0]
    assert (told[2]["removed"], told[2]["blockNumber"]) == (False, "0x3")
    assert client.told_nothing_more()


def test_logs__reverted_to_a_snapshot__told_as_removed(client: SocketRpc, rpc: Rpc) -> None:
    contract = rpc.deploy(EMITTER)
    mark = rpc("evm_snapshot")
    _emit(rpc, contract)
    (log,) = rpc("eth_getLogs", {"fromBlock": "0x0", "address": contract})
    client("eth_subscribe", "logs", {"address": contract})
    assert rpc("evm_revert", mark)
    assert client.told()[1] == {**log, "removed": True}
    assert rpc("eth_getLogs", {"fromBlock": "0x0"}) == []
    assert client.told_nothing_more()


def test_new_pending_transactions__hash_or_whole__told_before_the_block(client: SocketRpc, rpc: Rpc) -> None:
    hashes = client("eth_subscribe", "newPendingTransactions")
    whole = client("eth_subscribe", "newPendingTransactions", True)
    heads = client("eth_subscribe", "newHeads")
    tx_hash = rpc.send(0)
    told = [client.told() for _ in range(3)]
    assert {number for number, _ in told[:2]} == {hashes, whole}
    by_number = dict(told)
    assert by_number[hashes] == tx_hash
    mined = rpc("eth_getTransactionByHash", tx_hash)
    assert by_number[whole]["hash"] == tx_hash
    assert (by_number[whole]["blockHash"], by_number[whole]["transactionIndex"]) == (None, None)
    assert set(by_number[whole]) == set(mined)
    assert by_number[heads]["hash"] == mined["blockHash"]
    with pytest.raises(RpcError):
        rpc("eth_sendRawTransaction", signed(0, nonce=0))
    assert client.told_nothing_more()


def test_syncing__accepted__never_told(client: SocketRpc, rpc: Rpc) -> None:
    client("eth_subscribe", "syncing")
    rpc("anvil_mine", "0x2")
    assert client.told_nothing_more()


@pytest.mark.parametrize(
    ("params", "code", "words_"),
    [
        ([], -32_602, "missing value for required argument 0"),
        ([7], -32_602, "expected subscription name as first argument"),
        (["newBlocks"], -32_601, 'no "newBlocks" subscription in eth namespace'),
        (["newHeads", {}], -32_602, "too many arguments"),
        (["logs", []], -32_602, "invalid filter"),
        (["logs", {"address": "0x12"}], -32_602, "invalid address"),
        (["logs", {"topics": [TOPIC] * 5}], -32_602, "exceed max topics"),
        (["logs", {"fromBlock": "0x2", "toBlock": "0x1"}], -32_602, "invalid block range params"),
        (["newPendingTransactions", 1], -32_602, "expected true for whole transactions"),
    ],
)
def test_subscribe__what_cannot_be__refused(
    client: SocketRpc, params: list[Any], code: int, words_: str
) -> None:
    with pytest.raises(RpcError) as caught:
        client("eth_subscribe", *params)
    assert caught.value.code == code
    assert words_ in caught.value.message


def test_subscribe__over_http__told_to_connect_by_web_socket(rpc: Rpc) -> None:
    for method, params in (("eth_subscribe", ["newHeads"]), ("eth_unsubscribe", ["0x1"])):
        with pytest.raises(RpcError) as caught:
            rpc(method, *params)
        assert (caught.value.code, caught.value.message) == (
            -32_601,
            "notifications not supported: connect by WebSocket",
        )


def test_unsubscribe__own_subscription__told_no_more_and_only_once(
    node: LocalNode, client: SocketRpc, rpc: Rpc
) -> None:
    kept, ended = client("eth_subscribe", "newHeads"), client("eth_subscribe", "newHeads")
    with SocketRpc(node.port) as stranger, pytest.raises(RpcError, match="subscription not found"):
        stranger("eth_unsubscribe", ended)
    assert client("eth_unsubscribe", ended) is True
    with pytest.raises(RpcError, match="-32000: subscription not found"):
        client("eth_unsubscribe", ended)
    rpc("anvil_mine", "0x1")
    assert client.told()[0] == kept
    assert client.told_nothing_more()


def test_subscribe__in_a_batch_that_mines__the_answer_comes_before_what_is_told(client: SocketRpc) -> None:
    batch = [
        {"id": 1, "method": "eth_subscribe", "params": ["newHeads"]},
        {"id": 2, "method": "anvil_mine", "params": ["0x2"]},
    ]
    client.connection.send(json.dumps(batch))
    answers = client.receive()
    assert [answer["id"] for answer in answers] == [1, 2]
    told = [client.told() for _ in range(2)]
    assert [(number, head["number"]) for number, head in told] == [
        (answers[0]["result"], "0x1"),
        (answers[0]["result"], "0x2"),
    ]


def test_subscribe__at_the_bound_and_one_past_it__served_and_refused(client: SocketRpc) -> None:
    numbers = {client("eth_subscribe", "syncing") for _ in range(MOST_SUBSCRIPTIONS)}
    assert len(numbers) == MOST_SUBSCRIPTIONS
    with pytest.raises(RpcError, match="-32005: too many subscriptions"):
        client("eth_subscribe", "syncing")
    client("eth_unsubscribe", numbers.pop())
    assert client("eth_subscribe", "syncing")


def test_subscribe__connection_lost__its_subscriptions_go_and_others_stay(
    node: LocalNode, client: SocketRpc, rpc: Rpc
) -> None:
    client("eth_subscribe", "newHeads")
    for _ in range(10):
        with SocketRpc(node.port) as leaving:
            leaving("eth_subscribe", "newHeads")
            leaving.connection.socket.close()
            # Its own closing handshake has nobody to talk to any more.
            leaving.connection.close_socket()
    rpc("anvil_mine", "0x2")
    assert [client.told()[1]["number"] for _ in range(2)] == ["0x1", "0x2"]


def test_subscribe__client_that_never_reads__let_go_and_others_are_told_all(
    node: LocalNode, client: SocketRpc, rpc: Rpc
) -> None:
    """A hundred subscriptions to whole transactions of 120 kB: a few are more than may lie unread."""
    payload = "0x" + "00" * 120_000
    told_of_each = 100 * 2 * 120_000
    count = 2 + -(-MOST_UNREAD_BYTES // told_of_each)
    subscribed = client("eth_subscribe", "newPendingTransactions")
    with raw_socket(node.port) as slow:
        for number in range(100):
            ask = {"id": number, "method": "eth_subscribe", "params": ["newPendingTransactions", True]}
            slow.sendall(frame(Opcode.TEXT, json.dumps(ask).encode()))
            assert b"0x" in slow.recv(4_096)
        for nonce in range(count):
            raw = signed(0, nonce=nonce, to=address_of(0), data=payload, gas=5_000_000)
            tx_hash = rpc("eth_sendRawTransaction", raw)
            assert client.told() == (subscribed, tx_hash)
        received = 0
        while got := slow.recv(1 << 20):
            received += len(got)
    assert received < count * told_of_each
    assert client("eth_chainId") == "0x7a69"


def test_web3__persistent_connection__tells_heads_and_logs(node: LocalNode, rpc: Rpc) -> None:
    contract = rpc.deploy(EMITTER)

    async def listen() -> list[Any]:
        async with AsyncWeb3(WebSocketProvider(f"ws://127.0.0.1:{node.port}")) as web3:
            await web3.eth.subscribe("newHeads")
            await web3.eth.subscribe("logs", {"address": web3.to_checksum_address(contract)})
            sender = web3.to_checksum_address(address_of(1))
            raw = signed(1, nonce=await web3.eth.get_transaction_count(sender), to=contract, **_EMIT)
            await web3.eth.send_raw_transaction(raw)
            told: list[Any] = []
            async for message in web3.socket.process_subscriptions():
                told.append(message["result"])
                if len(told) == 2:
                    break
            return told

    head, log = asyncio.run(listen())
    assert (head["number"], log["blockNumber"]) == (2, 2)
    assert bytes(log["topics"][0]).hex() == TOPIC[2:]


_EMIT: dict[str, Any] = {"data": words(5, 7, 9), "gas": 200_000, **FEES}
