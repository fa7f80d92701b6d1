"""Which block a request means, and answers that come from one branch only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from settlement.chain.local.chain import Chain
from settlement.chain.local.engine.port import Workspace
from settlement.chain.local.faults import InvalidParams, RpcFault
from settlement.chain.local.formats.blocks import Head, Header
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.dispatcher import Method, is_pending
from settlement.chain.local.rpc.hexes import read_quantity, read_word
from settlement.chain.local.rpc.overrides import StateOverrides, override_header, read_state_overrides

# Nothing on this chain is ever undone but by a tester's order, so all three names mean the head.
HEAD_TAGS = frozenset({"latest", "safe", "finalized"})
TAGS = HEAD_TAGS | {"pending", "earliest"}


@dataclass(frozen=True, slots=True)
class View:
    """The state after ``head``, as the block with ``header`` sees it, but for what a caller wants to see otherwise."""

    head: Head
    header: Header
    overrides: StateOverrides = field(default_factory=dict)

    def open(self, chain: Chain, header: Header | None = None) -> Workspace:
        """A fresh workspace on it; ``header`` stands in for its own."""
        workspace = chain.workspace(self.head, header or self.header)
        for address, override in self.overrides.items():
            override.apply(workspace, address)
        return workspace


class NamedBlocks:
    """Finds the block that a number, tag, hash or object names."""

    def __init__(self, node: Node) -> None:
        self._chain = node.chain
        self._pending = node.pending

    def find(self, wanted: Any) -> Head | None:
        """The block that is named; None when there is none. ``pending`` names the head.

        Raises: InvalidParams for what can name no block.
        """
        if wanted is None or names_head(wanted):
            return self._chain.head
        if wanted == "earliest":
            return self._chain.head_at(0)
        if isinstance(wanted, dict):
            return self._find_by_object(wanted)
        if isinstance(wanted, str) and len(wanted) == 66:
            return self._chain.head_of(read_word(wanted, "block hash"))
        return self._chain.head_at(read_quantity(wanted, "block number"))

    def _find_by_object(self, wanted: dict[str, Any]) -> Head | None:
        """EIP-1898. Blocks off the chain are not kept, so ``requireCanonical`` changes nothing."""
        block_hash, number = wanted.get("blockHash"), wanted.get("blockNumber")
        if block_hash is not None and number is not None:
            raise InvalidParams("cannot specify both BlockHash and BlockNumber, choose one or the other")
        if block_hash is not None:
            return self._chain.head_of(read_word(block_hash, "blockHash"))
        if number is None or isinstance(number, dict):
            raise InvalidParams("invalid block: the object must have blockHash or blockNumber")
        return self.find(number)

    def head(self, wanted: Any) -> Head:
        """The block that is named.

        Raises: RpcFault when there is none.
        """
        head = self.find(wanted)
        if head is None:
            is_by_hash = isinstance(wanted, dict) and wanted.get("blockHash") is not None
            raise RpcFault("header for hash not found" if is_by_hash else "header not found")
        return head

    def view(self, wanted: Any, overrides: Any = None, block_overrides: Any = None) -> View:
        """What a call sees. By tag: the next block, so that views of time agree with what is mined next.

        By number or hash: that very block, so that an answer can be repeated.
        """
        head = self._head_in_state(wanted)
        header = head.header
        if head.nodes is None and (wanted is None or names_head(wanted)):
            header = self._chain.next_header(head)
        return View(head, override_header(header, block_overrides), read_state_overrides(overrides))

    def workspace(self, wanted: Any) -> Workspace:
        """The state after the block that is named."""
        head = self._head_in_state(wanted)
        return self._chain.workspace(head, head.header)

    def _head_in_state(self, wanted: Any) -> Head:
        """As ``head`` has it, but for ``pending``: that is the block in the making, if there is anything to make it of."""
        block = self._pending.get() if is_pending(wanted) else None
        return self.head(wanted) if block is None else block.head


def names_head(wanted: Any) -> bool:
    """Whether it is a tag for the newest block, or for the one in the making."""
    return isinstance(wanted, str) and (wanted in HEAD_TAGS or wanted == "pending")


def steadily(chain: Chain, methods: dict[str, Method]) -> dict[str, Method]:
    """``methods``, each run again where blocks were taken off meanwhile: no answer is put together from two branches."""
    return {name: replace(method, run=_steady(chain, method.run)) for name, method in methods.items()}


def _steady(chain: Chain, run: Callable[..., Any]) -> Callable[..., Any]:
    def is_steady_since(before: int) -> bool:
        # Odd while blocks are being taken off: what was read may be from either side.
        return before % 2 == 0 and before == chain.rollbacks

    def read(*arguments: Any) -> Any:
        while True:
            before = chain.rollbacks
            try:
                answer = run(*arguments)
            except Exception:
                # Whatever it is, it may come of blocks and states that were there a moment ago.
                if is_steady_since(before):
                    raise
            else:
                if is_steady_since(before):
                    return answer
            chain.wait_until_steady()

    return read
