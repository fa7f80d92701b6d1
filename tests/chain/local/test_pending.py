"""The block in the making: what reads and calls see under the tag ``pending``."""

from __future__ import annotations

from typing import Any

import pytest

from settlement.chain.local.server import LocalNode
from tests.chain.local.client import EMITTER, GWEI, Rpc, RpcError, address_of, signed, words

STRANGER = "0x" + "42" * 20


@pytest.fixture
def idle(rpc: Rpc) -> Rpc:
    """A node that mines on order only, with a contract in block 1."""
    rpc.deploy(EMITTER)
    rpc("evm_setAutomine", False)
    return rpc


def _contract(rpc: Rpc) -> str:
    created = rpc("eth_getBlockByNumber", "0x1", False)["transactions"][0]
    return str(rpc.receipt(created)["contractAddress"])


def test_pending__transactions_wait__state_shows_them_and_latest_does_not(idle: Rpc) -> None:
    target = _contract(idle)
    idle.send(1, to=STRANGER, value=7)
    idle.send(0, to=target, data=words(1, 2, 3), gas=100_000)
    for block in ("pending", {"blockNumber": "pending"}):
        assert idle("eth_getBalance", STRANGER, block) == "0x7"
        assert idle("eth_getStorageAt", target, "0x0", block) != words(0)
    assert idle("eth_getBalance", STRANGER, "latest") == "0x0"
    assert idle("eth_getStorageAt", target, "0x0", "latest") == words(0)
    assert idle("eth_getTransactionCount", address_of(1), "pending") == "0x1"
    assert idle("eth_getTransactionCount", address_of(1), "latest") == "0x0"


