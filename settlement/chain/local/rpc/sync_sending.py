"""Sending that waits for the receipt (EIP-7966)."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import Future
from typing import Any

from settlement.chain.local.events import BlockStored, Event
from settlement.chain.local.faults import RpcFault
from settlement.chain.local.node import Node, promised
from settlement.chain.local.rpc.answers import receipt_answer
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import prefixed, read_bytes, read_number

# geth's own, in milliseconds.
USUAL_WAIT_MS = 20_000
LONGEST_WAIT_MS = 60_000
NOT_MINED_IN_TIME = 4

Receipt = dict[str, Any]


class SyncSender:
    """Hands transactions to the node, and answers when they are in a block."""

    def __init__(self, node: Node) -> None:
        self._node = node
        # Whoever waits for a hash; the writer thread and the loop's timers both take from here, each answer once.
        self._awaited: dict[bytes, list[Future[Receipt]]] = {}
        self._lock = threading.Lock()
        node.events.listen(self._told)

    def methods(self) -> dict[str, Method]:
        """The table of what it does."""
        return {"eth_sendRawTransactionSync": Method(self.send, 1, 2)}

    def send(self, raw: Any, wait_ms: Any = None) -> Future[Receipt]:
        """The receipt. Called on the event loop, which keeps the time once the transaction is on disk."""
        wait_s = _read_wait_ms(wait_ms) * 0.001
        answer: Future[Receipt] = promised()
        loop = asyncio.get_running_loop()
        sent = self._node.submit(read_bytes(raw, "transaction"))
        sent.add_done_callback(lambda done: self._sent(done, answer, loop, wait_s))
        return answer

    def _sent(
        self,
        done: Future[bytes],
        answer: Future[Receipt],
        loop: asyncio.AbstractEventLoop,
        wait_s: float,
    ) -> None:
        fault = done.exception()
        if fault is not None:
            answer.set_exception(fault)
            return
        tx_hash = done.result()
        with self._lock:
            self._awaited.setdefault(tx_hash, []).append(answer)
        # Looked for after it is awaited: a block that comes between the two is told of.
        found = self._node.chain.find_transaction(tx_hash)
        if found is not None:
            self._settle(tx_hash, receipt_answer(*found))
            return
        # A loop that has ended serves nobody any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(loop.call_later, wait_s, self._give_up, tx_hash, answer, wait_s)

    def _told(self, event: Event) -> None:
        """On the writer thread."""
        if not isinstance(event, BlockStored) or not self._awaited:
            return
        for mined in event.block.transactions:
            if mined.transaction.hash in self._awaited:
                self._settle(mined.transaction.hash, receipt_answer(event.block.head, mined))

    def _settle(self, tx_hash: bytes, receipt: Receipt) -> None:
        with self._lock:
            waiting = self._awaited.pop(tx_hash, [])
        for answer in waiting:
            answer.set_result(receipt)

    def _give_up(self, tx_hash: bytes, answer: Future[Receipt], wait_s: float) -> None:
        with self._lock:
            waiting = self._awaited.get(tx_hash, [])
            if answer not in waiting:
                return
            waiting.remove(answer)
            if not waiting:
                del self._awaited[tx_hash]
        answer.set_exception(
            RpcFault(
                f"The transaction was added to the transaction pool but wasn't processed in {wait_s:g}s.",
                rpc_code=NOT_MINED_IN_TIME,
                data=prefixed(tx_hash),
            )
        )


def _read_wait_ms(given: Any) -> int:
    """As geth has it: what is no time to wait is the usual one, and none is longer than the longest.

    Raises: InvalidParams for what is no number.
    """
    wanted = 0 if given is None else read_number(given, "timeout")
    return min(wanted, LONGEST_WAIT_MS) if wanted > 0 else USUAL_WAIT_MS
