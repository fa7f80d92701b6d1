"""Keys and EIP-712 signatures for contract tests: the usual test phrase, and a hash fast enough for volume."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import eth_abi.abi
from eth_account import Account
from eth_keys.datatypes import PrivateKey
from eth_utils.crypto import keccak

from hanse.bindgen.shapes import snake
from settlement.typed_data import DOMAIN_NAME, DOMAIN_VERSION, TYPES, used_types
from tests.contracts.harness.port import CHAIN_ID

MNEMONIC = "test test test test test test test test test test test junk"


@dataclass(frozen=True)
class Signer:
    """One plain account."""

    key: PrivateKey
    address: str

    def sign_digest(self, digest: bytes) -> bytes:
        """65 bytes r || s || v, v 27 or 28, s low."""
        signature = self.key.sign_msg_hash(digest).to_bytes()
        return bytes(signature[:64]) + bytes([signature[64] + 27])

    def sign(self, contract: str, struct: object, *, chain_id: int = CHAIN_ID) -> bytes:
        """Sign a struct of the bindings for the contract at this address."""
        return self.sign_digest(typed_digest(contract, struct, chain_id=chain_id))


@cache
def signer(index: int) -> Signer:
    """The account at m/44'/60'/0'/0/index of the usual test phrase; 0 to 9 are the ten that testers know."""
    Account.enable_unaudited_hdwallet_features()
    account = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return Signer(PrivateKey(bytes(account.key)), account.address)


@cache
def domain_separator(contract: str, chain_id: int = CHAIN_ID, name: str = DOMAIN_NAME) -> bytes:
    """The EIP-712 domain of one contract."""
    head = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    words = (head, keccak(text=name), keccak(text=DOMAIN_VERSION), chain_id, contract)
    return keccak(eth_abi.abi.encode(("bytes32", "bytes32", "bytes32", "uint256", "address"), words))


def typed_digest(
    contract: str, struct: object, *, chain_id: int = CHAIN_ID, name: str = DOMAIN_NAME
) -> bytes:
    """The 32 bytes that are signed for a struct of the bindings whose type members sign.

    Source: EIP-712; agrees with settlement.typed_data, which is ten times slower because it takes any message.
    """
    return keccak(b"\x19\x01" + domain_separator(contract, chain_id, name) + struct_hash(struct))


def struct_hash(struct: object) -> bytes:
    """The EIP-712 hashStruct of a struct of the bindings."""
    type_hash, kinds, names = _layout(type(struct).__name__)
    values: list[Any] = [getattr(struct, field) for field in names]
    words = [_word(kind, value) for kind, value in zip(kinds, values, strict=True)]
    encoded_kinds = ["bytes32" if _is_hashed(kind) else kind for kind in kinds]
    return keccak(eth_abi.abi.encode(["bytes32", *encoded_kinds], [type_hash, *words]))


def _word(kind: str, value: Any) -> Any:
    if kind.removesuffix("[]") in TYPES:
        return keccak(b"".join(struct_hash(item) for item in value))
    if kind == "string":
        return keccak(text=value)
    if kind.endswith("[]"):
        return keccak(eth_abi.abi.encode([kind.removesuffix("[]")] * len(value), value))
    return keccak(value) if kind == "bytes" else value


def _is_hashed(kind: str) -> bool:
    return kind in ("string", "bytes") or kind.endswith("[]")


@cache
def _layout(name: str) -> tuple[bytes, tuple[str, ...], tuple[str, ...]]:
    fields = TYPES[name]
    text = "".join(
        f"{used}({','.join(f'{kind} {field}' for field, kind in TYPES[used])})" for used in used_types(name)
    )
    return keccak(text=text), tuple(kind for _, kind in fields), tuple(snake(field) for field, _ in fields)
