"""Dumped and loaded, a chain is the same chain; what is no such dump is refused and changes nothing."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from settlement.chain.local.dump import FORM
from settlement.chain.local.faults import RpcFault
from settlement.chain.local.formats.hashing import rlp_encode
from settlement.chain.local.node import Node
from settlement.chain.local.orders import change_state
from settlement.chain.local.rpc.state_files import (
    MOST_DUMP_BYTES,
    load_state,
    load_state_file,
    save_state_file,
)
from settlement.chain.local.server import LocalNode
from settlement.chain.local.settings import ChainSettings
from tests.chain.local.client import EMITTER, Rpc, RpcError, address_of, signed, words
from tests.chain.local.folder import faults_of

SOMEBODY = "0x" + "42" * 20


def _live(rpc: Rpc) -> str:
    """Blocks with logs and failures, storage, hand-made changes, a clock ahead, a snapshot, one that waits."""
    target = rpc.deploy(EMITTER)
    for at in range(3):
        rpc.send(0, to=target, data=words(at, 2, 3), gas=100_000)
    rpc.send(0, to=target, data="0x", gas=100_000)
    rpc("evm_increaseTime", 5_000)
    rpc("anvil_setBalance", SOMEBODY, "0x5")
    rpc("evm_snapshot")
    rpc("anvil_mine", "0x3")
    rpc.send(1, nonce=7)
    return target


def _seen(rpc: Rpc, target: str) -> dict[str, Any]:
    """Everything that a client can tell one chain from another by."""
    head = rpc.number("eth_blockNumber")
    blocks = [rpc("eth_getBlockByNumber", hex(at), True) for at in range(head + 1)]
    hashes = [tx["hash"] for block in blocks for tx in block["transactions"]]
    return {
        "blocks": blocks,
        "receipts": [rpc("eth_getTransactionReceipt", tx_hash) for tx_hash in hashes],
        "logs": rpc("eth_getLogs", {"fromBlock": "0x0", "address": target}),
        "storage": [rpc("eth_getStorageAt", target, "0x0", hex(at)) for at in range(head + 1)],
        "balances": [rpc("eth_getBalance", SOMEBODY, hex(at)) for at in range(head + 1)],
        "nonces": [rpc("eth_getTransactionCount", address_of(at), "pending") for at in range(3)],
        "proof": rpc("eth_getProof", target, ["0x0"], "latest"),
        "by_hash": [rpc("eth_getBlockByHash", block["hash"], False) for block in blocks],
        "waiting": rpc("eth_getBlockByNumber", "pending", True)["number"],
    }


def test_state__dumped_and_loaded_elsewhere__the_same_chain(
    node: LocalNode, rpc: Rpc, tmp_path: Path
) -> None:
    target = _live(rpc)
    before = _seen(rpc, target)
    assert len(before["logs"]) == 3
    dump = rpc("anvil_dumpState")
    with LocalNode(tmp_path / "other") as other, Rpc(other.port) as there:
        there("anvil_mine", "0x20")
        for _ in range(2):
            assert there("anvil_loadState", dump) is True
            assert _seen(there, target) == before
        assert there("hardhat_dumpState") == dump
        assert there.receipt(there.send(0))["blockNumber"] == "0x9"
        assert there.number_in(there("eth_getBlockByNumber", "latest", False), "timestamp") > 5_000 + (
            there.number_in(before["blocks"][0], "timestamp")
        )
        assert there("evm_revert", "0x0") is True
        assert there.number("eth_blockNumber") == 5
    assert faults_of(tmp_path / "other") == []
    assert _seen(rpc, target) == before


def test_state__file__written_and_read_by_a_new_chain_only(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with LocalNode(tmp_path / "one") as one, Rpc(one.port) as rpc:
        assert load_state_file(one.node, path) is False
        target = _live(rpc)
        before = _seen(rpc, target)
        save_state_file(one.node, path)
        assert path.stat().st_mode & 0o777 == 0o600
    with LocalNode(tmp_path / "two") as two, Rpc(two.port) as rpc:
        assert load_state_file(two.node, path) is True
        assert _seen(rpc, target) == before
        rpc.send(0)
        assert load_state_file(two.node, path) is False
        assert rpc.number("eth_blockNumber") == len(before["blocks"])
        save_state_file(two.node, path)
    with LocalNode(tmp_path / "two") as two, Rpc(two.port) as rpc:
        assert rpc.number("eth_blockNumber") == len(before["blocks"])
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["state"]
    assert faults_of(tmp_path / "two") == []


def test_state__file_that_cannot_be_written__said_and_the_old_one_stays(tmp_path: Path) -> None:
    with Node(tmp_path / "chain") as node:
        with pytest.raises(RpcFault, match="cannot be written: No such file or directory"):
            save_state_file(node, tmp_path / "nowhere" / "state")
        (tmp_path / "taken").mkdir()
        with pytest.raises(RpcFault, match="cannot be written"):
            save_state_file(node, tmp_path / "taken")
        with pytest.raises(RpcFault, match="cannot be read"):
            load_state_file(node, tmp_path / "taken")
    assert {entry.name for entry in tmp_path.iterdir()} == {"chain", "taken"}


def _repacked(dump: bytes, change: Callable[[bytes], bytes]) -> bytes:
    return FORM + gzip.compress(change(gzip.decompress(dump[len(FORM) :])))


def _flip(dump: bytes, at: int) -> bytes:
    return dump[:at] + bytes([dump[at] ^ 1]) + dump[at + 1 :]


def _without_first_block(records: bytes) -> bytes:
    at = 0
    while records[at : at + 1] != b"b":
        at += 5 + int.from_bytes(records[at + 1 : at + 5], "big")
    return records[:at] + records[at + 5 + int.from_bytes(records[at + 1 : at + 5], "big") :]


def _with(dump: bytes, kind: bytes, *items: bytes) -> bytes:
    """One record more, before the end."""
    record = rlp_encode(list(items))
    added = kind + len(record).to_bytes(4, "big") + record
    return _repacked(dump, lambda records: records[:-13] + added + records[-13:])


def _waiting(nonce: int) -> bytes:
    return bytes.fromhex(signed(3, nonce=nonce)[2:])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        # What only an opening would stumble over, once the old chain is gone.
        (lambda dump: _with(dump, b"w", b"\1" * 28, b"\xff\xff"), "waits cannot be read"),
        (lambda dump: _with(dump, b"w", b"\1" * 5, _waiting(0)), "nonce 0 waits at 0x0101010101"),
        (lambda dump: _with(dump, b"w", b"\1" * 20 + bytes(8), _waiting(1)), "nonce 1 waits at 0x"),
        (lambda dump: _with(dump, b"n", b"rules", b"\xff"), "cannot be read"),
        (lambda dump: _with(dump, b"n", b"rules", rlp_encode([b"", b"", b"", b""])), "coinbase"),
        (lambda dump: _with(dump, b"n", b"clock", b"\xff"), "clock"),
        (
            lambda dump: _with(dump, b"n", b"accounts", rlp_encode([b"test", b"\xff\xff", b""])),
            "65535 accounts",
        ),
        (lambda dump: b"", "no dump of this node"),
        (lambda dump: b'{"block": {}}', "another node's dump"),
        (lambda dump: gzip.compress(b'{"accounts": {}}'), "another node's dump"),
        (lambda dump: dump.replace(b"state 1", b"state 2", 1), "version 2"),
        (lambda dump: dump[:-1], "cut short"),
        (lambda dump: dump[: len(dump) // 2], "cut short"),
        (lambda dump: dump[: len(FORM)], "ends in the middle"),
        (lambda dump: _flip(dump, len(dump) - 3), "damaged"),
        (lambda dump: _flip(dump, len(dump) // 2), "invalid state"),
        (lambda dump: _repacked(dump, lambda records: records[:-13]), "ends in the middle"),
        (lambda dump: _repacked(dump, lambda records: records + b"more"), "goes on after its end"),
        (lambda dump: _repacked(dump, lambda records: b"?\0\0\0\0" + records), "kind 0x3f"),
        (lambda dump: _repacked(dump, lambda records: b"n\xff\0\0\0" + records), "ends in the middle"),
        (lambda dump: _repacked(dump, lambda records: b"n\0\0\0\1\xc1" + records), "cannot be read"),
        (lambda dump: _repacked(dump, lambda records: b"s\0\xff\0\0" + records), "ends in the middle"),
        (lambda dump: _repacked(dump, _without_first_block), "block 0 does not"),
    ],
)
def test_state__not_what_was_dumped__refused_and_nothing_changed(
    rpc: Rpc, change: Callable[[bytes], bytes], words: str
) -> None:
    rpc.send(0)
    dump = bytes.fromhex(rpc("anvil_dumpState")[2:])
    rpc.send(0)
    with pytest.raises(RpcError, match=words) as caught:
        rpc("anvil_loadState", "0x" + change(dump).hex())
    assert caught.value.code == -32_602
    assert rpc.number("eth_blockNumber") == 2
    assert rpc.receipt(rpc.send(0))["blockNumber"] == "0x3"
    assert rpc("anvil_loadState", "0x" + dump.hex()) is True
    assert rpc.number("eth_blockNumber") == 1


def test_state__refused_at_its_end__the_folder_opens_with_the_chain_it_had(tmp_path: Path) -> None:
    with LocalNode(tmp_path) as node, Rpc(node.port) as rpc:
        rpc.send(0)
        dump = bytes.fromhex(rpc("anvil_dumpState")[2:])
        rpc.send(0)
        with pytest.raises(RpcError, match="waits cannot be read"):
            rpc("anvil_loadState", "0x" + _with(dump, b"w", b"\1" * 28, b"\xff\xff").hex())
        rpc.send(0)
    with LocalNode(tmp_path) as node, Rpc(node.port) as rpc:
        assert rpc.number("eth_blockNumber") == 3
    assert faults_of(tmp_path) == []


def test_state__record_larger_than_any_request__written_to_the_file_and_read(tmp_path: Path) -> None:
    code = bytes(65 * 2**20)
    with Node(tmp_path / "first") as node:
        node.order(lambda: change_state(node, lambda state: state.set_code(b"\1" * 20, code))).result(
            timeout=60
        )
        save_state_file(node, tmp_path / "file")
        root = node.chain.head.state_root
    with Node(tmp_path / "second") as node:
        assert load_state_file(node, tmp_path / "file") is True
        assert node.chain.head.state_root == root


def _load_bytes(node: Node, dump: bytes) -> None:
    load_state(node, lambda: BytesIO(dump), 10_000)


def test_state__many_empty_records__counted_by_their_number(tmp_path: Path) -> None:
    with Node(tmp_path) as node:
        for count, words in ((30, "ends in the middle"), (50, "takes more than 10000 bytes")):
            load = partial(_load_bytes, node, FORM + gzip.compress(b"s\0\0\0\0" * count))
            loading = node.order(load)
            with pytest.raises(RpcFault, match=words):
                loading.result(timeout=20)


def test_state__begun_with_other_accounts__they_send_wherever_it_is_opened(rpc: Rpc, tmp_path: Path) -> None:
    phrase = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
    settings = ChainSettings(mnemonic=phrase, accounts=2)
    with LocalNode(tmp_path / "other", settings=settings) as other, Rpc(other.port) as there:
        accounts = there("eth_accounts")
        dump = there("anvil_dumpState")
    call = {"from": accounts[1], "to": SOMEBODY, "value": "0x1"}
    with LocalNode(tmp_path / "other") as reopened, Rpc(reopened.port) as there:
        assert there("eth_accounts") == accounts
        assert there.receipt(there("eth_sendTransaction", call))["status"] == "0x1"
    with pytest.raises(RpcError):
        rpc("eth_sendTransaction", call)
    assert rpc("anvil_loadState", dump) is True
    assert rpc("eth_accounts") == accounts
    assert rpc.receipt(rpc("eth_sendTransaction", call))["status"] == "0x1"


def test_state__of_another_chain_id__refused(rpc: Rpc, tmp_path: Path) -> None:
    with LocalNode(tmp_path / "five", settings=ChainSettings(chain_id=5)) as other, Rpc(other.port) as there:
        dump = there("anvil_dumpState")
    with pytest.raises(RpcError, match="holds chain 5, and chain 31337 was asked for"):
        rpc("anvil_loadState", dump)
    assert rpc.number("eth_blockNumber") == 0


def test_state__too_much_for_an_answer__says_how_else(rpc: Rpc) -> None:
    each = MOST_DUMP_BYTES // 3
    noise = b"".join(((at * 2_654_435_761) % 2**32).to_bytes(4, "big") for at in range(each // 4))
    for at in range(2):
        rpc("anvil_setCode", SOMEBODY, f"0x{at:02x}{noise.hex()}")
    assert rpc("anvil_loadState", rpc("anvil_dumpState")) is True
    rpc("anvil_setCode", SOMEBODY, f"0x02{noise.hex()}")
    with pytest.raises(RpcError, match=r"-32005.*--state FILE"):
        rpc("anvil_dumpState")
