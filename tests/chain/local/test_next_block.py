"""What a tester orders for the blocks to come: times, gas limit, base fee, coinbase, randomness."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from settlement.chain.local.block_rules import BlockRules
from settlement.chain.local.clock import Clock
from settlement.chain.local.server import LocalNode
from tests.chain.local.client import GWEI, ProcessNode, Rpc, RpcError, init_code

SOMEBODY = "0x" + "42" * 20
WORD = "0x" + "ab" * 32
# Returns PREVRANDAO, COINBASE.
TELLER = bytes.fromhex("445f5241602052" + "60405ff3")


def _latest(rpc: Rpc) -> dict[str, Any]:
    return dict(rpc("eth_getBlockByNumber", "latest", False))


def test_set_time__ahead__the_clock_shows_it_and_runs_on(rpc: Rpc) -> None:
    at = int(time.time()) + 100_000
    assert 99_990 <= rpc("anvil_setTime", at) <= 100_000
    rpc("evm_mine")
    assert at <= int(_latest(rpc)["timestamp"], 16) <= at + 20


def test_set_time__back__blocks_still_follow_one_another(rpc: Rpc) -> None:
    before = int(_latest(rpc)["timestamp"], 16)
    assert rpc("evm_setTime", 1_000) == 0
    rpc("evm_mine")
    assert int(_latest(rpc)["timestamp"], 16) == before + 1


def test_set_next_timestamp__in_hex_as_hardhat_sends_it__taken(rpc: Rpc) -> None:
    at = int(_latest(rpc)["timestamp"], 16) + 500
    assert rpc("evm_setNextBlockTimestamp", hex(at)) is None
    rpc("anvil_mine")
    assert int(_latest(rpc)["timestamp"], 16) == at


def test_set_next_timestamp__that_of_the_head__refused(rpc: Rpc) -> None:
    head_at = int(_latest(rpc)["timestamp"], 16)
    for at in (head_at, head_at - 1, 0):
        with pytest.raises(RpcError, match=r"-32602: (Timestamp error|invalid timestamp)"):
            rpc("evm_setNextBlockTimestamp", at)
    rpc("evm_setNextBlockTimestamp", head_at + 1)


def test_time_step__set_and_removed__blocks_so_far_apart(rpc: Rpc) -> None:
    start = int(_latest(rpc)["timestamp"], 16)
    assert rpc("anvil_setBlockTimestampInterval", 1_000) is None
    rpc("evm_mine")
    rpc.send(0)
    assert int(_latest(rpc)["timestamp"], 16) == start + 2_000
    assert rpc("anvil_removeBlockTimestampInterval") is True
    assert rpc("anvil_removeBlockTimestampInterval") is False
    rpc("evm_mine")
    assert int(_latest(rpc)["timestamp"], 16) == start + 2_001


def test_increase_time__after_quick_blocks__the_next_one_is_that_much_later(rpc: Rpc) -> None:
    rpc("anvil_mine", 200)
    before = int(_latest(rpc)["timestamp"], 16)
    assert before > time.time() + 100
    assert rpc("evm_increaseTime", 86_400) >= 86_500
    rpc("evm_mine")
    assert before + 86_400 <= int(_latest(rpc)["timestamp"], 16) <= before + 86_420


def test_mine__several_with_a_step__the_step_lies_between_unless_an_interval_is_named(rpc: Rpc) -> None:
    start = int(_latest(rpc)["timestamp"], 16)
    rpc("anvil_setBlockTimestampInterval", 100)
    rpc("anvil_mine", 3)
    assert int(_latest(rpc)["timestamp"], 16) == start + 300
    rpc("anvil_mine", 3, 7)
    assert int(_latest(rpc)["timestamp"], 16) == start + 414


def test_mine__as_viem_sends_it__interval_zero_is_a_second(rpc: Rpc) -> None:
    start = int(_latest(rpc)["timestamp"], 16)
    rpc("evm_setNextBlockTimestamp", start + 10)
    assert rpc("anvil_mine", "0x3", "0x0") is None
    assert int(_latest(rpc)["timestamp"], 16) == start + 12
    assert rpc("anvil_mine", None, None) is None
    assert rpc.number("eth_blockNumber") == 4
    assert rpc("evm_mine", {"blocks": 2}) == "0x0"
    assert rpc("evm_mine", {"timestamp": hex(start + 900)}) == "0x0"
    assert int(_latest(rpc)["timestamp"], 16) == start + 900


@pytest.mark.parametrize("blocks", [-1, "zz", 1.5, True, [], "0x"])
def test_mine__no_number_of_blocks__refused_and_nothing_mined(rpc: Rpc, blocks: Any) -> None:
    for verb in ("anvil_mine", "hardhat_mine"):
        with pytest.raises(RpcError, match="-32602"):
            rpc(verb, blocks)
    with pytest.raises(RpcError, match="-32602"):
        rpc("evm_mine", {"blocks": blocks})
    assert rpc.number("eth_blockNumber") == 0


def test_mine__many_while_something_waits__mined_as_soon_as_it_can_be_and_a_gap_holds_nothing_up(
    rpc: Rpc,
) -> None:
    rpc("evm_setAutomine", False)
    gap = rpc.send(0, nonce=5)
    rpc("anvil_mine", 600)
    assert rpc.number("eth_blockNumber") == 600
    # Too little for the first block; after some empty ones the base fee is as low as that.
    cheap = rpc.send(1, maxFeePerGas=5 * GWEI)
    rpc("anvil_setNextBlockBaseFeePerGas", hex(6 * GWEI))
    rpc("anvil_mine", 20)
    mined_in = int(rpc.receipt(cheap)["blockNumber"], 16)
    assert 601 < mined_in < 620
    assert rpc.number("eth_blockNumber") == 620
    assert rpc("eth_getTransactionReceipt", gap) is None
    assert rpc("txpool_status") == {"pending": "0x0", "queued": "0x1"}


def test_set_base_fee__once__the_next_block_has_it_and_later_ones_follow(rpc: Rpc) -> None:
    assert rpc("hardhat_setNextBlockBaseFeePerGas", hex(80 * GWEI)) is None
    assert rpc("anvil_nodeInfo")["environment"]["baseFee"] == hex(80 * GWEI)
    rpc("evm_mine")
    assert _latest(rpc)["baseFeePerGas"] == hex(80 * GWEI)
    rpc("evm_mine")
    assert _latest(rpc)["baseFeePerGas"] == hex(70 * GWEI)
    assert rpc("anvil_setNextBlockBaseFeePerGas", 0) is None
    rpc("evm_mine")
    assert _latest(rpc)["baseFeePerGas"] == "0x0"


def test_set_gas_limit__larger_transactions_fit__and_smaller_limits_refuse_them(rpc: Rpc) -> None:
    with pytest.raises(RpcError, match="exceeds block gas limit"):
        rpc.send(0, gas=40_000_000)
    assert rpc("evm_setBlockGasLimit", "0x2625a00") is True
    assert rpc.receipt(rpc.send(0, gas=40_000_000))["status"] == "0x1"
    assert _latest(rpc)["gasLimit"] == "0x2625a00"
    assert rpc("anvil_setBlockGasLimit", 5_000) is True
    with pytest.raises(RpcError, match="exceeds block gas limit"):
        rpc.send(0)
    with pytest.raises(RpcError, match="-32602: invalid gas limit"):
        rpc("evm_setBlockGasLimit", 4_999)


def test_set_gas_limit__below_what_one_that_waits_asks_for__it_waits_and_others_are_mined(rpc: Rpc) -> None:
    rpc("evm_setAutomine", False)
    large, small = rpc.send(0, gas=1_000_000), rpc.send(1)
    rpc("evm_setBlockGasLimit", 500_000)
    rpc("evm_setAutomine", True)
    later = rpc.send(2)
    assert [rpc("eth_getTransactionReceipt", sent)["blockNumber"] for sent in (small, later)] == [
        "0x1",
        "0x2",
    ]
    assert rpc("eth_getTransactionReceipt", large) is None
    rpc("evm_setBlockGasLimit", 1_000_000)
    rpc("evm_mine")
    assert rpc.receipt(large)["blockNumber"] == "0x3"


def test_set_coinbase_and_randomness__contracts_see_them__randomness_once(rpc: Rpc) -> None:
    assert rpc("anvil_setCoinbase", SOMEBODY) is None
    assert rpc("hardhat_setPrevRandao", WORD) is None
    teller = {"data": "0x" + TELLER.hex()}
    assert rpc("eth_call", teller, "latest") == WORD + "00" * 12 + "42" * 20
    rpc.send(0, data=init_code(TELLER), gas=200_000)
    assert (_latest(rpc)["mixHash"], _latest(rpc)["miner"]) == (WORD, SOMEBODY)
    assert rpc.number("eth_getBalance", SOMEBODY, "latest") > 0
    rpc("evm_mine")
    assert _latest(rpc)["mixHash"] != WORD
    assert _latest(rpc)["miner"] == SOMEBODY


def test_rules__killed_before_the_next_block__still_hold(tmp_path: Path) -> None:
    with ProcessNode(tmp_path) as node, Rpc(node.port) as rpc:
        rpc("anvil_setCoinbase", SOMEBODY)
        rpc("anvil_setNextBlockBaseFeePerGas", hex(7 * GWEI))
        rpc("evm_setBlockGasLimit", 60_000_000)
        rpc("anvil_setBlockTimestampInterval", 77)
        node.kill()
    with LocalNode(tmp_path) as reopened, Rpc(reopened.port) as rpc:
        start = int(_latest(rpc)["timestamp"], 16)
        rpc.send(0, gas=50_000_000, maxFeePerGas=9 * GWEI)
        block = _latest(rpc)
        assert (block["miner"], block["baseFeePerGas"]) == (SOMEBODY, hex(7 * GWEI))
        assert (block["gasLimit"], int(block["timestamp"], 16)) == (hex(60_000_000), start + 77)


@pytest.mark.parametrize(
    "rules",
    [
        BlockRules(),
        BlockRules(gas_limit=5_000, base_fee=0),
        BlockRules(coinbase=b"\1" * 20, randomness=bytes(31) + b"\1", base_fee=1),
    ],
)
def test_rules__stored_and_read__the_same(rules: BlockRules) -> None:
    assert BlockRules.decode(rules.encode()) == rules


@pytest.mark.parametrize("clock", [Clock(), Clock(-5, 10, 15), Clock(2**40, None, 1), Clock(1, 2**40, None)])
def test_clock__stored_and_read__the_same(clock: Clock) -> None:
    assert Clock.decode(clock.encode()) == clock


@pytest.mark.parametrize(
    ("verb", "params", "words"),
    [
        ("anvil_setMinGasPrice", ["0x1"], "not supported when EIP-1559 is active"),
        ("anvil_setChainId", [1], "this chain is 31337 for good"),
        ("anvil_setCoinbase", ["0x1"], "invalid address"),
        ("hardhat_setPrevRandao", ["0x1"], "invalid randomness"),
        ("anvil_setNextBlockBaseFeePerGas", [-1], "invalid base fee"),
        ("anvil_setBlockTimestampInterval", [0], "invalid interval"),
        ("anvil_setTime", ["tomorrow"], "invalid timestamp"),
    ],
)
def test_next_block__wrong_wish__refused_with_a_reason(
    rpc: Rpc, verb: str, params: list[Any], words: str
) -> None:
    with pytest.raises(RpcError, match=f"-32602: .*{words}"):
        rpc(verb, *params)
    assert rpc("anvil_setChainId", 31_337) is None
