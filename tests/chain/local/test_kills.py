"""kill -9 at random moments: nothing that was acknowledged is lost, and the folder fits together down to the last node."""

from __future__ import annotations

import http.client
import itertools
import random
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from settlement.chain.local.store.storage import Storage, Table
from tests.chain.local.client import EMITTER, ProcessNode, Rpc, signed, words
from tests.chain.local.folder import faults_of
from tests.chain.local.load import SENDERS, SOMEBODY, Acknowledged, Load

# A chain's folder is looked at whole after each kill, so it must not become too long.
_KILLS_A_FOLDER = 20


def _kill_at_a_random_moment(node: ProcessNode, chance: random.Random) -> None:
    with suppress(subprocess.TimeoutExpired):
        node.process.wait(timeout=chance.uniform(0, 0.05))
    node.kill()


def _is_stored(folder: Path, table: Table, tx_hashes: list[str]) -> list[bool]:
    storage = Storage(folder)
    found = {key for key, _ in storage.scan(table, b"", b"\xff" * 32)}
    storage.close()
    return [bytes.fromhex(tx_hash[2:]) in found for tx_hash in tx_hashes]


def _kill_under_load(folder: Path, kills: int, chance: random.Random) -> int:
    """Answers how many transactions were acknowledged."""
    done = Acknowledged()
    target = ""
    for _ in range(kills):
        with ProcessNode(folder) as node, Rpc(node.port) as rpc:
            target = target or rpc.deploy(EMITTER)
            assert rpc.number("eth_getBalance", SOMEBODY, "latest") - done.balance in (0, 1)
            assert rpc.number("eth_blockNumber") >= done.block
            assert [rpc("eth_getTransactionByHash", one)["blockHash"] for one in done.waiting] == [
                None
            ] * len(done.waiting)
            done.balance = rpc.number("eth_getBalance", SOMEBODY, "latest")
            load = Load(node.port, target, done)
            load.wait_for(chance.randint(1, 60))
            _kill_at_a_random_moment(node, chance)
            load.join()
        assert all(_is_stored(folder, Table.PLACES, done.mined))
        assert faults_of(folder) == []
    with ProcessNode(folder) as node, Rpc(node.port) as rpc:
        assert all(rpc.receipt(one)["status"] == "0x1" for one in done.mined)
        assert rpc.number("evm_snapshot") > done.snapshot
        sent = sum(rpc.nonce(index) for index in range(SENDERS)) - 1
        # What was in flight when the node died may be there too, one a sender and kill at most.
        assert len(done.mined) <= sent <= len(done.mined) + SENDERS * kills
        assert rpc.receipt(rpc.send(0))["status"] == "0x1"
    return done.count()


def test_node__killed_at_random_under_load__nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    assert _kill_under_load(tmp_path, 5, random.Random(5)) >= 5


@pytest.mark.deep
@pytest.mark.parametrize("part", range(10))
def test_node__killed_200_times_under_load__nothing_acknowledged_is_lost(tmp_path: Path, part: int) -> None:
    assert _kill_under_load(tmp_path, _KILLS_A_FOLDER, random.Random(part)) >= _KILLS_A_FOLDER


Order = tuple[Any, ...]


def _order_until_it_dies(port: int, orders: Sequence[Order], done: threading.Semaphore) -> None:
    with Rpc(port) as rpc, suppress(OSError, http.client.HTTPException):
        for order in itertools.cycle(orders):
            rpc(*order)
            done.release()


def _kill_while_ordered(node: ProcessNode, orders: Sequence[Order], chance: random.Random) -> None:
    done = threading.Semaphore(0)
    thread = threading.Thread(target=_order_until_it_dies, args=(node.port, orders, done))
    thread.start()
    for _ in range(chance.randint(1, 10)):
        assert done.acquire(timeout=30)
    _kill_at_a_random_moment(node, chance)
    thread.join()


def _kill_in_reorganisations(folder: Path, kills: int, chance: random.Random) -> list[str]:
    """Answers what does not fit together in the folder."""
    raws = [signed(0, nonce=nonce) for nonce in range(10)]
    with ProcessNode(folder) as node, Rpc(node.port) as rpc:
        rpc("anvil_mine", "0x5")
        hashes = [rpc("eth_sendRawTransaction", raw) for raw in raws]
    for _ in range(kills):
        with ProcessNode(folder) as node, Rpc(node.port) as rpc:
            assert rpc.number("eth_blockNumber") == 15
            assert [rpc.receipt(one)["blockNumber"] for one in hashes] == [hex(6 + at) for at in range(10)]
            pairs = [[raw, at] for at, raw in enumerate(raws)]
            _kill_while_ordered(node, [("anvil_reorg", len(raws), pairs)], chance)
        if faults := faults_of(folder):
            return faults
    return []


def test_node__killed_while_it_reorganises__one_branch_whole(tmp_path: Path) -> None:
    assert _kill_in_reorganisations(tmp_path, 1, random.Random(2)) == []


@pytest.mark.deep
def test_node__killed_50_times_while_it_reorganises__one_branch_whole(tmp_path: Path) -> None:
    assert _kill_in_reorganisations(tmp_path, 50, random.Random(50)) == []


def _kill_in_replacements(folder: Path, kills: int, chance: random.Random) -> list[str]:
    """The chain is loaded from one dump, from another, and reset, again and again."""
    with ProcessNode(folder) as node, Rpc(node.port) as rpc:
        target = rpc.deploy(EMITTER)
        for at in range(40):
            rpc.send(0, to=target, data=words(at, 2, 3), gas=100_000)
        long = rpc("anvil_dumpState")
        rpc("anvil_reset")
        rpc("anvil_mine", "0x5")
        short = rpc("anvil_dumpState")
        heads = {rpc("eth_getBlockByNumber", "latest", False)["hash"]}
        for order in (("anvil_loadState", long), ("anvil_reset",)):
            rpc(*order)
            heads.add(rpc("eth_getBlockByNumber", "latest", False)["hash"])
    orders = [("anvil_loadState", long), ("anvil_loadState", short), ("anvil_reset",)]
    for _ in range(kills):
        with ProcessNode(folder) as node, Rpc(node.port) as rpc:
            assert rpc("eth_getBlockByNumber", "latest", False)["hash"] in heads
            _kill_while_ordered(node, orders, chance)
        if faults := faults_of(folder):
            return faults
    return []


def test_node__killed_while_its_chain_is_replaced__one_of_them_whole(tmp_path: Path) -> None:
    assert _kill_in_replacements(tmp_path, 1, random.Random(3)) == []


@pytest.mark.deep
def test_node__killed_50_times_while_its_chain_is_replaced__one_of_them_whole(tmp_path: Path) -> None:
    assert _kill_in_replacements(tmp_path, 50, random.Random(51)) == []
