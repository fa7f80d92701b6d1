"""LMDB: tables of bytes, one write transaction per batch, a map that grows. The only file that knows LMDB."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import lmdb

from settlement.chain.local.faults import INTERNAL_ERROR, RpcFault

FIRST_MAP_BYTES = 64 * 2**20
LARGEST_STEP_BYTES = 4 * 2**30


class Table(Enum):
    """What is kept, by key."""

    META = b"meta"  # name -> value: head, clock, genesis, snapshots
    NODES = b"nodes"  # hash -> trie node or code; only ever added to
    HEADS = b"heads"  # block number -> Head
    HASHES = b"hashes"  # block hash -> block number
    BODIES = b"bodies"  # block number, index -> sender and raw transaction
    RECEIPTS = b"receipts"  # block number, index -> Receipt
    PLACES = b"places"  # transaction hash -> block number, index
    LOGS = b"logs"  # see log_index
    WAITING = b"waiting"  # sender, nonce -> raw transaction that was acknowledged and not mined yet


@dataclass(slots=True)
class Batch:
    """Changes that become visible, and durable, together or not at all."""

    puts: list[tuple[Table, bytes, bytes]] = field(default_factory=list)
    deletes: list[tuple[Table, bytes]] = field(default_factory=list)

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        self.puts.append((table, key, value))

    def delete(self, table: Table, key: bytes) -> None:
        self.deletes.append((table, key))


class _Gate:
    """Lets readers in together; ``shut`` waits until all are out. LMDB's map moves only while nobody reads it."""

    def __init__(self) -> None:
        self._condition = threading.Condition(threading.Lock())
        self._readers = 0
        self._is_shut = False

    def enter(self) -> None:
        with self._condition:
            while self._is_shut:
                self._condition.wait()
            self._readers += 1

    def leave(self) -> None:
        with self._condition:
            self._readers -= 1
            if self._is_shut and not self._readers:
                self._condition.notify_all()

    @contextmanager
    def shut(self) -> Iterator[None]:
        with self._condition:
            self._is_shut = True
            while self._readers:
                self._condition.wait()
        try:
            yield
        finally:
            with self._condition:
                self._is_shut = False
                self._condition.notify_all()


class Storage:
    """The open LMDB environment. Any thread reads; one thread at a time commits."""

    def __init__(self, folder: Path, *, map_bytes: int = FIRST_MAP_BYTES) -> None:
        self._environment = lmdb.open(
            str(folder), map_size=map_bytes, max_dbs=len(Table), max_readers=512, mode=0o600, readahead=False
        )
        # A map that grew in an earlier run opens at its size on disk, whatever was asked for here.
        self._tables = {table: self._environment.open_db(table.value) for table in Table}
        self._gate = _Gate()

    @property
    def map_bytes(self) -> int:
        return int(self._environment.info()["map_size"])

    def get(self, table: Table, key: bytes) -> bytes | None:
        """The value under ``key``, or None."""
        self._gate.enter()
        try:
            with self._environment.begin() as reader:
                return reader.get(key, db=self._tables[table])
        finally:
            self._gate.leave()

    def read_node(self, key: bytes) -> bytes | None:
        return self.get(Table.NODES, key)

    def scan(
        self, table: Table, first: bytes, last: bytes, *, limit: int | None = None
    ) -> list[tuple[bytes, bytes]]:
        """Entries with ``first`` <= key <= ``last``, in order of their keys, at most ``limit``."""
        found: list[tuple[bytes, bytes]] = []
        self._gate.enter()
        try:
            with self._environment.begin() as reader, reader.cursor(self._tables[table]) as cursor:
                if not cursor.set_range(first):
                    return found
                for key, value in cursor:
                    if key > last or (limit is not None and len(found) >= limit):
                        break
                    found.append((key, value))
        finally:
            self._gate.leave()
        return found

    def commit(self, batch: Batch) -> None:
        """Write the batch and wait until it is on disk.

        Raises: RpcFault when it cannot be written; nothing of it is then stored.
        """
        while True:
            try:
                with self._environment.begin(write=True) as writer:
                    for table, key in batch.deletes:
                        writer.delete(key, db=self._tables[table])
                    for table, key, value in batch.puts:
                        writer.put(key, value, db=self._tables[table])
                return
            except lmdb.MapFullError:
                self._grow()
            except lmdb.Error as exc:
                raise RpcFault(
                    f"the block could not be written to disk: {exc}", rpc_code=INTERNAL_ERROR
                ) from exc

    def _grow(self) -> None:
        size = self.map_bytes
        with self._gate.shut():
            self._environment.set_mapsize(size + min(size, LARGEST_STEP_BYTES))

    def close(self) -> None:
        with self._gate.shut():
            self._environment.close()
