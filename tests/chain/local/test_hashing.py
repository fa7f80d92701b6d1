"""Our RLP and ordered trie agree with the libraries' own."""

from __future__ import annotations

from typing import Any

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from settlement.chain.local.formats.hashing import (
    EMPTY_TRIE_ROOT,
    int_bytes,
    ordered_trie_root,
    rlp_decode,
    rlp_encode,
)

_ITEMS = st.recursive(st.binary(max_size=80), lambda inner: st.lists(inner, max_size=5), max_leaves=20)


@given(_ITEMS)
def test_rlp_encode__any_nesting__as_the_library(item: Any) -> None:
    assert rlp_encode(item) == rlp.encode(item)
    assert rlp_decode(rlp_encode(item)) == rlp.decode(rlp.encode(item))


@given(st.binary(max_size=70))
def test_rlp_decode__any_bytes__refused_where_the_library_refuses(encoded: bytes) -> None:
    try:
        expected = rlp.decode(encoded)
    except rlp.DecodingError:
        with pytest.raises(ValueError, match=r"\w"):
            rlp_decode(encoded)
    else:
        assert rlp_decode(encoded) == expected


def test_rlp_decode__nested_without_end__refused() -> None:
    with pytest.raises(ValueError, match="too deep"):
        rlp_decode(b"\xc1" * 17 + b"\xc0")


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=300))
def test_ordered_trie_root__any_items__as_the_library(items: list[bytes]) -> None:
    trie = HexaryTrie({})
    for index, item in enumerate(items):
        trie[rlp.encode(int_bytes(index))] = item
    assert ordered_trie_root(items) == trie.root_hash


def test_ordered_trie_root__nothing__the_empty_root() -> None:
    assert ordered_trie_root([]) == EMPTY_TRIE_ROOT == HexaryTrie({}).root_hash
