"""The methods that sign messages with the keys of the node's own accounts."""

from __future__ import annotations

import json
from typing import Any

from settlement.chain.local.faults import InvalidParams, RpcFault
from settlement.chain.local.formats.hashing import keccak
from settlement.chain.local.formats.signing import sign_digest
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import prefixed, read_address, read_bytes

_PARTS = ("types", "primaryType", "domain", "message")


class MessageSigner:
    """Signs text and typed data; whoever is only impersonated has no key to sign with."""

    def __init__(self, node: Node) -> None:
        self._signers = node.signers

    def methods(self) -> dict[str, Method]:
        """The table of what it does."""
        typed = Method(self.sign_typed_data, 2, 2, is_slow=True)
        return {
            "eth_sign": Method(self.sign, 2, 2, is_slow=True),
            "personal_sign": Method(self.personal_sign, 2, 3, is_slow=True),
            # One standard under three names: EIP-712 covers what v3 could say.
            "eth_signTypedData": typed,
            "eth_signTypedData_v3": typed,
            "eth_signTypedData_v4": typed,
        }

    def sign(self, address: Any, message: Any) -> str:
        """EIP-191, version E: the message with its prefix and length."""
        signer, text = read_address(address, "address"), read_bytes(message, "message")
        prefix = b"\x19Ethereum Signed Message:\n" + str(len(text)).encode("ascii")
        return self._signed(signer, keccak(prefix + text))

    def personal_sign(self, message: Any, address: Any, _password: Any = None) -> str:
        """The same with the message first; no account here has a password."""
        return self.sign(address, message)

    def sign_typed_data(self, address: Any, typed: Any) -> str:
        """EIP-712; the data comes as an object or as its JSON text."""
        return self._signed(read_address(address, "address"), _typed_digest(typed))

    def _signed(self, signer: bytes, digest: bytes) -> str:
        key = self._signers.key(signer)
        if key is None:
            raise RpcFault("unknown account")
        parity, r, s = sign_digest(key, digest)
        return prefixed(r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity]))


def _typed_digest(typed: Any) -> bytes:
    # Half a second to import, which most runs of the node never need.
    from eth_account.messages import encode_typed_data

    if isinstance(typed, str):
        try:
            typed = json.loads(typed)
        except ValueError as exc:
            raise InvalidParams(f"invalid typed data: no JSON: {exc}") from exc
    if not isinstance(typed, dict) or any(part not in typed for part in _PARTS):
        raise InvalidParams(f"invalid typed data: expected an object with {', '.join(_PARTS)}")
    try:
        message = encode_typed_data(full_message={part: typed[part] for part in _PARTS})
    except Exception as exc:  # the library raises whatever its encoders meet in a wrong message
        raise InvalidParams(f"invalid typed data: {exc}") from exc
    return keccak(b"\x19" + message.version + message.header + message.body)
