"""Headers, receipts and logs: what a block is made of, apart from any engine and any store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from settlement.chain.local.formats.hashing import (
    EMPTY_TRIE_ROOT,
    EMPTY_UNCLES_HASH,
    bytes_int,
    int_bytes,
    keccak,
    key_hash,
    ordered_trie_root,
    rlp_decode,
    rlp_encode,
    rlp_list,
)
from settlement.chain.local.formats.transactions import LEGACY, Transaction

INITIAL_BASE_FEE = 1_000_000_000
NO_REQUESTS_HASH = hashlib.sha256(b"").digest()
ZERO_ADDRESS = bytes(20)
ZERO_WORD = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A Prague header, its fields in the order they are hashed in."""

    parent_hash: bytes
    uncles_hash: bytes = EMPTY_UNCLES_HASH
    coinbase: bytes = ZERO_ADDRESS
    state_root: bytes = EMPTY_TRIE_ROOT
    transactions_root: bytes = EMPTY_TRIE_ROOT
    receipts_root: bytes = EMPTY_TRIE_ROOT
    bloom: bytes = bytes(256)
    difficulty: int = 0
    number: int
    gas_limit: int
    gas_used: int = 0
    timestamp: int
    extra: bytes = b""
    mix_hash: bytes = ZERO_WORD
    nonce: bytes = bytes(8)
    base_fee: int
    withdrawals_root: bytes = EMPTY_TRIE_ROOT
    blob_gas_used: int = 0
    excess_blob_gas: int = 0
    parent_beacon_root: bytes = ZERO_WORD
    requests_hash: bytes = NO_REQUESTS_HASH

    def encode(self) -> bytes:
        values = (getattr(self, name) for name in _HEADER_FIELDS)
        return rlp_encode([int_bytes(value) if isinstance(value, int) else value for value in values])

    @classmethod
    def decode(cls, encoded: bytes) -> Self:
        items = zip(_HEADER_FIELDS, rlp_decode(encoded), strict=True)
        values: dict[str, Any] = {
            name: bytes_int(item) if name in _HEADER_INTS else item for name, item in items
        }
        return cls(**values)

    def next_base_fee(self) -> int:
        """EIP-1559: the base fee of this block's child."""
        target = self.gas_limit // 2
        if self.gas_used == target:
            return self.base_fee
        if self.gas_used > target:
            step = self.base_fee * (self.gas_used - target) // target // 8
            return self.base_fee + max(step, 1)
        return self.base_fee - self.base_fee * (target - self.gas_used) // target // 8

    def child(self, parent_hash: bytes, *, timestamp: int, gas_limit: int, extra: bytes = b"") -> Header:
        """The header of the next block, before anything ran in it."""
        return Header(
            parent_hash=parent_hash,
            number=self.number + 1,
            gas_limit=gas_limit,
            timestamp=timestamp,
            base_fee=self.next_base_fee(),
            extra=extra,
            # Stands for PREVRANDAO: differs from block to block, and is the same whenever the chain is replayed.
            mix_hash=keccak(parent_hash + extra),
        )


_HEADER_FIELDS = tuple(entry.name for entry in fields(Header))
_HEADER_INTS = frozenset(entry.name for entry in fields(Header) if entry.type == "int")


@dataclass(frozen=True, slots=True)
class Log:
    """What a contract emitted; topics are 32-byte words, at most four."""

    address: bytes
    topics: tuple[bytes, ...]
    payload: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a transaction did. ``first_log`` is the index, within its block, of the first of its logs."""

    succeeded: bool
    cumulative_gas: int
    gas_used: int
    gas_price: int
    created: bytes
    first_log: int
    logs: tuple[Log, ...]

    def encode(self) -> bytes:
        """The form it is stored in."""
        return rlp_encode(
            [
                b"\1" if self.succeeded else b"",
                int_bytes(self.cumulative_gas),
                int_bytes(self.gas_used),
                int_bytes(self.gas_price),
                self.created,
                int_bytes(self.first_log),
                _log_items(self.logs),
            ]
        )

    @classmethod
    def decode(cls, encoded: bytes) -> Self:
        status, cumulative, used, price, created, first_log, logs = rlp_decode(encoded)
        return cls(
            succeeded=bool(status),
            cumulative_gas=bytes_int(cumulative),
            gas_used=bytes_int(used),
            gas_price=bytes_int(price),
            created=created,
            first_log=bytes_int(first_log),
            logs=tuple(Log(address, tuple(topics), payload) for address, topics, payload in logs),
        )

    def consensus_bytes(self, type_id: int, bloom: bytes) -> bytes:
        """The form the receipts' root is made of."""
        status = b"\1" if self.succeeded else b""
        body = rlp_encode([status, int_bytes(self.cumulative_gas), bloom, _log_items(self.logs)])
        return body if type_id == LEGACY else bytes([type_id]) + body


