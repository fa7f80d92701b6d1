"""Transactions that wait: in the pool, on disk once they are acknowledged, and told to whoever listens."""

from __future__ import annotations

import contextlib

from settlement.chain.local.chain import Chain
from settlement.chain.local.engine.port import Workspace
from settlement.chain.local.events import Events, Waiting
from settlement.chain.local.faults import RpcFault
from settlement.chain.local.formats.transactions import Transaction, decode_transaction
from settlement.chain.local.pool import AccountState, Pool
from settlement.chain.local.store.storage import Batch, Table

_LAST_KEY = b"\xff" * 29


class WaitingRoom:
    """One record on disk for a sender and nonce. Used by the one writer thread.

    What leaves goes off the disk with a batch of the caller's, who says with ``settle`` or ``left`` that it is written.
    """

    def __init__(self, chain: Chain, pool: Pool, events: Events) -> None:
        self._chain = chain
        self._pool = pool
        self._events = events
        # What is on disk: hashes by their keys there.
        self._stored: dict[bytes, bytes] = {}
        # Hashes of those in the pool that no listener was told of yet: a nonce before theirs is missing.
        self._untold: set[bytes] = set()

    def _state(self) -> Workspace:
        head = self._chain.head
        return self._chain.workspace(head, head.header)

    def holds(self, tx: Transaction) -> bool:
        """Whether this very transaction is on disk."""
        return self._stored.get(_key(tx)) == tx.hash

    # Coming in

    def load(self) -> None:
        """Let wait what is on disk, and nothing else. Senders are known from there, signed or not."""
        chain, state = self._chain, self._state()
        self.forget()
        self._pool.gas_limit = chain.next_header(chain.head).gas_limit
        for key, raw in chain.storage.scan(Table.WAITING, b"", _LAST_KEY):
            tx = decode_transaction(raw, chain.settings.chain_id, known_sender=key[:20])
            self._stored[key] = tx.hash
            # Refused when another of its nonce was mined, or its sender's money is gone: no block will ever take it.
            with contextlib.suppress(RpcFault):
                self._pool.add(tx, AccountState(state.nonce(tx.sender), state.balance(tx.sender)))

    def admit(self, tx: Transaction, account: AccountState) -> Transaction | None:
        """Let it into the pool; answers what it replaced.

        Raises: RpcFault with the reason it is refused.
        """
        replaced = self._pool.add(tx, account)
        if replaced is not None:
            self._untold.discard(replaced.hash)
        self._untold.add(tx.hash)
        return replaced

    def keep(self, admitted: list[Transaction]) -> None:
        """Put those on disk that still wait: they are about to be acknowledged.

        Raises: RpcFault when that fails; then none of them is there.
        """
        waiting = [tx for tx in admitted if self._pool.find(tx.hash) is not None]
        if not waiting:
            return
        batch = Batch()
        self.put(batch, waiting)
        self._chain.storage.commit(batch)
        self._stored.update((_key(tx), tx.hash) for tx in waiting)
        state = self._state()
        for sender in dict.fromkeys(tx.sender for tx in waiting):
            # geth and anvil too keep silent of what waits for a missing nonce.
            for tx in self._pool.row(sender, state.nonce(sender)):
                self._tell(tx)

    @staticmethod
    def put(batch: Batch, transactions: list[Transaction]) -> None:
        """Write them with ``batch``; they are known once they are loaded."""
        for tx in transactions:
            batch.put(Table.WAITING, _key(tx), tx.raw)

    def _tell(self, tx: Transaction) -> None:
        if tx.hash in self._untold:
            self._untold.discard(tx.hash)
            self._events.publish(Waiting(tx))

    # Going out

    def take_off(self, batch: Batch, mined: list[Transaction]) -> list[bytes]:
        """Whatever stands under the senders and nonces of ``mined`` leaves the disk; the keys, for ``left``."""
        keys = [key for tx in mined if (key := _key(tx)) in self._stored]
        batch.deletes += [(Table.WAITING, key) for key in keys]
        return keys

    def left(self, mined: list[Transaction], keys: list[bytes]) -> None:
        """They are in a block, and off the disk."""
        self._settle(keys)
        for tx in mined:
            self._pool.remove(tx)
            # Mined as soon as it could be, if nobody was told of it yet.
            self._tell(tx)

    def refuse(self, tx: Transaction, replaced: Transaction | None) -> None:
        """Take out what was let in a moment ago; what it replaced waits on, if its own sender was told that it is kept."""
        self._pool.remove(tx)
        self._untold.discard(tx.hash)
        if replaced is not None and self.holds(replaced):
            self._pool.put_back(replaced)

    def drop(self, transactions: list[Transaction]) -> None:
        """Forget them, on disk first."""
        batch = Batch()
        # One that was refused may stand in the place of another that is kept.
        keys = self.take_off(batch, [tx for tx in transactions if self.holds(tx)])
        if keys:
            self._chain.storage.commit(batch)
        self._settle(keys)
        for tx in transactions:
            self._pool.remove(tx)
            self._untold.discard(tx.hash)

    def drop_stale(self) -> None:
        """Forget those whose nonces are used up, after something else than mining them used them."""
        waiting = self._pool.waiting()
        if waiting:
            state = self._state()
            self.drop([tx for tx in waiting if tx.nonce < state.nonce(tx.sender)])

    def take_off_all(self, batch: Batch) -> None:
        """All of them leave the disk. Once that is written, ``forget`` or ``load``."""
        batch.deletes += [(Table.WAITING, key) for key in self._stored]

    def forget(self) -> None:
        """Nothing waits."""
        self._pool.clear()
        self._stored.clear()
        self._untold.clear()

    def _settle(self, keys: list[bytes]) -> None:
        for key in keys:
            self._stored.pop(key, None)


def _key(tx: Transaction) -> bytes:
    return tx.sender + tx.nonce.to_bytes(8, "big")
