"""web3.py over a WebSocket, as it comes, is told of heads, logs and transactions; on anvil the same tests pass."""

from __future__ import annotations

import asyncio
from typing import Any

from web3 import AsyncWeb3, WebSocketProvider

from settlement.chain.local.server import LocalNode
from tests.chain.local.anvil import AnyNode
from tests.chain.local.client import EMITTER, Rpc, init_code
from tests.chain.local.test_web3 import NOTED, SENDER, note


async def _sent(web3: AsyncWeb3[Any], **fields: Any) -> Any:
    transaction: Any = {"from": SENDER.address, "gas": 1_000_000, **fields}
    return await web3.eth.wait_for_transaction_receipt(
        await web3.eth.send_transaction(transaction), poll_latency=0.01
    )


async def _heard(web3: AsyncWeb3[Any], wanted: int) -> dict[str, list[Any]]:
    """The first ``wanted`` notifications, by subscription."""
    heard: dict[str, list[Any]] = {}
    async for message in web3.socket.process_subscriptions():
        heard.setdefault(message["subscription"], []).append(message["result"])
        wanted -= 1
        if not wanted:
            break
    return heard


def test_web3__subscribed_over_a_socket__hears_of_all_three(any_node: AnyNode) -> None:
    async def play() -> None:
        async with AsyncWeb3(WebSocketProvider(f"ws://127.0.0.1:{any_node.port}")) as web3:
            deployed = await _sent(web3, data=init_code(EMITTER))
            address = deployed["contractAddress"]
            heads = await web3.eth.subscribe("newHeads")
            logs = await web3.eth.subscribe("logs", {"address": address, "topics": [NOTED]})
            pending = await web3.eth.subscribe("newPendingTransactions")
            receipt = await _sent(web3, to=address, data=note(7, 42))
            heard = await asyncio.wait_for(_heard(web3, 3), 20)
            assert [head["hash"] for head in heard[heads]] == [receipt["blockHash"]]
            assert [log["topics"][1] for log in heard[logs]] == [(7).to_bytes(32, "big")]
            assert heard[pending] == [receipt["transactionHash"]]
            for subscription in (heads, logs, pending):
                assert await web3.eth.unsubscribe(subscription)
            assert await web3.eth.block_number == receipt["blockNumber"]

    asyncio.run(play())


def test_web3__blocks_taken_off__their_logs_come_again_as_removed(node: LocalNode) -> None:
    # As on geth; anvil says nothing of what it takes off.
    async def play() -> None:
        async with AsyncWeb3(WebSocketProvider(f"ws://127.0.0.1:{node.port}")) as web3:
            address = (await _sent(web3, data=init_code(EMITTER)))["contractAddress"]
            await web3.eth.subscribe("logs", {"address": address})
            receipt = await _sent(web3, to=address, data=note(7, 42))
            with Rpc(node.port) as rpc:
                await asyncio.to_thread(rpc, "anvil_reorg", 1, [])
            (told,) = (await asyncio.wait_for(_heard(web3, 2), 20)).values()
            assert [log["removed"] for log in told] == [False, True]
            assert {log["transactionHash"] for log in told} == {receipt["transactionHash"]}

    asyncio.run(play())
