"""py-evm's frame with straight runs of simple opcodes run in one go.

What a run costs and how deep a stack it needs is added up when its code is first met. A run that can be paid for and has
its stack is then only the work itself; any other is left to py-evm's own opcodes, which fail at the right one with the
right error. So is every opcode that touches the state, calls, reads the gas or ends the frame: before each, gas and stack
are what they are in py-evm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from eth.exceptions import InvalidJumpDestination
from eth.vm.code_stream import CodeStream
from eth.vm.logic.invalid import InvalidOpcode
from eth.vm.stack import Stack

from settlement.chain.local.engine.computation import Computation
from settlement.chain.local.engine.simple_steps import PUSH, SIMPLE, Step

MOST_STACK = 1_024
# A large contract that ran through all its branches takes some 2 MB.
MOST_CODES = 64
# A byte of code takes up to fifty here, and codes set by hand or for one call have no bound of their own.
MOST_CODE_BYTES = 2**21
_STOP, _JUMP, _JUMPI, _JUMPDEST, _PUSH1, _PUSH32 = 0x00, 0x56, 0x57, 0x5B, 0x60, 0x7F
_NEXT = -1
# No byte of a code has this value: py-evm is given it as the whole code, and runs what stands under it once.
_ALL = 256
# A push with its data, or a place to jump to; what a push hides is thereby no place.
_PLACES = re.compile(
    b"|".join([*(re.escape(bytes([_PUSH1 - 1 + n])) + b".{0,%d}" % n for n in range(1, 33)), rb"(\x5b)"]),
    re.DOTALL,
)


class Run(NamedTuple):
    """Simple opcodes that follow each other, and what comes after them: an opcode, or _NEXT for another run.

    It can run on a stack of ``least`` to ``most`` items.
    """

    gas: int
    least: int
    most: int
    steps: tuple[tuple[Step, int], ...]
    opcode: int
    end: int


class Code:
    """One contract's code as far as it was met."""

    def __init__(self, code: bytes) -> None:
        self._bytes = code
        self.places = frozenset(found.start() for found in _PLACES.finditer(code) if found[1])
        self.runs: dict[int, Run] = {}

    def run_at(self, at: int) -> Run:
        """The run that begins there."""
        found = self.runs.get(at)
        if found is None:
            found = self.runs[at] = self._read(at)
        return found

    def _read(self, start: int) -> Run:
        gas = height = least = highest = 0
        steps: list[tuple[Step, int]] = []
        at, code = start, self._bytes
        opcode = _STOP
        while at < len(code):
            opcode = code[at]
            if opcode == _JUMPDEST and at > start:
                opcode = _NEXT
                break
            size = opcode - _PUSH1 + 1 if _PUSH1 <= opcode <= _PUSH32 else 0
            simple = PUSH if size else SIMPLE.get(opcode)
            if simple is None:
                break
            number = int.from_bytes(code[at + 1 : at + 1 + size].ljust(size, b"\0"), "big") if size else 0
            if opcode != _JUMPDEST:
                steps.append((simple.run, number or simple.argument))
            gas += simple.gas
            least = max(least, simple.takes - height)
            height += simple.puts - simple.takes
            highest = max(highest, height)
            at += 1 + size
            opcode = _STOP
        if opcode in _JUMPS:
            taken, cost = _JUMPS[opcode]
            gas += cost
            least = max(least, taken - height)
        return Run(gas, least, MOST_STACK - highest, tuple(steps), opcode, at)


# What they take off the stack, and their gas.
_JUMPS = {_JUMP: (1, 8), _JUMPI: (2, 10)}
_codes: dict[bytes, Code] = {}


def _code_of(code: bytes) -> Code:
    found = _codes.get(code)
    if found is None:
        # A list, since other threads add to it meanwhile.
        if len(_codes) >= MOST_CODES or sum(map(len, list(_codes))) + len(code) > MOST_CODE_BYTES:
            # Init codes run once and would stay for ever.
            _codes.clear()
        found = _codes[code] = Code(code)
    return found


class _WholeCode(CodeStream):
    """Code that py-evm takes for one opcode."""

    __slots__ = ()

    def __iter__(self) -> Iterator[int]:
        yield _ALL


class _IntStack(Stack):
    """A stack of nothing but ints, so that steps need not ask."""

    __slots__ = ()

    def push_bytes(self, value: bytes) -> None:
        self.push_int(int.from_bytes(value, "big"))


def _run_all(computation: Any) -> None:
    """Run the frame's code until an opcode halts or fails it, by an exception."""
    stream = computation.code
    code = _code_of(stream._raw_code_bytes)
    meter, stack = computation._gas_meter, computation._stack.values
    at = 0
    while True:
        run = code.runs.get(at) or code.run_at(at)
        gas, least, most, steps, opcode, end = run
        if meter.gas_remaining < gas or not least <= len(stack) <= most:
            _run_slowly(computation, at)
        meter.gas_remaining -= gas
        for step, argument in steps:
            step(stack, argument, computation)
        if opcode in _JUMPS:
            at = stack.pop()
            if opcode == _JUMPI and not stack.pop():
                at = end + 1
            elif at not in code.places:
                raise InvalidJumpDestination("Invalid Jump Destination")
        elif opcode == _NEXT:
            at = end
        else:
            at = stream.program_counter = end + 1
            (computation.opcodes.get(opcode) or InvalidOpcode(opcode))(computation)


def _run_slowly(computation: Any, at: int) -> None:
    """Let py-evm run from there on; it fails within the run."""
    computation.code.program_counter = at
    for opcode in CodeStream.__iter__(computation.code):
        (computation.opcodes.get(opcode) or InvalidOpcode(opcode))(computation)


_OPCODES: dict[int, Any] = {**Computation.opcodes, _ALL: _run_all}


class QuickComputation(Computation):
    """What is not traced runs in these."""

    opcodes = _OPCODES

    def __init__(self, state: Any, message: Any, transaction_context: Any) -> None:
        super().__init__(state, message, transaction_context)
        self.code = _WholeCode(message.code)
        self._stack = _IntStack()
