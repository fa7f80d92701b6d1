"""``eth_getProof``: another library finds in the proofs what the node claims, present or absent."""

from __future__ import annotations

from typing import Any

import pytest
import rlp
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st
from trie.exceptions import BadTrieProof
from trie.hexary import HexaryTrie

from settlement.chain.local.formats.hashing import EMPTY_TRIE_ROOT
from settlement.chain.local.formats.state_trie import StateTrie
from tests.chain.local.client import EMITTER, Rpc, RpcError, address_of, words

NOBODY = "0x" + "77" * 20
EMPTY_CODE_HASH = "0x" + keccak(b"").hex()
# Stores each pair of words (slot, value) of its call data.
STORER = bytes.fromhex("5f5b8036111560175780602001358135556040016001565b00")


def unhexed(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def proven(root: bytes, key: bytes, proof: list[str]) -> bytes:
    """What the library reads under ``key`` when it knows the root and the proof's nodes alone."""
    nodes = [rlp.decode(unhexed(node)) for node in proof]
    library: Any = HexaryTrie
    return bytes(library.get_from_proof(root, key, nodes))


def check(rpc: Rpc, answer: dict[str, Any], state_root: str) -> None:
    """Raises: AssertionError when a proof does not prove the answer."""
    account = proven(unhexed(state_root), keccak(unhexed(answer["address"])), answer["accountProof"])
    shown = [int(answer["nonce"], 16), int(answer["balance"], 16)]
    hashes = [unhexed(answer["storageHash"]), unhexed(answer["codeHash"])]
    if account:
        assert account == rlp.encode([*shown, *hashes])
    else:
        assert (shown, hashes) == ([0, 0], [EMPTY_TRIE_ROOT, keccak(b"")])
    for slot in answer["storageProof"]:
        found = b""
        if hashes[0] != EMPTY_TRIE_ROOT:
            found = proven(hashes[0], keccak(int(slot["key"], 16).to_bytes(32)), slot["proof"])
        assert int(slot["value"], 16) == (int.from_bytes(rlp.decode(found)) if found else 0)


def root_of(rpc: Rpc, block: str = "latest") -> str:
    return str(rpc("eth_getBlockByNumber", block)["stateRoot"])


def test_proof__accounts_with_and_without_code__proved_against_the_header(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    for address in (address_of(0), address_of(5)):
        answer = rpc("eth_getProof", address, [], "latest")
        check(rpc, answer, root_of(rpc))
        assert answer["balance"] == rpc("eth_getBalance", address)
        assert answer["nonce"] == rpc("eth_getTransactionCount", address)
    answer = rpc("eth_getProof", target, [], "latest")
    check(rpc, answer, root_of(rpc))
    assert answer["codeHash"] == "0x" + keccak(EMITTER).hex()
    assert answer["storageHash"] == "0x" + EMPTY_TRIE_ROOT.hex()


def test_proof__account_that_is_absent__proved_absent(rpc: Rpc) -> None:
    answer = rpc("eth_getProof", NOBODY, ["0x0"], "latest")
    check(rpc, answer, root_of(rpc))
    assert answer["accountProof"]
    assert (answer["balance"], answer["nonce"], answer["codeHash"]) == ("0x0", "0x0", EMPTY_CODE_HASH)
    assert answer["storageProof"] == [{"key": "0x0", "value": "0x0", "proof": []}]


@pytest.mark.parametrize("slots", [1, 2, 40])
def test_proof__slots_present_and_absent__proved(rpc: Rpc, slots: int) -> None:
    target = rpc.deploy(STORER)
    pairs = [word for slot in range(slots) for word in (slot, slot * slot + 1)]
    receipt = rpc.receipt(rpc.send(0, to=target, data=words(*pairs), gas=2_000_000))
    assert receipt["status"] == "0x1"
    keys = [hex(slot) for slot in range(slots + 5)]
    answer = rpc("eth_getProof", target, keys, "latest")
    check(rpc, answer, root_of(rpc))
    values = [int(one["value"], 16) for one in answer["storageProof"]]
    assert values == [slot * slot + 1 for slot in range(slots)] + [0] * 5
    assert [one["key"] for one in answer["storageProof"]] == keys
    assert all(one["proof"] for one in answer["storageProof"])


def test_proof__older_block__as_it_was_then(rpc: Rpc) -> None:
    target = rpc.deploy(STORER)
    before = rpc("eth_getBlockByNumber", "latest")
    rpc.send(0, to=target, data=words(1, 9), gas=100_000)
    old = rpc("eth_getProof", target, ["0x1"], before["number"])
    check(rpc, old, before["stateRoot"])
    new = rpc("eth_getProof", target, ["0x1"], "latest")
    check(rpc, new, root_of(rpc))
    assert (old["storageProof"][0]["value"], new["storageProof"][0]["value"]) == ("0x0", "0x9")
    with pytest.raises(BadTrieProof):
        check(rpc, old, root_of(rpc))


def test_proof__key_of_32_bytes__shown_as_it_was_asked(rpc: Rpc) -> None:
    target = rpc.deploy(STORER)
    long, short = words(2), "0x2"
    answer = rpc("eth_getProof", target, [long, short, "0x02"])
    assert [one["key"] for one in answer["storageProof"]] == [long, short, short]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (["0x12", []], "want 20 bytes"),
        ([NOBODY, "0x0"], "expected a list of storage keys"),
        ([NOBODY, ["0x" + "0" * 65]], "expected a hex quantity"),
        ([NOBODY, [7]], "expected a hex quantity"),
        ([NOBODY, ["0x0"] * 1_025], "too many slots"),
        ([NOBODY], "missing value"),
    ],
)
def test_proof__malformed__refused(rpc: Rpc, params: list[Any], said: str) -> None:
    with pytest.raises(RpcError, match=said) as caught:
        rpc("eth_getProof", *params)
    assert caught.value.code == -32_602
    assert len(rpc("eth_getProof", NOBODY, ["0x0"] * 1_024)["storageProof"]) == 1_024


def test_proof__unknown_block__said(rpc: Rpc) -> None:
    with pytest.raises(RpcError, match="header not found"):
        rpc("eth_getProof", NOBODY, [], "0x5")


_KEYS = st.lists(st.sampled_from(b"\x00\x01\x10\x11\xf0"), min_size=3, max_size=3).map(bytes)


@given(st.dictionaries(_KEYS, st.binary(min_size=1, max_size=40), max_size=20), _KEYS)
def test_proof__any_trie__the_library_reads_the_same(entries: dict[bytes, bytes], asked: bytes) -> None:
    # Short keys and values, so that nodes lie embedded in their parents.
    trie = StateTrie(dict[bytes, bytes]().get, EMPTY_TRIE_ROOT)
    for key, value in entries.items():
        trie.set(key, value)
    proof = ["0x" + node.hex() for node in trie.prove(asked)]
    assert bool(proof) == bool(entries)
    if proof:
        assert proven(trie.root_hash, asked, proof) == entries.get(asked, b"")
