"""A look at the whole of a chain's folder: every block, every way to it, every node of the head's state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from settlement.chain.local.faults import FolderDamaged, RpcFault
from settlement.chain.local.formats.blocks import ZERO_WORD, Block, Head, seal
from settlement.chain.local.formats.hashing import EMPTY_TRIE_ROOT, bytes_int, keccak, rlp_decode
from settlement.chain.local.formats.state_trie import children
from settlement.chain.local.formats.transactions import decode_transaction
from settlement.chain.local.store.block_tables import CHAIN_ID, HEAD, index_entries, read_block, read_head
from settlement.chain.local.store.storage import Storage, Table, View

_NO_CODE = keccak(b"")
_COUNTED = (Table.HEADS, Table.HASHES, Table.BODIES, Table.RECEIPTS, Table.PLACES, Table.LOGS)


def find_faults(storage: Storage) -> Iterator[str]:
    """What does not fit together, in words, one after another; nothing when all is well. Takes as long as it takes."""
    try:
        with storage.view() as view:
            number = bytes_int(view.get(Table.META, HEAD) or b"")
            chain_id = bytes_int(view.get(Table.META, CHAIN_ID) or b"")
            yield from _block_faults(view, number, chain_id)
            head = read_head(view, number)
            if head is not None:
                yield from _state_faults(view, head.state_root)
            yield from _waiting_faults(view, chain_id)
    except (FolderDamaged, RpcFault, ValueError, IndexError) as exc:
        yield f"a record cannot be read: {exc}"


def _block_faults(view: View, number: int, chain_id: int) -> Iterator[str]:
    counts: Counter[Table] = Counter()
    below: Head | None = None
    for at in range(number + 1):
        head = read_head(view, at)
        if head is None:
            yield f"block {at} is missing below the head, block {number}"
            return
        yield from link_faults(at, head, below)
        if head.state_root != EMPTY_TRIE_ROOT and view.get(Table.NODES, head.state_root) is None:
            yield f"block {at} has no state"
        block = read_block(view, head, chain_id)
        yield from content_faults(block)
        yield from _index_faults(view, block)
        counts[Table.HEADS] += 1
        counts[Table.BODIES] += len(block.transactions)
        counts[Table.RECEIPTS] += len(block.transactions)
        counts.update(table for table, _, _ in index_entries(block))
        below = head
    for table in _COUNTED:
        if view.count(table) != counts[table]:
            yield f"{view.count(table)} entries in {table.name}, the blocks account for {counts[table]}"


def link_faults(number: int, head: Head, below: Head | None) -> Iterator[str]:
    """Whether ``head`` is what its hash says, and the block after ``below``."""
    if head.number != number or keccak(head.header.encode()) != head.hash:
        yield f"block {number} does not match its hash"
    parent_hash, parent_at = (ZERO_WORD, -1) if below is None else (below.hash, below.header.timestamp)
    if head.header.parent_hash != parent_hash or head.header.timestamp <= parent_at:
        yield f"block {number} does not follow block {number - 1}"


def content_faults(block: Block) -> Iterator[str]:
    """Whether the block holds what its header was hashed over."""
    head = block.head
    ran = [(mined.transaction, mined.receipt) for mined in block.transactions]
    again = seal(head.header, head.header.state_root, ran).head
    if (again.hash, again.transaction_count) != (head.hash, head.transaction_count):
        yield f"block {head.number} has not the transactions and receipts that its header names"


def _index_faults(view: View, block: Block) -> Iterator[str]:
    for table, key, value in index_entries(block):
        if view.get(table, key) != value:
            yield f"block {block.head.number} is not found by {table.name} 0x{key.hex()}"


def _state_faults(view: View, root: bytes) -> Iterator[str]:
    """Walks every account, slot and code under ``root``."""
    seen: set[bytes] = set()
    for leaf, fault in _walk(view, root, seen):
        if fault:
            yield fault
            continue
        _, _, storage_root, code_hash = rlp_decode(leaf)
        yield from (words for _, words in _walk(view, storage_root, seen) if words)
        if code_hash != _NO_CODE and code_hash not in seen:
            seen.add(code_hash)
            code = view.get(Table.NODES, code_hash)
            if code is None or keccak(code) != code_hash:
                yield f"code 0x{code_hash.hex()} is not stored"


def _walk(view: View, root: bytes, seen: set[bytes]) -> Iterator[tuple[bytes, str]]:
    """The leaves under ``root`` and, where a node is not as its hash says, words about it."""
    refs = [] if root == EMPTY_TRIE_ROOT else [root]
    while refs:
        node = refs.pop()
        if isinstance(node, bytes):
            if node in seen:
                continue
            seen.add(node)
            encoded = view.get(Table.NODES, node)
            if encoded is None or keccak(encoded) != node:
                yield b"", f"state node 0x{node.hex()} is not stored"
                continue
            node = rlp_decode(encoded)
        below = children(node)
        if not below:
            yield node[1], ""
        refs += below


def _waiting_faults(view: View, chain_id: int) -> Iterator[str]:
    for key, raw in view.entries(Table.WAITING):
        tx = decode_transaction(raw, chain_id, known_sender=key[:20])
        if key[20:] != tx.nonce.to_bytes(8, "big"):
            yield f"a waiting transaction of nonce {tx.nonce} lies at 0x{key.hex()}"
        if view.get(Table.PLACES, tx.hash) is not None:
            yield f"transaction 0x{tx.hash.hex()} waits and is in a block"
