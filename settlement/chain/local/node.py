"""The node: one writer thread that takes transactions and orders in turn, and mines what waits into blocks.

Any number of threads read. A sender gets its answer when its transaction is on disk: in a block, or among those that
wait (for a missing nonce, or for the base fee to fall).
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from settlement.chain.local.chain import open_chain
from settlement.chain.local.engine.execution import Built
from settlement.chain.local.engine.port import Workspace
from settlement.chain.local.engine.py_evm import PyEvm
from settlement.chain.local.events import BlockStored, Events
from settlement.chain.local.faults import INTERNAL_ERROR, RpcFault
from settlement.chain.local.formats.blocks import Header
from settlement.chain.local.formats.transactions import Transaction, decode_transaction
from settlement.chain.local.mining import Mining, Ticker
from settlement.chain.local.pending import PendingBlock
from settlement.chain.local.pool import AccountState, Pool
from settlement.chain.local.settings import ChainSettings
from settlement.chain.local.signers import Signers
from settlement.chain.local.store.folder_lock import FolderLock
from settlement.chain.local.store.storage import Batch, Table
from settlement.chain.local.waiting import WaitingRoom
from settlement.errors import ChainError

# py-evm nests Python calls as deep as contracts nest theirs.
WRITER_STACK_BYTES = 256 * 2**20
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Submission:
    """``make`` gives the transaction, once it is known which nonce of its sender comes next."""

    sender: bytes
    make: Callable[[int], Transaction]
    answer: Future[bytes]
    transaction: Transaction | None = None
    replaced: Transaction | None = None


@dataclass(frozen=True, slots=True)
class _Order:
    run: Callable[[], Any]
    answer: Future[Any]


class Node:
    """A chain with its pool and its writer. ``close`` before the folder is opened again."""

    def __init__(
        self,
        folder: Path,
        settings: ChainSettings | None = None,
        *,
        mining: Mining | None = None,
        map_bytes: int | None = None,
    ) -> None:
        self._lock = FolderLock.acquire(folder)
        try:
            settings = settings or ChainSettings()
            self.chain = open_chain(folder, PyEvm(settings.chain_id), settings, map_bytes=map_bytes)
        except BaseException:
            self._lock.release()
            raise
        self.pool = Pool(self.chain.next_header(self.chain.head).gas_limit)
        self.pending = PendingBlock(self.chain, self.pool)
        self.events = Events()
        self.set_mining(mining or Mining())
        self.signers = Signers(self.chain.settings)
        self.waiting = WaitingRoom(self.chain, self.pool, self.events)
        self.waiting.load()
        self._inbox: queue.SimpleQueue[_Submission | _Order | None] = queue.SimpleQueue()
        self._is_closed = False
        previous = threading.stack_size(WRITER_STACK_BYTES)
        self._writer = threading.Thread(target=self._work, name="chain-writer", daemon=True)
        self._writer.start()
        if len(self.pool):
            self.order(self.mine_waiting)
        threading.stack_size(previous)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the writer finish what it began, then give the folder free. Whoever comes later is refused."""
        self._inbox.put(None)
        self._writer.join()
        self._is_closed = True
        self._refuse_late()
        self.chain.storage.close()
        self._lock.release()

    # What other threads ask for

    def submit(self, raw: bytes) -> Future[bytes]:
        """Send a signed transaction; its hash once it is on disk.

        Raises: RpcFault, here or from the future, with the reason it is refused.
        """
        transaction = decode_transaction(raw, self.chain.settings.chain_id)
        return self.submit_made(transaction.sender, lambda _: transaction)

    def submit_made(self, sender: bytes, make: Callable[[int], Transaction]) -> Future[bytes]:
        """Send what ``make`` gives for the sender's next nonce, as ``submit`` does. It runs on the writer thread, so
        that of two transactions sent at once each has a nonce of its own.
        """
        answer: Future[bytes] = promised()
        self._hand_in(_Submission(sender, make, answer))
        return answer

    def order(self, run: Callable[[], Any]) -> Future[Any]:
        """Run something on the writer thread, after all that was sent before it."""
        answer: Future[Any] = promised()
        self._hand_in(_Order(run, answer))
        return answer

    def _hand_in(self, item: _Submission | _Order) -> None:
        self._inbox.put(item)
        if self._is_closed:
            self._refuse_late()

    def _refuse_late(self) -> None:
        """Answer what came after the writer had gone: nobody is left waiting for ever."""
        with contextlib.suppress(queue.Empty):
            while True:
                late = self._inbox.get_nowait()
                if late is not None:
                    late.answer.set_exception(RpcFault("the node is stopping", rpc_code=INTERNAL_ERROR))

    # The writer thread

    def set_mining(self, mining: Mining) -> None:
        """When blocks are mined from now on; a timer starts anew. For the writer thread."""
        self.mining = mining
        self._ticker = Ticker(mining.interval_s)

    def _work(self) -> None:
        while True:
            items = self._inbox_items()
            submissions: list[_Submission] = []
            for item in items:
                if isinstance(item, _Submission):
                    submissions.append(item)
                    continue
                self._take(submissions)
                submissions = []
                if item is None:
                    return
                _settle(item)
            self._take(submissions)
            if self._ticker.take():
                self._mine_by_timer()

    def _inbox_items(self) -> list[_Submission | _Order | None]:
        """What is to be done now; nothing when a block is due before anything came in."""
        try:
            items = [self._inbox.get(timeout=self._ticker.remaining_s())]
        except queue.Empty:
            return []
        # What came in while the last block was mined shares the next one. What comes after the word to stop is left.
        while items[-1] is not None and not self._inbox.empty():
            items.append(self._inbox.get())
        return items

    def _mine_by_timer(self) -> None:
        try:
            self.mine_one()
        except Exception:  # noqa: BLE001  a full disk today is no reason to mine no block tomorrow
            # Nobody waits for this block: what it would have held still waits, and the next one is tried in its time.
            _log.exception("the block that was due could not be mined")

    def _take(self, submissions: list[_Submission]) -> None:
        """Let them into the pool, mine, and answer each."""
        if not submissions:
            return
        faults: dict[bytes, RpcFault] = {}
        fault: RpcFault | None = None
        try:
            header, state = self._open_next()
            admitted = [tx for one in submissions if (tx := self._admit(one, state)) is not None]
            if admitted:
                faults = self._mine_waiting(header, state) if self.mining.is_automatic else {}
                self.waiting.keep(admitted)
        except Exception as exc:  # noqa: BLE001  a block that cannot be stored is the senders' error, not the node's end
            fault = _as_fault(exc)
        self._answer(submissions, faults, fault)

    def _answer(
        self, submissions: list[_Submission], faults: dict[bytes, RpcFault], fault: RpcFault | None
    ) -> None:
        """Tell each sender: its hash if the transaction is kept, its own fault otherwise, or what failed for all."""
        refusals: dict[bytes, RpcFault] = {}
        lost: dict[bytes, RpcFault] = {}
        taken = [(one, tx) for one in submissions if (tx := one.transaction) is not None]
        # Backwards, so that what several replaced in turn finds its place free again.
        for one, tx in reversed(taken):
            refusal = faults.get(tx.hash) or lost.get(tx.hash) or fault
            if refusal is None:
                continue
            # An earlier block of the same turn may have been stored before a later one failed. Where the disk does not
            # even say, the sender is told that it failed, and this thread goes on.
            with contextlib.suppress(ChainError):
                if self.waiting.holds(tx) or self.chain.storage.get(Table.PLACES, tx.hash) is not None:
                    continue
            refusals[tx.hash] = refusal
            self.waiting.refuse(tx, one.replaced)
            if one.replaced is not None:
                # If it came in this very turn it is nowhere by now.
                lost[one.replaced.hash] = RpcFault("replaced by one that was refused: send it again")
        for one in submissions:
            if one.answer.done():
                continue
            refused = fault if one.transaction is None else refusals.get(one.transaction.hash)
            if refused is not None:
                one.answer.set_exception(refused)
            elif one.transaction is not None:
                one.answer.set_result(one.transaction.hash)

    def _admit(self, one: _Submission, state: Workspace) -> Transaction | None:
        """Let it into the pool; None when it is refused, of which its sender is told."""
        nonce = state.nonce(one.sender)
        try:
            tx = one.make(self.pool.next_nonce(one.sender, nonce))
            if tx.nonce >= nonce and self.chain.storage.get(Table.PLACES, tx.hash) is not None:
                # Its sender's nonce was set back by hand. One hash leads to one place.
                raise RpcFault("already known")
            one.replaced = self.waiting.admit(tx, AccountState(nonce, state.balance(tx.sender)))
        except RpcFault as refusal:
            one.answer.set_exception(refusal)
            return None
        one.transaction = tx
        return tx

    def _open_next(self) -> tuple[Header, Workspace]:
        head = self.chain.head
        header = self.chain.next_header(head)
        return header, self.chain.workspace(head, header)

    def _mine_waiting(self, header: Header, state: Workspace) -> dict[bytes, RpcFault]:
        """Mine until nothing that waits can be mined; answers what was refused on the way."""
        faults: dict[bytes, RpcFault] = {}
        while ready := self.pool.ready(state.nonce, header.base_fee):
            built = self.chain.build(self.chain.head, header, ready, workspace=state)
            refused = self._drop_refused(built)
            faults.update(refused)
            if built.block.transactions:
                self._store(built)
            elif not refused:
                # Each wants more gas than a block has, since the limit was lowered: they wait until it rises.
                break
            if not len(self.pool):
                break
            header, state = self._open_next()
        return faults

    def mine_waiting(self) -> None:
        """Mine whatever waits and can be mined, unless blocks are mined on order only. For the writer thread."""
        if self.mining.is_automatic:
            self._mine_waiting(*self._open_next())

    def mine_one(self) -> None:
        """Mine a block of what waits, or an empty one. For the writer thread."""
        header, state = self._open_next()
        ready = self.pool.ready(state.nonce, header.base_fee)
        built = self.chain.build(self.chain.head, header, ready, workspace=state)
        self._drop_refused(built)
        self._store(built)

    def _drop_refused(self, built: Built) -> dict[bytes, RpcFault]:
        if built.refused:
            self.waiting.drop([tx for tx, _ in built.refused])
        return {tx.hash: fault for tx, fault in built.refused}

    def _store(self, built: Built) -> None:
        batch = Batch()
        self.chain.put_block(batch, built)
        clock = self.chain.clock.after_block(built.block.head.header.timestamp)
        if clock != self.chain.clock:
            self.chain.put_clock(batch, clock)
        rules = self.chain.rules.after_block()
        if rules != self.chain.rules:
            self.chain.put_rules(batch, rules)
        mined = [one.transaction for one in built.block.transactions]
        keys = self.waiting.take_off(batch, mined)
        self.chain.storage.commit(batch)
        self.chain.head, self.chain.clock, self.chain.rules = built.block.head, clock, rules
        self.waiting.left(mined, keys)
        self.events.publish(BlockStored(built.block))


def promised() -> Future[Any]:
    """A future that whoever waits for it cannot cancel: what was handed in is done, listened to or not."""
    answer: Future[Any] = Future()
    answer.set_running_or_notify_cancel()
    return answer


def _settle(order: _Order) -> None:
    try:
        result = order.run()
    except Exception as exc:  # noqa: BLE001  it belongs to whoever gave the order
        order.answer.set_exception(_as_fault(exc))
    else:
        order.answer.set_result(result)


def _as_fault(exc: Exception) -> RpcFault:
    return exc if isinstance(exc, RpcFault) else RpcFault(f"internal error: {exc!r}", rpc_code=INTERNAL_ERROR)
