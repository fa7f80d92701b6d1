"""Decoding agrees with eth-account's encoding for every type, and refuses what is malformed."""

from __future__ import annotations

from typing import Any

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from settlement.chain.local.accounts import well_known_accounts
from settlement.chain.local.faults import RpcFault
from settlement.chain.local.formats.transactions import decode_transaction
from tests.chain.local.client import address_of, signed

CHAIN = 31_337
ACCESS = [{"address": address_of(3), "storageKeys": ["0x" + "00" * 31 + "05"]}]


def _raw(**fields: Any) -> bytes:
    return bytes.fromhex(signed(0, nonce=3, **fields)[2:])


def _authorization() -> Any:
    account = well_known_accounts()[1]
    return account.sign_authorization({"chainId": CHAIN, "address": address_of(2), "nonce": 0})


@pytest.mark.parametrize(
    ("type_id", "fields"),
    [
        (0, {"gasPrice": 10**9}),
        (1, {"gasPrice": 10**9, "accessList": ACCESS, "gas": 30_000}),
        (2, {"accessList": ACCESS, "gas": 30_000, "data": "0x00ff"}),
        (4, {"authorizationList": [_authorization()], "gas": 90_000, "to": address_of(2)}),
    ],
)
def test_decode_transaction__each_type__sender_and_fields(type_id: int, fields: dict[str, Any]) -> None:
    transaction = decode_transaction(_raw(**fields), CHAIN)
    assert transaction.type_id == type_id
    assert transaction.sender.hex() == address_of(0)[2:].lower()
    assert (transaction.nonce, transaction.chain_id) == (3, CHAIN)
    assert transaction.access_list == (
        ((bytes.fromhex(address_of(3)[2:]), (5,)),) if "accessList" in fields else ()
    )
    assert len(transaction.authorization_list) == (type_id == 4)


def test_decode_transaction__create__intrinsic_gas_as_in_the_yellow_paper() -> None:
    transaction = decode_transaction(_raw(data="0x00ff" + "00" * 31, gas=100_000), CHAIN)
    assert transaction.intrinsic_gas == 21_000 + 32_000 + 32 * 4 + 16
    assert transaction.minimum_gas == transaction.intrinsic_gas + 2 * 2
    assert transaction.floor_gas == 21_000 + 10 * (32 + 4)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "too short"),
        (b"\x03\xc0", r"type not supported: blob transactions \(type 3\)"),
        (b"\x7f\xc0", "type not supported"),
        (b"\x02\xc0", "rlp"),
        (b"\x02\xc1", "rlp"),
        (b"\xc0", "rlp"),
        (bytes.fromhex("f8"), "rlp"),
    ],
)
def test_decode_transaction__malformed__refused(raw: bytes, words: str) -> None:
    with pytest.raises(RpcFault, match=words):
        decode_transaction(raw, CHAIN)


@pytest.mark.parametrize(
    ("to", "entries", "words"),
    [
        (b"", [[b"\1", bytes(20), b"", b"", b"\1", b"\1"]], "cannot be used to create contract"),
        (bytes(20), [], "with empty auth list"),
        (bytes(20), b"", "the authorization list is no list"),
        (bytes(20), [[b"\1", bytes(20), b"", b"", b"\1"]], "rlp"),
    ],
)
def test_decode_transaction__delegations_malformed__refused(to: bytes, entries: Any, words: str) -> None:
    fields = [b"\x7a\x69", b"", b"\1", b"\1", b"\xff\xff", to, b"", b"", [], entries, b"", b"\1", b"\1"]
    with pytest.raises(RpcFault, match=words):
        decode_transaction(b"\x04" + rlp.encode(fields), CHAIN)


def test_decode_transaction__other_chain__refused() -> None:
    with pytest.raises(RpcFault, match="have 1 want 31337"):
        decode_transaction(_raw(chainId=1), CHAIN)
    with pytest.raises(RpcFault, match="have 1 want 31337"):
        decode_transaction(_raw(chainId=1, gasPrice=1), CHAIN)


@given(at=st.integers(0, 200), to=st.integers(0, 255))
def test_decode_transaction__one_byte_changed__never_the_same_sender_and_hash(at: int, to: int) -> None:
    raw = bytearray(_raw())
    at %= len(raw)
    is_changed = raw[at] != to
    raw[at] = to
    try:
        transaction = decode_transaction(bytes(raw), CHAIN)
    except RpcFault:
        assert is_changed
        return
    assert (transaction.sender.hex() == address_of(0)[2:].lower()) is not is_changed
