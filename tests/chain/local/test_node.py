"""The writer thread: what goes wrong inside one transaction costs that one alone."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from settlement.chain.local.engine.port import Execution
from settlement.chain.local.engine.py_evm import PyEvmWorkspace
from settlement.chain.local.faults import RpcFault
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.mining import Mining
from settlement.chain.local.node import Node
from tests.chain.local.client import signed
from tests.chain.local.folder import faults_of

POISON = 666


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """A node without a port."""
    return Node(tmp_path)


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that spoils the state and fails where POISON wei are sent."""
    run = PyEvmWorkspace.run

    def break_on_poison(workspace: PyEvmWorkspace, transaction: Transaction) -> Execution:
        if transaction.value == POISON:
            workspace.set_balance(transaction.sender, 0)
            raise RuntimeError("the engine's own defect")
        return run(workspace, transaction)

    monkeypatch.setattr(PyEvmWorkspace, "run", break_on_poison)


def _raw(index: int, nonce: int = 0, value: int = 1) -> bytes:
    return bytes.fromhex(signed(index, nonce=nonce, value=value)[2:])


@pytest.mark.usefixtures("poison")
def test_node__engine_fails_inside_one_transaction__the_others_are_mined(
    node: Node,
) -> None:
    node.mining = Mining(is_automatic=False)
    good = [node.submit(_raw(index)).result(timeout=20) for index in (1, 2)]
    node.mining = Mining()
    poisoned = node.submit(_raw(0, value=POISON))
    with pytest.raises(RpcFault, match="the engine cannot run this transaction"):
        poisoned.result(timeout=20)
    assert [node.chain.find_transaction(tx_hash) is not None for tx_hash in good] == [True, True]
    assert node.submit(_raw(0)).result(timeout=20)
    assert len(node.pool) == 0
    node.close()


@pytest.mark.usefixtures("poison")
def test_node__replacement_fails_in_the_engine__what_it_replaced_waits_on(
    node: Node,
) -> None:
    node.mining = Mining(is_automatic=False)
    replaced = node.submit(_raw(0)).result(timeout=20)
    node.mining = Mining()
    better = signed(0, nonce=0, value=POISON, maxFeePerGas=10**10, maxPriorityFeePerGas=10**10)
    with pytest.raises(RpcFault, match="the engine cannot run this transaction"):
        node.submit(bytes.fromhex(better[2:])).result(timeout=20)
    assert [tx.hash for tx in node.pool.waiting()] == [replaced]
    node.order(node.mine_one).result(timeout=20)
    assert node.chain.find_transaction(replaced) is not None
    node.close()


@pytest.mark.usefixtures("poison")
def test_node__replaced_in_one_turn_by_one_that_fails__told_and_what_was_kept_before_waits_on(
    node: Node,
) -> None:
    node.mining = Mining(is_automatic=False)
    kept = node.submit(_raw(0)).result(timeout=20)
    node.mining = Mining()
    begun, hold = threading.Event(), threading.Event()

    def wait() -> bool:
        begun.set()
        return hold.wait(20)

    node.order(wait)
    assert begun.wait(20)
    prices = ((1, 10**10), (POISON, 2 * 10**10))
    answers = [
        node.submit(bytes.fromhex(signed(0, nonce=0, value=value, gasPrice=price)[2:]))
        for value, price in prices
    ]
    hold.set()
    for answer, words in zip(answers, ("replaced by one that was refused", "the engine cannot"), strict=True):
        with pytest.raises(RpcFault, match=words):
            answer.result(timeout=20)
    assert [tx.hash for tx in node.pool.waiting()] == [kept]
    node.close()


def test_node__money_gone_before_its_turn__refused_and_forgotten(node: Node) -> None:
    node.mining = Mining(is_automatic=False)
    balance = 10_000 * 10**18
    fees = 21_000 * 5 * 10**9
    first = node.submit(_raw(0, 0, balance // 2)).result(timeout=20)
    with pytest.raises(RpcFault, match="queued cost"):
        node.submit(_raw(0, 1, balance // 2 + fees)).result(timeout=20)
    node.order(node.mine_one).result(timeout=20)
    assert node.chain.find_transaction(first) is not None
    assert len(node.pool) == 0
    node.close()


def test_node__closed__whoever_comes_later_is_refused_and_waits_for_nothing(node: Node) -> None:
    assert node.order(lambda: 7).result(timeout=20) == 7
    node.close()
    for late in (node.order(lambda: 7), node.submit(_raw(0))):
        with pytest.raises(RpcFault, match="the node is stopping"):
            late.result(timeout=20)


def test_node__order_that_fails__its_giver_is_told_and_the_next_one_runs(node: Node) -> None:
    with pytest.raises(RpcFault, match="division"):
        node.order(lambda: 1 // 0).result(timeout=20)
    assert node.order(lambda: 7).result(timeout=20) == 7
    node.close()


def test_node__map_smaller_than_its_blocks__grows_while_mining(tmp_path: Path) -> None:
    with Node(tmp_path, map_bytes=2**17) as small:
        futures = [small.submit(_raw(index, nonce)) for nonce in range(30) for index in range(10)]
        hashes = [future.result(timeout=20) for future in futures]
        assert all(small.chain.find_transaction(tx_hash) is not None for tx_hash in hashes)
        assert small.chain.storage.map_bytes > 2**17


def test_node__sent_while_it_closes__what_came_before_is_done_and_the_rest_is_told(tmp_path: Path) -> None:
    closing = Node(tmp_path)
    begun, hold = threading.Event(), threading.Event()

    def wait() -> bool:
        begun.set()
        return hold.wait(20)

    held = closing.order(wait)
    assert begun.wait(20)
    before = closing.submit(_raw(0))
    closer = threading.Thread(target=closing.close)
    closer.start()
    # The word to stop lies behind what was sent.
    while closing._inbox.qsize() < 2 and closer.is_alive():
        pass
    late = closing.order(lambda: 7)
    hold.set()
    closer.join(20)
    assert held.result(timeout=20)
    assert before.result(timeout=20)
    for answer in (late, closing.submit(_raw(1)), closing.order(lambda: 7)):
        with pytest.raises(RpcFault, match="the node is stopping"):
            answer.result(timeout=20)
    assert faults_of(tmp_path) == []
