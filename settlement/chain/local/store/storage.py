"""LMDB: tables of bytes, one write transaction per batch, a map that grows. The only file that knows LMDB."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import lmdb

from settlement.chain.local.faults import INTERNAL_ERROR, FolderDamaged, FolderUnusable, RpcFault
from settlement.chain.local.store.gate import Gate
from settlement.errors import ChainError

FIRST_MAP_BYTES = 64 * 2**20
LARGEST_STEP_BYTES = 4 * 2**30
_READERS = 512
# LMDB's own lock file holds 64 bytes a reader and a page of its own.
_LOCK_FILE_BYTES = _READERS * 64 + 4_096


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


Entry = tuple[Table, bytes, bytes]


@dataclass(slots=True)
class Batch:
    """Changes that become visible, and durable, together or not at all: tables emptied, then deletes, then puts."""

    puts: list[Entry] = field(default_factory=list)
    deletes: list[tuple[Table, bytes]] = field(default_factory=list)
    emptied: list[Table] = field(default_factory=list)

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        self.puts.append((table, key, value))

    def delete(self, table: Table, key: bytes) -> None:
        self.deletes.append((table, key))

    def empty(self, table: Table) -> None:
        self.emptied.append(table)


class Source(Protocol):
    """What can be read: the storage as it is now, or a view of it as it was."""

    def get(self, table: Table, key: bytes) -> bytes | None: ...
    def scan(
        self, table: Table, first: bytes, last: bytes, *, limit: int | None = None
    ) -> list[tuple[bytes, bytes]]: ...


class View:
    """Everything as it stood at one moment. Used by one thread, which reads nothing else of the storage meanwhile:
    a map about to grow waits for this view, and would let nobody else in.
    """

    def __init__(self, transaction: Any, tables: dict[Table, Any]) -> None:
        self._transaction = transaction
        self._tables = tables

    def get(self, table: Table, key: bytes) -> bytes | None:
        """The value under ``key``, or None."""
        found: bytes | None = self._transaction.get(key, db=self._tables[table])
        return found

    def entries(
        self, table: Table, first: bytes = b"", last: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Entries with ``first`` <= key <= ``last``, in order of their keys."""
        with self._transaction.cursor(self._tables[table]) as cursor:
            if not (cursor.set_range(first) if first else cursor.first()):
                return
            for key, value in cursor:
                if last is not None and key > last:
                    return
                yield key, value

    def scan(
        self, table: Table, first: bytes, last: bytes, *, limit: int | None = None
    ) -> list[tuple[bytes, bytes]]:
        """Entries with ``first`` <= key <= ``last``, in order of their keys, at most ``limit``."""
        return list(islice(self.entries(table, first, last), limit))

    def last_key(self, table: Table) -> bytes | None:
        """The largest key, or None in an empty table."""
        with self._transaction.cursor(self._tables[table]) as cursor:
            return bytes(cursor.key()) if cursor.last() else None

    def count(self, table: Table) -> int:
        """How many entries the table has."""
        return int(self._transaction.stat(self._tables[table])["entries"])


