"""Taking blocks off: rollback, reset, and what the node tells of its snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from settlement.chain.local.server import LocalNode
from tests.chain.local.client import EMITTER, Rpc, RpcError, address_of, signed
from tests.chain.local.folder import faults_of

SOMEBODY = "0x" + "42" * 20


def test_snapshot__numbers__count_from_zero_and_are_never_given_twice(rpc: Rpc) -> None:
    assert [rpc("evm_snapshot"), rpc("anvil_snapshot")] == ["0x0", "0x1"]
    assert rpc("anvil_metadata")["snapshots"].keys() == {"0x0", "0x1"}
    assert rpc("evm_revert", "0x0") is True
    assert rpc("anvil_metadata")["snapshots"] == {}
    assert rpc("evm_snapshot") == "0x2"
    assert rpc("evm_revert", "0x1") is False


def test_revert__transactions_waited_at_the_snapshot__they_wait_again_and_later_ones_are_gone(
    rpc: Rpc,
) -> None:
    rpc("evm_setAutomine", False)
    early = rpc.send(0, nonce=0)
    rpc("anvil_setBalance", SOMEBODY, hex(10**18))
    rpc("anvil_impersonateAccount", SOMEBODY)
    unsigned = rpc("eth_sendTransaction", {"from": SOMEBODY, "to": address_of(1)})
    before = rpc("evm_snapshot")
    late = rpc.send(1)
    rpc("evm_mine")
    assert rpc("txpool_status") == {"pending": "0x0", "queued": "0x0"}
    assert rpc("evm_revert", before) is True
    assert rpc("txpool_status") == {"pending": "0x2", "queued": "0x0"}
    assert rpc("eth_getTransactionByHash", late) is None
    rpc("evm_mine")
    assert rpc.receipt(early)["blockNumber"] == "0x1"
    assert rpc.receipt(unsigned)["from"] == SOMEBODY


def test_revert__rules_for_blocks_changed_meanwhile__are_back(rpc: Rpc) -> None:
    rpc("anvil_setNextBlockBaseFeePerGas", "0x7")
    before = rpc("evm_snapshot")
    rpc("anvil_setCoinbase", SOMEBODY)
    rpc("evm_setBlockGasLimit", 6_000)
    rpc("evm_mine")
    rpc("evm_revert", before)
    rpc.receipt(rpc.send(0))
    block = rpc("eth_getBlockByNumber", "0x1", False)
    assert (block["baseFeePerGas"], block["miner"]) == ("0x7", "0x" + "00" * 20)
    assert block["gasLimit"] == hex(30_000_000)


@pytest.mark.parametrize("number", ["0xzz", -1, None, {}, "0x" + "f" * 17])
def test_revert__no_snapshots_number__refused(rpc: Rpc, number: Any) -> None:
    with pytest.raises(RpcError, match="-32602"):
        rpc("evm_revert", number)


def test_rollback__two_deep__state_and_head_are_back_and_waiting_ones_stay(rpc: Rpc) -> None:
    hashes = [rpc.send(0, value=1) for _ in range(3)]
    before = rpc("eth_getBlockByNumber", "0x1", True)
    waiting = rpc.send(1, nonce=5)
    assert rpc("anvil_rollback", 2) is None
    assert rpc("eth_getBlockByNumber", "latest", True) == before
    assert rpc.number("eth_getBalance", address_of(1), "latest") == 10_000 * 10**18 + 1
    assert rpc("eth_getTransactionByHash", hashes[2]) is None
    assert rpc("eth_getTransactionByHash", waiting)["blockHash"] is None
    assert rpc("anvil_rollback") is None
    assert rpc.number("eth_blockNumber") == 0
    assert rpc.receipt(rpc.send(0))["blockNumber"] == "0x1"


def test_rollback__deeper_than_the_chain__refused_and_nothing_taken(rpc: Rpc) -> None:
    rpc("anvil_mine", 2)
    with pytest.raises(
        RpcError, match=r"-32602: Rollback depth must not exceed .* current height 2, depth 3"
    ):
        rpc("anvil_rollback", 3)
    assert rpc.number("eth_blockNumber") == 2
    assert rpc("anvil_rollback", "0x2") is None
    assert rpc.number("eth_blockNumber") == 0


def test_reorg__transaction_that_no_pool_would_take__refused_before_anything_is_taken(rpc: Rpc) -> None:
    rpc("anvil_mine", 2)
    head = rpc("eth_getBlockByNumber", "latest", False)["hash"]
    too_little = signed(0, nonce=0, gas=20_999)
    for pairs in ([[too_little, 0]], [["0x12", 0]], [[signed(0, nonce=0), 2]], [["0x12"]], "0x12"):
        with pytest.raises(RpcError):
            rpc("anvil_reorg", 2, pairs)
    assert rpc("eth_getBlockByNumber", "latest", False)["hash"] == head
    assert rpc("anvil_reorg", 2, [[signed(0, nonce=0), 1]]) is None
    assert len(rpc("eth_getBlockByNumber", "latest", False)["transactions"]) == 1


def test_reorg__takes_in_what_waits__it_waits_no_longer(tmp_path: Path) -> None:
    with LocalNode(tmp_path) as node, Rpc(node.port) as rpc:
        rpc("anvil_mine", 2)
        rpc("evm_setAutomine", False)
        taken, other = signed(0, nonce=0), signed(1, nonce=0, value=2)
        rpc("eth_sendRawTransaction", taken)
        # Another of the same sender and nonce waits, and never can be mined.
        rpc.send(1, nonce=0)
        left = rpc.send(2, nonce=0)
        rpc("anvil_reorg", 2, [[taken, 0], [other, 1]])
        assert rpc("txpool_status") == {"pending": "0x1", "queued": "0x0"}
        rpc("evm_mine")
        assert rpc("txpool_status") == {"pending": "0x0", "queued": "0x0"}
        assert rpc("eth_getBlockByNumber", "latest", False)["transactions"] == [left]
    assert faults_of(tmp_path) == []


def test_set_nonce__back_to_that_of_a_mined_transaction__the_same_one_is_known_and_stays_found(
    tmp_path: Path,
) -> None:
    with LocalNode(tmp_path) as node, Rpc(node.port) as rpc:
        raw = signed(0, nonce=0)
        mined = rpc("eth_sendRawTransaction", raw)
        with pytest.raises(RpcError, match="nonce too low"):
            rpc("eth_sendRawTransaction", raw)
        rpc("anvil_setNonce", address_of(0), "0x0")
        with pytest.raises(RpcError, match="already known"):
            rpc("eth_sendRawTransaction", raw)
        other = rpc.send(0, nonce=0, value=2)
        rpc("anvil_rollback", 1)
        assert rpc("eth_getTransactionByHash", other) is None
        rpc("anvil_setNonce", address_of(0), "0x0")
        rpc("anvil_mine", 1)
        rpc("anvil_reorg", 1, [[raw, 0]])
        assert rpc.receipt(mined)["blockNumber"] == "0x1"
        rpc("anvil_rollback", 1)
        # Taken off, it is free to come again.
        rpc("anvil_rollback", 1)
        assert rpc("eth_sendRawTransaction", raw) == mined
    assert faults_of(tmp_path) == []


def test_reset__after_everything__genesis_as_it_was_made(rpc: Rpc) -> None:
    genesis = rpc("eth_getBlockByNumber", "0x0", True)
    rpc("anvil_setBalance", SOMEBODY, "0x1")
    rpc("anvil_setCoinbase", SOMEBODY)
    rpc("evm_increaseTime", 10_000)
    first = rpc("evm_snapshot")
    mined, waiting = rpc.send(0), rpc.send(0, nonce=7)
    assert rpc("anvil_reset") is None
    assert rpc("eth_getBlockByNumber", "latest", True) == genesis
    assert rpc.number("eth_getBalance", SOMEBODY, "latest") == 0
    assert rpc.number("eth_getBalance", address_of(0), "latest") == 10_000 * 10**18
    assert rpc("eth_getTransactionByHash", mined) is None
    assert rpc("eth_getTransactionByHash", waiting) is None
    assert rpc("evm_revert", first) is False
    assert rpc("evm_snapshot") == "0x0"
    rpc.send(0)
    block = rpc("eth_getBlockByNumber", "latest", False)
    assert int(block["timestamp"], 16) < int(genesis["timestamp"], 16) + 5_000
    assert block["miner"] != SOMEBODY


def test_reset__of_a_large_chain__its_room_is_used_again(tmp_path: Path) -> None:
    size = 0
    for turn in range(4):
        with LocalNode(tmp_path) as node, Rpc(node.port) as rpc:
            rpc.deploy(EMITTER)
            for at in range(5):
                rpc("anvil_setCode", SOMEBODY, f"0x{turn:02x}{at:02x}" + "fe" * 500_000)
            rpc("anvil_mine", "0x400")
            waiting = rpc.send(1, nonce=9)
            rpc("anvil_reset")
            assert rpc("eth_getTransactionByHash", waiting) is None
            assert rpc.number("eth_blockNumber") == 0
            assert rpc("eth_getCode", SOMEBODY, "latest") == "0x"
        assert faults_of(tmp_path) == []
        size = size or (tmp_path / "data.mdb").stat().st_size
    assert (tmp_path / "data.mdb").stat().st_size <= size * 1.2


def test_snapshots__of_blocks_taken_off__forgotten_and_the_others_kept(rpc: Rpc) -> None:
    kept = rpc("evm_snapshot")
    rpc("anvil_mine", "0x4")
    rpc("evm_snapshot")
    rpc("anvil_reorg", 2)
    assert list(rpc("anvil_metadata")["snapshots"]) == [kept]
    again = rpc("evm_snapshot")
    rpc("anvil_rollback", 1)
    assert list(rpc("anvil_metadata")["snapshots"]) == [kept]
    assert rpc("evm_revert", again) is False
    assert rpc("evm_revert", kept) is True
    assert rpc.number("eth_blockNumber") == 0


def test_reset__options_as_viem_sends_them__taken_and_a_fork_refused(rpc: Rpc) -> None:
    rpc("evm_mine")
    with pytest.raises(RpcError, match="-32602: forking is not supported"):
        rpc("hardhat_reset", {"forking": {"jsonRpcUrl": "http://127.0.0.1:1", "blockNumber": 3}})
    with pytest.raises(RpcError, match="-32602: invalid options"):
        rpc("hardhat_reset", "now")
    assert rpc.number("eth_blockNumber") == 1
    assert rpc("anvil_reset", {"forking": {"blockNumber": None}}) is None
    assert rpc.number("eth_blockNumber") == 0


def test_node_info__after_a_block__tells_the_head_and_what_follows(rpc: Rpc) -> None:
    rpc.send(0)
    head = rpc("eth_getBlockByNumber", "latest", False)
    told = rpc("anvil_nodeInfo")
    assert told["currentBlockNumber"] == "0x1"
    assert told["currentBlockHash"] == rpc("anvil_metadata")["latestBlockHash"] == head["hash"]
    assert told["currentBlockTimestamp"] == int(head["timestamp"], 16)
    assert told["environment"]["chainId"] == 31_337
    assert told["environment"]["gasLimit"] == head["gasLimit"]
    assert told["forkConfig"] == {"forkUrl": None, "forkBlockNumber": None, "forkRetryBackoff": None}
