"""Our trie agrees with the library's, root for root, whatever is put in and taken out."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from settlement.chain.local.formats.hashing import EMPTY_TRIE_ROOT
from settlement.chain.local.formats.state_trie import StateTrie

# Few and short keys that share their starts, so that nodes split, join and lie embedded in their parents.
_SHORT = st.lists(st.sampled_from(b"\x00\x01\x10\x11\xf0"), min_size=3, max_size=3).map(bytes)
_HASHES = st.integers(0, 40).map(lambda number: keccak(bytes([number])))
_VALUES = st.binary(max_size=3) | st.binary(min_size=30, max_size=40)


def assert_agreement(changes: list[list[tuple[bytes, bytes]]]) -> None:
    theirs: Any = HexaryTrie({})
    stored: dict[bytes, bytes] = {}
    root = EMPTY_TRIE_ROOT
    for block in changes:
        ours = StateTrie(stored.get, root)
        for key, value in block:
            if value:
                theirs[key] = value
                ours.set(key, value)
            else:
                theirs.delete(key)
                ours.delete(key)
            assert ours.get(key) == value
        root = ours.root_hash
        assert root == theirs.root_hash
        stored.update(ours.written)
    reopened = StateTrie(stored.get, root)
    for key in {key for block in changes for key, _ in block}:
        assert reopened.get(key) == theirs[key]


@settings(max_examples=200)
@given(st.lists(st.lists(st.tuples(_SHORT, _VALUES), max_size=12), max_size=4))
def test_state_trie__short_keys__roots_as_the_library(changes: list[list[tuple[bytes, bytes]]]) -> None:
    assert_agreement(changes)


@settings(max_examples=100)
@given(st.lists(st.lists(st.tuples(_HASHES, _VALUES), max_size=30), max_size=4))
def test_state_trie__hashed_keys__roots_as_the_library(changes: list[list[tuple[bytes, bytes]]]) -> None:
    assert_agreement(changes)


def test_state_trie__node_missing__said_by_its_hash() -> None:
    trie = StateTrie(dict[bytes, bytes]().get, b"\x77" * 32)
    with pytest.raises(LookupError, match="7777"):
        trie.get(b"\0" * 32)
