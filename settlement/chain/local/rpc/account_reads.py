"""What accounts hold: balances, nonces, codes and storage at a block."""

from __future__ import annotations

from typing import Any

from settlement.chain.local.node import Node
from settlement.chain.local.rpc.block_names import NamedBlocks, steadily
from settlement.chain.local.rpc.dispatcher import Method, is_pending
from settlement.chain.local.rpc.hexes import prefixed, quantity, read_address, read_quantity


class AccountReads:
    """Reads accounts after the block that the request names, the head by default."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._blocks = NamedBlocks(node)

    def methods(self) -> dict[str, Method]:
        """The table of what it answers."""
        return steadily(
            self._node.chain,
            {
                "eth_getBalance": Method(self.balance, 1, 2, runs_pending=True),
                "eth_getCode": Method(self.code, 1, 2, runs_pending=True),
                "eth_getStorageAt": Method(self.storage_at, 2, 3, runs_pending=True),
                "eth_getTransactionCount": Method(self.transaction_count, 1, 2),
                "eth_getAccountInfo": Method(self.account_info, 1, 2, runs_pending=True),
            },
        )

    def balance(self, address: Any, block: Any = None) -> str:
        return quantity(self._blocks.workspace(block).balance(read_address(address, "address")))

    def code(self, address: Any, block: Any = None) -> str:
        return prefixed(self._blocks.workspace(block).code(read_address(address, "address")))

    def storage_at(self, address: Any, slot: Any, block: Any = None) -> str:
        account, position = read_address(address, "address"), read_quantity(slot, "storage key")
        return prefixed(self._blocks.workspace(block).storage(account, position).to_bytes(32, "big"))

    def transaction_count(self, address: Any, block: Any = None) -> str:
        account = read_address(address, "address")
        if not is_pending(block):
            return quantity(self._blocks.workspace(block).nonce(account))
        # What waits for its fee counts as well, though no block would take it now.
        return quantity(self._node.pool.next_nonce(account, self._blocks.workspace(None).nonce(account)))

    def account_info(self, address: Any, block: Any = None) -> dict[str, Any]:
        account, state = read_address(address, "address"), self._blocks.workspace(block)
        return {
            "balance": quantity(state.balance(account)),
            "nonce": quantity(state.nonce(account)),
            "code": prefixed(state.code(account)),
        }