class Storage:
    """The open LMDB environment. Any thread reads; one thread at a time commits.

    ``was_cut``: the file was found shorter than its contents. What is missing now reads as zeros (unmapped, it would
    end the process), so whoever opens it must look at everything once.

    Raises: FolderDamaged when the file is none of LMDB's; FolderUnusable when the disk has no room to open it.
    """

    def __init__(self, folder: Path, *, map_bytes: int = FIRST_MAP_BYTES) -> None:
        self._folder = folder
        self._gate = Gate()
        self.was_cut = self._is_closed = False
        try:
            _reserve_lock_file(folder)
            self._environment, self._tables = self._opened(map_bytes)
        except (lmdb.DiskError, OSError) as exc:
            raise FolderUnusable(
                f"the chain's folder {folder} cannot be opened: {exc}; make room on the disk, "
                "or give this node another folder"
            ) from exc
        except lmdb.Error as exc:
            raise FolderDamaged(
                f"{folder / 'data.mdb'} cannot be read as a chain: {exc}; restore the folder, or start with another"
            ) from exc

    def _opened(self, map_bytes: int) -> tuple[Any, dict[Table, Any]]:
        # A map that grew in an earlier run opens at its size on disk, whatever was asked for here.
        environment = lmdb.open(
            str(self._folder),
            map_size=map_bytes,
            max_dbs=len(Table),
            max_readers=_READERS,
            mode=0o600,
            readahead=False,
        )
        used = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
        path = self._folder / "data.mdb"
        if path.stat().st_size < used:
            os.truncate(path, used)
            self.was_cut = True
        return environment, {table: environment.open_db(table.value) for table in Table}

    @property
    def map_bytes(self) -> int:
        return int(self._environment.info()["map_size"])

    @contextmanager
    def view(self) -> Iterator[View]:
        """All tables as they stand now, for as long as the view is open; commits go on, but a larger map waits.

        Raises: FolderDamaged when LMDB finds its own pages broken.
        """
        self._gate.enter()
        try:
            with self._environment.begin() as reader:
                yield View(reader, self._tables)
        except lmdb.Error as exc:
            raise self._unread(exc) from exc
        finally:
            self._gate.leave()

    def get(self, table: Table, key: bytes) -> bytes | None:
        """The value under ``key``, or None."""
        self._gate.enter()
        try:
            with self._environment.begin() as reader:
                found: bytes | None = reader.get(key, db=self._tables[table])
                return found
        except lmdb.Error as exc:
            raise self._unread(exc) from exc
        finally:
            self._gate.leave()

    def read_node(self, key: bytes) -> bytes | None:
        return self.get(Table.NODES, key)

    def scan(
        self, table: Table, first: bytes, last: bytes, *, limit: int | None = None
    ) -> list[tuple[bytes, bytes]]:
        """Entries with ``first`` <= key <= ``last``, in order of their keys, at most ``limit``."""
        with self.view() as view:
            return view.scan(table, first, last, limit=limit)

    def commit(self, batch: Batch) -> None:
        """Write the batch and wait until it is on disk.

        Raises: RpcFault when it cannot be written; nothing of it is then stored.
        """

        def apply(writer: Any) -> None:
            for table in batch.emptied:
                writer.drop(self._tables[table], delete=False)
            for table, key in batch.deletes:
                writer.delete(key, db=self._tables[table])
            for table, key, value in batch.puts:
                writer.put(key, value, db=self._tables[table])

        self._write(apply)

    def rewrite(self, tables: Iterable[Table], entries: Callable[[View], Iterable[Entry]]) -> None:
        """Empty ``tables`` and write what ``entries`` gives, in one step on disk however much it is.

        ``entries`` reads what was written so far from its view. It is asked again from the start when the map had to
        grow. Whatever it raises leaves everything as it was.

        Raises: RpcFault when it cannot be written.
        """
        emptied = list(tables)

        def apply(writer: Any) -> None:
            for table in emptied:
                writer.drop(self._tables[table], delete=False)
            for table, key, value in entries(View(writer, self._tables)):
                writer.put(key, value, db=self._tables[table])

        self._write(apply)

    def _write(self, apply: Callable[[Any], None]) -> None:
        while True:
            try:
                with self._environment.begin(write=True) as writer:
                    apply(writer)
                return
            except lmdb.MapFullError:
                self._grow()
            except lmdb.Error as exc:
                self._recover()
                raise _unwritten(exc) from exc

    def _recover(self) -> None:
        """Go on after a failed write. One of LMDB's own head page leaves an environment that nobody reads any more;
        opened again, it stands where it stood before the write.
        """
        try:
            with self._environment.begin():
                return
        except lmdb.PanicError:
            size = self.map_bytes
        with self._gate.shut():
            self._environment.close()
            self._environment, self._tables = self._opened(size)

    def _grow(self) -> None:
        size = self.map_bytes
        with self._gate.shut():
            try:
                self._environment.set_mapsize(size + min(size, LARGEST_STEP_BYTES))
            except lmdb.Error as exc:
                # The old map is given back before the new one is asked for: the environment is of no more use.
                self._environment.close()
                self._environment, self._tables = self._opened(size)
                raise _unwritten(exc) from exc

    def _unread(self, exc: Exception) -> ChainError:
        if self._is_closed:
            return RpcFault("the node is stopping")
        return FolderDamaged(
            f"the chain's folder {self._folder} is damaged: {exc}; restore it, or start a new one"
        )

    def close(self) -> None:
        with self._gate.shut():
            self._is_closed = True
            self._environment.close()


def _unwritten(exc: Exception) -> RpcFault:
    # LMDB's word for a write that ended early, as one does that takes up the last of the room.
    hint = " (is the disk full?)" if "Input/output" in str(exc) else ""
    return RpcFault(f"the block could not be written to disk: {exc}{hint}", rpc_code=INTERNAL_ERROR)


def _reserve_lock_file(folder: Path) -> None:
    """Give LMDB's lock file its room on disk. LMDB maps it with a hole, and a full disk would end the process there."""
    path = folder / "lock.mdb"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        while size < _LOCK_FILE_BYTES:
            size += os.pwrite(descriptor, bytes(_LOCK_FILE_BYTES - size), size)
    finally:
        os.close(descriptor)
