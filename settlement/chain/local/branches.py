"""Taking blocks off again: snapshots, rollbacks, reorganisations, back to genesis. All on the node's writer thread."""

from __future__ import annotations

from dataclasses import replace

from settlement.chain.local.block_rules import BlockRules
from settlement.chain.local.clock import Clock
from settlement.chain.local.events import BlocksTaken, BlockStored
from settlement.chain.local.faults import FolderDamaged, InvalidParams
from settlement.chain.local.formats.blocks import Block, Head
from settlement.chain.local.formats.hashing import bytes_int, int_bytes, rlp_decode, rlp_encode
from settlement.chain.local.formats.transactions import Transaction, decode_transaction
from settlement.chain.local.node import Node
from settlement.chain.local.store.storage import Batch, Table

_SNAPSHOT, _SNAPSHOT_COUNT, _REORG_COUNT = b"snapshot:", b"snapshots", b"reorgs"


def snapshot(node: Node) -> int:
    """Remember the head, its state, the clock, the rules for blocks and what waits; answers the snapshot's number,
    counted from 0.
    """
    chain = node.chain
    number = bytes_int(node.chain.storage.get(Table.META, _SNAPSHOT_COUNT) or b"")
    batch = Batch()
    batch.put(Table.META, _SNAPSHOT_COUNT, int_bytes(number + 1))
    waiting = [[tx.sender, tx.raw] for tx in node.pool.waiting()]
    stored = [chain.head.encode(), chain.clock.encode(), chain.rules.encode(), waiting]
    batch.put(Table.META, _snapshot_key(number), rlp_encode(stored))
    node.chain.storage.commit(batch)
    return number


def snapshots(node: Node) -> dict[int, Head]:
    """The heads that one can still go back to, by the numbers of their snapshots."""
    stored = node.chain.storage.scan(Table.META, _snapshot_key(0), _snapshot_key(2**64 - 1))
    return {bytes_int(key[len(_SNAPSHOT) :]): Head.decode(rlp_decode(value)[0]) for key, value in stored}


def revert(node: Node, number: int) -> bool:
    """Go back to a snapshot, which is thereby used up, as are later ones; False when there is none to go back to."""
    chain = node.chain
    stored = chain.storage.get(Table.META, _snapshot_key(number))
    if stored is None:
        return False
    encoded_head, clock, encoded_rules, waiting = rlp_decode(stored)
    head, rules = Head.decode(encoded_head), BlockRules.decode(encoded_rules)
    standing = chain.head_at(head.number)
    if standing is None or standing.hash != head.hash:
        # A reorganisation took the block away that the snapshot stands on.
        return False
    batch = Batch()
    _forget_snapshots(node, batch, number)
    node.waiting.take_off_all(batch)
    node.waiting.put(batch, [_decode_waiting(node, entry) for entry in waiting])
    chain.put_rules(batch, rules)
    _go_back(node, batch, head, Clock.decode(clock))
    chain.rules = rules
    node.waiting.load()
    return True


def _decode_waiting(node: Node, entry: list[bytes]) -> Transaction:
    sender, raw = entry
    return decode_transaction(raw, node.chain.settings.chain_id, known_sender=sender)


def rollback(node: Node, depth: int) -> None:
    """Take the last ``depth`` blocks off. What waits goes on waiting.

    Raises: InvalidParams when there are not so many.
    """
    chain = node.chain
    head = chain.head_at(chain.head.number - depth)
    if head is None:
        raise _too_deep("Rollback", node, depth)
    _go_back(node, Batch(), head, chain.clock)


