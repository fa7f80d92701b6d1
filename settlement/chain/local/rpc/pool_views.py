"""The pool: ``txpool_`` in geth's shapes, and the verbs that take transactions out of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from eth_utils.address import to_checksum_address

from settlement.chain.local import orders
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.rpc.answers import transaction_answer
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import prefixed, quantity, read_address, read_word
from settlement.chain.local.rpc.verbs import Verbs, then, under

_Shape = Callable[[Transaction], Any]


class PoolViews(Verbs):
    """What waits: pending when every nonce before it is mined or waits as well, queued behind a gap.

    Senders are written in mixed case, as geth does here and nowhere else.
    """

    def methods(self) -> dict[str, Method]:
        """The table of what it answers."""
        verbs = {
            "dropTransaction": Method(self.drop, 1, 1),
            "dropAllTransactions": Method(self.drop_all),
            "removePoolTransactions": Method(self.drop_of_sender, 1, 1),
        }
        return {
            "txpool_status": Method(self.status),
            "txpool_content": Method(lambda: self._by_sender(transaction_answer), is_slow=True),
            "txpool_inspect": Method(lambda: self._by_sender(_summary), is_slow=True),
            "txpool_contentFrom": Method(self.content_from, 1, 1),
            **under(("evm_", "anvil_", "hardhat_"), verbs),
        }

    def status(self) -> dict[str, str]:
        pending, queued = self._parted()
        return {"pending": quantity(len(pending)), "queued": quantity(len(queued))}

    def content_from(self, address: Any) -> dict[str, dict[str, Any]]:
        sender = read_address(address, "address")
        return {
            name: {str(tx.nonce): transaction_answer(tx) for tx in part if tx.sender == sender}
            for name, part in zip(("pending", "queued"), self._parted(), strict=True)
        }

    def _by_sender(self, shape: _Shape) -> dict[str, dict[str, dict[str, Any]]]:
        answer: dict[str, dict[str, dict[str, Any]]] = {"pending": {}, "queued": {}}
        for place, part in zip(answer.values(), self._parted(), strict=True):
            for tx in part:
                place.setdefault(to_checksum_address(tx.sender), {})[str(tx.nonce)] = shape(tx)
        return answer

    def _parted(self) -> tuple[list[Transaction], list[Transaction]]:
        """Pending and queued, by sender and nonce."""
        head = self._node.chain.head
        state = self._node.chain.workspace(head, head.header)
        parts: tuple[list[Transaction], list[Transaction]] = ([], [])
        following: dict[bytes, int] = {}
        for tx in sorted(self._node.pool.waiting(), key=lambda tx: (tx.sender, tx.nonce)):
            expected = following.get(tx.sender)
            expected = state.nonce(tx.sender) if expected is None else expected
            is_pending = tx.nonce <= expected
            parts[0 if is_pending else 1].append(tx)
            following[tx.sender] = tx.nonce + 1 if is_pending else expected
        return parts

    # Taking out

    def drop(self, tx_hash: Any) -> Future[str | None]:
        """Answers the hash, or null when no such transaction waits."""
        wanted = read_word(tx_hash, "hash")
        dropped = self._order(orders.drop_waiting, lambda tx: tx.hash == wanted)
        return then(dropped, lambda gone: prefixed(wanted) if gone else None)

    def drop_all(self) -> Future[None]:
        return self._tell(orders.drop_waiting, lambda _: True)

    def drop_of_sender(self, address: Any) -> Future[None]:
        sender = read_address(address, "address")
        return self._tell(orders.drop_waiting, lambda tx: tx.sender == sender)


def _summary(tx: Transaction) -> str:
    """One line, in geth's words."""
    target = to_checksum_address(tx.to) if tx.to else "contract creation"
    return f"{target}: {tx.value} wei + {tx.gas} gas \u00d7 {tx.max_fee_per_gas} wei"
