"""Keccak-256, RLP lists and the ordered trie's root: the three encodings a block header is made of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from eth_hash.auto import keccak as _keccak

MOST_RLP_DEPTH = 16
# Bounds the memory spent on remembered hashes at some 5 MB.
MOST_KEYS = 16_384


def keccak(value: bytes) -> bytes:
    """Keccak-256, the hash that Ethereum took before SHA-3 was finished."""
    return _keccak(value)


@lru_cache(MOST_KEYS)
def key_hash(key: bytes) -> bytes:
    """The same for what is hashed again and again: addresses, slots, topics."""
    return _keccak(key)


def rlp_encode(item: Any) -> bytes:
    """RLP of byte strings and lists of them. Several times quicker than the library, which must guess types first."""
    if isinstance(item, bytes):
        length = len(item)
        if length < 56:
            return item if length == 1 and item[0] < 0x80 else _SHORT[length] + item
        return _prefix(length, 0x80) + item
    return rlp_list(b"".join([rlp_encode(one) for one in item]))


# Most strings are short: hashes, numbers, and the empty places of a branch.
_SHORT = tuple(bytes((0x80 + length,)) for length in range(56))


def rlp_list(payload: bytes) -> bytes:
    """The list whose items, encoded and put together, are ``payload``."""
    return _prefix(len(payload), 0xC0) + payload


def _prefix(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes((offset + length,))
    size = int_bytes(length)
    return bytes((offset + 55 + len(size),)) + size


def rlp_decode(encoded: bytes) -> Any:
    """What ``rlp_encode`` was given, lists as lists.

    Raises: ValueError for anything but the one valid encoding, and for lists nested deeper than transactions nest them.
    """
    item, end = _decode_item(encoded, 0, MOST_RLP_DEPTH)
    if end != len(encoded):
        raise ValueError(f"{len(encoded) - end} bytes follow the item")
    return item


def _decode_item(encoded: bytes, at: int, depth: int) -> tuple[Any, int]:
    if at >= len(encoded):
        raise ValueError("the input ends where an item should begin")
    first = encoded[at]
    if first < 0x80:
        return encoded[at : at + 1], at + 1
    start, end = _payload(encoded, at, first)
    if first < 0xC0:
        if end - start == 1 and encoded[start] < 0x80:
            raise ValueError("a small byte is encoded as itself")
        return encoded[start:end], end
    if not depth:
        raise ValueError("lists are nested too deep")
    items = []
    while start < end:
        item, start = _decode_item(encoded, start, depth - 1)
        items.append(item)
    if start != end:
        raise ValueError("an item runs over the end of its list")
    return items, end


def _payload(encoded: bytes, at: int, first: int) -> tuple[int, int]:
    """Where the payload of a string or list begins and ends."""
    length = first - (0xC0 if first >= 0xC0 else 0x80)
    start = at + 1
    if length > 55:
        start += length - 55
        size = encoded[at + 1 : start]
        length = bytes_int(size)
        if size[:1] == b"\0" or length < 56:
            raise ValueError("a length is not written in its shortest form")
    if start + length > len(encoded):
        raise ValueError("an item is longer than the input")
    return start, start + length


def int_bytes(value: int) -> bytes:
    """The shortest big-endian form; zero is empty, as RLP wants it."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def bytes_int(value: bytes) -> int:
    """The big-endian number; empty is zero."""
    return int.from_bytes(value, "big")


EMPTY_TRIE_ROOT = keccak(rlp_encode(b""))
EMPTY_UNCLES_HASH = keccak(rlp_encode([]))


def ordered_trie_root(items: Sequence[bytes]) -> bytes:
    """Root of the Merkle-Patricia trie that maps each item's RLP-encoded index to it.

    Source: Yellow Paper appendix D; the roots of transactions and receipts in a header.
    """
    if not items:
        return EMPTY_TRIE_ROOT
    entries = sorted((_nibbles(rlp_encode(int_bytes(index))), item) for index, item in enumerate(items))
    return keccak(rlp_encode(_node(entries, 0)))


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
    encoded = rlp_encode(node)
    return keccak(encoded) if len(encoded) >= 32 else node


def _compact(nibbles: tuple[int, ...], *, is_leaf: bool) -> bytes:
    flag = 2 if is_leaf else 0
    padded = (flag + 1, *nibbles) if len(nibbles) % 2 else (flag, 0, *nibbles)
    return bytes(padded[i] << 4 | padded[i + 1] for i in range(0, len(padded), 2))
