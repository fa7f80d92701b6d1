"""The stored part of the pool: transactions that were acknowledged and are in no block yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from settlement.chain.local.formats.transactions import Transaction, decode_transaction
from settlement.chain.local.store.storage import Batch, Storage, Table

_LAST_KEY = b"\xff" * 29


class StoredWaiting:
    """One record for a sender and nonce. Used by the one writer thread.

    Changes go into a batch of the caller's, who says with ``settle`` that the batch is on disk.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._hashes: dict[bytes, bytes] = {}

    def holds(self, tx: Transaction) -> bool:
        """Whether this very transaction is on disk."""
        return self._hashes.get(_key(tx)) == tx.hash

    def load(self, chain_id: int) -> Iterator[Transaction]:
        """What is on disk; its senders are known from there, signed or not. Nothing else is known afterwards."""
        self._hashes.clear()
        for key, raw in self._storage.scan(Table.WAITING, b"", _LAST_KEY):
            tx = decode_transaction(raw, chain_id, known_sender=key[:20])
            self._hashes[key] = tx.hash
            yield tx

    def store(self, transactions: list[Transaction]) -> None:
        """Put them on disk.

        Raises: RpcFault when that fails; then none of them is there.
        """
        batch = Batch()
        self.put(batch, transactions)
        self._storage.commit(batch)
        self._hashes.update((_key(tx), tx.hash) for tx in transactions)

    @staticmethod
    def put(batch: Batch, transactions: list[Transaction]) -> None:
        """Write them with ``batch``; they are known once they are loaded."""
        for tx in transactions:
            batch.put(Table.WAITING, _key(tx), tx.raw)

    def drop(self, batch: Batch, transactions: Iterable[Transaction]) -> list[bytes]:
        """Take off what stands under the senders and nonces of ``transactions``; the keys, for ``settle``."""
        keys = [key for tx in transactions if (key := _key(tx)) in self._hashes]
        for key in keys:
            batch.delete(Table.WAITING, key)
        return keys

    def drop_all(self, batch: Batch) -> list[bytes]:
        """Take off everything; the keys, for ``settle``."""
        keys = list(self._hashes)
        batch.deletes += [(Table.WAITING, key) for key in keys]
        return keys

    def settle(self, keys: Iterable[bytes]) -> None:
        """What was dropped is off the disk."""
        for key in keys:
            self._hashes.pop(key, None)


def _key(tx: Transaction) -> bytes:
    return tx.sender + tx.nonce.to_bytes(8, "big")
