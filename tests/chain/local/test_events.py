"""What the node tells of itself: in the chain's order, and only what is on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from settlement.chain.local import branches
from settlement.chain.local.events import BlocksTaken, BlockStored, Event, Waiting
from settlement.chain.local.faults import RpcFault
from settlement.chain.local.mining import Mining
from settlement.chain.local.node import Node
from tests.chain.local.client import signed

SOON_S = 20


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A node without a port."""
    with Node(tmp_path) as running:
        yield running


@pytest.fixture
def told(node: Node) -> list[Event]:
    """All that was published."""
    events: list[Event] = []
    node.events.listen(events.append)
    return events


def _send(node: Node, index: int, nonce: int = 0) -> bytes:
    return node.submit(bytes.fromhex(signed(index, nonce=nonce)[2:])).result(timeout=SOON_S)


def _flush(node: Node) -> None:
    node.order(lambda: None).result(timeout=SOON_S)


def test_events__mined_at_once__waiting_then_its_block(node: Node, told: list[Event]) -> None:
    tx_hash = _send(node, 0)
    _flush(node)
    waiting, stored = told
    assert isinstance(waiting, Waiting)
    assert isinstance(stored, BlockStored)
    assert waiting.transaction.hash == tx_hash
    assert stored.block.head == node.chain.head


def test_events__a_nonce_missing__told_once_it_is_there(node: Node, told: list[Event]) -> None:
    second = _send(node, 0, nonce=1)
    _flush(node)
    assert told == []
    first = _send(node, 0, nonce=0)
    _flush(node)
    waiting = [event.transaction.hash for event in told if isinstance(event, Waiting)]
    assert waiting == [first, second]
    assert isinstance(told[-1], BlockStored)


def test_events__waits_for_an_order__told_once_and_not_again_when_mined(
    node: Node, told: list[Event]
) -> None:
    node.order(lambda: node.set_mining(Mining(is_automatic=False))).result(timeout=SOON_S)
    hashes = {nonce: _send(node, 0, nonce=nonce) for nonce in (0, 3, 2, 1)}
    _flush(node)
    waiting = [event.transaction.hash for event in told if isinstance(event, Waiting)]
    assert waiting == [hashes[nonce] for nonce in range(4)]
    told.clear()
    node.order(node.mine_one).result(timeout=SOON_S)
    assert [type(event) for event in told] == [BlockStored]


def test_events__refused_transaction__nothing_told(node: Node, told: list[Event]) -> None:
    _send(node, 0)
    _flush(node)
    told.clear()
    with pytest.raises(RpcFault, match="nonce too low"):
        _send(node, 0)
    _flush(node)
    assert told == []


def test_events__reorg_and_revert__blocks_taken_newest_first_before_the_new_branch(
    node: Node, told: list[Event]
) -> None:
    mark = node.order(lambda: branches.snapshot(node)).result(timeout=SOON_S)
    for nonce in range(3):
        _send(node, 0, nonce)
    _flush(node)
    told.clear()
    node.order(lambda: branches.reorg(node, 2, {})).result(timeout=SOON_S)
    assert [type(event) for event in told] == [BlocksTaken, BlockStored, BlockStored]
    assert isinstance(told[0], BlocksTaken)
    assert [block.head.number for block in told[0].blocks] == [3, 2]
    assert isinstance(told[2], BlockStored)
    assert told[2].block.head == node.chain.head
    told.clear()
    node.order(lambda: branches.revert(node, mark)).result(timeout=SOON_S)
    (taken,) = told
    assert isinstance(taken, BlocksTaken)
    assert [block.head.number for block in taken.blocks] == [1], "the empty ones tell nobody anything"


def test_events__listener_that_fails_or_left__others_are_told_and_the_sender_is_answered(
    node: Node, told: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Event) -> None:
        raise RuntimeError("a defect of the listener")

    after: list[Event] = []
    node.events.listen(fail)
    node.events.listen(after.append)
    _send(node, 0)
    _flush(node)
    assert after == told
    assert len(told) == 2
    assert "a listener failed on Waiting" in caplog.text
    node.events.leave(after.append)
    node.events.leave(fail)
    _send(node, 1)
    _flush(node)
    assert (len(after), len(told)) == (2, 4)
