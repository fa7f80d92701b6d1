"""``prestateTracer``: the accounts that a transaction touches, as they were before it, or before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from settlement.chain.local.engine.port import CallStart, Workspace
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.rpc.hexes import prefixed, quantity
from settlement.chain.local.tracers.room import Room
from settlement.chain.local.tracers.touches import TouchTracer

_BYTES_AN_ACCOUNT = 150
_BYTES_A_SLOT = 140


@dataclass(frozen=True, slots=True)
class PrestateOptions:
    """``is_diff`` shows before and after of what changed; ``has_empty`` also accounts that were not there."""

    is_diff: bool = False
    has_code: bool = True
    has_storage: bool = True
    has_empty: bool = False


@dataclass(frozen=True, slots=True)
class _Account:
    balance: int
    nonce: int
    code: bytes
    slots: dict[int, int]

    @property
    def is_empty(self) -> bool:
        return not (self.balance or self.nonce or self.code)


class PrestateTracer(TouchTracer):
    """Collects what is touched while the transaction runs; what it was and became is read afterwards."""

    def __init__(
        self, options: PrestateOptions, room: Room, transaction: Transaction, coinbase: bytes
    ) -> None:
        super().__init__()
        self._options = options
        self._room = room
        authorities = (entry.authority() for entry in transaction.authorization_list)
        self._touch(transaction.sender, transaction.to, coinbase, *filter(None, authorities))

    def _touch(self, *addresses: bytes) -> None:
        for address in addresses:
            if address:
                self.found.setdefault(address, {})

    def enter(self, call: CallStart) -> None:
        """A creation names its new account nowhere else."""
        self._touch(call.target)

    def answer(self, before: Workspace, after: Workspace) -> dict[str, Any]:
        """In geth's shape, from the states on both sides of the transaction."""
        # An account ran the code that it had after the transaction's own delegations were entered.
        self._touch(*[_delegate(after.code(address)) for address in self.found])
        was = {address: self._read(before, address) for address in self.found}
        if self._options.is_diff:
            return self._difference(was, {address: self._read(after, address) for address in self.found})
        return {prefixed(address): _shown(account) for address, account in self._wanted(was).items()}

    def _read(self, state: Workspace, address: bytes) -> _Account:
        slots = self.found[address] if self._options.has_storage else {}
        code = state.code(address) if self._options.has_code else b""
        self._room.take(_BYTES_AN_ACCOUNT + 2 * len(code) + _BYTES_A_SLOT * len(slots))
        return _Account(
            balance=state.balance(address),
            nonce=state.nonce(address),
            code=code,
            slots={slot: state.storage(address, slot) for slot in slots},
        )

    def _wanted(self, accounts: dict[bytes, _Account]) -> dict[bytes, _Account]:
        if self._options.has_empty:
            return accounts
        return {address: account for address, account in accounts.items() if not account.is_empty}

    def _difference(self, was: dict[bytes, _Account], became: dict[bytes, _Account]) -> dict[str, Any]:
        changed = {address: account for address, account in was.items() if account != became[address]}
        pre = {}
        for address, account in self._wanted(changed).items():
            pre[prefixed(address)] = _shown(
                _Account(
                    account.balance, account.nonce, account.code, _changed_slots(account, became[address])
                )
            )
        post = {
            prefixed(address): _shown_changes(account, became[address])
            for address, account in changed.items()
            if not became[address].is_empty
        }
        return {"pre": pre, "post": post}


def _delegate(code: bytes) -> bytes:
    """Whose code an account runs that delegates (EIP-7702); nothing for any other."""
    return code[3:] if code[:3] == b"\xef\x01\x00" and len(code) == 23 else b""


def _changed_slots(account: _Account, other: _Account) -> dict[int, int]:
    """Slots that hold something, and something else than in ``other``."""
    return {slot: word for slot, word in account.slots.items() if word and word != other.slots[slot]}


def _shown(account: _Account) -> dict[str, Any]:
    shown: dict[str, Any] = {"balance": quantity(account.balance)}
    if account.nonce:
        shown["nonce"] = account.nonce
    if account.code:
        shown["code"] = prefixed(account.code)
    if account.slots:
        shown["storage"] = _storage(account.slots)
    return shown


def _shown_changes(was: _Account, became: _Account) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if became.balance != was.balance:
        shown["balance"] = quantity(became.balance)
    if became.nonce != was.nonce:
        shown["nonce"] = became.nonce
    if became.code != was.code and became.code:
        shown["code"] = prefixed(became.code)
    if slots := _changed_slots(became, was):
        shown["storage"] = _storage(slots)
    return shown


def _storage(slots: dict[int, int]) -> dict[str, str]:
    return {_word(slot): _word(word) for slot, word in slots.items()}


def _word(value: int) -> str:
    return prefixed(value.to_bytes(32, "big"))
