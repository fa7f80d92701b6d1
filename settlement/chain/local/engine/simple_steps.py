"""Opcodes that only work on a frame's stack and memory, on a stack that holds nothing but ints.

Whoever runs them has made sure that the stack is deep enough and not too deep, and has charged their fixed gas.
Each takes the stack, what analysis knows of it (a number to push, a place in the stack), and the frame.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from settlement.chain.local.formats.hashing import keccak, key_hash

Step = Callable[[list[int], int, Any], None]
_MAX = 2**256 - 1
_SIGN = 2**255
_KECCAK_WORD_GAS, _MEMORY_WORD_GAS = 6, 3


class Simple(NamedTuple):
    """What a step takes off the stack and puts on it, and its fixed gas."""

    run: Step
    takes: int
    puts: int
    gas: int
    argument: int = 0


def _push(stack: list[int], number: int, _: Any) -> None:
    stack.append(number)


def _dup(stack: list[int], at: int, _: Any) -> None:
    stack.append(stack[at])


def _swap(stack: list[int], at: int, _: Any) -> None:
    stack[-1], stack[at] = stack[at], stack[-1]


def _pop(stack: list[int], _: int, __: Any) -> None:
    stack.pop()


def _nothing(_: list[int], __: int, ___: Any) -> None:
    """A place to jump to."""


def _add(stack: list[int], _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] = left + stack[-1] & _MAX


def _mul(stack: list[int], _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] = left * stack[-1] & _MAX


def _sub(stack: list[int], _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] = left - stack[-1] & _MAX


def _div(stack: list[int], _: int, __: Any) -> None:
    left, right = stack.pop(), stack[-1]
    stack[-1] = left // right if right else 0


def _mod(stack: list[int], _: int, __: Any) -> None:
    left, right = stack.pop(), stack[-1]
    stack[-1] = left % right if right else 0


def _lt(stack: list[int], _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] = 1 if left < stack[-1] else 0


def _gt(stack: list[int], _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] = 1 if left > stack[-1] else 0


def _slt(stack: list[int], _: int, __: Any) -> None:
    left = stack.pop()
    # With the sign bit turned over, negative numbers come first.
    stack[-1] = 1 if left ^ _SIGN < stack[-1] ^ _SIGN else 0


def _sgt(stack: list[int], _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] = 1 if left ^ _SIGN > stack[-1] ^ _SIGN else 0


def _eq(stack: list[int], _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] = 1 if left == stack[-1] else 0


def _iszero(stack: list[int], _: int, __: Any) -> None:
    stack[-1] = 0 if stack[-1] else 1


def _and(stack: list[int], _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] &= left


def _or(stack: list[int], _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] |= left


def _xor(stack: list[int], _: int, __: Any) -> None:
    left = stack.pop()
    stack[-1] ^= left


def _not(stack: list[int], _: int, __: Any) -> None:
    stack[-1] ^= _MAX


def _shl(stack: list[int], _: int, __: Any) -> None:
    bits = stack.pop()
    stack[-1] = stack[-1] << bits & _MAX if bits < 256 else 0


def _shr(stack: list[int], _: int, __: Any) -> None:
    bits = stack.pop()
    stack[-1] = stack[-1] >> bits if bits < 256 else 0


def _keccak(stack: list[int], _: int, frame: Any) -> None:
    at, size = stack.pop(), stack[-1]
    frame.extend_memory(at, size)
    frame.consume_gas(_KECCAK_WORD_GAS * ((size + 31) // 32), "SHA3: word gas cost")
    hashed = frame.memory_read_bytes(at, size)
    # Two words are where a mapping keeps a value, most often one that was there before.
    stack[-1] = int.from_bytes(key_hash(hashed) if size <= 64 else keccak(hashed), "big")


def _grow(frame: Any, end: int) -> None:
    """Let the memory reach ``end``, which it does not yet, and charge for its words (Yellow Paper, appendix H)."""
    had, words = len(frame._memory._bytes) // 32, (end + 31) // 32
    cost = _MEMORY_WORD_GAS * (words - had) + words * words // 512 - had * had // 512
    frame.consume_gas(cost, "Expanding memory")
    frame._memory.extend(end - 1, 1)


def _mload(stack: list[int], _: int, frame: Any) -> None:
    at = stack[-1]
    end = at + 32
    memory = frame._memory
    if end > len(memory._bytes):
        _grow(frame, end)
    stack[-1] = int.from_bytes(memory._bytes[at:end], "big")


def _mstore(stack: list[int], _: int, frame: Any) -> None:
    at, word = stack.pop(), stack.pop()
    end = at + 32
    memory = frame._memory
    if end > len(memory._bytes):
        _grow(frame, end)
    memory._bytes[at:end] = word.to_bytes(32, "big")


def _caller(stack: list[int], _: int, frame: Any) -> None:
    stack.append(int.from_bytes(frame.msg.sender, "big"))


def _address(stack: list[int], _: int, frame: Any) -> None:
    stack.append(int.from_bytes(frame.msg.storage_address, "big"))


def _callvalue(stack: list[int], _: int, frame: Any) -> None:
    stack.append(frame.msg.value)


def _calldataload(stack: list[int], _: int, frame: Any) -> None:
    at = stack[-1]
    stack[-1] = int.from_bytes(bytes(frame.msg.data[at : at + 32]).ljust(32, b"\0"), "big")


def _calldatasize(stack: list[int], _: int, frame: Any) -> None:
    stack.append(len(frame.msg.data))


def _returndatasize(stack: list[int], _: int, frame: Any) -> None:
    stack.append(len(frame.return_data))


def _timestamp(stack: list[int], _: int, frame: Any) -> None:
    stack.append(frame.state.timestamp)


# By opcode. Gas as the Yellow Paper's appendix G has it: 2 "base", 3 "very low", 5 "low".
SIMPLE: dict[int, Simple] = {
    0x01: Simple(_add, 2, 1, 3),
    0x02: Simple(_mul, 2, 1, 5),
    0x03: Simple(_sub, 2, 1, 3),
    0x04: Simple(_div, 2, 1, 5),
    0x06: Simple(_mod, 2, 1, 5),
    0x10: Simple(_lt, 2, 1, 3),
    0x11: Simple(_gt, 2, 1, 3),
    0x12: Simple(_slt, 2, 1, 3),
    0x13: Simple(_sgt, 2, 1, 3),
    0x14: Simple(_eq, 2, 1, 3),
    0x15: Simple(_iszero, 1, 1, 3),
    0x16: Simple(_and, 2, 1, 3),
    0x17: Simple(_or, 2, 1, 3),
    0x18: Simple(_xor, 2, 1, 3),
    0x19: Simple(_not, 1, 1, 3),
    0x1B: Simple(_shl, 2, 1, 3),
    0x1C: Simple(_shr, 2, 1, 3),
    0x20: Simple(_keccak, 2, 1, 30),
    0x30: Simple(_address, 0, 1, 2),
    0x33: Simple(_caller, 0, 1, 2),
    0x34: Simple(_callvalue, 0, 1, 2),
    0x35: Simple(_calldataload, 1, 1, 3),
    0x36: Simple(_calldatasize, 0, 1, 2),
    0x3D: Simple(_returndatasize, 0, 1, 2),
    0x42: Simple(_timestamp, 0, 1, 2),
    0x50: Simple(_pop, 1, 0, 2),
    0x51: Simple(_mload, 1, 1, 3),
    0x52: Simple(_mstore, 2, 0, 3),
    0x5B: Simple(_nothing, 0, 0, 1),
    0x5F: Simple(_push, 0, 1, 2),
    **{0x80 + n: Simple(_dup, n + 1, n + 2, 3, -1 - n) for n in range(16)},
    **{0x90 + n: Simple(_swap, n + 2, n + 2, 3, -2 - n) for n in range(16)},
}
PUSH = Simple(_push, 0, 1, 3)
