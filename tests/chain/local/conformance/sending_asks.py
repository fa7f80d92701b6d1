"""What the methods that send, sign and impersonate are asked, and those that show the pool."""

from __future__ import annotations

from typing import Any

from settlement.chain.local.formats.hashing import keccak
from tests.chain.local.client import address_of, signed, words
from tests.chain.local.conformance.asking import INVALID_PARAMS, SERVER_ERROR, Ask, Refusal, Step
from tests.chain.local.conformance.hex_forms import (
    HASH,
    NULL,
    SOME_BYTES,
    TEXT,
    UINT,
    Schema,
    byte_string,
    exactly,
)
from tests.chain.local.conformance.prepared import NOWHERE, STRANGER, Prepared
from tests.chain.local.conformance.shapes import RECEIPT, transaction_of
from tests.chain.local.conformance.verb_asks import fixed, under

_TRANSFER = {"from": address_of(6), "to": STRANGER, "value": "0x5"}
_LEGACY = {**_TRANSFER, "gasPrice": "0x2540be400", "gas": "0x5208"}
_OF_STRANGER = {"from": STRANGER, "to": address_of(0), "value": "0x0"}
_BEHIND_A_GAP = signed(7, nonce=100)
_ITS_HASH = "0x" + keccak(bytes.fromhex(_BEHIND_A_GAP[2:])).hex()
_UNKNOWN = Refusal(SERVER_ERROR, "unknown account")
_RICH: Step = ("anvil_setBalance", [STRANGER, "0xde0b6b3a7640000"])
_POSING: Step = ("anvil_impersonateAccount", [STRANGER])
_AS_ITSELF: Step = ("anvil_stopImpersonatingAccount", [STRANGER])

SENDING = [
    Ask("eth_sendRawTransaction", "a transfer", lambda p: [signed(7, nonce=p.rpc.nonce(7))], HASH),
    Ask("eth_sendRawTransaction", "no bytes", fixed("raw"), Refusal(INVALID_PARAMS, "invalid")),
    Ask("eth_sendRawTransaction", "no transaction", fixed("0x1234"), Refusal(SERVER_ERROR, "")),
    Ask(
        "eth_sendRawTransaction",
        "a nonce used up",
        lambda _: [signed(0, nonce=0)],
        Refusal(SERVER_ERROR, "nonce too low"),
    ),
    Ask(
        "eth_sendRawTransaction",
        "more value than there is",
        lambda p: [signed(7, nonce=p.rpc.nonce(7), value=10**30)],
        Refusal(SERVER_ERROR, "insufficient funds for gas * price + value"),
    ),
    Ask(
        "eth_sendRawTransactionSync",
        "a transfer",
        lambda p: [signed(7, nonce=p.rpc.nonce(7))],
        RECEIPT,
        before=lambda _: [("anvil_setNextBlockBaseFeePerGas", ["0x3b9aca00"])],
    ),
    Ask(
        "eth_sendRawTransactionSync",
        "a time to wait",
        lambda p: [signed(7, nonce=p.rpc.nonce(7)), 5_000],
        RECEIPT,
    ),
    Ask(
        "eth_sendRawTransactionSync",
        "a nonce used up",
        lambda _: [signed(0, nonce=0)],
        Refusal(SERVER_ERROR, "nonce too low"),
    ),
    Ask(
        "eth_sendRawTransactionSync",
        "behind a gap",
        fixed(_BEHIND_A_GAP, 1),
        Refusal(
            4, "The transaction was added to the transaction pool but wasn't processed in 0.001s.", _ITS_HASH
        ),
    ),
    Ask("eth_sendTransaction", "of an unlocked account", fixed(_TRANSFER), HASH),
    Ask("eth_sendTransaction", "a legacy one", fixed(_LEGACY), HASH),
    Ask("eth_sendTransaction", "of somebody else", fixed(_OF_STRANGER), _UNKNOWN),
    Ask(
        "eth_sendTransaction",
        "of one impersonated",
        fixed(_OF_STRANGER),
        HASH,
        before=lambda _: [_RICH, _POSING],
        after=lambda _: [_AS_ITSELF],
    ),
    Ask(
        "eth_sendTransaction",
        "reverting",
        lambda p: [{"from": address_of(6), "to": p.emitter}],
        Refusal(3, "execution reverted", "0xdeadbeef"),
    ),
    Ask(
        "eth_sendUnsignedTransaction",
        "of anybody",
        fixed({**_OF_STRANGER, "gas": "0x5208"}),
        HASH,
        before=lambda _: [_RICH],
    ),
    Ask("eth_signTransaction", "of an unlocked account", fixed({**_LEGACY, "nonce": "0x0"}), SOME_BYTES),
    Ask("eth_signTransaction", "of somebody else", fixed({**_OF_STRANGER, "gas": "0x5208"}), _UNKNOWN),
    Ask(
        "eth_fillTransaction",
        "a transfer",
        fixed(_TRANSFER),
        exactly({"raw": SOME_BYTES, "tx": transaction_of("dynamic", is_mined=False)}),
    ),
]

