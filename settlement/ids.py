"""The identities that Hanse's parts share. Everything projected derives its id from the contracts.

An order, its receivable and its loan have one id: the fingerprint the contract computes from the signed terms.
"""

from __future__ import annotations

import re
import secrets
from typing import NewType

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from uuid_utils import uuid7

from settlement.errors import InputRefused

MemberId = NewType("MemberId", int)
"""A member of the network, counted from 1 by the TrustedNetwork contract."""

OrderId = NewType("OrderId", int)
"""The fingerprint of an order: also the token id of its receivable and the id of its loan."""

LineId = NewType("LineId", int)
"""A funder's line, counted from 1 by the CreditLines contract."""

_HEX_ID = re.compile(r"0x[0-9a-f]{64}")


def lei_hash(lei: str) -> bytes:
    """The 20 bytes by which the network knows an LEI.

    Shapes: returns 20 bytes.
    Source: ITrustedNetwork.Member.
    """
    return keccak(text=lei)[:20]


def fingerprint(buyer_lei: str, supplier_lei: str, canonical_number: str, year: int) -> OrderId:
    """Compute the id of an order before it is on chain; the contract computes the same from the signed terms.

    Source: Receivables.fingerprint.
    """
    packed = encode(
        ["bytes20", "bytes20", "bytes32", "uint16"],
        [lei_hash(buyer_lei), lei_hash(supplier_lei), keccak(text=canonical_number), year],
    )
    # The low 8 bits number the shares of a split order.
    return OrderId(int.from_bytes(keccak(packed), "big") & ~0xFF)


def share_number(order: int) -> int:
    """The number of a share of a split order, which stands in the id's low byte; 0 for an order itself."""
    return order & 0xFF


def undertaking_account(order: int) -> int:
    """The ledger account that holds the cash of an order's undertaking.

    Source: ShareWords.accountOf.
    """
    return int.from_bytes(keccak(encode(["string", "uint256"], ["undertaking", order])), "big")


def reserve_account(order: int) -> int:
    """The ledger account that holds the cash of a committed line's reserve for an order.

    Source: LoanBook._reserveAccount.
    """
    return int.from_bytes(keccak(encode(["string", "uint256"], ["reserve", order])), "big")


def place_bytes(place: str) -> bytes:
    """A UN/LOCODE as the contracts keep it: left-aligned ASCII. Shapes: 32 bytes."""
    return place.encode("ascii").ljust(32, b"\0")


def bucket_of(peril: int, place: bytes, day: int) -> bytes:
    """The (peril, place, day) that an index reading speaks of.

    Shapes: ``place`` and the result 32 bytes.
    Source: IndexOracle.bucketOf.
    """
    return keccak(encode(["uint16", "bytes32", "uint32"], [peril, place, day]))


def id_text(number: int) -> str:
    """Write a 256-bit id as the API does: ``0x`` and 64 hex digits."""
    return f"0x{number:064x}"


def id_from_text(text: str) -> int:
    """Read a 256-bit id.

    Raises: InputRefused for anything but ``0x`` and 64 lower-case hex digits.
    """
    if not _HEX_ID.fullmatch(text):
        raise InputRefused(f"id {text[:80]!r} is not 0x and 64 lower-case hex digits", field="id")
    return int(text, 16)


def new_private_id(prefix: str) -> str:
    """A fresh id for a private row (act, intent, document, client): ``prefix_`` and a UUIDv7, sortable by creation."""
    return f"{prefix}_{uuid7().hex}"


def new_nonce() -> int:
    """A random 63-bit nonce for an unordered act."""
    return secrets.randbits(63)
