"""Blocks, headers, transactions and receipts as the bytes that Ethereum hashes."""

from __future__ import annotations

from typing import Any

from settlement.chain.local.formats.blocks import encode_block, logs_bloom
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.block_names import NamedBlocks, steadily
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import prefixed, read_word


class RawReader:
    """Gives what a block's roots and hash are made of, for whoever wants to check them."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._chain = node.chain
        self._blocks = NamedBlocks(node)

    def methods(self) -> dict[str, Method]:
        """The table of what it answers."""
        table = {
            "debug_getRawHeader": Method(self.header, 1, 1),
            "debug_getRawBlock": Method(self.block, 1, 1, is_slow=True),
            "debug_getRawReceipts": Method(self.receipts, 1, 1, is_slow=True),
            "debug_getRawTransaction": Method(self.transaction, 1, 1),
        }
        return steadily(self._chain, table)

    def header(self, block: Any) -> str:
        """The RLP of the header; its Keccak-256 is the block's hash."""
        return prefixed(self._blocks.head(block).header.encode())

    def block(self, block: Any) -> str:
        """The RLP of the whole block; as long as its ``size`` says."""
        head = self._blocks.head(block)
        raws = [mined.transaction.raw for mined in self._chain.block_of(head).transactions]
        return prefixed(encode_block(head.header, raws))

    def receipts(self, block: Any) -> list[str]:
        """The receipts as the receipts' root is made of them, in the order of the block."""
        transactions = self._chain.block_of(self._blocks.head(block)).transactions
        return [
            prefixed(one.receipt.consensus_bytes(one.transaction.type_id, logs_bloom(one.receipt.logs)))
            for one in transactions
        ]

    def transaction(self, tx_hash: Any) -> str | None:
        """A transaction as it was sent, mined or waiting; None when nobody sent it."""
        wanted = read_word(tx_hash, "hash")
        found = self._chain.find_transaction(wanted)
        transaction = self._node.pool.find(wanted) if found is None else found[1].transaction
        return None if transaction is None else prefixed(transaction.raw)
