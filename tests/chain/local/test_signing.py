"""Signing messages with the keys of the node's own accounts."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from settlement.chain.local.formats.signing import sign_digest
from settlement.chain.local.formats.transactions import SECP256K1_N
from tests.chain.local.client import Rpc, RpcError, address_of

STRANGER = "0x" + "42" * 20
TYPED: dict[str, Any] = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "chainId", "type": "uint256"}],
        "Part": [{"name": "amount", "type": "uint256"}, {"name": "owner", "type": "address"}],
        "Order": [{"name": "parts", "type": "Part[]"}, {"name": "note", "type": "string"}],
    },
    "primaryType": "Order",
    "domain": {"name": "Hanse", "chainId": 31_337},
    "message": {"parts": [{"amount": "12", "owner": STRANGER}], "note": "with thanks"},
}


@pytest.mark.parametrize("message", [b"", b"pay 10 to the bearer", bytes(range(256))])
def test_sign__any_bytes__recovers_to_the_account(rpc: Rpc, message: bytes) -> None:
    signature = rpc("eth_sign", address_of(4), "0x" + message.hex())
    assert Account.recover_message(encode_defunct(message), signature=signature) == address_of(4)
    assert rpc("personal_sign", "0x" + message.hex(), address_of(4)) == signature
    assert rpc("personal_sign", "0x" + message.hex(), address_of(4), "") == signature


@pytest.mark.parametrize("method", ["eth_signTypedData", "eth_signTypedData_v3", "eth_signTypedData_v4"])
def test_sign_typed_data__object_or_text__recovers_to_the_account(rpc: Rpc, method: str) -> None:
    signature = rpc(method, address_of(5), TYPED)
    message = encode_typed_data(full_message=TYPED)
    assert Account.recover_message(message, signature=signature) == address_of(5)
    assert rpc(method, address_of(5), json.dumps(TYPED)) == signature
    changed = {**TYPED, "message": {**TYPED["message"], "note": "without"}}
    assert rpc(method, address_of(5), changed) != signature


@pytest.mark.parametrize(
    ("method", "params", "code", "refusal"),
    [
        ("eth_sign", [STRANGER, "0x12"], -32_000, "unknown account"),
        ("personal_sign", ["0x12", STRANGER], -32_000, "unknown account"),
        ("eth_signTypedData_v4", [STRANGER, TYPED], -32_000, "unknown account"),
        ("eth_sign", [STRANGER, "hello"], -32_602, "invalid message"),
        ("personal_sign", [STRANGER, "0x12"], -32_602, "invalid address"),
        ("eth_signTypedData_v4", [STRANGER, "{"], -32_602, "no JSON"),
        ("eth_signTypedData_v4", [STRANGER, {"types": {}}], -32_602, "expected an object with"),
        ("eth_signTypedData_v4", [STRANGER, {**TYPED, "primaryType": "None"}], -32_602, "invalid typed data"),
        ("eth_signTypedData_v4", [STRANGER, {**TYPED, "types": 7}], -32_602, "invalid typed data"),
    ],
)
def test_sign__refused__says_why(rpc: Rpc, method: str, params: list[Any], code: int, refusal: str) -> None:
    with pytest.raises(RpcError) as caught:
        rpc(method, *params)
    assert (caught.value.code, refusal in caught.value.message) == (code, True), caught.value


def test_sign__impersonated__has_no_key_to_sign_with(rpc: Rpc) -> None:
    rpc("anvil_impersonateAccount", STRANGER)
    with pytest.raises(RpcError, match="unknown account"):
        rpc("eth_sign", STRANGER, "0x12")


# Run where coincurve cannot be imported, as on a Python for which it has no wheel.
_WITHOUT_COINCURVE = """
import sys
sys.modules["coincurve"] = None
from settlement.chain.local.formats.signing import sign_digest
from settlement.chain.local.formats.transactions import recover_sender
signature = sign_digest(bytes([7] * 32), bytes(range(32)))
print(*signature, recover_sender(bytes(range(32)), *signature).hex())
"""


def test_sign_digest__without_coincurve__the_same_signature_and_sender() -> None:
    key, digest = bytes([7] * 32), bytes(range(32))
    command = [sys.executable, "-c", _WITHOUT_COINCURVE]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    parity, r, s = map(int, told[:3])
    assert (parity, r, s) == sign_digest(key, digest)
    assert told[3] == Account.from_key(key).address[2:].lower()
    assert s <= SECP256K1_N // 2
