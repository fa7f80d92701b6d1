"""The verbs that take blocks off again."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from settlement.chain.local import branches
from settlement.chain.local.faults import InvalidParams
from settlement.chain.local.formats.transactions import Transaction, decode_transaction
from settlement.chain.local.pool import check_by_itself
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import quantity, read_bytes
from settlement.chain.local.rpc.verbs import ALL_NAMES, Verbs, read_bounded, then, under

_MOST = 2**63 - 1


class BranchVerbs(Verbs):
    """Snapshots, rollbacks, reorganisations, reset."""

    def methods(self) -> dict[str, Method]:
        """The table of what it does."""
        verbs = {
            "snapshot": Method(self.snapshot),
            "revert": Method(self.revert, 1, 1),
            "rollback": Method(self.rollback, 0, 1),
            "reorg": Method(self.reorg, 1, 2),
            "reset": Method(self.reset, 0, 1),
        }
        return under(ALL_NAMES, verbs)

    def snapshot(self) -> Future[str]:
        return then(self._order(branches.snapshot), quantity)

    def revert(self, number: Any) -> Future[bool]:
        return self._order(branches.revert, read_bounded(number, "snapshot", 0, _MOST))

    def rollback(self, depth: Any = None) -> Future[None]:
        """One block unless told otherwise."""
        return self._tell(branches.rollback, 1 if depth is None else read_bounded(depth, "depth", 0, _MOST))

    def reorg(self, options: Any, pairs: Any = None) -> Future[None]:
        """By depth, and pairs of a raw transaction and the offset of the block it returns in."""
        depth = options
        if isinstance(options, dict):
            depth, pairs = options.get("depth"), options.get("txBlockPairs", options.get("tx_block_pairs"))
        wanted = read_bounded(depth, "depth", 0, _MOST)
        if not isinstance(pairs, list | None):
            raise InvalidParams("invalid pairs: expected a list")
        returning: dict[int, list[Transaction]] = {}
        for pair in pairs or []:
            if not isinstance(pair, list) or len(pair) != 2:
                raise InvalidParams("invalid pairs: expected [raw transaction, offset of its block]")
            offset = read_bounded(pair[1], "offset", 0, max(0, wanted - 1))
            returning.setdefault(offset, []).append(self._read_raw(pair[0]))
        return self._tell(branches.reorg, wanted, returning)

    def _read_raw(self, raw: Any) -> Transaction:
        tx = decode_transaction(read_bytes(raw, "transaction"), self._node.chain.settings.chain_id)
        check_by_itself(tx, self._node.pool.gas_limit)
        return tx

    def reset(self, options: Any = None) -> Future[None]:
        """To genesis. Clients always send an object, with nothing in it unless they want a fork."""
        forking = options.get("forking") if isinstance(options, dict) else None
        if not isinstance(options, dict | None) or not isinstance(forking, dict | None):
            raise InvalidParams("invalid options: expected an object")
        if any(value is not None for value in (forking or {}).values()):
            raise InvalidParams("forking is not supported: this chain starts from its own genesis only")
        return self._tell(branches.reset)
