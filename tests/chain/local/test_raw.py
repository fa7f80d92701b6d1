"""Raw headers, blocks, receipts and transactions: another library makes the same hashes and roots of them."""

from __future__ import annotations

from typing import Any

import pytest
import rlp
from eth_utils.crypto import keccak
from trie.hexary import HexaryTrie

from tests.chain.local.client import EMITTER, GWEI, Rpc, RpcError, signed, words

METHODS = ("debug_getRawHeader", "debug_getRawBlock", "debug_getRawReceipts")


def unhexed(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def ordered_root(items: list[bytes]) -> bytes:
    trie: Any = HexaryTrie({})
    for index, item in enumerate(items):
        trie[rlp.encode(index)] = item
    return bytes(trie.root_hash)


@pytest.fixture
def mixed(rpc: Rpc) -> dict[str, Any]:
    """A block of a legacy, an access-list and two dynamic-fee transactions, one of them with a log."""
    target = rpc.deploy(EMITTER)
    rpc("evm_setAutomine", False)
    rpc.send(1, gasPrice=5 * GWEI)
    rpc.send(2, gasPrice=5 * GWEI, accessList=[{"address": target, "storageKeys": [words(7)]}], gas=50_000)
    rpc.send(3, to=target, data=words(1, 2, 3), gas=100_000)
    rpc.send(4, to=target, data="0x", gas=50_000)
    rpc("evm_mine")
    return dict(rpc("eth_getBlockByNumber", "latest"))


def test_raw__header__hashes_to_the_blocks_hash(rpc: Rpc, mixed: dict[str, Any]) -> None:
    for named in (mixed["hash"], mixed["number"], "latest"):
        header = unhexed(rpc("debug_getRawHeader", named))
        assert "0x" + keccak(header).hex() == mixed["hash"]
        assert len(rlp.decode(header)) == 21


def test_raw__block__holds_the_header_and_the_transactions_that_make_its_roots(
    rpc: Rpc, mixed: dict[str, Any]
) -> None:
    encoded = unhexed(rpc("debug_getRawBlock", mixed["hash"]))
    assert len(encoded) == int(mixed["size"], 16)
    header, transactions, uncles, withdrawals = rlp.decode(encoded)
    assert rlp.encode(header) == unhexed(rpc("debug_getRawHeader", "latest"))
    assert (uncles, withdrawals) == ([], [])
    raws = [one if isinstance(one, bytes) else rlp.encode(one) for one in transactions]
    assert ["0x" + keccak(raw).hex() for raw in raws] == mixed["transactions"]
    assert sorted({raw[0] for raw in raws} & {1, 2}) == [1, 2]
    assert ordered_root(raws) == unhexed(mixed["transactionsRoot"])
    empty = unhexed(rpc("debug_getRawBlock", "earliest"))
    assert len(empty) == int(rpc("eth_getBlockByNumber", "earliest")["size"], 16)


def test_raw__receipts__make_the_receipts_root(rpc: Rpc, mixed: dict[str, Any]) -> None:
    raws = [unhexed(one) for one in rpc("debug_getRawReceipts", mixed["number"])]
    assert ordered_root(raws) == unhexed(mixed["receiptsRoot"])
    receipts = rpc("eth_getBlockReceipts", "latest")
    for raw, receipt in zip(raws, receipts, strict=True):
        status, gas, bloom, logs = rlp.decode(raw if raw[0] >= 0xC0 else raw[1:])
        assert int.from_bytes(status) == int(receipt["status"], 16)
        assert int.from_bytes(gas) == int(receipt["cumulativeGasUsed"], 16)
        assert bloom == unhexed(receipt["logsBloom"])
        assert len(logs) == len(receipt["logs"])
    assert {receipt["status"] for receipt in receipts} == {"0x0", "0x1"}
    assert rpc("debug_getRawReceipts", "earliest") == []


def test_raw__transaction__as_it_was_sent_mined_or_waiting(rpc: Rpc) -> None:
    raw = signed(0, nonce=0)
    mined = rpc("eth_sendRawTransaction", raw)
    assert rpc("debug_getRawTransaction", mined) == raw
    ahead = signed(0, nonce=9)
    waiting = rpc("eth_sendRawTransaction", ahead)
    assert rpc("debug_getRawTransaction", waiting) == ahead
    assert rpc("debug_getRawTransaction", "0x" + "77" * 32) is None


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("block", ["0x2", "0x" + "77" * 32])
def test_raw__block_that_is_not_there__said(rpc: Rpc, method: str, block: str) -> None:
    rpc("evm_mine")
    with pytest.raises(RpcError, match="header not found"):
        rpc(method, block)
    assert rpc(method, "0x1") is not None
