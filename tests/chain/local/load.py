"""Clients that keep a node busy until it dies, and what was acknowledged to them."""

from __future__ import annotations

import http.client
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from settlement.chain.local.formats.hashing import keccak
from tests.chain.local.client import Rpc, RpcError, signed, words

SENDERS = 4
WAITING_SENDER = 5
MOST_WAITING = 50
SOMEBODY = "0x" + "42" * 20


@dataclass(slots=True)
class Acknowledged:
    """What the node said is done, over all its lives."""

    mined: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    balance: int = 0
    block: int = 0
    snapshot: int = 0

    def count(self) -> int:
        return len(self.mined) + len(self.waiting)


class Load:
    """Four senders of transfers and logs, one of transactions that must wait, one tester that changes the chain by hand."""

    def __init__(self, port: int, target: str, done: Acknowledged) -> None:
        self.done = done
        self._port = port
        self._target = target
        self._news = threading.Condition()
        self._start = done.count()
        senders = [partial(self._sender, index) for index in range(SENDERS)]
        jobs: list[Callable[[Rpc], None]] = [self._tester, self._waiter, *senders]
        self._threads = [threading.Thread(target=self._until_it_dies, args=(job,)) for job in jobs]
        for thread in self._threads:
            thread.start()

    def _until_it_dies(self, job: Callable[[Rpc], None]) -> None:
        with Rpc(self._port) as rpc:
            try:
                job(rpc)
            except (OSError, http.client.HTTPException):
                return

    def _acknowledge(self, among: list[str], tx_hash: str) -> None:
        with self._news:
            among.append(tx_hash)
            self._news.notify_all()

    def _sender(self, index: int, rpc: Rpc) -> None:
        for nonce in itertools.count(rpc.nonce(index)):
            call = {"to": self._target, "data": words(nonce, index, 3), "gas": 100_000} if nonce % 2 else {}
            tx_hash = rpc("eth_sendRawTransaction", signed(index, nonce=nonce, **call))
            self._acknowledge(self.done.mined, tx_hash)

    def _waiter(self, rpc: Rpc) -> None:
        """Nonce 0 never comes. One that a kill left unanswered may be known already: its hash is as good as told."""
        for nonce in range(len(self.done.waiting) + 1, MOST_WAITING):
            raw = signed(WAITING_SENDER, nonce=nonce)
            try:
                tx_hash = rpc("eth_sendRawTransaction", raw)
            except RpcError as refusal:
                assert refusal.message == "already known"  # noqa: PT017  any other refusal is the finding
                tx_hash = "0x" + keccak(bytes.fromhex(raw[2:])).hex()
            self._acknowledge(self.done.waiting, tx_hash)

    def _tester(self, rpc: Rpc) -> None:
        while True:
            rpc("anvil_setBalance", SOMEBODY, hex(self.done.balance + 1))
            self.done.balance += 1
            rpc("evm_increaseTime", 7)
            self.done.snapshot = rpc.number("evm_snapshot")
            rpc("anvil_mine", "0x5")
            self.done.block = rpc.number("eth_blockNumber")

    def wait_for(self, count: int) -> None:
        """Until that many more are acknowledged."""
        with self._news:
            assert self._news.wait_for(lambda: self.done.count() >= self._start + count, timeout=30)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(timeout=30)
            assert not thread.is_alive()
