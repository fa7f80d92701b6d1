"""Following which accounts and slots an execution touches."""

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

_SLOT_ACCESSES = frozenset({SLOAD, SSTORE})
# Opcode -> how deep in the stack the address lies.
_ADDRESS_ACCESSES = {
    **dict.fromkeys((BALANCE, EXTCODECOPY, EXTCODEHASH, EXTCODESIZE, SELFDESTRUCT), 1),
    **dict.fromkeys((CALL, CALLCODE, DELEGATECALL, STATICCALL), 2),
}


class TouchTracer:
    """Collects accounts and their slots in the order of the first touch; whoever needs them adds what it knows."""

    opcodes = frozenset((*_SLOT_ACCESSES, *_ADDRESS_ACCESSES))

    def __init__(self) -> None:
        # Inner keys without values, as a set that keeps its order.
        self.found: dict[bytes, dict[int, None]] = {}

    def enter(self, call: CallStart) -> None:
        """Nothing: the steps tell of calls."""

    def begin_step(self, machine: Machine, opcode: int) -> None:
        """Note what the step is about to touch."""
        if opcode in _SLOT_ACCESSES:
            if stack := machine.stack():
                self.found.setdefault(machine.address, {})[stack[-1]] = None
        elif (depth := _ADDRESS_ACCESSES.get(opcode)) is not None and len(stack := machine.stack()) >= depth:
            # Whatever stands above an address's twenty bytes in its word is not looked at.
            self.found.setdefault(stack[-depth].to_bytes(32, "big")[12:], {})

    def end_step(self, gas_cost: int, error: str | None) -> None:
        """Nothing: what a step costs does not matter here."""

    def leave(self, end: CallEnd) -> None:
        """Nothing: what a call that failed touched was touched."""

    def log(self, log: Log) -> None:
        """Nothing: logging touches no account."""
