"""What an opening takes up, mends and refuses; what the look at the whole folder finds."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from settlement.chain.local.chain import Chain
from settlement.chain.local.faults import FolderDamaged
from settlement.chain.local.node import Node
from settlement.chain.local.server import LocalNode
from settlement.chain.local.store.block_tables import number_key
from settlement.chain.local.store.log_index import LogFilter, place
from settlement.chain.local.store.storage import Batch, Table
from tests.chain.local.client import EMITTER, ProcessNode, Rpc, words
from tests.chain.local.folder import faults_of

BLOCKS = 20
Damage = Callable[[Chain, Batch], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A chain of some blocks: transfers, a contract with storage, logs, and a transaction that waits."""
    with LocalNode(tmp_path / "chain") as node, Rpc(node.port) as rpc:
        target = rpc.deploy(EMITTER)
        for at in range(1, BLOCKS):
            rpc.send(0, to=target, data=words(at, 2, 3), gas=100_000)
        rpc.send(1, nonce=5)
    return tmp_path / "chain"


def _damage(folder: Path, damage: Damage) -> None:
    with Node(folder) as node:
        batch = Batch()
        damage(node.chain, batch)
        node.chain.storage.commit(batch)


def _forget_slots(chain: Chain, batch: Batch) -> None:
    """Every node that the head needs but its root: the head is read, its accounts are not."""
    with chain.storage.view() as view:
        batch.deletes += [
            (Table.NODES, key) for key, _ in view.entries(Table.NODES) if key != chain.head.state_root
        ]


def _forge_receipt(chain: Chain, batch: Batch) -> None:
    mined = chain.mined_at(2, 0)
    assert mined is not None
    batch.put(Table.RECEIPTS, place(2, 0), replace(mined.receipt, gas_used=1, cumulative_gas=1).encode())


def _move_waiting(chain: Chain, batch: Batch) -> None:
    ((key, raw),) = chain.storage.scan(Table.WAITING, b"", b"\xff" * 29)
    batch.delete(Table.WAITING, key)
    batch.put(Table.WAITING, key[:20] + (6).to_bytes(8, "big"), raw)


def test_find_faults__whole_chain__none(folder: Path) -> None:
    assert faults_of(folder) == []


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda chain, batch: batch.delete(Table.HEADS, number_key(1)), "block 1 is missing"),
        (lambda chain, batch: batch.delete(Table.BODIES, place(2, 0)), "cannot be read"),
        (_forge_receipt, "block 2 has not the transactions and receipts"),
        (lambda chain, batch: batch.put(Table.LOGS, b"\0" + place(1, 0), b""), "entries in LOGS"),
        (_forget_slots, "is not stored"),
        (_move_waiting, "waiting transaction of nonce 5"),
        (lambda chain, batch: batch.put(Table.HASHES, bytes(32), number_key(1)), "entries in HASHES"),
    ],
)
def test_find_faults__one_thing_changed__said(folder: Path, damage: Damage, expected: str) -> None:
    _damage(folder, damage)
    assert any(expected in fault for fault in faults_of(folder))


@pytest.mark.parametrize("table", [Table.HASHES, Table.PLACES, Table.LOGS])
def test_opening__index_entry_missing__made_again(
    folder: Path, table: Table, caplog: pytest.LogCaptureFixture
) -> None:
    with Node(folder) as node:
        newest = node.chain.block_of(node.chain.head)
        index = {
            Table.HASHES: newest.head.hash,
            Table.PLACES: newest.transactions[0].transaction.hash,
            Table.LOGS: b"\0" + place(newest.head.number, 0),
        }
        batch = Batch()
        batch.delete(table, index[table])
        node.chain.storage.commit(batch)
    assert faults_of(folder) != []
    with Node(folder) as node:
        assert "made again" in caplog.text
        assert len(list(node.chain.find_logs(LogFilter(), 0, BLOCKS))) == BLOCKS - 1
    assert faults_of(folder) == []
    caplog.clear()
    Node(folder).close()
    assert caplog.text == ""


def test_opening__block_above_the_head__taken_off(folder: Path) -> None:
    def lower_head(chain: Chain, batch: Batch) -> None:
        batch.put(Table.META, b"head", number_key(BLOCKS - 2))

    _damage(folder, lower_head)
    with Node(folder) as node:
        assert node.chain.head.number == BLOCKS - 2
        assert node.chain.head_at(BLOCKS - 1) is None
        node.order(node.mine_one).result(timeout=20)
    assert faults_of(folder) == []


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda chain, batch: batch.put(Table.META, b"head", number_key(99)), "block 99"),
        (lambda chain, batch: batch.delete(Table.META, b"head"), "names no head"),
        (lambda chain, batch: batch.put(Table.META, b"layout", b"9"), "form 9"),
        (lambda chain, batch: batch.delete(Table.NODES, chain.head.state_root), "the state of the head"),
        (lambda chain, batch: batch.delete(Table.HEADS, number_key(0)), "block 0"),
        (lambda chain, batch: batch.delete(Table.HEADS, number_key(BLOCKS - 3)), "not the parent"),
        (lambda chain, batch: batch.put(Table.HEADS, number_key(BLOCKS), b"\xc0"), "cannot be read"),
        (lambda chain, batch: batch.put(Table.WAITING, bytes(28), b"\xc0"), "cannot be read"),
    ],
)
def test_opening__what_nothing_else_tells__refused(folder: Path, damage: Damage, expected: str) -> None:
    _damage(folder, damage)
    with pytest.raises(FolderDamaged, match=expected):
        Node(folder)


def test_opening__file_cut_short__the_process_says_so(folder: Path) -> None:
    path = folder / "data.mdb"
    os.truncate(path, path.stat().st_size // 2)
    with ProcessNode(folder) as node:
        _, errors = node.process.communicate(timeout=20)
        assert node.process.returncode == 2
        assert "restore" in errors


def test_opening__file_of_something_else__the_process_says_so(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"photo" * 5_000)
    with ProcessNode(tmp_path) as node:
        _, errors = node.process.communicate(timeout=20)
        assert node.process.returncode == 2
        assert "data.mdb cannot be read as a chain" in errors


@pytest.mark.parametrize("within", ["", "deeper"])
def test_opening__no_folder_can_be_there__the_process_says_so(tmp_path: Path, within: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with ProcessNode(tmp_path / "file" / within) as node:
        _, errors = node.process.communicate(timeout=20)
        assert node.process.returncode == 2
        assert "cannot be made" in errors
        assert "name another (--data)" in errors


def test_opening__file_longer_than_its_contents__taken_up(folder: Path) -> None:
    """As a write leaves it that the disk had no room for."""
    with (folder / "data.mdb").open("ab") as file:
        file.write(bytes(10_000))
    with Node(folder) as node:
        assert node.chain.head.number == BLOCKS
    assert faults_of(folder) == []
