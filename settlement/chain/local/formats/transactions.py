"""A signed transaction as it travels: decoding, the sender's recovery, and the least gas it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from settlement.chain.local.faults import RpcFault
from settlement.chain.local.formats.hashing import bytes_int, int_bytes, keccak, rlp_decode, rlp_encode

LEGACY, ACCESS_LIST, DYNAMIC_FEE, BLOB, SET_CODE = 0, 1, 2, 3, 4
SECP256K1_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
MAX_INITCODE_BYTES = 49_152

AccessList = tuple[tuple[bytes, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Authorization:
    """One EIP-7702 delegation: the account that signed it wants to run the code of ``address``."""

    chain_id: int
    address: bytes
    nonce: int
    y_parity: int
    r: int
    s: int

    def validate(self, chain_id: int) -> None:
        """Steps 1 to 3 of EIP-7702; the engine calls it and skips the entry when it raises."""
        if self.chain_id not in (0, chain_id):
            raise ValueError(f"authorization is for chain {self.chain_id}, this is {chain_id}")
        if self.nonce >= 2**64 - 1 or self.s > SECP256K1_N // 2:
            raise ValueError("authorization's nonce or s is out of range")

    def authority(self) -> bytes | None:
        """The address that signed; None when the signature is none. The engine recovers it by itself."""
        signed = keccak(b"\x05" + rlp_encode([int_bytes(self.chain_id), self.address, int_bytes(self.nonce)]))
        try:
            return recover_sender(signed, self.y_parity, self.r, self.s)
        except RpcFault:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A transaction the engine can run. The names of its fields are those that py-evm's executor reads.

    ``raw`` and the signature are empty when it stands for a call that nobody signed.
    """

    sender: bytes
    to: bytes
    data: bytes
    value: int
    gas: int
    nonce: int
    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    type_id: int = DYNAMIC_FEE
    chain_id: int | None = None
    access_list: AccessList = ()
    authorization_list: tuple[Authorization, ...] = ()
    v: int = 0
    r: int = 0
    s: int = 0
    hash: bytes = b""
    raw: bytes = field(default=b"", repr=False)

    @property
    def is_create(self) -> bool:
        return not self.to

    @property
    def intrinsic_gas(self) -> int:
        """What is taken before execution; the word cost of init code comes on top while it runs (EIP-3860)."""
        zeros = self.data.count(0)
        gas = 21_000 + 4 * zeros + 16 * (len(self.data) - zeros)
        gas += 2_400 * len(self.access_list) + 1_900 * sum(len(slots) for _, slots in self.access_list)
        return gas + (32_000 if self.is_create else 0) + 25_000 * len(self.authorization_list)

    @property
    def minimum_gas(self) -> int:
        """The least gas limit with which the transaction is valid."""
        words = 2 * ((len(self.data) + 31) // 32) if self.is_create else 0
        return self.intrinsic_gas + words

    @property
    def floor_gas(self) -> int:
        """EIP-7623: what the call data costs at least."""
        zeros = self.data.count(0)
        return 21_000 + 10 * (zeros + 4 * (len(self.data) - zeros))

    def effective_gas_price(self, base_fee: int) -> int:
        return min(self.max_fee_per_gas, base_fee + self.max_priority_fee_per_gas)

    @property
    def most_it_costs(self) -> int:
        return self.gas * self.max_fee_per_gas + self.value


def decode_transaction(raw: bytes, chain_id: int, *, known_sender: bytes | None = None) -> Transaction:
    """The transaction in ``raw``, its sender recovered unless it is known from storage.

    Raises: RpcFault when it is malformed, of an unknown type, or signed for another chain.
    """
    if not raw:
        raise RpcFault("typed transaction too short")
    type_id = LEGACY if raw[0] >= 0xC0 else raw[0]
    if type_id == BLOB:
        raise RpcFault(
            "transaction type not supported: blob transactions (type 3) are not taken by the local chain"
        )
    layout = LAYOUTS.get(type_id)
    if layout is None:
        raise RpcFault("transaction type not supported")
    try:
        items: Any = rlp_decode(raw if type_id == LEGACY else raw[1:])
        if not isinstance(items, list) or len(items) != len(layout):
            raise ValueError(f"expected a list of {len(layout)} items")
        fields = {name: _READERS.get(name, _read_int)(item) for name, item in zip(layout, items, strict=True)}
    except (ValueError, TypeError) as exc:
        raise RpcFault(f"rlp: cannot decode the transaction: {exc}") from exc
    if "gas_price" in fields:
        fields["max_fee_per_gas"] = fields["max_priority_fee_per_gas"] = fields.pop("gas_price")
    if type_id == LEGACY:
        signed_hash = _legacy_signing(items, fields, chain_id)
    else:
        signed_hash = keccak(raw[:1] + rlp_encode(items[:-3]))
        fields["v"] = fields["parity"]
    if type_id == SET_CODE and not fields["to"]:
        raise RpcFault("EIP-7702 transaction cannot be used to create contract")
    if type_id == SET_CODE and not fields["authorization_list"]:
        raise RpcFault("EIP-7702 transaction with empty auth list")
    if fields["chain_id"] not in (None, chain_id):
        raise RpcFault(
            f"invalid sender: invalid chain id for signer: have {fields['chain_id']} want {chain_id}"
        )
    parity = fields.pop("parity")
    sender = known_sender or recover_sender(signed_hash, parity, fields["r"], fields["s"])
    return Transaction(**fields, sender=sender, type_id=type_id, hash=keccak(raw), raw=raw)


def _legacy_signing(items: list[Any], fields: dict[str, Any], chain_id: int) -> bytes:
    """Fill in what a legacy transaction implies, and give the hash that was signed (EIP-155 where v says so)."""
    v = fields["v"]
    if v in (27, 28):
        fields["chain_id"], fields["parity"] = None, v - 27
        return keccak(rlp_encode(items[:6]))
    if v < 35:
        raise RpcFault("invalid transaction v, r, s values")
    fields["chain_id"], fields["parity"] = (v - 35) // 2, (v - 35) % 2
    return keccak(rlp_encode([*items[:6], int_bytes(chain_id), b"", b""]))


def recover_sender(signed_hash: bytes, parity: int, r: int, s: int) -> bytes:
    """The address that signed ``signed_hash``."""
    # EIP-2: the upper half of s is refused, or every transaction would have a twin with another hash.
    if parity not in (0, 1) or not 0 < r < SECP256K1_N or not 0 < s <= SECP256K1_N // 2:
        raise RpcFault("invalid transaction v, r, s values")
    try:
        public = _recover_public_key(
            signed_hash, r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity])
        )
    except Exception as exc:  # each backend has its own exception for a point that is not on the curve
        raise RpcFault("invalid sender: the signature belongs to no key") from exc
    return keccak(public)[12:]


