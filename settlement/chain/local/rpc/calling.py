"""The methods that try a message without sending it."""

from __future__ import annotations

from typing import Any

from settlement.chain.local.node import Node
from settlement.chain.local.rpc.answers import access_list_answer
from settlement.chain.local.rpc.block_names import NamedBlocks, steadily
from settlement.chain.local.rpc.call_request import CallRequest
from settlement.chain.local.rpc.calls import access_list, call, estimate_gas
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import prefixed, quantity


class Caller:
    """Runs messages on the state after a block; nothing of what they do is kept."""

    def __init__(self, node: Node) -> None:
        self._chain = node.chain
        self._blocks = NamedBlocks(node)

    def methods(self) -> dict[str, Method]:
        """The table of what it answers."""
        table = {
            "eth_call": Method(self.call, 1, 4, is_slow=True),
            "eth_estimateGas": Method(self.estimate_gas, 1, 4, is_slow=True),
            "eth_createAccessList": Method(self.create_access_list, 1, 4, is_slow=True),
        }
        return steadily(self._chain, table)

    def call(
        self, request: Any, block: Any = None, overrides: Any = None, block_overrides: Any = None
    ) -> str:
        """What the message returns."""
        view = self._blocks.view(block, overrides, block_overrides)
        return prefixed(call(self._chain, view, CallRequest.read(request)))

    def estimate_gas(
        self, request: Any, block: Any = None, overrides: Any = None, block_overrides: Any = None
    ) -> str:
        """The least gas limit with which the message succeeds."""
        view = self._blocks.view(block, overrides, block_overrides)
        return quantity(estimate_gas(self._chain, view, CallRequest.read(request)))

    def create_access_list(
        self, request: Any, block: Any = None, overrides: Any = None, block_overrides: Any = None
    ) -> dict[str, Any]:
        """The accounts and slots that the message touches, and the gas it uses when it names them beforehand."""
        view = self._blocks.view(block, overrides, block_overrides)
        accessed, done = access_list(self._chain, view, CallRequest.read(request))
        answer: dict[str, Any] = {
            "accessList": access_list_answer(accessed),
            "gasUsed": quantity(done.gas_used),
        }
        return answer if done.error is None else {**answer, "error": done.error}