def reset(node: Node) -> None:
    """Back to genesis as it was made: no block, snapshot, waiting transaction, impersonation or set account is left."""
    chain = node.chain
    batch = Batch()
    genesis = chain.put_genesis_alone(batch)
    _forget_snapshots(node, batch, 0)
    batch.delete(Table.META, _SNAPSHOT_COUNT)
    chain.put_rules(batch, BlockRules())
    node.waiting.take_off_all(batch)
    chain.put_clock(batch, Clock())
    with chain.rolling_back():
        chain.storage.commit(batch)
        chain.head, chain.clock, chain.rules = genesis, Clock(), BlockRules()
    node.waiting.forget()
    node.pool.gas_limit = chain.next_header(genesis).gas_limit
    node.signers.stop_all()
    # Nobody who starts afresh wants to hear of each log that is no more.
    node.events.publish(BlocksTaken(()))


def _go_back(node: Node, batch: Batch, head: Head, clock: Clock) -> None:
    chain = node.chain
    taken = chain.remove_blocks_above(batch, head.number)
    _forget_fallen(node, batch, head.number)
    chain.put_head(batch, head)
    chain.put_clock(batch, clock)
    with chain.rolling_back():
        chain.storage.commit(batch)
        chain.head, chain.clock = head, clock
    node.events.publish(BlocksTaken(taken))


def _forget_snapshots(node: Node, batch: Batch, first: int) -> None:
    for key, _ in node.chain.storage.scan(Table.META, _snapshot_key(first), _snapshot_key(2**64 - 1)):
        batch.delete(Table.META, key)


def _forget_fallen(node: Node, batch: Batch, number: int) -> None:
    """Forget the snapshots that stand on blocks above ``number``, which are taken off: no way leads back to them."""
    for at, head in snapshots(node).items():
        if head.number > number:
            batch.delete(Table.META, _snapshot_key(at))


def reorg(node: Node, depth: int, returning: dict[int, list[Transaction]]) -> None:
    """Replace the last ``depth`` blocks by others of the same times, all at once.

    They are empty but for ``returning``: transactions by their block's offset in the new branch.

    Raises: InvalidParams when there are not so many.
    """
    chain = node.chain
    below = chain.head_at(chain.head.number - depth)
    if below is None:
        raise _too_deep("Reorg", node, depth)
    fork = below.number
    count = bytes_int(chain.storage.get(Table.META, _REORG_COUNT) or b"") + 1
    batch = Batch()
    taken = chain.remove_blocks_above(batch, below.number)
    _forget_fallen(node, batch, below.number)
    batch.put(Table.META, _REORG_COUNT, int_bytes(count))
    nodes: dict[bytes, bytes] = {}
    branch: list[Block] = []
    for offset in range(depth):
        # Still there: nothing is taken off before the whole branch is stored.
        replaced = _standing(node, below.number + 1).header
        header = below.header.child(
            below.hash,
            timestamp=replaced.timestamp,
            gas_limit=replaced.gas_limit,
            # The counter is what makes the branch's hashes new, even the tenth time.
            extra=b"reorg" + int_bytes(count),
        )
        header = replace(header, coinbase=replaced.coinbase)
        # Of a sender whose nonce was set back, one may be in a block further down, which keeps it.
        offered = [tx for tx in returning.get(offset, []) if not _is_below(node, tx, fork)]
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
    node.waiting.drop_stale()
    node.events.publish(BlocksTaken(taken))
    for block in branch:
        node.events.publish(BlockStored(block))


def _is_below(node: Node, tx: Transaction, fork: int) -> bool:
    found = node.chain.find_transaction(tx.hash)
    return found is not None and found[0].number <= fork


def _standing(node: Node, number: int) -> Head:
    """The block with a number up to the head's."""
    head = node.chain.head_at(number)
    if head is None:
        raise FolderDamaged(f"block {number} is missing from the chain's folder; restore it")
    return head


def _too_deep(what: str, node: Node, depth: int) -> InvalidParams:
    return InvalidParams(
        f"{what} depth must not exceed current chain height: "
        f"current height {node.chain.head.number}, depth {depth}"
    )


def _snapshot_key(number: int) -> bytes:
    return _SNAPSHOT + number.to_bytes(8, "big")