def test_pending__block__is_what_a_mined_one_then_is(idle: Rpc) -> None:
    hashes = [idle.send(index) for index in (2, 1, 3)]
    idle.send(4, nonce=1)
    idle.send(5, maxFeePerGas=GWEI // 2, maxPriorityFeePerGas=0)
    at = int(idle("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 50
    idle("evm_setNextBlockTimestamp", at)
    shown, full = (idle("eth_getBlockByNumber", "pending", is_full) for is_full in (False, True))
    assert shown["transactions"] == hashes == [tx["hash"] for tx in full["transactions"]]
    assert idle("eth_getBlockTransactionCountByNumber", "pending") == "0x3"
    idle("evm_mine")
    mined = idle("eth_getBlockByNumber", "latest", False)
    unknown = {"hash", "nonce", "miner"}
    assert {name for name, value in shown.items() if value is None} == unknown
    assert {name: value for name, value in mined.items() if name not in unknown} == {
        name: value for name, value in shown.items() if name not in unknown
    }


def test_pending__asked_for__changes_nothing(idle: Rpc) -> None:
    before = idle("eth_getBlockByNumber", "latest", True)
    waiting = idle.send(0)
    for _ in range(3):
        idle("eth_getBlockByNumber", "pending", True)
        idle("eth_call", {"to": STRANGER}, "pending")
    assert idle("eth_getBlockByNumber", "latest", True) == before
    assert idle("eth_getTransactionReceipt", waiting) is None
    assert idle("txpool_status") == {"pending": "0x1", "queued": "0x0"}


def test_pending__a_waiting_contract_is_called__calls_and_estimates_run_on_it(idle: Rpc) -> None:
    idle("eth_sendTransaction", {"from": address_of(2), "to": STRANGER, "value": "0x5"})
    spend = {"from": STRANGER, "to": address_of(1), "value": "0x5"}
    assert idle("eth_call", spend, "pending") == "0x"
    assert idle("eth_estimateGas", spend, "pending") == "0x5208"
    with pytest.raises(Exception, match="insufficient funds"):
        idle("eth_call", spend, "latest")


def test_send_transaction__depends_on_one_that_waits__estimated_on_it(idle: Rpc) -> None:
    idle("anvil_impersonateAccount", STRANGER)
    idle("eth_sendTransaction", {"from": address_of(2), "to": STRANGER, "value": hex(10**18)})
    # Its balance is of a transaction in no block yet, so the pool, which looks at the head, is not asked.
    filled = idle("eth_fillTransaction", {"from": STRANGER, "to": address_of(1), "value": hex(10**17)})
    assert filled["tx"]["gas"] == "0x5208"


def test_pending__changes_as_the_pool_does__always_what_waits_now(idle: Rpc) -> None:
    def balance() -> Any:
        return int(idle("eth_getBalance", STRANGER, "pending"), 16)

    first = idle.send(0, to=STRANGER, value=1)
    assert balance() == 1
    idle.send(1, to=STRANGER, value=10)
    assert balance() == 11
    idle("anvil_dropTransaction", first)
    assert balance() == 10
    idle("anvil_setBalance", STRANGER, hex(100))
    assert balance() == 110
    idle("evm_mine")
    assert balance() == 110
    assert int(idle("eth_getBalance", STRANGER, "latest"), 16) == 110


def test_pending__one_is_replaced_at_once__the_one_that_waits_now_is_in_it(idle: Rpc) -> None:
    # Blocks of known times: nothing but the pool tells that there is another one.
    idle("anvil_setBlockTimestampInterval", 5)
    first = idle.send(1, nonce=0)
    assert idle("eth_getBlockByNumber", "pending", False)["transactions"] == [first]
    better = idle.send(1, nonce=0, maxFeePerGas=6 * GWEI, maxPriorityFeePerGas=2 * GWEI)
    assert idle("eth_getBlockByNumber", "pending", False)["transactions"] == [better]


def test_pending__asked_after_each_arrival__the_same_as_asked_once_at_the_end(idle: Rpc) -> None:
    target = _contract(idle)
    idle("anvil_setBlockTimestampInterval", 5)
    step_by_step: dict[str, Any] = {}
    for nonce in range(3):
        for index in (0, 3, 4):
            at = nonce + 1 if index == 0 else nonce
            idle.send(index, nonce=at, to=target, data=words(index, nonce, 3), gas=9_000_000)
            step_by_step = idle("eth_getBlockByNumber", "pending", True)
        # Fits no more once anything ran.
        idle.send(5, nonce=nonce, gas=29_990_000)
    assert len(step_by_step["transactions"]) == 9
    # Another time and back again: it is run afresh.
    idle("anvil_setBlockTimestampInterval", 6)
    assert idle("eth_getBlockByNumber", "pending", True)["timestamp"] != step_by_step["timestamp"]
    idle("anvil_setBlockTimestampInterval", 5)
    assert idle("eth_getBlockByNumber", "pending", True) == step_by_step
    idle("evm_mine")
    mined = idle("eth_getBlockByNumber", "latest", False)
    for name in ("stateRoot", "transactionsRoot", "receiptsRoot", "gasUsed", "size"):
        assert mined[name] == step_by_step[name], name
    logs = idle("eth_getLogs", {"fromBlock": "latest"})
    assert [int(log["logIndex"], 16) for log in logs] == list(range(len(mined["transactions"])))


def test_pending__nothing_waits__the_next_block_is_empty_and_the_state_the_heads(rpc: Rpc) -> None:
    rpc.send(0, to=STRANGER, value=3)
    assert rpc("eth_getBalance", STRANGER, "pending") == "0x3"
    block = rpc("eth_getBlockByNumber", "pending", True)
    assert (block["number"], block["transactions"], block["hash"]) == ("0x2", [], None)
    assert rpc("eth_getBlockTransactionCountByNumber", "pending") == "0x0"


def test_pending__while_blocks_are_mined__every_answer_is_one_of_the_states(
    node: LocalNode, rpc: Rpc
) -> None:
    futures = [
        node.node.submit(bytes.fromhex(signed(0, nonce=nonce, to=STRANGER, value=1)[2:]))
        for nonce in range(40)
    ]
    seen: list[int] = []
    while not seen or (seen[-1] < 40 and len(seen) < 10_000):
        seen.append(int(rpc("eth_getBalance", STRANGER, "pending"), 16))
    assert (seen, seen[-1]) == (sorted(seen), 40)
    assert all(future.result(timeout=20) for future in futures)


def test_pending__headers_transactions_and_receipts_by_tag__of_the_block_in_the_making(rpc: Rpc) -> None:
    rpc.send(0)
    rpc("evm_setAutomine", False)
    assert rpc("eth_getTransactionByBlockNumberAndIndex", "pending", "0x0") is None
    tx_hash = rpc.send(1)
    header = rpc("eth_getHeaderByNumber", "pending")
    assert (header["number"], header["hash"], header["miner"], header["nonce"]) == ("0x2", None, None, None)
    assert header.items() <= rpc("eth_getBlockByNumber", "pending", False).items()
    first = rpc("eth_getTransactionByBlockNumberAndIndex", "pending", "0x0")
    assert first == rpc("eth_getTransactionByHash", tx_hash)
    raw = rpc("eth_getRawTransactionByBlockNumberAndIndex", "pending", "0x0")
    assert raw == rpc("eth_getRawTransactionByHash", tx_hash)
    assert rpc("eth_getRawTransactionByBlockNumberAndIndex", "pending", "0x1") is None
    assert rpc("eth_getBlockReceipts", "pending") is None
    with pytest.raises(RpcError, match="-32602: invalid argument 1"):
        rpc("eth_getBlockByNumber", "pending", "yes")
