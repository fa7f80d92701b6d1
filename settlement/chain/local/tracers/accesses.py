"""Which accounts and slots an execution touched: what ``eth_createAccessList`` is made of."""

from __future__ import annotations

from settlement.chain.local.engine.port import CallEnd, CallStart, Machine
from settlement.chain.local.formats.blocks import Log
from settlement.chain.local.formats.opcodes import (
    BALANCE,
    CALL,
    CALLCODE,
    DELEGATECALL,
    EXTCODECOPY,
    EXTCODEHASH,
    EXTCODESIZE,
    SELFDESTRUCT,
    SLOAD,
    SSTORE,
    STATICCALL,
)
from settlement.chain.local.formats.transactions import AccessList

PRECOMPILES = frozenset(number.to_bytes(20, "big") for number in range(1, 0x12))
SLOT_ACCESSES = frozenset({SLOAD, SSTORE})
# Opcode -> how deep in the stack the address lies.
ADDRESS_ACCESSES = {
    **dict.fromkeys((BALANCE, EXTCODECOPY, EXTCODEHASH, EXTCODESIZE, SELFDESTRUCT), 1),
    **dict.fromkeys((CALL, CALLCODE, DELEGATECALL, STATICCALL), 2),
}


class AccessTracer:
    """Collects accounts and slots, beginning with a list that is known already.

    Sender, target and precompiles are warm from the start, so naming them gains nothing: they appear only with slots.
    """

    sees_steps = True

    def __init__(self, known: AccessList) -> None:
        self._touched: dict[bytes, dict[int, None]] = {
            address: dict.fromkeys(slots) for address, slots in known
        }
        self._warm = set(PRECOMPILES)
        self._is_entered = False

    def enter(self, call: CallStart) -> None:
        """Learn from the first call who is warm."""
        if not self._is_entered:
            self._is_entered = True
            self._warm |= {call.sender, call.target}

    def begin_step(self, machine: Machine, opcode: int) -> None:
        """Note what the step is about to touch."""
        if opcode in SLOT_ACCESSES:
            if stack := machine.stack():
                self._touched.setdefault(machine.address, {})[stack[-1]] = None
        elif (depth := ADDRESS_ACCESSES.get(opcode)) is not None and len(stack := machine.stack()) >= depth:
            self._touched.setdefault(address_in(stack[-depth]), {})

    def end_step(self, gas_cost: int, error: str | None) -> None:
        """Nothing: what a step costs does not matter here."""

    def leave(self, end: CallEnd) -> None:
        """Nothing: what a call that failed touched has to be paid for as well."""

    def log(self, log: Log) -> None:
        """Nothing: logging touches no account."""

    @property
    def touched(self) -> AccessList:
        """All of it, in the order of the first touch."""
        return tuple(
            (address, tuple(slots))
            for address, slots in self._touched.items()
            if slots or address not in self._warm
        )


def address_in(word: int) -> bytes:
    """The address in a stack's word, whatever stands above its twenty bytes."""
    return word.to_bytes(32, "big")[12:]
