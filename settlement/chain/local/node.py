"""The node: one writer thread that takes transactions and orders in turn, and mines what waits into blocks.

Any number of threads read. A sender gets its answer when its transaction is on disk: in a block, or among those that
wait (for a missing nonce, or for the base fee to fall).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import rlp

from settlement.chain.local.blocks import Head
from settlement.chain.local.chain import Built, Chain, ChainSettings, open_chain
from settlement.chain.local.clock import Clock
from settlement.chain.local.engine import PyEvm
from settlement.chain.local.faults import INTERNAL_ERROR, RpcFault
from settlement.chain.local.folder_lock import FolderLock
from settlement.chain.local.hashing import bytes_int, int_bytes
from settlement.chain.local.pool import AccountState, Pool
from settlement.chain.local.port import Workspace
from settlement.chain.local.storage import Batch, Table
from settlement.chain.local.transactions import Transaction, decode_transaction

# py-evm nests Python calls as deep as contracts nest theirs.
WRITER_STACK_BYTES = 256 * 2**20
_SNAPSHOT, _SNAPSHOT_COUNT, _REORG_COUNT = b"snapshot:", b"snapshots", b"reorgs"


@dataclass(frozen=True, slots=True)
class _Submission:
    transaction: Transaction
    answer: Future[bytes]


@dataclass(frozen=True, slots=True)
class _Order:
    run: Callable[[], Any]
    answer: Future[Any]


class Node:
    """A chain with its pool, its clock and its writer. ``close`` before the folder is opened again."""

    def __init__(self, folder: Path, settings: ChainSettings | None = None, *, map_bytes: int | None = None) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = FolderLock.acquire(folder)
        try:
            settings = settings or ChainSettings()
            self.chain = open_chain(folder, PyEvm(settings.chain_id), settings, map_bytes=map_bytes)
        except BaseException:
            self._lock.release()
            raise
        self.pool = Pool(settings.gas_limit)
        self.is_automining = True
        self._parked: set[bytes] = set()
        self._load_waiting()
        self._inbox: queue.SimpleQueue[_Submission | _Order | None] = queue.SimpleQueue()
        previous = threading.stack_size(WRITER_STACK_BYTES)
        self._writer = threading.Thread(target=self._work, name="chain-writer", daemon=True)
        self._writer.start()
        threading.stack_size(previous)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the writer finish what it began, then give the folder free."""
        self._inbox.put(None)
        self._writer.join()
        self.chain.storage.close()
        self._lock.release()

    # What other threads ask for

    def submit(self, raw: bytes) -> Future[bytes]:
        """Send a signed transaction; its hash once it is on disk.

        Raises: RpcFault, here or from the future, with the reason it is refused.
        """
        transaction = decode_transaction(raw, self.chain.settings.chain_id)
        answer: Future[bytes] = Future()
        self._inbox.put(_Submission(transaction, answer))
        return answer

    def order(self, run: Callable[[], Any]) -> Future[Any]:
        """Run something on the writer thread, after all that was sent before it."""
        answer: Future[Any] = Future()
        self._inbox.put(_Order(run, answer))
        return answer

    # The writer thread

    def _work(self) -> None:
        self._mine_waiting()
        while True:
            items = [self._inbox.get()]
            while True:
                try:
                    items.append(self._inbox.get_nowait())
                except queue.Empty:
                    break
            submissions: list[_Submission] = []
            for item in items:
                if isinstance(item, _Submission):
                    submissions.append(item)
                    continue
                self._take(submissions)
                submissions = []
                if item is None:
                    return
                _settle(item.answer, item.run)
            self._take(submissions)

    def _take(self, submissions: list[_Submission]) -> None:
        """Let them into the pool, mine, and answer each."""
        if not submissions:
            return
        admitted: list[_Submission] = []
        state = self._head_state()
        replaced: set[bytes] = set()
        for submission in submissions:
            tx = submission.transaction
            try:
                account = AccountState(state.nonce(tx.sender), state.balance(tx.sender))
                gone = self.pool.add(tx, account)
                replaced.update([gone.hash] if gone else [])
                admitted.append(submission)
            except Exception as exc:  # noqa: BLE001  whatever it is, this sender gets it and the node goes on
                submission.answer.set_exception(_as_fault(exc))
        if not admitted:
            return
        try:
            faults = self._mine_waiting() if self.is_automining else {}
            self._park([s.transaction for s in admitted if s.transaction.hash not in replaced])
        except Exception as exc:  # noqa: BLE001  a block that could not be stored is every waiting sender's error
            for submission in admitted:
                self.pool.remove(submission.transaction)
                submission.answer.set_exception(_as_fault(exc))
            return
        for submission in admitted:
            fault = faults.get(submission.transaction.hash)
            if fault is None:
                submission.answer.set_result(submission.transaction.hash)
            else:
                submission.answer.set_exception(fault)

    def _head_state(self) -> Workspace:
        return self.chain.workspace(self.chain.head, self.chain.next_header(self.chain.head))

    def _mine_waiting(self) -> dict[bytes, RpcFault]:
        """Mine until nothing that waits can be mined; answers what was refused on the way."""
        faults: dict[bytes, RpcFault] = {}
        while len(self.pool):
            built = self._build_next()
            faults.update({tx.hash: fault for tx, fault in built.refused})
            for tx, _ in built.refused:
                self.pool.remove(tx)
            if not built.block.transactions:
                break
            self._store_next(built)
        return faults

    def _build_next(self) -> Built:
        head = self.chain.head
        header = self.chain.next_header(head)
        state = self.chain.workspace(head, header)
        return self.chain.build(head, header, self.pool.ready(state.nonce, header.base_fee))

    def _store_next(self, built: Built) -> None:
        batch = Batch()
        self.chain.put_block(batch, built)
        clock = self.chain.clock.after_block(built.block.head.header.timestamp)
        if clock != self.chain.clock:
            self.chain.put_clock(batch, clock)
        for mined in built.block.transactions:
            if mined.transaction.hash in self._parked:
                batch.delete(Table.WAITING, _waiting_key(mined.transaction))
        self.chain.storage.commit(batch)
        self.chain.head, self.chain.clock = built.block.head, clock
        for mined in built.block.transactions:
            self.pool.remove(mined.transaction)
            self._parked.discard(mined.transaction.hash)

    def _park(self, admitted: list[Transaction]) -> None:
        """Store those that still wait: they are about to be acknowledged."""
        batch = Batch()
        waiting = [tx for tx in admitted if self.pool.find(tx.hash) is not None] if len(self.pool) else []
        for tx in waiting:
            batch.put(Table.WAITING, _waiting_key(tx), tx.raw)
        if waiting:
            self.chain.storage.commit(batch)
            self._parked.update(tx.hash for tx in waiting)

    def _load_waiting(self) -> None:
        state = self._head_state()
        for key, raw in self.chain.storage.scan(Table.WAITING, b"", b"\xff" * 29):
            tx = decode_transaction(raw, self.chain.settings.chain_id, known_sender=key[:20])
            try:
                self.pool.add(tx, AccountState(state.nonce(tx.sender), state.balance(tx.sender)))
            except RpcFault:
                # It was mined under another fee, or its sender's money is gone: no block will ever take it.
                continue
            self._parked.add(tx.hash)

    # Orders: each runs on the writer thread

    def mine(self, blocks: int = 1, interval_s: int = 1, first_at: int | None = None) -> None:
        """Mine now, with or without transactions: the first block takes what waits, ``interval_s`` lies between them."""
        for index in range(blocks):
            if index == 0 and first_at is not None:
                self.set_next_timestamp(first_at)
            elif index:
                self.set_next_timestamp(self.chain.head.header.timestamp + interval_s)
            self._store_next(self._build_next())

    def set_clock(self, clock: Clock) -> None:
        """Store another clock; it holds from the next block on."""
        batch = Batch()
        self.chain.put_clock(batch, clock)
        self.chain.storage.commit(batch)
        self.chain.clock = clock

    def set_next_timestamp(self, at: int) -> None:
        """Fix the next block's time; time runs on from there."""
        head_at = self.chain.head.header.timestamp
        if at <= head_at:
            raise RpcFault(f"Timestamp error: {at} is lower than or equal to previous block's timestamp {head_at}")
        self.set_clock(Clock(self.chain.clock.offset_s, at))

    def change_state(self, change: Callable[[Workspace], None]) -> None:
        """Change accounts by hand, without a block; what is read from the head shows it at once."""
        head, nodes = self.chain.change_state(change)
        batch = Batch()
        for node_hash, node in nodes.items():
            batch.put(Table.NODES, node_hash, node)
        self.chain.put_head(batch, head)
        self.chain.storage.commit(batch)
        self.chain.head = head

    def snapshot(self) -> int:
        """Remember the head, its state and the clock; answers the snapshot's number."""
        number = bytes_int(self.chain.storage.get(Table.META, _SNAPSHOT_COUNT) or b"") + 1
        head = self.chain.head
        batch = Batch()
        batch.put(Table.META, _SNAPSHOT_COUNT, int_bytes(number))
        batch.put(Table.META, _snapshot_key(number), rlp.encode([head.encode(), self.chain.clock.encode()]))
        self.chain.storage.commit(batch)
        return number

    def revert(self, number: int) -> bool:
        """Go back to a snapshot, which is thereby used up, as are later ones; False when there is none to go back to."""
        stored = self.chain.storage.get(Table.META, _snapshot_key(number))
        if stored is None:
            return False
        encoded_head, encoded_clock = rlp.decode(stored)
        head, clock = Head.decode(encoded_head), Clock.decode(encoded_clock)
        standing = self.chain.head_at(head.number)
        if standing is None or standing.hash != head.hash:
            return False
        batch = Batch()
        self.chain.remove_blocks_above(batch, head.number)
        self.chain.put_head(batch, head)
        self.chain.put_clock(batch, clock)
        for key, _ in self.chain.storage.scan(Table.META, _snapshot_key(number), _snapshot_key(2**64 - 1)):
            batch.delete(Table.META, key)
        for key, _ in self.chain.storage.scan(Table.WAITING, b"", b"\xff" * 29):
            batch.delete(Table.WAITING, key)
        self.chain.storage.commit(batch)
        self.chain.head, self.chain.clock = head, clock
        self.pool.clear()
        self._parked.clear()
        return True

    def reorg(self, depth: int, returning: dict[int, list[Transaction]]) -> None:
        """Replace the last ``depth`` blocks by others of the same times, all at once.

        They are empty but for ``returning``: transactions by their block's offset in the new branch.
        """
        fork_at = self.chain.head.number - depth
        below = self.chain.head_at(fork_at)
        if depth < 1 or below is None:
            raise RpcFault(f"cannot reorganise {depth} blocks: the chain has {self.chain.head.number} above genesis")
        count = bytes_int(self.chain.storage.get(Table.META, _REORG_COUNT) or b"") + 1
        batch = Batch()
        self.chain.remove_blocks_above(batch, fork_at)
        batch.put(Table.META, _REORG_COUNT, int_bytes(count))
        nodes: dict[bytes, bytes] = {}
        for offset in range(depth):
            replaced = self.chain.head_at(below.number + 1)
            at = below.header.timestamp + 1 if replaced is None else replaced.header.timestamp
            limit = self.chain.settings.gas_limit
            # The counter in `extra` is what makes the branch's hashes new, even the tenth time.
            header = below.header.child(
                below.hash, timestamp=at, gas_limit=limit, extra=b"reorg" + int_bytes(count)
            )
            built = self.chain.build(
                below,
                header,
                returning.get(offset, []),
                lambda key: nodes.get(key) or self.chain.storage.read_node(key),
            )
            nodes.update(built.nodes)
            self.chain.put_block(batch, built)
            below = built.block.head
        self.chain.storage.commit(batch)
        self.chain.head = below


def _settle(answer: Future[Any], run: Callable[[], Any]) -> None:
    try:
        result = run()
    except Exception as exc:  # noqa: BLE001  it belongs to whoever gave the order
        answer.set_exception(_as_fault(exc))
    else:
        answer.set_result(result)


def _as_fault(exc: Exception) -> RpcFault:
    return exc if isinstance(exc, RpcFault) else RpcFault(f"internal error: {exc!r}", rpc_code=INTERNAL_ERROR)


def _waiting_key(tx: Transaction) -> bytes:
    return tx.sender + tx.nonce.to_bytes(8, "big")


def _snapshot_key(number: int) -> bytes:
    return _SNAPSHOT + number.to_bytes(8, "big")
