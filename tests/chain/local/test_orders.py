"""What testers order: time, blocks, snapshots, reorganisations, accounts."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from settlement.chain.local.server import LocalNode
from tests.chain.local.client import EMITTER, ProcessNode, Rpc, RpcError, address_of, signed, words


def _time_of(rpc: Rpc, block: str = "latest") -> int:
    return rpc.number_in(rpc("eth_getBlockByNumber", block, False), "timestamp")


def test_increase_time__killed_and_started_again__still_ahead(tmp_path: Path) -> None:
    with ProcessNode(tmp_path) as node, Rpc(node.port) as rpc:
        assert rpc("evm_increaseTime", 1_000) == 1_000
        assert rpc("evm_increaseTime", hex(500)) == 1_500
        node.kill()
    with LocalNode(tmp_path) as reopened, Rpc(reopened.port) as rpc:
        assert rpc.number("eth_blockNumber") == 0
        rpc("evm_mine")
        assert 1_495 <= _time_of(rpc) - time.time() <= 1_501


def test_increase_time__backwards__refused(rpc: Rpc) -> None:
    with pytest.raises(RpcError, match=r"-32602.*forward only"):
        rpc("evm_increaseTime", -5)
    with pytest.raises(RpcError, match="Timestamp error"):
        rpc("evm_setNextBlockTimestamp", _time_of(rpc))


def test_block_time__many_blocks_a_second__each_later_than_the_one_before(rpc: Rpc) -> None:
    for _ in range(5):
        rpc.send(0)
    times = [_time_of(rpc, hex(number)) for number in range(6)]
    assert all(later > earlier for earlier, later in pairwise(times))


def test_set_next_timestamp__then_more_blocks__time_runs_on_from_there(rpc: Rpc) -> None:
    start = _time_of(rpc)
    rpc("evm_setNextBlockTimestamp", start + 10_000)
    rpc.send(0)
    assert _time_of(rpc) == start + 10_000
    rpc.send(0)
    assert start + 10_001 <= _time_of(rpc) <= start + 10_005


def test_mine__several_with_interval__times_apart(rpc: Rpc) -> None:
    rpc("hardhat_mine", "0x3", "0x3c")
    assert rpc.number("eth_blockNumber") == 3
    assert _time_of(rpc, "0x3") - _time_of(rpc, "0x1") == 120
    at = _time_of(rpc) + 77
    assert rpc("evm_mine", at) == "0x0"
    assert _time_of(rpc) == at


@pytest.mark.parametrize("prefix", ["evm_", "anvil_", "hardhat_"])
def test_snapshot__reverted__blocks_state_and_clock_are_back(rpc: Rpc, prefix: str) -> None:
    rpc.send(0)
    number = rpc(prefix + "snapshot")
    later = rpc(prefix + "snapshot")
    rpc("evm_increaseTime", 5_000)
    tx_hash = rpc.send(0, value=9)
    assert rpc(prefix + "revert", number) is True
    assert rpc.number("eth_blockNumber") == 1
    assert rpc("eth_getTransactionReceipt", tx_hash) is None
    assert rpc.nonce(0) == 1
    rpc("evm_mine")
    assert _time_of(rpc) < time.time() + 100
    assert rpc(prefix + "revert", number) is False
    assert rpc(prefix + "revert", later) is False
    assert rpc.receipt(rpc.send(0, value=9))["status"] == "0x1"


def test_reorg__three_deep__other_hashes_and_no_receipts(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    kept = rpc.receipt(rpc.send(0, to=target, data=words(1, 2, 3), gas=100_000))
    dropped = [rpc.send(0, to=target, data=words(1, 2, 3), gas=100_000) for _ in range(3)]
    snapshot = rpc("evm_snapshot")
    before = [rpc("eth_getBlockByNumber", hex(number), False) for number in range(6)]
    rpc("anvil_reorg", 3)
    after = [rpc("eth_getBlockByNumber", hex(number), False) for number in range(6)]
    assert before[:3] == after[:3]
    for old, new in zip(before[3:], after[3:], strict=True):
        assert old["hash"] != new["hash"]
        assert old["timestamp"] == new["timestamp"]
        assert new["transactions"] == []
        assert rpc("eth_getBlockByHash", old["hash"], False) is None
    assert [new["parentHash"] for new in after[1:]] == [new["hash"] for new in after[:-1]]
    assert [rpc("eth_getTransactionReceipt", tx_hash) for tx_hash in dropped] == [None] * 3
    assert rpc("eth_getLogs", {"fromBlock": "0x0"}) == kept["logs"]
    assert rpc("evm_revert", snapshot) is False
    assert rpc.nonce(0) == 2
    once = after[5]["hash"]
    rpc("anvil_reorg", {"depth": 1})
    assert rpc("eth_getBlockByNumber", "0x5", False)["hash"] != once


def test_reorg__transactions_asked_for__come_back_elsewhere(rpc: Rpc) -> None:
    raws = [signed(0, nonce=nonce) for nonce in range(2)]
    hashes = [rpc("eth_sendRawTransaction", raw) for raw in raws]
    rpc("anvil_reorg", 2, [[raws[0], 1]])
    assert rpc.receipt(hashes[0])["blockNumber"] == "0x2"
    assert rpc("eth_getTransactionReceipt", hashes[1]) is None
    assert rpc("eth_sendRawTransaction", raws[1]) == hashes[1]
    with pytest.raises(RpcError, match=r"-32602: Reorg depth must not exceed .* current height 3, depth 9"):
        rpc("anvil_reorg", 9)


def test_set_account__by_hand__read_at_once_and_kept(node: LocalNode, rpc: Rpc) -> None:
    somebody = "0x" + "42" * 20
    rpc.send(0)
    assert rpc("anvil_setBalance", somebody, hex(10**18)) is None
    assert rpc("hardhat_setCode", somebody, "0x" + EMITTER.hex()) is None
    assert rpc("anvil_setStorageAt", somebody, "0x5", words(6)) is True
    assert rpc("hardhat_setNonce", somebody, "0x9") is None
    assert rpc.number("eth_blockNumber") == 1
    rpc.send(0)
    assert rpc.number("eth_getBalance", somebody, "latest") == 10**18
    assert rpc("eth_getCode", somebody, "latest") == "0x" + EMITTER.hex()
    assert rpc("eth_getStorageAt", somebody, "0x5", "latest") == words(6)
    assert rpc.number("eth_getTransactionCount", somebody, "latest") == 9
    assert rpc.receipt(rpc.send(1, to=somebody, data=words(1, 2, 3), gas=100_000))["logs"] != []


def test_automine__off__nothing_is_mined_until_ordered(rpc: Rpc) -> None:
    rpc("evm_setAutomine", False)
    hashes = [rpc.send(index, to=address_of(9)) for index in range(3)]
    assert rpc.number("eth_blockNumber") == 0
    assert rpc("eth_getBlockByNumber", "pending", False)["transactions"] == hashes
    rpc("evm_mine")
    assert [rpc.receipt(tx_hash)["blockNumber"] for tx_hash in hashes] == ["0x1"] * 3


def test_reorg__while_logs_are_read__each_answer_is_of_one_branch(node: LocalNode, rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    raws = [signed(0, nonce=1 + at, to=target, data=words(at, 2, 3), gas=100_000) for at in range(20)]
    for raw in raws:
        rpc("eth_sendRawTransaction", raw)
    answers: list[list[tuple[str, str]]] = []
    is_over = threading.Event()

    def read() -> None:
        with Rpc(node.port) as reader:
            while not is_over.is_set():
                logs = reader("eth_getLogs", {"fromBlock": "0x0"})
                answers.append([(log["blockNumber"], log["blockHash"]) for log in logs])

    thread = threading.Thread(target=read)
    thread.start()
    branches = []
    for _ in range(6):
        branches.append({hex(at): rpc("eth_getBlockByNumber", hex(at), False)["hash"] for at in range(22)})
        rpc("anvil_reorg", 20, [[raw, at] for at, raw in enumerate(raws)])
    branches.append({hex(at): rpc("eth_getBlockByNumber", hex(at), False)["hash"] for at in range(22)})
    is_over.set()
    thread.join()
    assert answers
    assert all(any(set(answer) <= set(branch.items()) for branch in branches) for answer in answers)
    assert {len(answer) for answer in answers} == {20}
