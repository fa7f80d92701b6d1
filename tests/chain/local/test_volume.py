"""Long chains: the log index reads what it finds and little more, blocks come by the hundred thousand, memory stays flat."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from settlement.chain.local.chain import open_chain
from settlement.chain.local.engine.execution import Built
from settlement.chain.local.engine.py_evm import PyEvm
from settlement.chain.local.formats.blocks import Log, Receipt, seal
from settlement.chain.local.formats.hashing import int_bytes, keccak, rlp_decode, rlp_encode
from settlement.chain.local.formats.transactions import decode_transaction
from settlement.chain.local.rpc.mining_verbs import MOST_BLOCKS_AT_ONCE
from settlement.chain.local.server import LocalNode
from settlement.chain.local.settings import ChainSettings
from settlement.chain.local.store.log_index import LogFilter, find_places, place, place_numbers
from settlement.chain.local.store.storage import Batch, Entry, Storage, Table, View
from tests.chain.local.client import ProcessNode, Rpc, RpcError, address_of, signed
from tests.chain.local.folder import faults_of

# Many transactions emit under these, few under those: as a busy token and one order have it.
BUSY, RARE, OTHER = (bytes([digit]) * 20 for digit in (0xB0, 0xA1, 0xC2))
EVERY, SELDOM, NEVER = (keccak(name) for name in (b"every", b"seldom", b"never"))
GAP = 997


class _Counting(Storage):
    """How often, and how much, the index was asked."""

    scans = 0
    entries = 0

    def scan(
        self, table: Table, first: bytes, last: bytes, *, limit: int | None = None
    ) -> list[tuple[bytes, bytes]]:
        found = super().scan(table, first, last, limit=limit)
        self.scans += 1
        self.entries += len(found)
        return found


def _logs_of(number: int) -> list[Log]:
    """What the one transaction of a block emits."""
    logs = [Log(BUSY, (EVERY, int_bytes(number % 7).rjust(32, b"\0")), b"")]
    if number % GAP == 1:
        logs.append(Log(RARE, (SELDOM,), b""))
    if number % GAP == 2:
        logs.append(Log(OTHER, (EVERY, SELDOM), b""))
    return logs


def _index_entries(view: View, blocks: int) -> Iterator[Entry]:
    for number in range(blocks):
        for log in _logs_of(number):
            suffix = place(number, 0)
            yield Table.LOGS, b"\1" + log.address + suffix, b""
            for at, topic in enumerate(log.topics):
                yield Table.LOGS, bytes([2 + at]) + topic + suffix, b""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Counting]:
    """The index of 100,000 blocks with a transaction each, and nothing else."""
    storage = _Counting(tmp_path_factory.mktemp("index"))
    storage.rewrite([Table.LOGS], lambda view: _index_entries(view, 100_000))
    yield storage
    storage.close()


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        (LogFilter(frozenset({RARE})), 0, 99_999),
        (LogFilter(frozenset({RARE, OTHER})), 0, 99_999),
        (LogFilter(frozenset({BUSY}), (frozenset({SELDOM}),)), 0, 99_999),
        (LogFilter(frozenset(), (frozenset({SELDOM, NEVER}),)), 500, 90_000),
        (LogFilter(frozenset(), (frozenset({EVERY}), frozenset({SELDOM}))), 0, 99_999),
        (LogFilter(frozenset({OTHER}), (frozenset(), frozenset({SELDOM, EVERY}))), 0, 99_999),
        (LogFilter(frozenset(), (frozenset({NEVER}),)), 0, 99_999),
        (LogFilter(frozenset({BUSY}), (frozenset({EVERY, SELDOM, NEVER}),)), 1_000, 1_040),
    ],
)
def test_log_index__selective_filter__reads_little_more_than_it_finds(
    index: _Counting, wanted: LogFilter, first: int, last: int
) -> None:
    index.scans = index.entries = 0
    found = [place_numbers(key) for key in find_places(index, wanted, first, last)]
    expected = [(number, 0) for number in range(first, last + 1) if _meets(_logs_of(number), wanted)]
    assert found == expected
    assert index.scans <= 3 * len(found) + 6
    assert index.entries <= 40 * len(found) + 64


def _meets(logs: list[Log], wanted: LogFilter) -> bool:
    """Each criterion by some log of the transaction: that one log meets all is looked at later."""
    return (not wanted.addresses or any(log.address in wanted.addresses for log in logs)) and all(
        not topics or any(len(log.topics) > at and log.topics[at] in topics for log in logs)
        for at, topics in enumerate(wanted.topics)
    )


def test_log_index__everything__in_ever_larger_pages(index: _Counting) -> None:
    index.scans = 0
    assert sum(1 for _ in find_places(index, LogFilter(frozenset({BUSY})), 0, 99_999)) == 100_000
    assert index.scans < 110


# Many blocks


def _say(words: str) -> None:
    """Shown by ``pytest -s`` or ``-rP``."""
    sys.stdout.write(f"{words}\n")


def _resident_kb(pid: int) -> int:
    """Memory of the process's own; pages of mapped files are the system's to keep or drop. 0 where Linux is not."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("RssAnon")), 0)


def _mined_in_bulk(folder: Path, blocks: int) -> None:
    with ProcessNode(folder) as node, Rpc(node.port) as rpc:
        rpc.connection.timeout = 300
        rpc.send(0)
        before = _resident_kb(node.process.pid)
        started = time.monotonic()
        rpc("anvil_mine", hex(blocks), "0x7")
        took_s = time.monotonic() - started
        after = _resident_kb(node.process.pid)
        _say(f"{blocks} empty blocks in {took_s:.1f} s; memory {before} kB before, {after} kB after")
        assert rpc.number("eth_blockNumber") == blocks + 1
        last, first = (rpc("eth_getBlockByNumber", hex(at), False) for at in (blocks + 1, 2))
        assert rpc.number_in(last, "timestamp") - rpc.number_in(first, "timestamp") == 7 * (blocks - 1)
        assert rpc.receipt(rpc.send(0))["blockNumber"] == hex(blocks + 2)
        assert after - before < 30_000
        node.kill()


