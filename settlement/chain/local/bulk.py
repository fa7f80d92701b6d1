"""Many empty blocks at once: built in memory, a commit for every few hundred, so that 100,000 take seconds."""

from __future__ import annotations

from dataclasses import replace

from settlement.chain.local.events import BlockStored
from settlement.chain.local.formats.blocks import Block
from settlement.chain.local.node import Node
from settlement.chain.local.store.storage import Batch

BLOCKS_A_COMMIT = 512


def mine_empty(node: Node, count: int, interval_s: int) -> None:
    """Mine ``count`` empty blocks, each ``interval_s`` after the one before. For the writer thread, while nothing can be
    mined of what waits.

    Raises: RpcFault when one commit cannot be written; the blocks before it stay.
    """
    while count > 0:
        part = min(count, BLOCKS_A_COMMIT)
        _mine_part(node, part, interval_s)
        count -= part


def _mine_part(node: Node, count: int, interval_s: int) -> None:
    chain = node.chain
    batch = Batch()
    head, clock, rules = chain.head, chain.clock, chain.rules
    nodes: dict[bytes, bytes] = {}
    blocks: list[Block] = []
    for _ in range(count):
        clock = replace(clock, next_at=head.header.timestamp + interval_s)
        header = chain.next_header(head, clock, rules)
        built = chain.build(
            head, header, [], read_node=lambda key: nodes.get(key) or chain.storage.read_node(key)
        )
        nodes.update(built.nodes)
        chain.put_block(batch, built)
        blocks.append(built.block)
        head, clock, rules = built.block.head, clock.after_block(header.timestamp), rules.after_block()
    chain.put_clock(batch, clock)
    chain.put_rules(batch, rules)
    chain.storage.commit(batch)
    chain.head, chain.clock, chain.rules = head, clock, rules
    for block in blocks:
        node.events.publish(BlockStored(block))
