"""Ether that moves, told as logs among those of the contracts (eth_simulateV1's ``traceTransfers``)."""

from __future__ import annotations

from settlement.chain.local.engine.port import CallEnd, CallStart, Machine
from settlement.chain.local.formats.blocks import Log
from settlement.chain.local.formats.hashing import keccak

# Where no contract is: ERC-7528 names ether so.
ETHER = b"\xee" * 20
_TRANSFER = keccak(b"Transfer(address,address,uint256)")
# These pass a value on, or name one, without moving it.
_MOVES_NOTHING = frozenset({"DELEGATECALL", "CALLCODE"})


class TransferTracer:
    """Collects what was logged and what was sent, in order; what a failed frame did is not in it."""

    opcodes: frozenset[int] = frozenset()

    def __init__(self) -> None:
        self.logs: list[Log] = []
        # How many there were when each open frame began.
        self._before: list[int] = []

    def begin_step(self, machine: Machine, opcode: int) -> None:
        """Nothing: steps are not asked for."""

    def end_step(self, gas_cost: int, error: str | None) -> None:
        """Nothing: steps are not asked for."""

    def enter(self, call: CallStart) -> None:
        """Note the value that goes with the call."""
        self._before.append(len(self.logs))
        if call.value and call.kind not in _MOVES_NOTHING:
            topics = (_TRANSFER, call.sender.rjust(32, b"\0"), call.target.rjust(32, b"\0"))
            self.logs.append(Log(ETHER, topics, call.value.to_bytes(32, "big")))

    def leave(self, end: CallEnd) -> None:
        """Forget what a failed frame did."""
        before = self._before.pop()
        if end.error is not None:
            del self.logs[before:]

    def log(self, log: Log) -> None:
        """Note a contract's own."""
        self.logs.append(log)
