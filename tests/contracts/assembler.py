"""A few words of EVM assembly for contracts that only tests need: no compiler is needed to test."""

from __future__ import annotations

from eth_utils.crypto import keccak

OPS = {
    "ADD": 0x01,
    "SUB": 0x03,
    "EQ": 0x14,
    "ISZERO": 0x15,
    "SHR": 0x1C,
    "BYTE": 0x1A,
    "CALLER": 0x33,
    "CALLDATALOAD": 0x35,
    "CALLDATASIZE": 0x36,
    "CALLDATACOPY": 0x37,
    "CODECOPY": 0x39,
    "RETURNDATASIZE": 0x3D,
    "RETURNDATACOPY": 0x3E,
    "POP": 0x50,
    "MLOAD": 0x51,
    "MSTORE": 0x52,
    "SLOAD": 0x54,
    "SSTORE": 0x55,
    "JUMP": 0x56,
    "JUMPI": 0x57,
    "JUMPDEST": 0x5B,
    "GAS": 0x5A,
    "DUP1": 0x80,
    "DUP2": 0x81,
    "CALL": 0xF1,
    "RETURN": 0xF3,
    "DELEGATECALL": 0xF4,
    "STATICCALL": 0xFA,
    "STOP": 0x00,
    "REVERT": 0xFD,
}

Word = str | int | bytes
"""An opcode's name, ``:label``, ``@label``, a number below 2^16 to push, or raw bytes."""


def creation(body: bytes) -> bytes:
    """Creation code that leaves ``body`` on chain."""
    start = assemble(
        [b"\x61" + len(body).to_bytes(2, "big"), "DUP1", b"\x60\x0e", 0, "CODECOPY", 0, "RETURN"]
    )
    assert len(start) == 14
    return start + body


def case(signature: str, label: str) -> list[Word]:
    """Go to the label where the selector on the stack is this function's."""
    return ["DUP1", b"\x63" + keccak(text=signature)[:4], "EQ", f"@{label}", "JUMPI"]


def join(*parts: list[Word]) -> list[Word]:
    """Pieces of code, one after the other."""
    return [word for part in parts for word in part]


def assemble(words: list[Word]) -> bytes:
    """The bytes of the code, labels resolved."""
    code = bytearray()
    places: dict[str, int] = {}
    holes: list[tuple[int, str]] = []
    for word in words:
        if isinstance(word, bytes):
            code += word
        elif isinstance(word, int):
            code += b"\x61" + word.to_bytes(2, "big")
        elif word.startswith(":"):
            places[word[1:]] = len(code)
            code.append(OPS["JUMPDEST"])
        elif word.startswith("@"):
            holes.append((len(code) + 1, word[1:]))
            code += b"\x61\x00\x00"
        else:
            code.append(OPS[word])
    for at, label in holes:
        code[at : at + 2] = places[label].to_bytes(2, "big")
    return bytes(code)
