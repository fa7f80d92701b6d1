"""Accounts and block fields that a call is to see otherwise than they are: geth's state and block overrides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from settlement.chain.local.engine.port import Workspace
from settlement.chain.local.faults import InvalidParams, RpcFault
from settlement.chain.local.formats.blocks import Header
from settlement.chain.local.rpc.hexes import (
    read_address,
    read_bytes,
    read_fixed,
    read_quantity,
    read_word,
)

MOST_BALANCE = 2**256
MOST_64 = 2**64
_ACCOUNT_FIELDS = frozenset({"balance", "nonce", "code", "state", "stateDiff", "movePrecompileToAddress"})


@dataclass(frozen=True, slots=True)
class AccountOverride:
    """What differs in one account; None leaves it as it is. ``slots`` replace all others when ``is_all_storage``."""

    balance: int | None = None
    nonce: int | None = None
    code: bytes | None = None
    slots: tuple[tuple[int, int], ...] = ()
    is_all_storage: bool = False

    def apply(self, workspace: Workspace, address: bytes) -> None:
        """Change the account in ``workspace``, before anything runs in it."""
        if self.is_all_storage:
            workspace.clear_storage(address)
        if self.nonce is not None:
            workspace.set_nonce(address, self.nonce)
        if self.code is not None:
            workspace.set_code(address, self.code)
        if self.balance is not None:
            workspace.set_balance(address, self.balance)
        for slot, word in self.slots:
            workspace.set_storage(address, slot, word)


StateOverrides = Mapping[bytes, AccountOverride]


def read_state_overrides(given: Any) -> StateOverrides:
    """From the request's JSON: accounts by address.

    Raises: InvalidParams naming the field; RpcFault for what geth refuses in its own words.
    """
    if given is None:
        return {}
    return {
        read_address(address, "override address"): _read_account(address, fields)
        for address, fields in _entries(given, "state overrides")
    }


def _entries(given: Any, name: str) -> list[tuple[str, Any]]:
    if not isinstance(given, dict):
        raise InvalidParams(f"invalid {name}: expected an object")
    return [(key, value) for key, value in given.items() if value is not None]


def _read_account(address: str, given: Any) -> AccountOverride:
    fields = dict(_entries(given, f"override of {address}"))
    unknown = sorted(fields.keys() - _ACCOUNT_FIELDS)
    if unknown:
        raise InvalidParams(f"invalid override of {address}: unknown field {unknown[0]}")
    if "movePrecompileToAddress" in fields:
        raise RpcFault("movePrecompileToAddress is not supported: precompiles stay at their addresses")
    if "state" in fields and "stateDiff" in fields:
        raise RpcFault(f"account {address} has both 'state' and 'stateDiff'")
    slots = fields.get("state", fields.get("stateDiff", {}))
    return AccountOverride(
        balance=_below(fields, "balance", MOST_BALANCE),
        # The last one of 64 bits could not be counted up by the call itself.
        nonce=_below(fields, "nonce", MOST_64 - 1),
        code=read_bytes(fields["code"], "override code") if "code" in fields else None,
        slots=tuple(
            (
                int.from_bytes(read_word(slot, "override slot")),
                int.from_bytes(read_word(word, "override word")),
            )
            for slot, word in _entries(slots, f"storage override of {address}")
        ),
        is_all_storage="state" in fields,
    )


def _below(fields: dict[str, Any], name: str, bound: int) -> int | None:
    if name not in fields:
        return None
    value = read_quantity(fields[name], f"override {name}")
    if value >= bound:
        raise InvalidParams(f"invalid override {name}: must be below {hex(bound)}")
    return value


def override_header(header: Header, given: Any) -> Header:
    """``header`` with the fields that a request's block overrides name, by geth's names or by anvil's.

    Raises: InvalidParams naming the field; RpcFault for what cannot be overridden in a call.
    """
    changes: dict[str, Any] = {}
    for name, value in [] if given is None else _entries(given, "block overrides"):
        if name in _REFUSED:
            raise RpcFault(f'block override "{name}" is not supported for this RPC method')
        if name not in _BLOCK_FIELDS:
            raise InvalidParams(f"invalid block overrides: unknown field {name}")
        field, read = _BLOCK_FIELDS[name]
        changes[field] = read(value, f"block override {name}")
    return replace(header, **changes)


def _read_64(value: Any, name: str) -> int:
    number = read_quantity(value, name)
    if number >= MOST_64:
        raise InvalidParams(f"invalid {name}: must be below {hex(MOST_64)}")
    return number


def _read_random(value: Any, name: str) -> bytes:
    return read_fixed(value, 32, name)


# Blob gas and withdrawals have no source here, and a block after the merge has no difficulty to be asked for.
_REFUSED = frozenset({"beaconRoot", "withdrawals", "blobBaseFee", "blockHash"})
_BLOCK_FIELDS: dict[str, tuple[str, Callable[[Any, str], Any]]] = {
    "number": ("number", _read_64),
    "time": ("timestamp", _read_64),
    "gasLimit": ("gas_limit", _read_64),
    "feeRecipient": ("coinbase", read_address),
    "coinbase": ("coinbase", read_address),
    "prevRandao": ("mix_hash", _read_random),
    "random": ("mix_hash", _read_random),
    "baseFeePerGas": ("base_fee", read_quantity),
    "baseFee": ("base_fee", read_quantity),
    "difficulty": ("difficulty", read_quantity),
}
