"""The block in the making: what would be mined now, run and not stored."""

from __future__ import annotations

import threading
from dataclasses import replace

from settlement.chain.local.chain import Chain
from settlement.chain.local.formats.blocks import Block, Head, Header
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.pool import Pool


class PendingBlock:
    """Any thread may ask for it that has a stack for contracts. It is run again when the pool, the head or the time of
    the next block changed.
    """

    def __init__(self, chain: Chain, pool: Pool) -> None:
        self._chain = chain
        self._pool = pool
        self._lock = threading.Lock()
        self._made_of: tuple[tuple[int, int], bytes, Header] | None = None
        self._offered: list[Transaction] = []
        self._block: Block | None = None

    def get(self) -> Block | None:
        """The block, its head with all it takes to read its state; None when nothing that waits can be mined."""
        with self._lock:
            mark, (head, header) = self._pool.mark, self._next()
            if self._made_of != (mark, head.state_root, header):
                # A copy, since the writer goes on letting transactions in and out; and before the head is looked at, so
                # that whatever left the pool meanwhile for a block is seen there.
                waiting, before = self._pool.copy(), self._made_of
                head, header = self._next()
                made_of = (mark, head.state_root, header)
                self._run(
                    waiting, head, header, is_same_block=before is not None and before[1:] == made_of[1:]
                )
                self._made_of = made_of
            return self._block

    def _next(self) -> tuple[Head, Header]:
        head = self._chain.head
        # The header names its parent, so it stands for the head as well.
        return head, self._chain.next_header(head)

    def _run(self, waiting: Pool, head: Head, header: Header, *, is_same_block: bool) -> None:
        ready: list[Transaction] = []
        if len(waiting):
            ready = waiting.ready(self._chain.workspace(head, header).nonce, header.base_fee)
        ran, built = len(self._offered), None
        if self._block is not None and is_same_block and ready[:ran] == self._offered:
            # Most often something more came in: what ran need not run again.
            built = self._chain.extend(self._block, ready[ran:])
        if built is None and ready:
            built = self._chain.build(head, header, ready)
        self._offered = ready
        self._block = None
        if built is not None and built.block.transactions:
            self._block = replace(built.block, head=replace(built.block.head, nodes=built.nodes))
