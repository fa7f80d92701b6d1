"""What anvil tells of itself, told of this node."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from settlement.chain.local import branches
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.fees import SUGGESTED_TIP_WEI
from settlement.chain.local.rpc.hexes import prefixed, quantity
from settlement.chain.local.rpc.verbs import under


class NodeViews:
    """Answers from the node's head as it stands."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._chain = node.chain

    def methods(self) -> dict[str, Method]:
        """The table of what it answers."""
        views = {"nodeInfo": Method(self.node_info), "metadata": Method(self.metadata)}
        return under(("anvil_", "hardhat_"), views)

    def node_info(self) -> dict[str, Any]:
        head = self._chain.head
        following = self._chain.next_header(head)
        return {
            "currentBlockNumber": quantity(head.number),
            "currentBlockTimestamp": head.header.timestamp,
            "currentBlockHash": prefixed(head.hash),
            "hardFork": "Prague",
            "transactionOrder": "fifo",
            "environment": {
                "baseFee": quantity(following.base_fee),
                "chainId": self._chain.settings.chain_id,
                "gasLimit": quantity(following.gas_limit),
                "gasPrice": quantity(following.base_fee + SUGGESTED_TIP_WEI),
            },
            "forkConfig": {"forkUrl": None, "forkBlockNumber": None, "forkRetryBackoff": None},
        }

    def metadata(self) -> dict[str, Any]:
        head, engine = self._chain.head, version("py-evm")
        return {
            "clientVersion": f"hanse/{engine}/py-evm",
            "clientSemver": engine,
            "clientCommitSha": None,
            "chainId": self._chain.settings.chain_id,
            # Genesis tells this chain from every other one, also after a restart.
            "instanceId": prefixed(self._chain.genesis_hash),
            "latestBlockNumber": head.number,
            "latestBlockHash": prefixed(head.hash),
            "forkedNetwork": None,
            "snapshots": {
                quantity(number): [at.number, prefixed(at.hash)]
                for number, at in branches.snapshots(self._node).items()
            },
        }
