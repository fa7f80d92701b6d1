"""The methods that send transactions."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from settlement.chain.local.node import Node
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import prefixed, read_bytes
from settlement.chain.local.rpc.verbs import then


class Sender:
    """Hands transactions to the node; the answer comes when they are on disk."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def methods(self) -> dict[str, Method]:
        """The table of what it does."""
        return {"eth_sendRawTransaction": Method(self.send_raw, 1, 1)}

    def send_raw(self, raw: Any) -> Future[str]:
        return then(self._node.submit(read_bytes(raw, "transaction")), prefixed)
