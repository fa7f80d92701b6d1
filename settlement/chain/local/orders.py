"""What a tester may order: time, blocks, snapshots, reorganisations, accounts. Each runs on the node's writer thread."""

from __future__ import annotations

from collections.abc import Callable

from settlement.chain.local.clock import Clock
from settlement.chain.local.engine.port import Workspace
from settlement.chain.local.events import BlocksTaken, BlockStored
from settlement.chain.local.faults import RpcFault
from settlement.chain.local.formats.blocks import Block, Head
from settlement.chain.local.formats.hashing import bytes_int, int_bytes, rlp_decode, rlp_encode
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.mining import Mining
from settlement.chain.local.node import Node
from settlement.chain.local.store.storage import Batch, Table

_SNAPSHOT, _SNAPSHOT_COUNT, _REORG_COUNT = b"snapshot:", b"snapshots", b"reorgs"


def mine(node: Node, blocks: int, interval_s: int = 1, first_at: int | None = None) -> None:
    """Mine now, with or without transactions: the first block takes what waits, ``interval_s`` lies between blocks."""
    for index in range(blocks):
        if index == 0 and first_at is not None:
            set_next_timestamp(node, first_at)
        elif index:
            set_next_timestamp(node, node.chain.head.header.timestamp + interval_s)
        node.mine_one()


def set_automine(node: Node, *, is_on: bool) -> bool:
    """Mine at once, or only when told to; what waited meanwhile is mined when it is switched on again."""
    if is_on:
        node.set_mining(Mining())
        node.mine_waiting()
    elif node.mining.is_automatic:
        node.set_mining(Mining(is_automatic=False))
    return True


def set_interval(node: Node, interval_s: int) -> None:
    """Mine by a timer instead of at once; 0 stops the timer, and blocks come by order only."""
    node.set_mining(Mining(is_automatic=False, interval_s=interval_s or None))


def set_clock(node: Node, clock: Clock) -> None:
    """Store another clock; it holds from the next block on."""
    batch = Batch()
    node.chain.put_clock(batch, clock)
    node.chain.storage.commit(batch)
    node.chain.clock = clock


def increase_time(node: Node, seconds: int) -> int:
    """Move business time forward; answers the whole offset from the wall clock."""
    set_clock(node, node.chain.clock.advanced(seconds))
    return node.chain.clock.offset_s


def set_next_timestamp(node: Node, at: int) -> None:
    """Fix the next block's time; time runs on from there."""
    head_at = node.chain.head.header.timestamp
    if at <= head_at:
        raise RpcFault(
            f"Timestamp error: {at} is lower than or equal to previous block's timestamp {head_at}"
        )
    set_clock(node, Clock(node.chain.clock.offset_s, at))


def change_state(node: Node, change: Callable[[Workspace], None]) -> None:
    """Change accounts by hand, without a block; what is read from the head shows it at once."""
    head, nodes = node.chain.change_state(change)
    batch = Batch()
    for node_hash, encoded in nodes.items():
        batch.put(Table.NODES, node_hash, encoded)
    node.chain.put_head(batch, head)
    node.chain.storage.commit(batch)
    node.chain.head = head


def snapshot(node: Node) -> int:
    """Remember the head, its state and the clock; answers the snapshot's number."""
    number = bytes_int(node.chain.storage.get(Table.META, _SNAPSHOT_COUNT) or b"") + 1
    batch = Batch()
    batch.put(Table.META, _SNAPSHOT_COUNT, int_bytes(number))
    stored = rlp_encode([node.chain.head.encode(), node.chain.clock.encode()])
    batch.put(Table.META, _snapshot_key(number), stored)
    node.chain.storage.commit(batch)
    return number


def revert(node: Node, number: int) -> bool:
    """Go back to a snapshot, which is thereby used up, as are later ones; False when there is none to go back to."""
    chain = node.chain
    stored = chain.storage.get(Table.META, _snapshot_key(number))
    if stored is None:
        return False
    encoded_head, encoded_clock = rlp_decode(stored)
    head, clock = Head.decode(encoded_head), Clock.decode(encoded_clock)
    standing = chain.head_at(head.number)
    if standing is None or standing.hash != head.hash:
        # A reorganisation took the block away that the snapshot stands on.
        return False
    batch = Batch()
    taken = chain.remove_blocks_above(batch, head.number)
    chain.put_head(batch, head)
    chain.put_clock(batch, clock)
    for key, _ in chain.storage.scan(Table.META, _snapshot_key(number), _snapshot_key(2**64 - 1)):
        batch.delete(Table.META, key)
    node.put_no_waiting(batch)
    with chain.rolling_back():
        chain.storage.commit(batch)
        chain.head, chain.clock = head, clock
    node.forget_waiting()
    node.events.publish(BlocksTaken(taken))
    return True


def reorg(node: Node, depth: int, returning: dict[int, list[Transaction]]) -> None:
    """Replace the last ``depth`` blocks by others of the same times, all at once.

    They are empty but for ``returning``: transactions by their block's offset in the new branch.
    """
    chain = node.chain
    below = chain.head_at(chain.head.number - depth)
    if depth < 1 or below is None:
        raise RpcFault(f"cannot reorganise {depth} blocks: there are {chain.head.number} above genesis")
    count = bytes_int(chain.storage.get(Table.META, _REORG_COUNT) or b"") + 1
    batch = Batch()
    taken = chain.remove_blocks_above(batch, below.number)
    batch.put(Table.META, _REORG_COUNT, int_bytes(count))
    nodes: dict[bytes, bytes] = {}
    branch: list[Block] = []
    for offset in range(depth):
        replaced = chain.head_at(below.number + 1)
        at = below.header.timestamp + 1 if replaced is None else replaced.header.timestamp
        header = below.header.child(
            below.hash,
            timestamp=at,
            gas_limit=chain.settings.gas_limit,
            # The counter is what makes the branch's hashes new, even the tenth time.
            extra=b"reorg" + int_bytes(count),
        )
        offered = returning.get(offset, [])
        built = chain.build(
            below, header, offered, read_node=lambda key: nodes.get(key) or chain.storage.read_node(key)
        )
        nodes.update(built.nodes)
        chain.put_block(batch, built)
        branch.append(built.block)
        below = built.block.head
    with chain.rolling_back():
        chain.storage.commit(batch)
        chain.head = below
    node.events.publish(BlocksTaken(taken))
    for block in branch:
        node.events.publish(BlockStored(block))


def _snapshot_key(number: int) -> bytes:
    return _SNAPSHOT + number.to_bytes(8, "big")
