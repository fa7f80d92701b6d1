"""What a tester may order: time, blocks, accounts. Each runs on the node's writer thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from settlement.chain.local.block_rules import BlockRules
from settlement.chain.local.bulk import mine_empty
from settlement.chain.local.clock import Clock
from settlement.chain.local.engine.port import Workspace
from settlement.chain.local.faults import InvalidParams
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.mining import Mining
from settlement.chain.local.node import Node
from settlement.chain.local.store.storage import Batch, Table


def mine(node: Node, blocks: int, interval_s: int | None = None, first_at: int | None = None) -> None:
    """Mine now, with or without transactions: the first block takes what waits, ``interval_s`` lies between blocks.

    Without an interval it is the step that was ordered, if any. Blocks are a second apart at least.
    """
    apart_s = max(1, (node.chain.clock.step_s or 1) if interval_s is None else interval_s)
    if first_at is not None and blocks:
        set_next_timestamp(node, first_at)
    for index in range(blocks):
        if index and not _may_be_mined(node):
            mine_empty(node, blocks - index, apart_s)
            return
        if index:
            set_next_timestamp(node, node.chain.head.header.timestamp + apart_s)
        node.mine_one()


def _may_be_mined(node: Node) -> bool:
    """Whether anything that waits could be in a block, were the base fee low enough."""
    if not len(node.pool):
        return False
    head = node.chain.head
    return bool(node.pool.ready(node.chain.workspace(head, head.header).nonce, 0))


def set_automine(node: Node, *, is_on: bool) -> None:
    """Mine at once, or only when told to; what waited meanwhile is mined when it is switched on again."""
    if is_on:
        node.set_mining(Mining())
        node.mine_waiting()
    elif node.mining.is_automatic:
        node.set_mining(Mining(is_automatic=False))


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
    set_clock(node, node.chain.clock.advanced(seconds, node.chain.head.header.timestamp))
    return node.chain.clock.offset_s


def set_next_timestamp(node: Node, at: int) -> None:
    """Fix the next block's time; time runs on from there."""
    head_at = node.chain.head.header.timestamp
    if at <= head_at:
        raise InvalidParams(
            f"Timestamp error: {at} is lower than or equal to previous block's timestamp {head_at}"
        )
    set_clock(node, replace(node.chain.clock, next_at=at))


def set_time(node: Node, at: int) -> int:
    """Let the clock show ``at`` and run on; answers how far ahead of it that is, in seconds.

    A clock set back shows in no block until it has caught up: each comes a second after the one before.
    """
    chain = node.chain
    ahead_s = at - chain.clock.time_after(chain.head.header.timestamp)
    set_clock(node, chain.clock.set_to(at))
    return max(0, ahead_s)


def set_time_step(node: Node, step_s: int | None) -> bool:
    """Give all blocks to come times so far apart, or with None leave that to the clock; whether a step held before."""
    had_one = node.chain.clock.step_s is not None
    set_clock(node, replace(node.chain.clock, step_s=step_s))
    return had_one


def set_rules(node: Node, change: Callable[[BlockRules], BlockRules]) -> None:
    """Store other rules for the blocks to come."""
    rules = change(node.chain.rules)
    batch = Batch()
    node.chain.put_rules(batch, rules)
    node.chain.storage.commit(batch)
    node.chain.rules = rules
    node.pool.gas_limit = node.chain.next_header(node.chain.head).gas_limit


def change_state(node: Node, change: Callable[[Workspace], None]) -> None:
    """Change accounts by hand, without a block; what is read from the head shows it at once."""
    head, nodes = node.chain.change_state(change)
    batch = Batch()
    for node_hash, encoded in nodes.items():
        batch.put(Table.NODES, node_hash, encoded)
    node.chain.put_head(batch, head)
    node.chain.storage.commit(batch)
    node.chain.head = head
    node.waiting.drop_stale()


def drop_waiting(node: Node, is_wanted: Callable[[Transaction], bool]) -> int:
    """Take out of the pool what is wanted there; answers how many that were."""
    dropped = [tx for tx in node.pool.waiting() if is_wanted(tx)]
    node.waiting.drop(dropped)
    return len(dropped)
