"""The verbs that mine, and that say when blocks are mined."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from settlement.chain.local import orders
from settlement.chain.local.mining import MOST_INTERVAL_S
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.next_block import LAST_TIME, LONGEST_STEP_S
from settlement.chain.local.rpc.verbs import ALL_NAMES, Verbs, read_bounded, read_flag, then, under

# About two minutes' work, during which nothing else is mined.
MOST_BLOCKS_AT_ONCE = 1_000_000


class MiningVerbs(Verbs):
    """Blocks at once, by a timer, by order."""

    def methods(self) -> dict[str, Method]:
        """The table of what it does."""
        verbs = {
            "mine": Method(self.mine, 0, 2),
            "setAutomine": Method(self.set_automine, 1, 1),
            "getAutomine": Method(lambda: self._node.mining.is_automatic),
            "setIntervalMining": Method(self.set_interval, 1, 1),
            "getIntervalMining": Method(lambda: self._node.mining.interval_s),
        }
        # Hardhat's and anvil's own `mine` count blocks; the older `evm_mine` takes the time of one.
        return {**under(ALL_NAMES, verbs), "evm_mine": Method(self.evm_mine, 0, 1)}

    def mine(self, blocks: Any = None, interval: Any = None) -> Future[None]:
        """So many blocks, one unless told otherwise, with seconds between them."""
        count = _read_count(blocks)
        # A million of the longest steps would end beyond any time that a block can have.
        longest_s = LONGEST_STEP_S // max(1, count)
        interval_s = None if interval is None else read_bounded(interval, "interval", 0, longest_s)
        return self._tell(orders.mine, count, interval_s)

    def evm_mine(self, options: Any = None) -> Future[str]:
        """One block, at a time if one is given; or what an object asks for by ``timestamp`` and ``blocks``."""
        blocks, at = None, options
        if isinstance(options, dict):
            blocks, at = options.get("blocks"), options.get("timestamp")
        first_at = None if at is None else read_bounded(at, "timestamp", 1, LAST_TIME)
        return then(self._order(orders.mine, _read_count(blocks), None, first_at), lambda _: "0x0")

    def set_automine(self, is_on: Any) -> Future[None]:
        wanted = read_flag(is_on)
        return self._node.order(lambda: orders.set_automine(self._node, is_on=wanted))

    def set_interval(self, interval: Any) -> Future[None]:
        """In whole seconds, as anvil has it; 0 stops the timer."""
        return self._tell(orders.set_interval, read_bounded(interval, "interval", 0, MOST_INTERVAL_S))


def _read_count(blocks: Any) -> int:
    return 1 if blocks is None else read_bounded(blocks, "blocks", 0, MOST_BLOCKS_AT_ONCE)
