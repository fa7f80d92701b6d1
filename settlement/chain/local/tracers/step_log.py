"""The struct logger, geth's tracer when none is named: every step with its gas, stack, memory and storage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from settlement.chain.local.engine.port import CallEnd, CallStart, Execution, Machine
from settlement.chain.local.faults import InvalidParams
from settlement.chain.local.formats.blocks import Log
from settlement.chain.local.formats.opcodes import ALL_OPCODES, SLOAD, SSTORE, opcode_name
from settlement.chain.local.rpc.hexes import prefixed
from settlement.chain.local.tracers.room import Room

# Names and numbers of a step, without its words.
_BYTES_A_STEP = 90


@dataclass(frozen=True, slots=True)
class StepOptions:
    """What each step shows. ``limit`` bounds the number of steps that are kept; 0 keeps all."""

    has_memory: bool = False
    has_stack: bool = True
    has_storage: bool = True
    has_return_data: bool = False
    limit: int = 0

    @classmethod
    def read(cls, config: dict[str, Any]) -> StepOptions:
        """From a request's options, by geth's names.

        Raises: InvalidParams.
        """
        limit = config.get("limit") or 0
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
            raise InvalidParams("invalid limit: expected a number of steps, 0 for all")
        return cls(
            has_memory=read_flag(config, "enableMemory"),
            has_stack=not read_flag(config, "disableStack"),
            has_storage=not read_flag(config, "disableStorage"),
            has_return_data=read_flag(config, "enableReturnData"),
            limit=limit,
        )


def read_flag(config: dict[str, Any], name: str) -> bool:
    """A flag of a request's options; absent is off.

    Raises: InvalidParams.
    """
    value = config.get(name)
    if not isinstance(value, bool | None):
        raise InvalidParams(f"invalid {name}: expected true or false")
    return bool(value)


class StepLogger:
    """Keeps each step as JSON."""

    opcodes = ALL_OPCODES

    def __init__(self, options: StepOptions, room: Room) -> None:
        self._options = options
        self._room = room
        self._entries: list[dict[str, Any]] = []
        # Slots seen so far, by contract: each entry that touches storage shows all of its contract's.
        self._slots: dict[bytes, dict[str, str]] = {}
        self._open: dict[str, Any] = {}

    def begin_step(self, machine: Machine, opcode: int) -> None:
        """Keep what the machine looks like before the step.

        Raises: RpcFault when there is no room for it.
        """
        options = self._options
        if options.limit and len(self._entries) >= options.limit:
            self._open = {}
            return
        entry: dict[str, Any] = {
            "pc": machine.program_counter,
            "op": opcode_name(opcode),
            "gas": machine.gas,
            "gasCost": 0,
            "depth": machine.depth,
        }
        stack = machine.stack()
        if options.has_stack:
            entry["stack"] = [hex(word) for word in stack]
        if options.has_memory:
            memory = machine.memory()
            entry["memory"] = [_word(memory[at : at + 32]) for at in range(0, len(memory), 32)]
        if options.has_return_data and (returned := machine.return_data()):
            entry["returnData"] = prefixed(returned)
        if options.has_storage and opcode in (SLOAD, SSTORE):
            self._note_slot(entry, machine, opcode, stack)
        if refund := machine.refund:
            entry["refund"] = refund
        self._room.take(_size(entry))
        self._entries.append(entry)
        self._open = entry

    def _note_slot(self, entry: dict[str, Any], machine: Machine, opcode: int, stack: list[int]) -> None:
        if len(stack) < (1 if opcode == SLOAD else 2):
            return
        slot = stack[-1]
        word = machine.storage(slot) if opcode == SLOAD else stack[-2]
        slots = self._slots.setdefault(machine.address, {})
        slots[_word(slot.to_bytes(32, "big"))] = _word(word.to_bytes(32, "big"))
        entry["storage"] = dict(slots)

    def end_step(self, gas_cost: int, error: str | None) -> None:
        """Add what the step cost, and why it failed."""
        self._open["gasCost"] = gas_cost
        if error is not None and error != "execution reverted":
            self._open["error"] = error

    def enter(self, call: CallStart) -> None:
        """Nothing: the step that calls is shown as a step."""

    def leave(self, end: CallEnd) -> None:
        """Nothing: the steps that follow show what came back."""

    def log(self, log: Log) -> None:
        """Nothing: the step that logs is shown as a step."""

    def answer(self, done: Execution) -> dict[str, Any]:
        """The whole trace, in geth's shape."""
        return {
            "gas": done.gas_used,
            "failed": done.error is not None,
            "returnValue": prefixed(done.output),
            "structLogs": self._entries,
        }


def _size(entry: dict[str, Any]) -> int:
    words = len(entry.get("memory", ())) + 2 * len(entry.get("storage", ()))
    stack = sum(map(len, entry.get("stack", ())))
    return (
        _BYTES_A_STEP
        + 69 * words
        + stack
        + 3 * len(entry.get("stack", ()))
        + len(entry.get("returnData", ""))
    )


def _word(value: bytes) -> str:
    return "0x" + value.hex()
