"""Keccak-256, RLP lists and the ordered trie's root: the three encodings a block header is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rlp
from eth_hash.auto import keccak as keccak

EMPTY_TRIE_ROOT = keccak(rlp.encode(b""))
EMPTY_CODE_HASH = keccak(b"")
EMPTY_UNCLES_HASH = keccak(rlp.encode([]))


def int_bytes(value: int) -> bytes:
    """The shortest big-endian form; zero is empty, as RLP wants it."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def bytes_int(value: bytes) -> int:
    return int.from_bytes(value, "big")


def ordered_trie_root(items: Sequence[bytes]) -> bytes:
    """Root of the Merkle-Patricia trie that maps each item's RLP-encoded index to it.

    Source: Yellow Paper appendix D; the roots of transactions and receipts in a header.
    """
    if not items:
        return EMPTY_TRIE_ROOT
    entries = sorted((_nibbles(rlp.encode(int_bytes(index))), item) for index, item in enumerate(items))
    return keccak(rlp.encode(_node(entries, 0)))


def _nibbles(key: bytes) -> tuple[int, ...]:
    return tuple(nibble for byte in key for nibble in (byte >> 4, byte & 15))


def _node(entries: list[tuple[tuple[int, ...], bytes]], depth: int) -> Any:
    """The unencoded node over entries, sorted, that agree in their first ``depth`` nibbles."""
    first = entries[0][0]
    if len(entries) == 1:
        return [_compact(first[depth:], is_leaf=True), entries[0][1]]
    last = entries[-1][0]
    shared = depth
    while shared < len(first) and shared < len(last) and first[shared] == last[shared]:
        shared += 1
    if shared > depth:
        return [_compact(first[depth:shared], is_leaf=False), _reference(_node(entries, shared))]
    branch: list[Any] = [b""] * 17
    start = 0
    # No index's encoding is a prefix of another's, so the branch's own value stays empty.
    while start < len(entries):
        nibble = entries[start][0][depth]
        end = start
        while end < len(entries) and entries[end][0][depth] == nibble:
            end += 1
        branch[nibble] = _reference(_node(entries[start:end], depth + 1))
        start = end
    return branch


def _reference(node: Any) -> Any:
    encoded = rlp.encode(node)
    return keccak(encoded) if len(encoded) >= 32 else node


def _compact(nibbles: tuple[int, ...], *, is_leaf: bool) -> bytes:
    flag = 2 if is_leaf else 0
    padded = (flag + 1, *nibbles) if len(nibbles) % 2 else (flag, 0, *nibbles)
    return bytes(padded[i] << 4 | padded[i + 1] for i in range(0, len(padded), 2))
