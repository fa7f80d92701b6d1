"""What the generated bindings stand on: typed calls, and decoding of events and reverts over all contracts.

Below this border values are ints, bytes and addresses; web3 is not needed to build or read any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

import eth_abi.abi
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.address import to_checksum_address

from settlement.errors import ChainError, InputRefused

T = TypeVar("T")

ERROR_STRING_SELECTOR = bytes.fromhex("08c379a0")
PANIC_SELECTOR = bytes.fromhex("4e487b71")

PANIC_REASONS = {
    0x00: "generic compiler panic",
    0x01: "assertion failed",
    0x11: "arithmetic overflow or underflow",
    0x12: "division by zero",
    0x21: "value outside an enum",
    0x22: "badly encoded storage array",
    0x31: "pop of an empty array",
    0x32: "array index out of bounds",
    0x41: "too much memory allocated",
    0x51: "call of an uninitialised function",
}


@dataclass(frozen=True)
class Call(Generic[T]):
    """One encoded call of one contract function, and how to read its answer.

    Raises: ``decode`` raises ChainError when the answer has another shape (wrong address, wrong version, no code).
    """

    contract: str
    name: str
    data: bytes
    is_view: bool
    decode: Callable[[bytes], T]


@dataclass(frozen=True)
class Panic:
    """A revert by the compiler's own checks."""

    code: int

    @property
    def reason(self) -> str:
        """The code in words."""
        return PANIC_REASONS.get(self.code, "unknown panic code")


@dataclass(frozen=True)
class ErrorString:
    """A revert with a text, as foreign contracts give it; ours use custom errors only."""

    message: str


@dataclass(frozen=True)
class UnknownError:
    """Revert bytes that no contract of the suite declares; empty for a bare revert or out of gas."""

    raw: bytes


@dataclass(frozen=True)
class UnknownEvent:
    """A log that the named contract does not declare."""

    contract: str
    topics: tuple[bytes, ...]
    raw: bytes


def decode_event(topics: Sequence[bytes], body: bytes, contract: str) -> object:
    """Read one log of one of our contracts as the event's dataclass, or as UnknownEvent.

    Raises: ChainError when topic and contract are known but the log has another shape.
    """
    from settlement.chain.bindings import registry

    event = registry.EVENTS.get(contract, {}).get(bytes(topics[0])) if topics else None
    if event is None:
        return UnknownEvent(contract, tuple(bytes(topic) for topic in topics), bytes(body))
    return event.from_log(topics, body)


def decode_error(raw: bytes) -> object:
    """Read revert bytes as the custom error's dataclass, Panic, ErrorString or UnknownError.

    Holds: never raises; a malformed revert is somebody else's input and comes back as UnknownError.
    """
    from settlement.chain.bindings import registry

    selector, body = bytes(raw[:4]), bytes(raw[4:])
    try:
        if selector == PANIC_SELECTOR:
            return Panic(decode(("uint256",), body)[0])
        if selector == ERROR_STRING_SELECTOR:
            return ErrorString(decode(("string",), body)[0])
        error = registry.ERRORS.get(selector)
        return UnknownError(bytes(raw)) if error is None else error.from_body(body)
    except ChainError:
        return UnknownError(bytes(raw))


def encode(types: Iterable[str], values: Iterable[object]) -> bytes:
    """ABI-encode values.

    Raises: InputRefused naming the value that its type cannot hold.
    """
    try:
        return eth_abi.abi.encode(tuple(types), tuple(values))
    except (EncodingError, OverflowError) as unfit:
        raise InputRefused(f"a value does not fit the contract's parameter: {unfit}") from unfit


def decode(types: Iterable[str], body: bytes) -> tuple[Any, ...]:
    """ABI-decode values.

    Raises: ChainError when the bytes have another shape.
    """
    shape = tuple(types)
    try:
        return eth_abi.abi.decode(shape, body)
    except (DecodingError, OverflowError, UnicodeDecodeError) as unfit:
        text = f"{len(body)} bytes do not decode as ({','.join(shape)}): {unfit}; wrong address, or another version?"
        raise ChainError(text) from unfit


def decode_topics(types: Iterable[str], topics: Sequence[bytes]) -> tuple[Any, ...]:
    """Read the indexed parameters behind the first topic; dynamic ones are the hash of their value, as bytes32.

    Raises: ChainError when there are more or fewer topics than parameters.
    """
    shape = tuple(types)
    if len(topics) != len(shape) + 1:
        raise ChainError(f"a log has {len(topics)} topics where {len(shape) + 1} belong; another version?")
    return tuple(decode((kind,), bytes(topic))[0] for kind, topic in zip(shape, topics[1:], strict=True))


def fixed(value: bytes, length: int) -> bytes:
    """Pass bytes of exactly this length; the encoder would silently pad shorter ones with zeros.

    Raises: InputRefused for any other length.
    """
    if len(value) != length:
        raise InputRefused(
            f"{len(value)} bytes were given where bytes{length} belongs: 0x{bytes(value)[:40].hex()}"
        )
    return value


@lru_cache(maxsize=8192)
def checksum(address: str) -> str:
    """The EIP-55 form of an address; cached, since hashing it costs more than decoding it."""
    return to_checksum_address(address)
