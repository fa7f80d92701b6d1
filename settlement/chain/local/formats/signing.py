"""Putting a signature on a transaction, or the mark that stands for one where the sender has no key here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from settlement.chain.local.formats.hashing import int_bytes, keccak, rlp_encode
from settlement.chain.local.formats.transactions import (
    LAYOUTS,
    LEGACY,
    AccessList,
    Authorization,
    Transaction,
)


def sign_transaction(tx: Transaction, key: bytes, chain_id: int) -> Transaction:
    """``tx`` with its signature by ``key``, its encoding and its hash."""
    items = _items(tx)
    if tx.type_id == LEGACY:
        digest = keccak(rlp_encode([*items, int_bytes(chain_id), b"", b""]))
    else:
        digest = keccak(bytes([tx.type_id]) + rlp_encode(items))
    return _with_signature(tx, *sign_digest(key, digest), chain_id)


def mark_transaction(tx: Transaction, chain_id: int) -> Transaction:
    """``tx`` of a sender who is impersonated: the sender's address stands in r, 1 in s.

    So two senders' transactions have two hashes. Whoever sends these bytes as a signed transaction sends it from
    whatever address the "signature" happens to give, so the mark opens nothing.
    """
    return _with_signature(tx, 0, int.from_bytes(tx.sender, "big"), 1, chain_id)


def without_signature(tx: Transaction) -> bytes:
    """The encoding with an empty signature."""
    return _raw(tx, (b"", b"", b""))


def _with_signature(tx: Transaction, parity: int, r: int, s: int, chain_id: int) -> Transaction:
    v = 35 + 2 * chain_id + parity if tx.type_id == LEGACY else parity
    raw = _raw(tx, (int_bytes(v), int_bytes(r), int_bytes(s)))
    return replace(tx, chain_id=chain_id, v=v, r=r, s=s, raw=raw, hash=keccak(raw))


def _raw(tx: Transaction, signature: tuple[bytes, bytes, bytes]) -> bytes:
    encoded = rlp_encode([*_items(tx), *signature])
    return encoded if tx.type_id == LEGACY else bytes([tx.type_id]) + encoded


def _items(tx: Transaction) -> list[Any]:
    """What is signed, in its order."""
    return [_item(tx, name) for name in LAYOUTS[tx.type_id][:-3]]


def _item(tx: Transaction, name: str) -> Any:
    if name == "access_list":
        return access_list_items(tx.access_list)
    if name == "authorization_list":
        return [_authorization_items(entry) for entry in tx.authorization_list]
    value = getattr(tx, "max_fee_per_gas" if name == "gas_price" else name)
    return int_bytes(value) if isinstance(value, int) else value


def access_list_items(access_list: AccessList) -> list[Any]:
    """An access list as it is encoded."""
    return [[address, [slot.to_bytes(32, "big") for slot in slots]] for address, slots in access_list]


def _authorization_items(entry: Authorization) -> list[bytes]:
    numbers = (entry.nonce, entry.y_parity, entry.r, entry.s)
    return [int_bytes(entry.chain_id), entry.address, *map(int_bytes, numbers)]


try:
    from coincurve import PrivateKey as _CurvePrivateKey
except ImportError:  # no wheel for this Python
    from eth_keys import keys as _keys

    def sign_digest(key: bytes, digest: bytes) -> tuple[int, int, int]:
        """The signature of 32 bytes: parity, r and s, with s in the lower half."""
        signature = _keys.PrivateKey(key).sign_msg_hash(digest)
        return signature.v, signature.r, signature.s

else:

    def sign_digest(key: bytes, digest: bytes) -> tuple[int, int, int]:
        """The signature of 32 bytes: parity, r and s, with s in the lower half."""
        signature = _CurvePrivateKey(key).sign_recoverable(digest, hasher=None)
        return signature[64], int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
