"""py-evm's account database with the parts replaced that cost most: its tries, its RLP and its witness log.

Only ``engine`` uses it. What journals and reverts is py-evm's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from eth.constants import EMPTY_SHA3
from eth.db.account import AccountDB
from eth.db.backends.base import BaseAtomicDB, BaseDB
from eth.db.batch import BatchDB
from eth.db.cache import CacheDB
from eth.db.journal import JournalDB
from eth.db.storage import AccountStorageDB, StorageLookup

from settlement.chain.local.engine.port import NodeReader
from settlement.chain.local.formats.hashing import (
    EMPTY_TRIE_ROOT,
    bytes_int,
    int_bytes,
    key_hash,
    rlp_decode,
    rlp_encode,
)
from settlement.chain.local.formats.state_trie import StateTrie

MOST_CACHED_ACCOUNTS = 4_096


class NodeStore(BaseAtomicDB):
    """Reads nodes through the reader it was given; keeps what is written, for the caller to store."""

    def __init__(self, read_node: NodeReader) -> None:
        self.read = read_node
        self.written: dict[bytes, bytes] = {}

    def __getitem__(self, key: bytes) -> bytes:
        found = self.written.get(key) or self.read(key)
        if found is None:
            raise KeyError(key)
        return found

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self.written[key] = value

    def __delitem__(self, key: bytes) -> None:
        # Nodes are named by their hashes and shared by roots: none is ever taken away.
        raise TypeError("trie nodes are never deleted")

    def _exists(self, key: bytes) -> bool:
        return key in self.written or self.read(key) is not None

    @contextmanager
    def atomic_batch(self) -> Iterator[Any]:
        # All of it is dropped together when anything raises, so a batch needs no journal of its own.
        yield self


class _Account(NamedTuple):
    nonce: int = 0
    balance: int = 0
    storage_root: bytes = EMPTY_TRIE_ROOT
    code_hash: bytes = EMPTY_SHA3

    def copy(self, **changes: Any) -> _Account:
        """As py-evm's own account class has it."""
        return self._replace(**changes)

    def encode(self) -> bytes:
        return rlp_encode([int_bytes(self.nonce), int_bytes(self.balance), self.storage_root, self.code_hash])

    @classmethod
    def decode(cls, encoded: bytes) -> _Account:
        nonce, balance, storage_root, code_hash = rlp_decode(encoded)
        return cls(bytes_int(nonce), bytes_int(balance), storage_root, code_hash)


class _AccountTrie(BaseDB):
    """Accounts by address; in the trie they lie under the address's hash."""

    def __init__(self, nodes: NodeStore, root_hash: bytes) -> None:
        self._nodes = nodes
        self.trie = StateTrie(nodes.read, root_hash)

    @property
    def root_hash(self) -> bytes:
        return self.trie.root_hash

    @root_hash.setter
    def root_hash(self, root_hash: bytes) -> None:
        self.trie = StateTrie(self._nodes.__getitem__, root_hash)

    def __getitem__(self, key: bytes) -> bytes:
        return self.trie.get(key_hash(key))

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self.trie.set(key_hash(key), value)

    def __delitem__(self, key: bytes) -> None:
        self.trie.delete(key_hash(key))

    def _exists(self, key: bytes) -> bool:
        return self[key] != b""

    @contextmanager
    def squash_changes(self) -> Iterator[_AccountTrie]:
        # The trie hashes nothing before its root is asked for, so there is nothing to squash.
        yield self


class _StorageTrie(StateTrie):
    """A trie with the names by which py-evm's storage calls it; it is its own batch of nodes."""

    def __getitem__(self, key: bytes) -> bytes:
        return self.get(key)

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self.set(key, value)

    def __delitem__(self, key: bytes) -> None:
        self.delete(key)

    def __contains__(self, key: bytes) -> bool:
        return self.get(key) != b""

    def commit_to(self, nodes: Any, *, apply_deletes: bool) -> None:  # noqa: ARG002  py-evm's signature
        """Give out the nodes that must be stored."""
        nodes.written.update(self.written)


class _StorageLookup(StorageLookup):
    """One account's slots, by the trie above."""

    _db: Any
    _write_trie: Any
    _trie_nodes_batch: Any
    _read_trie: _StorageTrie | None = None

    def _decode_key(self, key: bytes) -> bytes:
        # What py-evm calls so: where the slot lies in the trie.
        return key_hash(key.rjust(32, b"\0"))

    def _get_write_trie(self) -> Any:
        if self._write_trie is None:
            self._write_trie = _StorageTrie(self._db.__getitem__, self._starting_root_hash)
            self._trie_nodes_batch = self._write_trie
        return self._write_trie

    def _get_read_trie(self) -> Any:
        if self._write_trie is not None:
            return self._write_trie
        return _StorageTrie(self._db.__getitem__, self._starting_root_hash)


class _Storage(AccountStorageDB):
    def __init__(self, nodes: Any, storage_root: Any, address: Any) -> None:
        super().__init__(nodes, storage_root, address)
        self._storage_lookup = _StorageLookup(nodes, storage_root, address)
        self._storage_cache = CacheDB(self._storage_lookup)
        self._locked_changes = JournalDB(self._storage_cache)
        self._journal_storage = JournalDB(self._locked_changes)


class Accounts(AccountDB):
    """All accounts under one root."""

    _trie: Any
    _account_cache: Any
    _account_stores: Any

    def __init__(self, nodes: NodeStore, state_root: Any) -> None:
        # Not the original's: it would build every part that is replaced here.
        self._nodes = nodes
        self._batchdb = BatchDB(nodes)
        self._journaldb = JournalDB(self._batchdb)
        self._trie = _AccountTrie(nodes, state_root)
        self._trie_cache = CacheDB(self._trie)
        self._journaltrie = JournalDB(self._trie_cache)
        self._account_cache = {}
        self._account_stores = {}
        self._dirty_accounts = set()
        self._accessed_accounts = set()
        self._reset_access_counters()

    def get_code(self, address: Any) -> bytes:
        code_hash = self.get_code_hash(address)
        if code_hash == EMPTY_SHA3:
            return b""
        return self._journaldb[code_hash]

    def _get_address_store(self, address: Any) -> Any:
        store = self._account_stores.get(address)
        if store is None:
            store = _Storage(self._nodes, self._get_storage_root(address), address)
            self._account_stores[address] = store
        return store

    def _get_account(self, address: Any, from_journal: bool = True) -> Any:  # noqa: FBT001, FBT002  py-evm's signature
        if from_journal and address in self._account_cache:
            return self._account_cache[address]
        encoded = self._get_encoded_account(address, from_journal)
        account = _Account.decode(encoded) if encoded else _Account()
        if from_journal:
            self._cache(address, account)
        return account

    def _set_account(self, address: Any, account: Any) -> None:
        self._cache(address, account)
        self._journaltrie[address] = account.encode()

    def _cache(self, address: Any, account: Any) -> None:
        if len(self._account_cache) >= MOST_CACHED_ACCOUNTS:
            self._account_cache.clear()
        self._account_cache[address] = account

    def persist(self) -> Any:
        """Put every new node into the node store. The witness that the original answers with is read by nobody here."""
        self.make_state_root()
        for _, store in self._dirty_account_stores():
            store.persist(self._nodes)
        root = self._trie.root_hash
        self._nodes.written.update(self._trie.trie.written)
        self._batchdb.commit_to(self._nodes, apply_deletes=False)
        return root
