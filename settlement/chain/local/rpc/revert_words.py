"""What a revert says in words, as geth puts it."""

from __future__ import annotations

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

_ERROR_STRING = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")
# Solidity's panic codes in geth's words (accounts/abi).
_PANICS = {
    0x00: "generic panic",
    0x01: "assert(false)",
    0x11: "arithmetic underflow or overflow",
    0x12: "division or modulo by zero",
    0x21: "enum overflow",
    0x22: "invalid encoded storage byte array accessed",
    0x31: "out-of-bounds array access; popping on an empty array",
    0x32: "out-of-bounds access of an array or bytesN",
    0x41: "out of memory",
    0x51: "uninitialized function",
}


def revert_reason(output: bytes) -> str | None:
    """The words of ``Error(string)`` or of ``Panic(uint256)``; None for a custom error, whose bytes speak."""
    try:
        if output[:4] == _ERROR_STRING:
            return str(decode(["string"], output[4:])[0])
        if output[:4] == _PANIC:
            code = decode(["uint256"], output[4:])[0]
            return _PANICS.get(code, f"unknown panic code: {code:#x}")
    except (DecodingError, ValueError, OverflowError):
        # Whatever a contract reverts with; it need not be what its first bytes claim.
        return None
    return None
