"""Any row of verbs: what was acknowledged is in a block or waits until it is taken away, and the folder fits together."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from settlement.chain.local import branches, orders
from settlement.chain.local.checking import find_faults
from settlement.chain.local.faults import RpcFault
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.mining import Mining
from settlement.chain.local.node import Node
from settlement.chain.local.store.storage import Table
from tests.chain.local.client import GWEI

BY_ORDER = Mining(is_automatic=False)
STRANGER = b"\x42" * 20


class VerbsMachine(RuleBasedStateMachine):
    """Knows of every transaction that was acknowledged whether it must still be there."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.node = Node(Path(self.folder.name), mining=BY_ORDER)
        self.expected: set[bytes] = set()
        self.waited_at: dict[int, set[bytes]] = {}
        self._do(lambda node: orders.change_state(node, lambda state: state.set_balance(STRANGER, 10**24)))

    def teardown(self) -> None:
        if hasattr(self, "node"):
            assert list(find_faults(self.node.chain.storage)) == []
            self.node.close()
            self.folder.cleanup()

    def _do(self, run: Any, *arguments: Any) -> Any:
        return self.node.order(partial(run, self.node, *arguments)).result(timeout=30)

    def _waiting(self) -> dict[bytes, Transaction]:
        return {tx.hash: tx for tx in self.node.pool.waiting()}

    def _mined_above(self, number: int) -> set[bytes]:
        chain = self.node.chain
        heads = filter(None, map(chain.head_at, range(number + 1, chain.head.number + 1)))
        return {tx_hash for head in heads for tx_hash in chain.hashes_of(head)}

    def _sender(self, index: int) -> bytes:
        return STRANGER if index == 3 else self.node.signers.addresses()[index]

    @rule(index=st.integers(0, 3), gap=st.integers(-1, 1), fee=st.sampled_from([GWEI // 2, 5, 10]))
    def send(self, index: int, gap: int, fee: int) -> None:
        before, price = self._waiting(), fee if fee > 10 else fee * GWEI
        tx = Transaction(
            sender=self._sender(index),
            to=b"\7" * 20,
            data=b"",
            value=1,
            gas=21_000,
            nonce=0,
            max_fee_per_gas=price,
            max_priority_fee_per_gas=price // 5,
            chain_id=31_337,
        )

        def make(next_nonce: int) -> Transaction:
            return self.node.signers.finish(replace(tx, nonce=max(0, next_nonce + gap)))

        try:
            tx_hash = self.node.submit_made(tx.sender, make).result(timeout=30)
        except RpcFault:
            assert self._waiting() == before
            return
        self.expected.add(tx_hash)
        found = self.node.chain.find_transaction(tx_hash)
        sent = found[1].transaction if found is not None else self._waiting()[tx_hash]
        same = {
            other.hash for other in before.values() if (other.sender, other.nonce) == (tx.sender, sent.nonce)
        }
        self.expected -= same - {tx_hash}

    @rule(blocks=st.integers(1, 3))
    def mine(self, blocks: int) -> None:
        self._do(orders.mine, blocks)

    @rule(is_on=st.booleans())
    def set_automine(self, is_on: bool) -> None:
        self._do(lambda node: orders.set_automine(node, is_on=is_on))

    @rule()
    def snapshot(self) -> None:
        number = self._do(branches.snapshot)
        assert number not in self.waited_at
        self.waited_at[number] = set(self._waiting())

    @precondition(lambda self: bool(self.waited_at))
    @rule(data=st.data())
    def revert(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.waited_at)))
        known = branches.snapshots(self.node)
        gone = self._mined_above(known[number].number) | set(self._waiting()) if number in known else set()
        assert self._do(branches.revert, number) == (number in known)
        if number in known:
            self.expected = (self.expected - gone) | self.waited_at[number]
            assert set(self._waiting()) == self.waited_at[number]
        self.waited_at = {at: hashes for at, hashes in self.waited_at.items() if at < number}

    @rule(depth=st.integers(0, 3))
    def rollback(self, depth: int) -> None:
        gone = self._mined_above(self.node.chain.head.number - depth)
        if depth > self.node.chain.head.number:
            with pytest.raises(RpcFault):
                self._do(branches.rollback, depth)
            return
        self._do(branches.rollback, depth)
        self.expected -= gone

    @rule(depth=st.integers(1, 3))
    def reorg(self, depth: int) -> None:
        gone = self._mined_above(self.node.chain.head.number - depth)
        if depth > self.node.chain.head.number:
            with pytest.raises(RpcFault):
                self._do(branches.reorg, depth, {})
            return
        self._do(branches.reorg, depth, {})
        self.expected -= gone

    @precondition(lambda self: bool(self.node.pool.waiting()))
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        dropped = data.draw(st.sampled_from(sorted(self._waiting())))
        assert self._do(orders.drop_waiting, lambda tx: tx.hash == dropped) == 1
        self.expected.discard(dropped)

    @rule(index=st.integers(0, 3), up=st.integers(1, 2))
    def set_nonce(self, index: int, up: int) -> None:
        sender, head = self._sender(index), self.node.chain.head
        nonce = self.node.chain.workspace(head, head.header).nonce(sender) + up
        self.expected -= {
            tx.hash for tx in self._waiting().values() if tx.sender == sender and tx.nonce < nonce
        }
        self._do(orders.change_state, lambda state: state.set_nonce(sender, nonce))

    @rule()
    def reopen(self) -> None:
        before = set(self._waiting())
        self.node.close()
        self.node = Node(Path(self.folder.name), mining=BY_ORDER)
        assert set(self._waiting()) == before

    def _is_mined(self, tx_hash: bytes) -> bool:
        return self.node.chain.find_transaction(tx_hash) is not None

    @invariant()
    def acknowledged_ones_are_there(self) -> None:
        waiting = self._waiting()
        for tx_hash in self.expected:
            assert (tx_hash in waiting) != self._is_mined(tx_hash)
        assert set(waiting) <= self.expected

    @invariant()
    def pool_is_what_the_disk_holds_and_can_still_be_mined(self) -> None:
        waiting, head = self._waiting().values(), self.node.chain.head
        state = self.node.chain.workspace(head, head.header)
        assert all(tx.nonce >= state.nonce(tx.sender) for tx in waiting)
        stored = self.node.chain.storage.scan(Table.WAITING, b"", b"\xff" * 29)
        assert {raw for _, raw in stored} == {tx.raw for tx in waiting}
        assert {key[:20] for key, _ in stored} == {tx.sender for tx in waiting}


def test_verbs__any_row_of_them__nothing_acknowledged_is_lost_and_the_folder_fits() -> None:
    run_state_machine_as_test(
        VerbsMachine, settings=settings(max_examples=12, stateful_step_count=25, deadline=None)
    )


@pytest.mark.deep
def test_verbs__long_rows_of_them__nothing_acknowledged_is_lost_and_the_folder_fits() -> None:
    run_state_machine_as_test(
        VerbsMachine, settings=settings(max_examples=300, stateful_step_count=60, deadline=None)
    )
