"""Batches are whole or not there, the map grows, one process has the folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from settlement.chain.local.faults import FolderDamaged, FolderInUse, RpcFault
from settlement.chain.local.node import Node
from settlement.chain.local.server import LocalNode
from settlement.chain.local.settings import ChainSettings
from settlement.chain.local.store.folder_lock import FolderLock
from settlement.chain.local.store.storage import Batch, Entry, Storage, Table, View
from tests.chain.local.client import ProcessNode


def _batch(entries: dict[bytes, bytes]) -> Batch:
    batch = Batch()
    for key, value in entries.items():
        batch.put(Table.NODES, key, value)
    return batch


def test_storage__more_than_the_map_holds__grows_under_readers_and_keeps_all(tmp_path: Path) -> None:
    storage = Storage(tmp_path, map_bytes=2**18)
    storage.commit(_batch({b"count": b"\0"}))
    seen: list[bytes | None] = []
    torn: list[tuple[int, int]] = []
    is_over = threading.Event()

    def read() -> None:
        """A view is of one moment: as many entries as the count says, also when blocks come while it is read."""
        while not is_over.is_set():
            seen.append(storage.read_node(b"\0\0"))
            with storage.view() as at:
                entries = sum(1 for _ in at.entries(Table.BODIES))
                count = int.from_bytes(at.get(Table.NODES, b"count") or b"", "big")
                if entries != 64 * count:
                    torn.append((entries, count))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(16):
        batch = _batch({bytes([number, at]): bytes(4_000) for at in range(64)})
        batch.puts += [(Table.BODIES, bytes([number, at]), b"") for at in range(64)]
        batch.put(Table.NODES, b"count", bytes([number + 1]))
        storage.commit(batch)
    is_over.set()
    reader.join()
    assert storage.map_bytes > 4 * 2**20
    assert all(storage.read_node(bytes([number, 63])) == bytes(4_000) for number in range(16))
    assert seen[-1] == bytes(4_000)
    assert torn == []
    storage.close()
    reopened = Storage(tmp_path, map_bytes=2**18)
    assert len(reopened.scan(Table.NODES, b"", b"\x0f\xff")) == 16 * 64
    reopened.close()


def test_storage__opened__each_commit_waits_for_the_disk(tmp_path: Path) -> None:
    """No kill of a process can show it: what the system holds for the disk outlives that."""
    storage = Storage(tmp_path)
    flags = storage._environment.flags()
    assert (flags["sync"], flags["metasync"], flags["writemap"], flags["map_async"]) == (
        True,
        True,
        False,
        False,
    )
    storage.close()


def test_storage__rewrite_that_breaks_off__nothing_changed(tmp_path: Path) -> None:
    storage = Storage(tmp_path, map_bytes=2**18)
    storage.commit(_batch({b"kept": b"1"}))

    def entries(view: View) -> Iterator[Entry]:
        yield Table.NODES, b"new", bytes(10)
        assert (view.get(Table.NODES, b"new"), view.get(Table.NODES, b"kept")) == (bytes(10), None)
        raise RpcFault("no more")

    with pytest.raises(RpcFault, match="no more"):
        storage.rewrite([Table.NODES], entries)
    assert storage.scan(Table.NODES, b"", b"\xff") == [(b"kept", b"1")]
    turns: list[int] = []

    def many(_: View) -> Iterator[Entry]:
        turns.append(1)
        return ((Table.NODES, at.to_bytes(4, "big"), bytes(1_000)) for at in range(2_000))

    storage.rewrite([Table.NODES], many)
    assert len(storage.scan(Table.NODES, b"", b"\xff" * 4)) == 2_000
    assert len(turns) > 1
    storage.close()


def test_storage__batch_with_an_impossible_key__nothing_of_it_is_there(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    with pytest.raises(Exception, match="BAD_VALSIZE"):
        storage.commit(_batch({b"good": b"1", b"x" * 600: b"2"}))
    assert storage.read_node(b"good") is None
    storage.commit(_batch({b"good": b"1"}))
    assert storage.read_node(b"good") == b"1"
    storage.close()


def test_storage__scan__bounds_and_limit(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    storage.commit(_batch({bytes([at]): b"v" for at in range(10)}))
    assert [key for key, _ in storage.scan(Table.NODES, b"\3", b"\5")] == [b"\3", b"\4", b"\5"]
    assert len(storage.scan(Table.NODES, b"\3", b"\xff", limit=2)) == 2
    assert storage.scan(Table.NODES, b"\x20", b"\xff") == []
    storage.close()


def test_folder__second_process__refused_with_the_holder(tmp_path: Path) -> None:
    folder = tmp_path / "chain"
    with LocalNode(folder):
        with pytest.raises(FolderInUse, match=f"in use by process {os.getpid()};"):
            Node(folder)
        with ProcessNode(folder) as second:
            _, words = second.process.communicate(timeout=20)
            assert second.process.returncode == 2
            assert str(folder) in words
            assert f"in use by process {os.getpid()};" in words
    Node(folder).close()


def test_folder_lock__released__can_be_taken_again(tmp_path: Path) -> None:
    lock = FolderLock.acquire(tmp_path)
    lock.release()
    lock.release()
    with pytest.raises(FolderInUse):
        [FolderLock.acquire(tmp_path) for _ in range(2)]


def test_folder__another_chain_id__refused(tmp_path: Path) -> None:
    Node(tmp_path).close()
    with pytest.raises(FolderDamaged, match="31337"):
        Node(tmp_path, ChainSettings(chain_id=5))
    Node(tmp_path).close()


def test_folder__head_does_not_fit__refused(tmp_path: Path) -> None:
    with Node(tmp_path) as node:
        batch = Batch()
        batch.put(Table.META, b"head", (7).to_bytes(8, "big"))
        node.chain.storage.commit(batch)
    with pytest.raises(FolderDamaged, match="block 7"):
        Node(tmp_path)


def test_genesis__two_chains_begun_in_one_second__told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("settlement.chain.local.opening.wall_time", lambda: 1_700_000_000)
    with Node(tmp_path / "one") as one, Node(tmp_path / "two") as two:
        first, second = one.chain.head.header, two.chain.head.header
        assert first.timestamp == second.timestamp
        assert one.chain.genesis_hash != two.chain.genesis_hash


def test_genesis__same_id_and_time_asked_for__same_hash(tmp_path: Path) -> None:
    hashes = []
    for name, at in (("one", 1_700_000_000), ("two", 1_700_000_000), ("three", 1_700_000_001)):
        with Node(tmp_path / name, ChainSettings(genesis_at=at)) as node:
            hashes.append(node.chain.genesis_hash)
    assert hashes[0] == hashes[1] != hashes[2]


def test_storage__read_after_it_was_closed__says_that_the_node_stops(tmp_path: Path) -> None:
    """A call may still run when the node is told to stop; nothing is damaged then."""
    storage = Storage(tmp_path)
    storage.commit(_batch({b"here": b"1"}))
    storage.close()
    with pytest.raises(RpcFault, match="the node is stopping"):
        storage.read_node(b"here")
    with pytest.raises(RpcFault, match="the node is stopping"):
        storage.scan(Table.NODES, b"", b"\xff")