_SIGNATURE = byte_string(65)
_TYPED = {
    "domain": {"name": "Hanse", "version": "1", "chainId": 31_337, "verifyingContract": STRANGER},
    "types": {
        "EIP712Domain": [
            {"name": "name", "type": "string"},
            {"name": "version", "type": "string"},
            {"name": "chainId", "type": "uint256"},
            {"name": "verifyingContract", "type": "address"},
        ],
        "Line": [{"name": "id", "type": "bytes32"}, {"name": "amount", "type": "uint256"}],
        "Order": [{"name": "number", "type": "string"}, {"name": "lines", "type": "Line[]"}],
    },
    "primaryType": "Order",
    "message": {"number": "P-1", "lines": [{"id": words(5), "amount": "12"}]},
}
SIGNING = [
    Ask("eth_sign", "a message", fixed(address_of(1), "0x68656c6c6f"), _SIGNATURE),
    Ask("eth_sign", "for somebody else", fixed(STRANGER, "0x68656c6c6f"), _UNKNOWN),
    Ask("personal_sign", "a message", fixed("0x68656c6c6f", address_of(1)), _SIGNATURE),
    *(
        Ask(f"eth_signTypedData{version}", "an order", fixed(address_of(1), _TYPED), _SIGNATURE)
        for version in ("", "_v3", "_v4")
    ),
    Ask("eth_signTypedData_v4", "for somebody else", fixed(STRANGER, _TYPED), _UNKNOWN),
    Ask(
        "eth_signTypedData_v4", "no types", fixed(address_of(1), {"message": {}}), Refusal(INVALID_PARAMS, "")
    ),
    *under("impersonateAccount", "somebody", fixed(STRANGER), NULL, after=_AS_ITSELF),
    *under("stopImpersonatingAccount", "somebody", fixed(STRANGER), NULL),
    *under("autoImpersonateAccount", "off", fixed(False), NULL),
]


def _numbered(value: Schema) -> Schema:
    """By nonce, in decimal."""
    return {"type": "object", "propertyNames": {"pattern": "^[0-9]+$"}, "additionalProperties": value}


def _pool_of(value: Schema) -> Schema:
    by_sender = {
        "type": "object",
        "propertyNames": {"pattern": "^0x[0-9a-fA-F]{40}$"},
        "additionalProperties": _numbered(value),
    }
    return exactly({"pending": by_sender, "queued": {**by_sender, "minProperties": 1}})


_WAITING = transaction_of("dynamic", is_mined=False)
# Account 3 has one that waits behind a gap.
POOL = [
    Ask("txpool_status", "one behind a gap", fixed(), exactly({"pending": UINT, "queued": UINT})),
    Ask("txpool_content", "one behind a gap", fixed(), _pool_of(_WAITING)),
    Ask("txpool_inspect", "one behind a gap", fixed(), _pool_of(TEXT)),
    Ask(
        "txpool_contentFrom",
        "its sender",
        fixed(address_of(3)),
        exactly({"pending": _numbered(_WAITING), "queued": {**_numbered(_WAITING), "minProperties": 1}}),
    ),
]


def _waiting(prepared: Prepared) -> list[Any]:
    return [prepared.waiting]


DROPS = [
    *under("dropTransaction", "unknown", fixed(NOWHERE), NULL),
    *under("dropTransaction", "the one that waits", _waiting, HASH),
    *under("removePoolTransactions", "of nobody", fixed(STRANGER), NULL),
    *under("dropAllTransactions", "all", fixed(), NULL),
]