try:
    from coincurve import PublicKey as _CurvePublicKey
except ImportError:  # no wheel for this Python: ten times slower, and right
    from eth_keys import keys as _keys

    def _recover_public_key(signed_hash: bytes, signature: bytes) -> bytes:
        return _keys.Signature(signature).recover_public_key_from_msg_hash(signed_hash).to_bytes()

else:

    def _recover_public_key(signed_hash: bytes, signature: bytes) -> bytes:
        public = _CurvePublicKey.from_signature_and_message(signature, signed_hash, hasher=None)
        return public.format(compressed=False)[1:]


def _read_int(item: Any) -> int:
    if not isinstance(item, bytes) or item[:1] == b"\0" or len(item) > 32:
        raise ValueError("an integer must be a string of at most 32 bytes without leading zeros")
    return bytes_int(item)


def _read_word64(item: Any) -> int:
    value = _read_int(item)
    if value >= 2**64:
        raise ValueError("a nonce or gas limit must be below 2**64")
    return value


def _read_bytes(item: Any) -> bytes:
    if not isinstance(item, bytes):
        raise TypeError("a string was expected where a list stands")
    return item


def _read_address(item: Any) -> bytes:
    if len(_read_bytes(item)) != 20:
        raise ValueError("an address must be 20 bytes")
    return bytes(item)


def _read_recipient(item: Any) -> bytes:
    return b"" if item == b"" else _read_address(item)


def _read_access_list(item: Any) -> AccessList:
    if isinstance(item, bytes):
        raise TypeError("the access list is no list")
    return tuple((_read_address(address), tuple(map(_read_slot, slots))) for address, slots in item)


def _read_slot(item: Any) -> int:
    if len(_read_bytes(item)) != 32:
        raise ValueError("a storage key must be 32 bytes")
    return bytes_int(item)


def _read_authorizations(item: Any) -> tuple[Authorization, ...]:
    if isinstance(item, bytes):
        raise TypeError("the authorization list is no list")
    return tuple(
        Authorization(
            _read_int(c), _read_address(a), _read_word64(n), _read_int(y), _read_int(r), _read_int(s)
        )
        for c, a, n, y, r, s in item
    )


_READERS: dict[str, Any] = {
    "to": _read_recipient,
    "data": _read_bytes,
    "nonce": _read_word64,
    "gas": _read_word64,
    "access_list": _read_access_list,
    "authorization_list": _read_authorizations,
}
_FEES = ("max_priority_fee_per_gas", "max_fee_per_gas")
_BODY = ("gas", "to", "value", "data")
LAYOUTS: dict[int, tuple[str, ...]] = {
    LEGACY: ("nonce", "gas_price", *_BODY, "v", "r", "s"),
    ACCESS_LIST: ("chain_id", "nonce", "gas_price", *_BODY, "access_list", "parity", "r", "s"),
    DYNAMIC_FEE: ("chain_id", "nonce", *_FEES, *_BODY, "access_list", "parity", "r", "s"),
    SET_CODE: ("chain_id", "nonce", *_FEES, *_BODY, "access_list", "authorization_list", "parity", "r", "s"),
}