def _log_items(logs: Iterable[Log]) -> list[Any]:
    return [[log.address, list(log.topics), log.payload] for log in logs]


def logs_bloom(logs: Iterable[Log]) -> bytes:
    """The 2048-bit filter over the logs' addresses and topics."""
    bits = 0
    for item in {part for log in logs for part in (log.address, *log.topics)}:
        digest = key_hash(item)
        for at in (0, 2, 4):
            bits |= 1 << ((digest[at] << 8 | digest[at + 1]) & 2047)
    return bits.to_bytes(256, "big")


def join_blooms(blooms: Iterable[bytes]) -> bytes:
    """The filter that holds whatever one of ``blooms`` holds."""
    bits = 0
    for bloom in blooms:
        bits |= bytes_int(bloom)
    return bits.to_bytes(256, "big")


@dataclass(frozen=True, slots=True)
class Head:
    """A block as the chain stands on it.

    ``state_root`` is the state that the next block starts from. It differs from the header's after a tester
    changed an account by hand. ``nodes`` are those of its state that are not stored: the block is only in the making.
    """

    header: Header
    hash: bytes
    state_root: bytes
    size: int
    transaction_count: int
    nodes: dict[bytes, bytes] | None = field(default=None, compare=False, repr=False)

    @property
    def number(self) -> int:
        return self.header.number

    def with_state(self, state_root: bytes) -> Head:
        return replace(self, state_root=state_root)

    def encode(self) -> bytes:
        return rlp_encode(
            [
                self.header.encode(),
                self.hash,
                self.state_root,
                int_bytes(self.size),
                int_bytes(self.transaction_count),
            ]
        )

    @classmethod
    def decode(cls, encoded: bytes) -> Self:
        header, block_hash, state_root, size, count = rlp_decode(encoded)
        return cls(Header.decode(header), block_hash, state_root, bytes_int(size), bytes_int(count))


@dataclass(frozen=True, slots=True)
class MinedTransaction:
    """A transaction with its place in the chain."""

    transaction: Transaction
    receipt: Receipt
    index: int


@dataclass(frozen=True, slots=True)
class PlacedLog:
    """A log with its place in the chain; ``index`` is its own within the block."""

    head: Head
    tx_hash: bytes
    tx_index: int
    index: int
    log: Log


@dataclass(frozen=True, slots=True)
class Block:
    """A sealed block with everything that ran in it."""

    head: Head
    transactions: tuple[MinedTransaction, ...]


def encode_block(header: Header, raw_transactions: Iterable[bytes]) -> bytes:
    """The block's RLP: header, transactions, no uncles, no withdrawals (EIP-4895)."""
    # A typed transaction stands in the list as a byte string, a legacy one as the list that it is.
    body = b"".join(raw if raw[0] >= 0xC0 else rlp_encode(raw) for raw in raw_transactions)
    return rlp_list(header.encode() + rlp_list(body) + rlp_encode([]) + rlp_encode([]))


def seal(header: Header, state_root: bytes, mined: list[tuple[Transaction, Receipt]]) -> Block:
    """Fill in what execution decided, and hash the header."""
    blooms = [logs_bloom(receipt.logs) for _, receipt in mined]
    sealed = replace(
        header,
        state_root=state_root,
        transactions_root=ordered_trie_root([tx.raw for tx, _ in mined]),
        receipts_root=ordered_trie_root(
            [
                receipt.consensus_bytes(tx.type_id, bloom)
                for (tx, receipt), bloom in zip(mined, blooms, strict=True)
            ]
        ),
        bloom=join_blooms(blooms),
        gas_used=mined[-1][1].cumulative_gas if mined else 0,
    )
    head = Head(
        header=sealed,
        hash=keccak(sealed.encode()),
        state_root=state_root,
        size=len(encode_block(sealed, [tx.raw for tx, _ in mined])),
        transaction_count=len(mined),
    )
    return Block(head, tuple(MinedTransaction(tx, receipt, i) for i, (tx, receipt) in enumerate(mined)))
