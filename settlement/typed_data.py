"""What members sign: EIP-712 messages, readable field by field.

The type table repeats the structs of ``contracts/src/lib/Terms.sol``; a test compares both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils.crypto import keccak

from settlement.errors import EvidenceError

DOMAIN_NAME: Final = "Hanse"
DOMAIN_VERSION: Final = "1"
VALUE_ANSWER: Final = 0
"""An observation that gives a value; the others say "too early" or "no data" (Answer of the contracts)."""

_DOMAIN_FIELDS: Final = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)

TYPES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "PurchaseOrder": (
        ("buyer", "uint32"),
        ("supplier", "uint32"),
        ("number", "string"),
        ("year", "uint16"),
        ("currency", "uint16"),
        ("face", "uint56"),
        ("document", "bytes32"),
        ("settleOn", "uint8"),
        ("fundBy", "uint8"),
        ("tenorDays", "uint16"),
        ("lateBps", "uint16"),
        ("dutyCap", "uint56"),
        ("jurisdiction", "uint16"),
        ("expiry", "uint32"),
        ("deadline", "uint32"),
    ),
    "Acceptance": (("order", "bytes32"), ("line", "uint32"), ("version", "uint16"), ("deadline", "uint32")),
    "LineTerms": (
        ("line", "uint32"),
        ("funder", "uint32"),
        ("currency", "uint16"),
        ("limit", "uint56"),
        ("orderCap", "uint56"),
        ("rateBps", "uint16"),
        ("lateBps", "uint16"),
        ("feeBps", "uint16"),
        ("advanceAccepted", "uint16"),
        ("advanceShipped", "uint16"),
        ("advanceReleased", "uint16"),
        ("dayCount", "uint8"),
        ("graceDays", "uint8"),
        ("recourse", "bool"),
        ("buyerLanes", "uint8"),
        ("supplierLanes", "uint8"),
        ("committed", "bool"),
        ("commitmentBps", "uint16"),
        ("longestDays", "uint16"),
        ("expiry", "uint32"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "ReserveRelease": (("order", "uint256"), ("member", "uint32"), ("deadline", "uint32")),
    "ReserveMove": (
        ("order", "uint256"),
        ("fromLine", "uint32"),
        ("fromVersion", "uint16"),
        ("line", "uint32"),
        ("version", "uint16"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "WriteOff": (("order", "uint256"), ("funder", "uint32"), ("deadline", "uint32")),
    "Draw": (("order", "uint256"), ("index", "uint16"), ("amount", "uint56"), ("deadline", "uint32")),
    "Repayment": (
        ("order", "uint256"),
        ("payer", "uint32"),
        ("amount", "uint56"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "Assignment": (
        ("order", "uint256"),
        ("holder", "uint32"),
        ("to", "uint32"),
        ("claim", "uint56"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "Split": (
        ("order", "uint256"),
        ("holder", "uint32"),
        ("first", "uint8"),
        ("holders", "uint32[]"),
        ("faces", "uint56[]"),
        ("deadline", "uint32"),
    ),
    "Undertaking": (
        ("order", "uint256"),
        ("guarantor", "uint32"),
        ("amount", "uint56"),
        ("owed", "uint56"),
        ("expiry", "uint32"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "Withdrawal": (
        ("member", "uint32"),
        ("currency", "uint16"),
        ("amount", "uint56"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "KeyGrant": (
        ("member", "uint32"),
        ("key", "address"),
        ("scopes", "uint16"),
        ("limit", "uint56"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "KeyRevocation": (
        ("member", "uint32"),
        ("key", "address"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "AccountReplacement": (
        ("member", "uint32"),
        ("account", "address"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "AccountRefusal": (
        ("member", "uint32"),
        ("account", "address"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "Attestation": (
        ("order", "uint256"),
        ("jurisdiction", "uint16"),
        ("seq", "uint32"),
        ("phase", "uint8"),
        ("hold", "bool"),
        ("refused", "bool"),
        ("released", "uint56"),
        ("duty", "uint56"),
        ("declarations", "bytes32"),
        ("messages", "bytes32"),
        ("eventAt", "uint32"),
        ("deadline", "uint32"),
    ),
    "AttestationBatch": (("items", "Attestation[]"),),
    "HoldRequest": (
        ("order", "uint256"),
        ("jurisdiction", "uint16"),
        ("seq", "uint32"),
        ("messages", "bytes32"),
        ("deadline", "uint32"),
    ),
    "Amendment": (
        ("order", "uint256"),
        ("version", "uint16"),
        ("face", "uint56"),
        ("document", "bytes32"),
        ("settleOn", "uint8"),
        ("tenorDays", "uint16"),
        ("lateBps", "uint16"),
        ("dutyCap", "uint56"),
        ("expiry", "uint32"),
        ("arbiter", "uint32"),
        ("deadline", "uint32"),
    ),
    "Cancellation": (("order", "uint256"), ("version", "uint16"), ("deadline", "uint32")),
    "CreditNote": (
        ("order", "uint256"),
        ("amount", "uint56"),
        ("document", "bytes32"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "Dispute": (
        ("order", "uint256"),
        ("index", "uint16"),
        ("amount", "uint56"),
        ("reason", "bytes32"),
        ("deadline", "uint32"),
    ),
    "DisputeEnd": (("order", "uint256"), ("index", "uint16"), ("upheld", "uint56"), ("deadline", "uint32")),
    "Arrival": (
        ("order", "uint256"),
        ("arrivedAt", "uint32"),
        ("document", "bytes32"),
        ("deadline", "uint32"),
    ),
    "Observation": (
        ("bucket", "bytes32"),
        ("answer", "uint8"),
        ("value", "uint64"),
        ("observedAt", "uint32"),
        ("deadline", "uint32"),
    ),
    "Resolution": (("bucket", "bytes32"), ("isVoid", "bool"), ("value", "uint64"), ("deadline", "uint32")),
    "Policy": (
        ("insurer", "uint32"),
        ("insured", "uint32"),
        ("order", "uint256"),
        ("currency", "uint16"),
        ("sum", "uint56"),
        ("premium", "uint56"),
        ("peril", "uint16"),
        ("place", "bytes32"),
        ("firstDay", "uint32"),
        ("lastDay", "uint32"),
        ("kind", "uint8"),
        ("attach", "uint64"),
        ("exhaust", "uint64"),
        ("stepAt", "uint64[]"),
        ("stepPays", "uint56[]"),
        ("noDataBps", "uint16"),
        ("waitingDays", "uint32"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "PoolFunding": (
        ("insurer", "uint32"),
        ("currency", "uint16"),
        ("amount", "uint56"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "PoolTerms": (
        ("insurer", "uint32"),
        ("currency", "uint16"),
        ("bucketCap", "uint56"),
        ("epochDays", "uint16"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "PoolEntry": (
        ("investor", "uint32"),
        ("insurer", "uint32"),
        ("currency", "uint16"),
        ("amount", "uint56"),
        ("minShares", "uint88"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "PoolExit": (
        ("investor", "uint32"),
        ("insurer", "uint32"),
        ("currency", "uint16"),
        ("shares", "uint88"),
        ("minAmount", "uint56"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    # ERC-2612, signed for the token contract; its domain carries the token's own name.
    "Permit": (
        ("owner", "address"),
        ("spender", "address"),
        ("value", "uint256"),
        ("nonce", "uint256"),
        ("deadline", "uint256"),
    ),
}


def typed_message(
    primary: str, chain_id: int, contract: str, message: Mapping[str, Any], *, domain_name: str = DOMAIN_NAME
) -> dict[str, Any]:
    """Build the JSON-able EIP-712 message that wallets show and sign (bytes as 0x hex, integers as ints).

    Raises: KeyError when ``message`` lacks a field of the type.
    Source: EIP-712; contracts/src/lib/Terms.sol.
    """
    fields = TYPES[primary]
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in _DOMAIN_FIELDS],
            **{
                used: [{"name": name, "type": kind} for name, kind in TYPES[used]]
                for used in used_types(primary)
            },
        },
        "primaryType": primary,
        "domain": {
            "name": domain_name,
            "version": DOMAIN_VERSION,
            "chainId": chain_id,
            "verifyingContract": contract,
        },
        "message": {name: _plain(message[name]) for name, _ in fields},
    }


def used_types(primary: str) -> tuple[str, ...]:
    """The type itself, then the types that its fields are lists of."""
    listed = {kind.removesuffix("[]") for _, kind in TYPES[primary] if kind.endswith("[]")}
    return (primary, *sorted(listed & TYPES.keys()))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _signable(typed: Mapping[str, Any]) -> SignableMessage:
    return encode_typed_data(full_message=dict(typed))


def struct_hash(typed: Mapping[str, Any]) -> bytes:
    """The EIP-712 hashStruct of the message itself (32 bytes), without the domain."""
    return bytes(_signable(typed).body)


def digest(typed: Mapping[str, Any]) -> bytes:
    """The 32 bytes that are signed."""
    signable = _signable(typed)
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def sign(typed: Mapping[str, Any], private_key: bytes) -> bytes:
    """Sign with a member's own key.

    Shapes: returns 65 bytes r || s || v, v 27 or 28, s low.
    """
    return bytes(Account.sign_message(_signable(typed), private_key).signature)


_HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def recover(typed: Mapping[str, Any], signature: bytes) -> str:
    """Who signed: the checksummed address.

    Raises: EvidenceError unless the signature is 65 bytes with low s and v of 27 or 28, and recovers to a key (O01, O02).
    """
    if len(signature) != 65:
        raise EvidenceError(
            f"signature has {len(signature)} bytes; 65 are needed (r, s, v)", field="signature"
        )
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER or signature[64] not in (27, 28):
        raise EvidenceError("signature is not canonical: s must be low and v 27 or 28", field="signature")
    try:
        return str(Account.recover_message(_signable(typed), signature=signature))
    except Exception as wrong:  # eth_keys raises several unrelated classes for unrecoverable points
        raise EvidenceError(f"signature recovers to no key: {wrong}", field="signature") from wrong
