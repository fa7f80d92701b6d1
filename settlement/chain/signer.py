"""The service's own keys: the governor's and the relayer's. Members' keys are never here.

On local chains the two are the first well-known test accounts; anywhere else they come from files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import rlp
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from settlement.chain.abi import checksum
from settlement.chain.local.accounts import well_known_accounts
from settlement.errors import InputRefused
from settlement.settings import LOCAL_CHAIN_ID, Settings, is_loopback

SignerName = Literal["governor", "relayer"]

_ACCOUNTS: Final[dict[SignerName, int]] = {"governor": 0, "relayer": 1}


@dataclass(frozen=True)
class Unsigned:
    """A transaction to sign. Units: wei per gas for both fees."""

    nonce: int
    to: str | None
    calldata: bytes
    gas: int
    max_fee: int
    priority_fee: int


@dataclass(frozen=True)
class Signed:
    """Bytes ready to broadcast; the hash is known before any node has seen them."""

    raw: bytes
    tx_hash: str
    nonce: int
    max_fee: int


@dataclass(frozen=True)
class Signer:
    """Signs transactions of one account.

    Holds:  the key shows in no repr, log or traceback (T10).
    """

    name: str
    address: str
    chain_id: int
    _account: LocalAccount = field(repr=False, compare=False)

    def sign(self, unsigned: Unsigned) -> Signed:
        """The same transaction always gives the same bytes (RFC 6979), so sending it again is harmless."""
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": self.chain_id,
            "nonce": unsigned.nonce,
            "to": unsigned.to if unsigned.to is not None else b"",
            "value": 0,
            "data": unsigned.calldata,
            "gas": unsigned.gas,
            "maxFeePerGas": unsigned.max_fee,
            "maxPriorityFeePerGas": unsigned.priority_fee,
            "accessList": [],
        }
        raw = bytes(self._account.sign_transaction(fields).raw_transaction)
        return Signed(raw, "0x" + keccak(raw).hex(), unsigned.nonce, unsigned.max_fee)


def read_unsigned(raw: bytes) -> Unsigned:
    """What one of our own signed transactions says.

    Source: EIP-1559.
    """
    _, nonce, priority, most, gas, to, _, calldata, *_ = rlp.decode(raw[1:])
    return Unsigned(
        nonce=int.from_bytes(nonce, "big"),
        to=checksum("0x" + to.hex()) if to else None,
        calldata=calldata,
        gas=int.from_bytes(gas, "big"),
        max_fee=int.from_bytes(most, "big"),
        priority_fee=int.from_bytes(priority, "big"),
    )


def signer_from_key(name: str, key: bytes, chain_id: int) -> Signer:
    """A signer of a key that is at hand."""
    account: LocalAccount = Account.from_key(key)
    return Signer(name, account.address, chain_id, account)


def load_signer(name: SignerName, settings: Settings) -> Signer:
    """The signer of that name: from its key file if one is named, else the well-known account of local chains.

    Raises: InputRefused when the file is unreadable or no key, and when a well-known key would be used on another
            chain id or on a chain that is not on this machine.
    """
    path = settings.governor_key_file if name == "governor" else settings.relayer_key_file
    if path is None:
        refuse_demo_keys_elsewhere(settings)
        return demo_signer(name)
    signer = signer_from_key(name, _read_key(path), settings.chain_id)
    if signer.address in _demo_addresses():
        refuse_demo_keys_elsewhere(settings)
    return signer


def demo_signer(name: SignerName) -> Signer:
    """The well-known account of local chains. Never for real value."""
    account = well_known_accounts()[_ACCOUNTS[name]]
    return Signer(name, account.address, LOCAL_CHAIN_ID, account)


def refuse_demo_keys_elsewhere(settings: Settings) -> None:
    """Everybody knows the demo's keys: they may sign for the local chain on this machine only.

    Raises: InputRefused naming what to set.
    """
    if settings.chain_id != LOCAL_CHAIN_ID:
        raise InputRefused(
            f"chain {settings.chain_id} is no local chain, and the well-known test keys would sign for it;"
            " set HANSE_GOVERNOR_KEY_FILE and HANSE_RELAYER_KEY_FILE",
            field="HANSE_CHAIN_ID",
        )
    if not is_loopback(settings.chain_url):
        raise InputRefused(
            f"{settings.chain_url} is not on this machine, and the well-known test keys would sign for it;"
            " set HANSE_GOVERNOR_KEY_FILE and HANSE_RELAYER_KEY_FILE, or use a loopback URL",
            field="HANSE_CHAIN_URL",
        )


def _demo_addresses() -> frozenset[str]:
    return frozenset(demo_signer(name).address for name in _ACCOUNTS)


def _read_key(path: Path) -> bytes:
    """Raises: InputRefused; the message never repeats what the file holds."""
    try:
        text = path.read_text(encoding="ascii").strip().removeprefix("0x")
        key = bytes.fromhex(text)
    except (OSError, ValueError) as unusable:
        # Only the kind of failure: the text of a ValueError could carry part of the key.
        raise InputRefused(f"key file {path} cannot be read as hex: {type(unusable).__name__}") from None
    if len(key) != 32:
        raise InputRefused(f"key file {path} holds {len(key)} bytes; a key has 32 bytes, as 64 hex digits")
    return key
