"""Blocks, headers and uncles by number and by hash."""

from __future__ import annotations

from typing import Any

from settlement.chain.local.faults import InvalidParams
from settlement.chain.local.formats.blocks import Head
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.answers import (
    block_answer,
    header_answer,
    pending_block_answer,
    pending_header_answer,
    receipt_answer,
    transaction_answer,
)
from settlement.chain.local.rpc.block_names import NamedBlocks, steadily
from settlement.chain.local.rpc.dispatcher import Method, is_pending
from settlement.chain.local.rpc.hexes import prefixed, quantity, read_quantity, read_word


class BlockReads:
    """Reads blocks; what is not there is null."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._chain = node.chain
        self._blocks = NamedBlocks(node)

    def methods(self) -> dict[str, Method]:
        """The table of what it answers."""
        return steadily(
            self._chain,
            {
                "eth_blockNumber": Method(lambda: quantity(self._chain.head.number)),
                "eth_getBlockByNumber": Method(self.block_by_number, 1, 2, runs_pending=True),
                "eth_getBlockByHash": Method(self.block_by_hash, 1, 2),
                "eth_getHeaderByNumber": Method(self.header_by_number, 1, 1, runs_pending=True),
                "eth_getHeaderByHash": Method(self.header_by_hash, 1, 1),
                "eth_getBlockTransactionCountByNumber": Method(self.count_by_number, 1, 1, runs_pending=True),
                "eth_getBlockTransactionCountByHash": Method(self.count_by_hash, 1, 1),
                "eth_getBlockReceipts": Method(self.block_receipts, 1, 1, is_slow=True),
                "eth_getUncleCountByBlockNumber": Method(self.uncle_count_by_number, 1, 1),
                "eth_getUncleCountByBlockHash": Method(self.uncle_count_by_hash, 1, 1),
                "eth_getUncleByBlockNumberAndIndex": Method(self.uncle_by_number, 2, 2),
                "eth_getUncleByBlockHashAndIndex": Method(self.uncle_by_hash, 2, 2),
            },
        )

    def block_by_number(self, block: Any, is_full: Any = None) -> dict[str, Any] | None:
        _check_flag(is_full)
        if is_pending(block):
            return self._pending(is_full)
        return self._block(self._blocks.find(block), is_full)

    def block_by_hash(self, block_hash: Any, is_full: Any = None) -> dict[str, Any] | None:
        _check_flag(is_full)
        return self._block(self._find_by_hash(block_hash), is_full)

    def _block(self, head: Head | None, is_full: Any) -> dict[str, Any] | None:
        if head is None:
            return None
        if not is_full:
            return block_answer(head, [prefixed(tx_hash) for tx_hash in self._chain.hashes_of(head)])
        mined = self._chain.block_of(head).transactions
        return block_answer(head, [transaction_answer(one.transaction, head, one.index) for one in mined])

    def _pending(self, is_full: Any) -> dict[str, Any]:
        """What would be mined now."""
        made = self._node.pending.get()
        if made is None:
            return pending_block_answer(self._chain.next_header(self._chain.head), 0, [])
        waiting = [one.transaction for one in made.transactions]
        shown: list[Any] = [transaction_answer(tx) if is_full else prefixed(tx.hash) for tx in waiting]
        return pending_block_answer(made.head.header, made.head.size, shown)

    def header_by_number(self, block: Any) -> dict[str, Any] | None:
        if is_pending(block):
            made = self._node.pending.get()
            header = self._chain.next_header(self._chain.head) if made is None else made.head.header
            return pending_header_answer(header)
        head = self._blocks.find(block)
        return None if head is None else header_answer(head)

    def header_by_hash(self, block_hash: Any) -> dict[str, Any] | None:
        head = self._find_by_hash(block_hash)
        return None if head is None else header_answer(head)

    def count_by_number(self, block: Any) -> str | None:
        if is_pending(block):
            made = self._node.pending.get()
            return quantity(0 if made is None else made.head.transaction_count)
        head = self._blocks.find(block)
        return None if head is None else quantity(head.transaction_count)

    def count_by_hash(self, block_hash: Any) -> str | None:
        head = self._find_by_hash(block_hash)
        return None if head is None else quantity(head.transaction_count)

    def block_receipts(self, block: Any) -> list[dict[str, Any]] | None:
        head = self._blocks.find(block)
        # Nobody has a receipt before the block is sealed.
        if head is None or is_pending(block):
            return None
        return [receipt_answer(head, mined) for mined in self._chain.block_of(head).transactions]

    def _find_by_hash(self, block_hash: Any) -> Head | None:
        return self._chain.head_of(read_word(block_hash, "block hash"))

    # There are none since blocks are not found by work; clients of older days still ask.

    def uncle_count_by_number(self, block: Any) -> str | None:
        return None if self._blocks.find(block) is None else quantity(0)

    def uncle_count_by_hash(self, block_hash: Any) -> str | None:
        return None if self._find_by_hash(block_hash) is None else quantity(0)

    def uncle_by_number(self, block: Any, index: Any) -> None:
        self._blocks.find(block)
        read_quantity(index, "index")

    def uncle_by_hash(self, block_hash: Any, index: Any) -> None:
        self._find_by_hash(block_hash)
        read_quantity(index, "index")


def _check_flag(is_full: Any) -> None:
    if not isinstance(is_full, bool | None):
        raise InvalidParams("invalid argument 1: expected true or false")
