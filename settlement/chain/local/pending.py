"""The block in the making: what would be mined now, run and not stored."""

from __future__ import annotations

import threading
from dataclasses import replace

from settlement.chain.local.chain import Chain
from settlement.chain.local.formats.blocks import Block, Head, Header
from settlement.chain.local.pool import Pool


class PendingBlock:
    """Any thread may ask for it that has a stack for contracts. It is run again when the pool, the head or the time of
    the next block changed.
    """

    def __init__(self, chain: Chain, pool: Pool) -> None:
        self._chain = chain
        self._pool = pool
        self._lock = threading.Lock()
        self._made_of: object = None
        self._block: Block | None = None

    def get(self) -> Block | None:
        """The block, its head with all it takes to read its state; None when nothing that waits can be mined."""
        with self._lock:
            mark, (head, header) = self._pool.mark, self._next()
            if self._made_of != (mark, head.state_root, header):
                # A copy, since the writer goes on letting transactions in and out; and before the head is looked at, so
                # that whatever left the pool meanwhile for a block is seen there.
                waiting = self._pool.copy()
                head, header = self._next()
                self._block = self._run(waiting, head, header)
                self._made_of = (mark, head.state_root, header)
            return self._block

    def _next(self) -> tuple[Head, Header]:
        head = self._chain.head
        # The header names its parent, so it stands for the head as well.
        return head, self._chain.next_header(head)

    def _run(self, waiting: Pool, head: Head, header: Header) -> Block | None:
        if not len(waiting):
            return None
        ready = waiting.ready(self._chain.workspace(head, header).nonce, header.base_fee)
        built = self._chain.build(head, header, ready)
        if not built.block.transactions:
            return None
        return replace(built.block, head=replace(built.block.head, nodes=built.nodes))
