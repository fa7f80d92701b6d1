"""Whatever a tester does to a chain, in whatever order: its folder fits together, and its dump is the same chain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settlement.chain.local.server import LocalNode
from tests.chain.local.client import EMITTER, Rpc, words
from tests.chain.local.folder import faults_of

SOMEBODY = "0x" + "42" * 20
GAP_SENDER = 5


class _Tester:
    """Does one thing after another; ``choice`` is a number that each reads as it likes."""

    def __init__(self, rpc: Rpc) -> None:
        self.rpc = rpc
        self.gaps = 0
        self.snapshots: list[str] = []
        self.target = rpc.deploy(EMITTER)

    def _depth(self, choice: int) -> int:
        return choice % (self.rpc.number("eth_blockNumber") + 1)

    def transfer(self, choice: int) -> None:
        self.rpc.send(choice % 3)

    def emit(self, choice: int) -> None:
        self.rpc.send(choice % 3, to=self.target, data=words(choice, 2, 3), gas=100_000)

    def wait(self, _choice: int) -> None:
        self.gaps += 1
        self.rpc.send(GAP_SENDER, nonce=self.gaps)

    def fill_the_gap(self, _choice: int) -> None:
        if self.rpc.nonce(GAP_SENDER) == 0:
            self.rpc.send(GAP_SENDER, nonce=0)
            self.gaps = max(self.gaps, self.rpc.nonce(GAP_SENDER))

    def mine(self, choice: int) -> None:
        self.rpc("anvil_mine", hex(choice % 5), hex(1 + choice % 3))

    def automine(self, choice: int) -> None:
        self.rpc("evm_setAutomine", choice % 2 == 0)

    def drop_all(self, _choice: int) -> None:
        self.rpc("anvil_dropAllTransactions")

    def set_account(self, choice: int) -> None:
        self.rpc("anvil_setBalance", SOMEBODY, hex(choice))
        self.rpc("anvil_setStorageAt", self.target, "0x0", words(choice))

    def move_time(self, choice: int) -> None:
        self.rpc("evm_increaseTime", choice)

    def snapshot(self, _choice: int) -> None:
        self.snapshots.append(self.rpc("evm_snapshot"))

    def revert(self, choice: int) -> None:
        if self.snapshots:
            self.rpc("evm_revert", self.snapshots[choice % len(self.snapshots)])

    def reorganise(self, choice: int) -> None:
        self.rpc("anvil_reorg", self._depth(choice))

    def roll_back(self, choice: int) -> None:
        self.rpc("anvil_rollback", self._depth(choice))

    def reset(self, _choice: int) -> None:
        self.rpc("anvil_reset")

    def reload(self, _choice: int) -> None:
        assert self.rpc("anvil_loadState", self.rpc("anvil_dumpState")) is True


_DEEDS: list[Callable[[_Tester, int], None]] = [
    deed for name, deed in vars(_Tester).items() if not name.startswith("_")
]
_HISTORIES = st.lists(st.tuples(st.sampled_from(_DEEDS), st.integers(0, 1_000)), min_size=6, max_size=30)


def _seen(rpc: Rpc) -> dict[str, Any]:
    """What tells one chain from another."""
    head = rpc.number("eth_blockNumber")
    return {
        "blocks": [rpc("eth_getBlockByNumber", hex(at), True) for at in range(head + 1)],
        "receipts": [rpc("eth_getBlockReceipts", hex(at)) for at in range(head + 1)],
        "logs": rpc("eth_getLogs", {"fromBlock": "0x0"}),
        "balances": [rpc("eth_getBalance", SOMEBODY, hex(at)) for at in range(head + 1)],
        "waiting": rpc("txpool_content"),
    }


def _live(history: list[tuple[Callable[[_Tester, int], None], int]]) -> list[str]:
    """Answers what does not fit together in the two folders."""
    with TemporaryDirectory() as folder:
        with LocalNode(Path(folder, "one")) as node, Rpc(node.port) as rpc:
            tester = _Tester(rpc)
            # Something to go back to, and to take off.
            tester.snapshot(0)
            for choice in range(3):
                tester.emit(choice)
            for deed, choice in history:
                deed(tester, choice)
            rpc("evm_setAutomine", False)
            seen, dump = _seen(rpc), rpc("anvil_dumpState")
        with LocalNode(Path(folder, "two")) as node, Rpc(node.port) as rpc:
            rpc("evm_setAutomine", False)
            rpc("anvil_loadState", dump)
            assert _seen(rpc) == seen
            assert rpc("anvil_dumpState") == dump
        return [*faults_of(Path(folder, "one")), *faults_of(Path(folder, "two"))]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=_HISTORIES)
def test_chain__any_history__fits_together_and_is_its_dump(history: list[Any]) -> None:
    assert _live(history) == []


@pytest.mark.deep
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=_HISTORIES)
def test_chain__any_of_400_histories__fits_together_and_is_its_dump(history: list[Any]) -> None:
    assert _live(history) == []
