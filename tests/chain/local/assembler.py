"""Contracts written as opcodes, for tests that need one to do an exact thing."""

from __future__ import annotations

from settlement.chain.local.formats.opcodes import OPCODE_NAMES

_CODES = {name: code for code, name in OPCODE_NAMES.items()}


def assemble(source: str) -> bytes:
    """Opcodes and hex or decimal numbers (pushed), separated by spaces.

    ``:name`` marks a place to jump to, ``@name`` pushes where it lies.
    """
    code = bytearray()
    places: dict[str, int] = {}
    wanted: dict[int, str] = {}
    for token in source.split():
        if token.startswith(":"):
            places[token[1:]] = len(code)
            code.append(_CODES["JUMPDEST"])
        elif token.startswith("@"):
            wanted[len(code) + 1] = token[1:]
            code += bytes((_CODES["PUSH2"], 0, 0))
        elif token[0].isdigit():
            code += _push(int(token, 0))
        else:
            code.append(_CODES[token])
    for at, name in wanted.items():
        code[at : at + 2] = places[name].to_bytes(2, "big")
    return bytes(code)


def _push(value: int) -> bytes:
    size = (value.bit_length() + 7) // 8
    return bytes((_CODES["PUSH0"] + size,)) + value.to_bytes(size, "big")


def deploying(runtime: bytes) -> bytes:
    """Init code that returns ``runtime``, of any length that two bytes can say."""
    size = len(runtime).to_bytes(2, "big")
    # PUSH2 size, DUP1, PUSH1 offset, PUSH0, CODECOPY, PUSH0, RETURN
    head = bytes.fromhex("61") + size + bytes.fromhex("80600a5f395ff3")
    return head + runtime
