"""When blocks are mined: at once, by a timer, by order only."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from settlement.chain.local.mining import MOST_INTERVAL_S, Mining, Ticker
from settlement.chain.local.server import LocalNode
from tests.chain.local.client import Rpc, RpcError, signed


def _wait_for_block(rpc: Rpc, number: int) -> None:
    until = time.monotonic() + 30
    while rpc.number("eth_blockNumber") < number:
        assert time.monotonic() < until, f"block {number} never came"


def test_mining__by_timer__blocks_come_by_themselves_and_take_what_waits(tmp_path: Path) -> None:
    mining = Mining(is_automatic=False, interval_s=1)
    with LocalNode(tmp_path, mining=mining) as node, Rpc(node.port) as rpc:
        tx_hash = rpc.send(0)
        assert rpc("eth_getTransactionReceipt", tx_hash) is None
        _wait_for_block(rpc, 2)
        assert rpc.receipt(tx_hash)["blockNumber"] == "0x1"
        assert rpc("eth_getBlockByNumber", "0x2", False)["transactions"] == []


def test_mining__by_timer_while_transactions_never_cease__the_block_comes_nevertheless(
    tmp_path: Path,
) -> None:
    mining = Mining(is_automatic=False, interval_s=1)
    with LocalNode(tmp_path, mining=mining) as node, Rpc(node.port) as rpc:
        sent = 0
        while rpc.number("eth_blockNumber") == 0:
            assert sent < 10_000, "no block came"
            raws = [signed(index, nonce=sent // 10) for index in range(10)]
            for future in [node.node.submit(bytes.fromhex(raw[2:])) for raw in raws]:
                future.result(timeout=20)
            sent += len(raws)
        assert len(rpc("eth_getBlockByNumber", "0x1", False)["transactions"]) > 0


def test_mining__started_without__only_orders_give_blocks(tmp_path: Path) -> None:
    with LocalNode(tmp_path, mining=Mining(is_automatic=False)) as node, Rpc(node.port) as rpc:
        assert rpc("anvil_getAutomine") is False
        tx_hash = rpc.send(0)
        assert rpc.number("eth_blockNumber") == 0
        rpc("anvil_mine")
        assert rpc.receipt(tx_hash)["status"] == "0x1"


def test_set_interval_mining__then_zero__the_timer_runs_and_stops(rpc: Rpc) -> None:
    assert rpc("anvil_getIntervalMining") is None
    assert rpc("anvil_setIntervalMining", 1) is None
    assert (rpc("anvil_getIntervalMining"), rpc("anvil_getAutomine")) == (1, False)
    _wait_for_block(rpc, 1)
    assert rpc("evm_setIntervalMining", 0) is None
    assert (rpc("anvil_getIntervalMining"), rpc("anvil_getAutomine")) == (None, False)
    assert rpc("evm_setAutomine", True) is None
    assert rpc("anvil_getAutomine") is True


@pytest.mark.parametrize("interval", [-1, MOST_INTERVAL_S + 1, "soon", None])
def test_set_interval_mining__no_number_of_seconds__refused_and_nothing_changed(
    rpc: Rpc, interval: object
) -> None:
    with pytest.raises(RpcError, match="-32602"):
        rpc("evm_setIntervalMining", interval)
    assert rpc("anvil_getAutomine") is True


def test_mining__interval_out_of_bounds__cannot_be_made() -> None:
    for interval_s in (0, -1, MOST_INTERVAL_S + 1):
        with pytest.raises(ValueError, match="apart"):
            Mining(interval_s=interval_s)
    assert Mining(interval_s=MOST_INTERVAL_S).interval_s == MOST_INTERVAL_S


def test_ticker__without_an_interval__waits_for_ever_and_nothing_is_due() -> None:
    assert Ticker(None).remaining_s() is None
    assert not Ticker(None).take()
    hourly = Ticker(3_600)
    assert not hourly.take()
    assert 3_500 < (hourly.remaining_s() or 0) <= 3_600
