"""Transactions and receipts, by hash, by place in a block, and by sender and nonce."""

from __future__ import annotations

from typing import Any

from settlement.chain.local.formats.blocks import Head, MinedTransaction
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.answers import receipt_answer, transaction_answer
from settlement.chain.local.rpc.block_names import NamedBlocks, steadily
from settlement.chain.local.rpc.dispatcher import Method, is_pending
from settlement.chain.local.rpc.hexes import prefixed, read_address, read_quantity, read_word


class TransactionReads:
    """Reads transactions, mined and waiting; what is not there is null."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._chain = node.chain
        self._blocks = NamedBlocks(node)

    def methods(self) -> dict[str, Method]:
        """The table of what it answers."""
        return steadily(
            self._chain,
            {
                "eth_getTransactionByHash": Method(self.by_hash, 1, 1),
                "eth_getTransactionReceipt": Method(self.receipt, 1, 1),
                "eth_getTransactionByBlockNumberAndIndex": Method(
                    self.by_number_and_index, 2, 2, runs_pending=True
                ),
                "eth_getTransactionByBlockHashAndIndex": Method(self.by_hash_and_index, 2, 2),
                "eth_getTransactionBySenderAndNonce": Method(self.by_sender_and_nonce, 2, 2),
                "eth_getRawTransactionByHash": Method(self.raw, 1, 1),
                "eth_getRawTransactionByBlockNumberAndIndex": Method(
                    self.raw_by_number_and_index, 2, 2, runs_pending=True
                ),
                "eth_getRawTransactionByBlockHashAndIndex": Method(self.raw_by_hash_and_index, 2, 2),
            },
        )

    def by_hash(self, tx_hash: Any) -> dict[str, Any] | None:
        wanted = read_word(tx_hash, "hash")
        found = self._chain.find_transaction(wanted)
        if found is not None:
            return transaction_answer(found[1].transaction, found[0], found[1].index)
        waiting = self._node.pool.find(wanted)
        return None if waiting is None else transaction_answer(waiting)

    def receipt(self, tx_hash: Any) -> dict[str, Any] | None:
        found = self._chain.find_transaction(read_word(tx_hash, "hash"))
        return None if found is None else receipt_answer(*found)

    def by_number_and_index(self, block: Any, index: Any) -> dict[str, Any] | None:
        if is_pending(block):
            waiting = self._waiting_at(index)
            return None if waiting is None else transaction_answer(waiting)
        return self._answer(self._blocks.find(block), index)

    def by_hash_and_index(self, block_hash: Any, index: Any) -> dict[str, Any] | None:
        return self._answer(self._head_of(block_hash), index)

    def _answer(self, head: Head | None, index: Any) -> dict[str, Any] | None:
        mined = self._at(head, index)
        return None if mined is None else transaction_answer(mined.transaction, head, mined.index)

    def _waiting_at(self, index: Any) -> Transaction | None:
        """A transaction of the block in the making."""
        at, made = read_quantity(index, "index"), self._node.pending.get()
        return made.transactions[at].transaction if made and at < len(made.transactions) else None

    def _at(self, head: Head | None, index: Any) -> MinedTransaction | None:
        at = min(read_quantity(index, "index"), 2**32 - 1)
        return None if head is None else self._chain.mined_at(head.number, at)

    def _head_of(self, block_hash: Any) -> Head | None:
        return self._chain.head_of(read_word(block_hash, "block hash"))

    def by_sender_and_nonce(self, address: Any, nonce: Any) -> dict[str, Any] | None:
        sender, wanted = read_address(address, "address"), read_quantity(nonce, "nonce")
        for tx in self._node.pool.waiting():
            if (tx.sender, tx.nonce) == (sender, wanted):
                return transaction_answer(tx)
        head = self._block_that_used(sender, wanted)
        for mined in () if head is None else self._chain.block_of(head).transactions:
            if (mined.transaction.sender, mined.transaction.nonce) == (sender, wanted):
                return transaction_answer(mined.transaction, head, mined.index)
        return None

    def _block_that_used(self, sender: bytes, nonce: int) -> Head | None:
        """The block after which ``sender`` was first beyond ``nonce``: nonces rise, so it is searched for by halves."""
        low, high = 0, self._chain.head.number
        while low < high:
            middle = (low + high) // 2
            head = self._blocks.head(hex(middle))
            if self._chain.workspace(head, head.header).nonce(sender) > nonce:
                high = middle
            else:
                low = middle + 1
        return self._chain.head_at(low)

    def raw(self, tx_hash: Any) -> str | None:
        wanted = read_word(tx_hash, "hash")
        found = self._chain.find_transaction(wanted)
        tx = self._node.pool.find(wanted) if found is None else found[1].transaction
        return None if tx is None else prefixed(tx.raw)

    def raw_by_number_and_index(self, block: Any, index: Any) -> str | None:
        if is_pending(block):
            waiting = self._waiting_at(index)
            return None if waiting is None else prefixed(waiting.raw)
        return _raw(self._at(self._blocks.find(block), index))

    def raw_by_hash_and_index(self, block_hash: Any, index: Any) -> str | None:
        return _raw(self._at(self._head_of(block_hash), index))


def _raw(mined: MinedTransaction | None) -> str | None:
    return None if mined is None else prefixed(mined.transaction.raw)
