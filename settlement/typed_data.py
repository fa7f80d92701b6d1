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
        ("expiry", "uint32"),
        ("nonce", "uint64"),
        ("deadline", "uint32"),
    ),
    "Draw": (("order", "uint256"), ("index", "uint16"), ("amount", "uint56"), ("deadline", "uint32")),
    "Repayment": (
        ("order", "uint256"),
        ("payer", "uint32"),
        ("amount", "uint56"),
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
    "Observation": (
        ("bucket", "bytes32"),
        ("value", "uint64"),
        ("observedAt", "uint32"),
        ("deadline", "uint32"),
    ),
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
        ("attach", "uint64"),
        ("exhaust", "uint64"),
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
            primary: [{"name": name, "type": kind} for name, kind in fields],
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


def _plain(value: Any) -> Any:
    return "0x" + value.hex() if isinstance(value, bytes) else value


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
