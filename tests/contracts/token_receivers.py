"""Accounts with code that are handed an ERC-721 token: some take it, some do not, one acts in between."""

from __future__ import annotations

from typing import Final

from tests.contracts.assembler import Word, assemble, case, creation, join

MAGIC: Final = bytes.fromhex("150b7a02")
HOOK: Final = "onERC721Received(address,address,uint256,bytes)"
_PUSH32: Final = b"\x7f"

# Slots in which a receiver keeps what it was told.
OPERATOR, FROM, ID, PAYLOAD, ASKED = 0, 1, 2, 3, 4

_TAKE: Final[list[Word]] = [_PUSH32 + MAGIC + bytes(28), 0, "MSTORE", 32, 0, "RETURN"]

REFUSALS: Final[dict[str, list[Word]]] = {
    "another answer": [_PUSH32 + bytes.fromhex("150b7a03") + bytes(28), 0, "MSTORE", 32, 0, "RETURN"],
    "nothing": ["STOP"],
    "its magic as a refusal": [_PUSH32 + MAGIC + bytes(28), 0, "MSTORE", 32, 0, "REVERT"],
    "all gas": [":again", "@again", "JUMP"],
}
"""What a receiver may say that is no consent."""


def receiver() -> bytes:
    """Creation code of an account that takes every token and remembers what it was told."""
    keep = [_store(4, OPERATOR), _store(36, FROM), _store(68, ID), _store(164, PAYLOAD)]
    return _answering(join(*keep, [1, ASKED, "SSTORE"], _TAKE))


def refusing(answer: str) -> bytes:
    """Creation code of an account that does not take a token, in one of the ways of ``REFUSALS``."""
    return _answering(REFUSALS[answer])


def meddling(contract: str, payload: bytes) -> bytes:
    """Creation code of an account that calls a contract before it takes the token; whether that worked is kept in
    ``ASKED``.
    """
    words = [payload[n : n + 32].ljust(32, b"\x00") for n in range(0, len(payload), 32)]
    stores: list[Word] = [item for n, word in enumerate(words) for item in (_PUSH32 + word, n * 32, "MSTORE")]
    address = b"\x73" + bytes.fromhex(contract[2:])
    call: list[Word] = [0, 0, len(payload), 0, 0, address, "GAS", "CALL", 1, "ADD", ASKED, "SSTORE"]
    return _answering(join(stores, call, _TAKE))


def _store(place: int, slot: int) -> list[Word]:
    return [place, "CALLDATALOAD", slot, "SSTORE"]


def _answering(body: list[Word]) -> bytes:
    head: list[Word] = [0, "CALLDATALOAD", 224, "SHR"]
    return creation(assemble(join(head, case(HOOK, "asked"), [0, 0, "REVERT"], [":asked"], body)))