def test_mine__thousands_at_once__all_there_and_consistent(tmp_path: Path) -> None:
    _mined_in_bulk(tmp_path, 1_300)
    assert faults_of(tmp_path) == []


@pytest.mark.deep
def test_mine__100_000_at_once__all_there_and_memory_is_flat(tmp_path: Path) -> None:
    _mined_in_bulk(tmp_path, 100_000)
    assert faults_of(tmp_path) == []


def test_mine__in_bulk_or_one_by_one__the_same_blocks(tmp_path: Path) -> None:
    heads = []
    for name in ("bulk", "single"):
        settings = ChainSettings(genesis_at=1_700_000_000)
        with LocalNode(tmp_path / name, settings=settings) as node, Rpc(node.port) as rpc:
            rpc("evm_setNextBlockTimestamp", 1_700_000_100)
            rpc("anvil_setNextBlockBaseFeePerGas", hex(10**10))
            if name == "bulk":
                rpc("anvil_mine", "0x10", "0x5")
            else:
                for at in range(16):
                    rpc("evm_mine", 1_700_000_100 + 5 * at)
            heads.append(rpc("eth_getBlockByNumber", "latest", False))
    assert heads[0] == heads[1]
    assert heads[0]["number"] == "0x10"


def test_mine__what_waits_for_a_lower_fee__is_mined_on_the_way(rpc: Rpc) -> None:
    rpc("anvil_setNextBlockBaseFeePerGas", hex(6 * 10**9))
    rpc("evm_setAutomine", False)
    rpc("anvil_mine", "0x1")
    tx_hash = rpc.send(0)
    rpc("anvil_mine", "0x14")
    assert rpc.receipt(tx_hash)["blockNumber"] == "0x3"
    assert rpc.number("eth_blockNumber") == 21


def test_mine__too_many_or_too_far_apart__refused(rpc: Rpc) -> None:
    for arguments in ((hex(MOST_BLOCKS_AT_ONCE + 1),), (hex(1_000), hex(2**40))):
        with pytest.raises(RpcError, match="-32602"):
            rpc("anvil_mine", *arguments)
    assert rpc.number("eth_blockNumber") == 0


# A long chain with logs, by a process of its own


def _write_chain(folder: Path, blocks: int) -> None:
    """Blocks of one transaction each that emitted what ``_logs_of`` says, as if an engine had run them."""
    folder.mkdir()
    chain = open_chain(folder, PyEvm(31_337), ChainSettings())
    items = rlp_decode(bytes.fromhex(signed(0, nonce=0)[2:])[1:])
    sender = bytes.fromhex(address_of(0)[2:])
    head, batch = chain.head, Batch()
    for number in range(1, blocks + 1):
        items[1] = int_bytes(number)
        tx = decode_transaction(b"\2" + rlp_encode(items), 31_337, known_sender=sender)
        receipt = Receipt(True, 21_000, 21_000, 10**9, b"", 0, tuple(_logs_of(number)))
        header = replace(chain.next_header(head), timestamp=head.header.timestamp + 1)
        block = seal(header, head.state_root, [(tx, receipt)])
        chain.put_block(batch, Built(block, {}))
        head = block.head
        if number % 1_000 == 0 or number == blocks:
            chain.storage.commit(batch)
            batch = Batch()
    chain.storage.close()


def _ask_for_logs(folder: Path, blocks: int) -> None:
    with ProcessNode(folder) as node, Rpc(node.port) as rpc:
        asked: dict[str, dict[str, Any]] = {
            "rare address": {"address": "0x" + RARE.hex()},
            "rare topic of a busy one": {"topics": [["0x" + EVERY.hex()], ["0x" + SELDOM.hex()]]},
            "OR-list": {"topics": [["0x" + SELDOM.hex(), "0x" + NEVER.hex()]]},
            "nothing": {"topics": ["0x" + NEVER.hex()]},
        }
        before = 0
        for turn in range(4):
            for name, wanted in asked.items():
                started = time.monotonic()
                logs = rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", **wanted})
                took_ms = (time.monotonic() - started) * 1e3
                _say(f"{blocks} blocks, {name}: {len(logs)} logs in {took_ms:.1f} ms")
                remainder = {"rare topic of a busy one": 2, "nothing": -1}.get(name, 1)
                expected = [hex(at) for at in range(1, blocks + 1) if at % GAP == remainder]
                assert [log["blockNumber"] for log in logs] == expected
            if not turn:
                before = _resident_kb(node.process.pid)
        after = _resident_kb(node.process.pid)
        _say(f"memory {before} kB after the first turn, {after} kB after the fourth")
        assert after - before < 10_000
        node.kill()


def test_logs__of_a_long_chain__found_by_the_process(tmp_path: Path) -> None:
    _write_chain(tmp_path / "chain", 1_200)
    _ask_for_logs(tmp_path / "chain", 1_200)
    assert faults_of(tmp_path / "chain") == []


@pytest.mark.deep
def test_logs__of_100_000_blocks__found_by_the_process(tmp_path: Path) -> None:
    _write_chain(tmp_path / "chain", 100_000)
    _ask_for_logs(tmp_path / "chain", 100_000)
    assert faults_of(tmp_path / "chain") == []
