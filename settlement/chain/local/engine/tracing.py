"""Telling a tracer what py-evm does.

A traced run has a computation class of its own, whose table of opcodes is wrapped; what is not traced passes none of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from eth.exceptions import Halt, VMError
from eth.vm.gas_meter import GasMeter
from eth.vm.logic.invalid import InvalidOpcode

from settlement.chain.local.engine.computation import Computation, described
from settlement.chain.local.engine.port import CallEnd, CallStart, Tracer
from settlement.chain.local.formats.blocks import Log
from settlement.chain.local.formats.opcodes import (
    CALL,
    CALLCODE,
    CREATE,
    CREATE2,
    DELEGATECALL,
    OPCODE_NAMES,
    SELFDESTRUCT,
    STATICCALL,
)

MOST_DEPTH = 1_024
_CREATES = frozenset({CREATE, CREATE2})
_CALLS = frozenset({CALL, CALLCODE, DELEGATECALL, STATICCALL})
# How far below the top of the stack the value and the input's offset lie.
_VALUE_AT = {CALL: 2, CALLCODE: 2, CREATE: 0, CREATE2: 0}
_INPUT_AT = {CALL: 3, CALLCODE: 3, DELEGATECALL: 2, STATICCALL: 2, CREATE: 1, CREATE2: 1}
_MOST_OPERANDS = 7


@contextmanager
def traced(state: Any, tracer: Tracer | None) -> Iterator[None]:
    """Within it, what runs in ``state`` is told to ``tracer``, if there is one."""
    if tracer is None:
        yield
        return
    state.tracer, state.frames = tracer, []
    state.computation_class = _traced_class(tracer.opcodes)
    try:
        yield
    finally:
        # The class's own shows again.
        del state.computation_class, state.tracer, state.frames


class _Meter(GasMeter):
    """Counts what one step is charged, apart from what a call brings back."""

    charged = 0
    last_charged = 0
    last_returned = 0

    def consume_gas(self, amount: int, reason: str) -> None:
        self.charged += amount
        self.last_charged = amount
        super().consume_gas(amount, reason)

    def return_gas(self, amount: int) -> None:
        self.last_returned = amount
        super().return_gas(amount)


class _Frame:
    """A running computation as ``port.Machine``."""

    def __init__(self, computation: Any) -> None:
        self._computation = computation
        self.depth = computation.msg.depth + 1
        self.address = bytes(computation.msg.storage_address)

    @property
    def program_counter(self) -> int:
        # py-evm counts on before it runs the step.
        return int(self._computation.code.program_counter) - 1

    @property
    def gas(self) -> int:
        return int(self._computation._gas_meter.gas_remaining)

    @property
    def refund(self) -> int:
        frames: list[Any] = self._computation.state.frames
        return sum(frame.refund_of_its_own() for frame in frames)

    def stack(self) -> list[int]:
        return [_number(value) for value in self._computation._stack.values]

    def memory(self) -> bytes:
        return bytes(self._computation._memory._bytes)

    def return_data(self) -> bytes:
        return bytes(self._computation.return_data)

    def storage(self, slot: int) -> int:
        return int(self._computation.state.get_storage(self.address, slot))

    def nonce(self) -> int:
        return int(self._computation.state.get_nonce(self.address))


class _TracedOpcode:
    """An opcode that reports to the tracer before and after."""

    def __init__(self, code: int, opcode: Any) -> None:
        self._code = code
        self._opcode = opcode
        self.mnemonic = OPCODE_NAMES.get(code, "INVALID")

    def __call__(self, computation: Any) -> None:
        # An account without code halts on a step that no node has.
        if len(computation.code):
            computation.run_step(self._code, self._opcode)
        else:
            self._opcode(computation)


class _TracedComputation(Computation):
    """A frame that reports its calls, and the steps that its table wraps."""

    state: Any
    _gas_meter: Any
    _stack: Any

    def __init__(self, state: Any, message: Any, transaction_context: Any) -> None:
        super().__init__(state, message, transaction_context)
        self._frame = _Frame(self)
        self._refund_of_children = 0
        self._is_in_step = False
        self._operands: list[Any] = []
        self._code = 0

    def __enter__(self) -> Any:
        self.state.frames.append(self)
        return super().__enter__()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
        self.state.frames.pop()
        return super().__exit__(kind, error, trace)

    def _configure_gas_meter(self) -> GasMeter:
        meter = super()._configure_gas_meter()
        return _Meter(meter.start_gas, meter.refund_strategy)

    def refund_of_its_own(self) -> int:
        """Of this frame and of what it called."""
        own: int = self._gas_meter.gas_refunded + self.msg.refund + self._refund_of_children
        return own

    def run_step(self, code: int, opcode: Any) -> None:
        """Run one opcode and report it."""
        self._code, self._is_in_step = code, True
        self._operands = self._stack.values[: -_MOST_OPERANDS - 1 : -1]
        self._gas_meter.charged = 0
        funds = self.state.get_balance(self.msg.storage_address) if code == SELFDESTRUCT else 0
        children = len(self.children)
        if code in self.state.tracer.opcodes:
            self.state.tracer.begin_step(self._frame, code)
        try:
            opcode(self)
        except Halt:
            self._end_step()
            if code == SELFDESTRUCT:
                self._report_destruction(funds)
            raise
        except VMError as exc:
            self._end_step(described(exc))
            raise
        if code in _INPUT_AT and len(self.children) == children:
            self._report_refusal()
        self._end_step()

    def _end_step(self, error: str | None = None, *, handed_on: int = 0) -> None:
        if self._is_in_step and self._code in self.state.tracer.opcodes:
            self.state.tracer.end_step(self._gas_meter.charged - handed_on, error)
        self._is_in_step = False

    def apply_child_computation(self, child_msg: Any) -> Any:
        """As py-evm's own, between the tracer's ``enter`` and ``leave``."""
        # What a call costs counts the gas it hands on, what a creation costs does not: so geth has it.
        self._end_step(handed_on=child_msg.gas if child_msg.is_create else 0)
        target = child_msg.storage_address if child_msg.is_create else _address(self._operands[1])
        payload = bytes(child_msg.code if child_msg.is_create else child_msg.data)
        self.state.tracer.enter(self._start(target, payload, child_msg.gas, child_msg.value))
        child: Any = super().apply_child_computation(child_msg)
        self._refund_of_children += child.get_gas_refund()
        self.state.tracer.leave(ended(child, child_msg.gas - child.get_gas_remaining()))
        return child

    def add_log_entry(self, account: Any, topics: Any, data: Any) -> None:
        """As py-evm's own, and told."""
        super().add_log_entry(account, topics, data)
        self.state.tracer.log(
            Log(bytes(account), tuple(topic.to_bytes(32, "big") for topic in topics), bytes(data))
        )

    def _start(self, target: bytes, payload: bytes, gas: int, value: int) -> CallStart:
        return CallStart(
            kind=OPCODE_NAMES[self._code],
            sender=self._frame.address,
            target=target,
            payload=payload,
            gas=gas,
            value=None if self._code == STATICCALL else value,
        )

    def _report_destruction(self, funds: int) -> None:
        # The balance moves like a call's value; no gas goes with it.
        self.state.tracer.enter(self._start(_address(self._operands[0]), b"", 0, funds))
        self.state.tracer.leave(CallEnd(0, b""))

    def _report_refusal(self) -> None:
        """Report a call that was not made: py-evm makes no computation for it, other nodes trace it as failed."""
        numbers = [_number(value) for value in self._operands]
        code = self._code
        value = numbers[_VALUE_AT[code]] if code in _VALUE_AT else self.msg.value
        offset, size = numbers[_INPUT_AT[code]], numbers[_INPUT_AT[code] + 1]
        payload = self._frame.memory()[offset : offset + size] if size else b""
        gas_used = handed_on = 0
        is_unaffordable = code in _VALUE_AT and self.state.get_balance(self.msg.storage_address) < value
        if self.msg.depth + 1 > MOST_DEPTH:
            error = "max call depth exceeded"
        elif is_unaffordable:
            error = "insufficient balance for transfer"
        else:
            error, handed_on = "contract address collision", self._gas_meter.last_charged
        if code in _CALLS:
            gas = self._gas_meter.last_returned
        elif handed_on:
            gas = gas_used = handed_on
        else:
            gas = self._gas_meter.gas_remaining - self._gas_meter.gas_remaining // 64
        self._end_step(handed_on=handed_on)
        target = _address(self._operands[1]) if code in _CALLS else b""
        self.state.tracer.enter(self._start(target, payload, gas, value))
        self.state.tracer.leave(CallEnd(gas_used, b"", error))


@cache
def _traced_class(opcodes: frozenset[int]) -> type[_TracedComputation]:
    """The computation for tracers that are told of these opcodes' steps. Calls and destructions always report."""
    table: dict[int, Any] = dict(Computation.opcodes)
    for code in opcodes | _INPUT_AT.keys() | {SELFDESTRUCT}:
        table[code] = _TracedOpcode(code, Computation.opcodes.get(code) or InvalidOpcode(code))
    return type("_TracedComputation", (_TracedComputation,), {"opcodes": table})


def ended(computation: Any, gas_used: int) -> CallEnd:
    """How a computation ended."""
    error = described(computation.error) if computation.is_error else None
    return CallEnd(gas_used, bytes(computation.output), error)


def _number(value: Any) -> int:
    return value if isinstance(value, int) else int.from_bytes(value)


def _address(value: Any) -> bytes:
    return _number(value).to_bytes(32, "big")[12:]
