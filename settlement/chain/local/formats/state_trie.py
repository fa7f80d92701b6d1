"""The Merkle-Patricia trie that accounts and storage slots live in.

Changes stay in memory until the root is asked for, so each node is hashed once per block, however often it changed.
Nodes are RLP lists as they are stored; a list in place of a child's hash is a child in memory. Lists are never changed
once built: readers share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from settlement.chain.local.formats.hashing import EMPTY_TRIE_ROOT, keccak, rlp_decode, rlp_encode

# Bounds the memory spent on decoded nodes at some 30 MB.
MOST_DECODED = 20_000
# Hash -> decoded node, for all tries of the process: a hash names its content whichever chain it is of.
_decoded: dict[bytes, list[Any]] = {}

# A node is a list, the 32-byte hash of a stored one, or b"" for none.
Ref = Any


class StateTrie:
    """One trie, read through ``read_node``; what must be stored is in ``written`` once the root was asked for.

    Keys are hashes: all of one length, so no key is the start of another.
    """

    def __init__(self, read_node: Callable[[bytes], bytes | None], root_hash: bytes) -> None:
        self._read = read_node
        self._root: Ref = b"" if root_hash == EMPTY_TRIE_ROOT else root_hash
        self.written: dict[bytes, bytes] = {}

    @property
    def root_hash(self) -> bytes:
        """The hash over everything; also hashes what changed since it was last asked for."""
        if isinstance(self._root, list):
            self._root = self._stored(self._raw(self._root))
        return self._root or EMPTY_TRIE_ROOT

    def get(self, key: bytes) -> bytes:
        """The value, or b"" when there is none."""
        path, at = key.hex(), 0
        node = self._root
        while node:
            node = self._load(node)
            if len(node) == 17:
                node = node[int(path[at], 16)]
                at += 1
                continue
            part, is_leaf = _expanded(node[0])
            if not path.startswith(part, at):
                return b""
            if is_leaf:
                return bytes(node[1])
            at += len(part)
            node = node[1]
        return b""

    def prove(self, key: bytes) -> list[bytes]:
        """The encoded nodes on the way from the root to the key, or to where it would be: the proof of what ``get`` says.

        A node that stands within its parent is in the parent's bytes and not given once more.
        """
        path, at = key.hex(), 0
        proof: list[bytes] = []
        node = self._root if self.root_hash != EMPTY_TRIE_ROOT else b""
        while node:
            is_of_its_own = isinstance(node, bytes)
            node = self._load(node)
            if is_of_its_own:
                proof.append(rlp_encode(node))
            if len(node) == 17:
                node = node[int(path[at], 16)]
                at += 1
                continue
            part, is_leaf = _expanded(node[0])
            if is_leaf or not path.startswith(part, at):
                break
            at += len(part)
            node = node[1]
        return proof

    def set(self, key: bytes, value: bytes) -> None:
        """Put a value that is not empty."""
        self._root = self._with(self._root, key.hex(), value)

    def delete(self, key: bytes) -> None:
        """Take the key out, if it is there."""
        self._root = self._without(self._root, key.hex())

    def _load(self, node: Ref) -> list[Any]:
        if isinstance(node, list):
            return node
        found = _decoded.get(node)
        if found is None:
            encoded = self.written.get(node) or self._read(node)
            if encoded is None:
                raise LookupError(f"trie node 0x{node.hex()} is not stored")
            found = rlp_decode(encoded)
            _remember(node, found)
        return found

    def _with(self, ref: Ref, path: str, value: bytes) -> list[Any]:
        if not ref:
            return [_compact(path, is_leaf=True), value]
        node = self._load(ref)
        if len(node) == 17:
            return _replaced(node, path[0], self._with(node[int(path[0], 16)], path[1:], value))
        part, is_leaf = _expanded(node[0])
        shared = _shared_length(part, path)
        if shared == len(part):
            return [node[0], value if is_leaf else self._with(node[1], path[shared:], value)]
        rest = part[shared:]
        below = node[1] if len(rest) == 1 and not is_leaf else [_compact(rest[1:], is_leaf=is_leaf), node[1]]
        branch: list[Any] = [b""] * 17
        branch[int(rest[0], 16)] = below
        branch[int(path[shared], 16)] = [_compact(path[shared + 1 :], is_leaf=True), value]
        return [_compact(path[:shared], is_leaf=False), branch] if shared else branch

    def _without(self, ref: Ref, path: str) -> Ref:
        if not ref:
            return b""
        node = self._load(ref)
        if len(node) == 17:
            below = self._without(node[int(path[0], 16)], path[1:])
            changed = _replaced(node, path[0], below)
            used = [at for at in range(16) if changed[at]]
            return changed if len(used) > 1 else self._joined(f"{used[0]:x}", changed[used[0]])
        part, is_leaf = _expanded(node[0])
        if is_leaf:
            return b"" if part == path else node
        if not path.startswith(part):
            return node
        return self._joined(part, self._without(node[1], path[len(part) :]))

    def _joined(self, part: str, ref: Ref) -> list[Any]:
        """A node that leads along ``part`` to ``ref``; a leaf or an extension there takes the part into its own."""
        below = self._load(ref)
        if len(below) == 17:
            return [_compact(part, is_leaf=False), ref]
        rest, is_leaf = _expanded(below[0])
        return [_compact(part + rest, is_leaf=is_leaf), below[1]]

    def _raw(self, node: list[Any]) -> list[Any]:
        """The node with hashes, or embedded nodes, in place of its children in memory."""
        return [self._reference(child) if isinstance(child, list) else child for child in node]

    def _reference(self, node: list[Any]) -> Ref:
        raw = self._raw(node)
        encoded = rlp_encode(raw)
        # The format's rule: what is shorter than a hash stands in its parent itself.
        return raw if len(encoded) < 32 else self._stored(raw, encoded)

    def _stored(self, raw: list[Any], encoded: bytes | None = None) -> bytes:
        encoded = encoded or rlp_encode(raw)
        node_hash = keccak(encoded)
        self.written[node_hash] = encoded
        _remember(node_hash, raw)
        return node_hash


def stored_nodes(
    read_node: Callable[[bytes], bytes | None], root_hash: bytes
) -> Iterator[tuple[bytes, bytes]]:
    """Every stored node of one trie with its hash; a node that two places share comes once for each.

    Raises: LookupError when one is missing.
    """
    refs: list[Ref] = [] if root_hash == EMPTY_TRIE_ROOT else [root_hash]
    while refs:
        node = refs.pop()
        if isinstance(node, bytes):
            encoded = read_node(node)
            if encoded is None:
                raise LookupError(f"trie node 0x{node.hex()} is not stored")
            yield node, encoded
            node = rlp_decode(encoded)
        refs += children(node)


def children(node: list[Any]) -> list[Ref]:
    """What lies below a decoded node: hashes, and lists where a child is embedded."""
    if len(node) == 17:
        return [child for child in node[:16] if child]
    return [] if _expanded(node[0])[1] else [node[1]]


def _remember(node_hash: bytes, node: list[Any]) -> None:
    if len(_decoded) >= MOST_DECODED:
        # What is in use comes back within a block; an order of use would cost more than it saves.
        _decoded.clear()
    _decoded[node_hash] = node


def _shared_length(part: str, path: str) -> int:
    for at, (one, other) in enumerate(zip(part, path, strict=False)):
        if one != other:
            return at
    return min(len(part), len(path))


def _replaced(node: list[Any], nibble: str, child: Ref) -> list[Any]:
    changed = list(node)
    changed[int(nibble, 16)] = child
    return changed


def _expanded(compact: bytes) -> tuple[str, bool]:
    """The path in a node of two items, and whether the node is a leaf."""
    digits = compact.hex()
    return digits[1:] if digits[0] in "13" else digits[2:], digits[0] in "23"


def _compact(path: str, *, is_leaf: bool) -> bytes:
    if len(path) % 2:
        return bytes.fromhex(("3" if is_leaf else "1") + path)
    return bytes.fromhex(("20" if is_leaf else "00") + path)
