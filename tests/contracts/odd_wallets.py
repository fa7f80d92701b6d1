"""Accounts with code: one that signs by its owner's key, and some whose answers must count for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.contracts.assembler import Word, assemble, case, creation, join
from tests.contracts.harness import Signer

MAGIC: Final = bytes.fromhex("1626ba7e")
CHECK: Final = "isValidSignature(bytes32,bytes)"
_PUSH4, _PUSH20, _PUSH32 = b"\x63", b"\x73", b"\x7f"

ANSWERS: Final[dict[str, list[Word]]] = {
    "true": [1, 0, "MSTORE", 32, 0, "RETURN"],
    "magic at the wrong end": [_PUSH4 + MAGIC, 0, "MSTORE", 32, 0, "RETURN"],
    "magic and more in the word": [_PUSH32 + MAGIC + bytes(27) + b"\x01", 0, "MSTORE", 32, 0, "RETURN"],
    "magic in four bytes": [_PUSH32 + MAGIC + bytes(28), 0, "MSTORE", 4, 0, "RETURN"],
    "magic as a refusal": [_PUSH32 + MAGIC + bytes(28), 0, "MSTORE", 32, 0, "REVERT"],
    "nothing": ["STOP"],
    "a long refusal": [60_000, 0, "REVERT"],
    "all gas": [":again", "@again", "JUMP"],
}
"""What a wallet may say that is no consent."""


@dataclass(frozen=True)
class Wallet(Signer):
    """A member's account with code at ``address``; ``key`` is its owner's."""

    def sign_digest(self, digest: bytes) -> bytes:
        """The account's address, then what it is asked about: its owner's 65 bytes."""
        return bytes.fromhex(self.address[2:]) + super().sign_digest(digest)


def wallet(owner: str) -> bytes:
    """Creation code of an account that agrees to what ``owner`` signed with 65 bytes, by ERC-1271."""
    digest: list[Word] = [4, "CALLDATALOAD", 0, "MSTORE"]
    v: list[Word] = [164, "CALLDATALOAD", 0, "BYTE", 32, "MSTORE"]
    r_s: list[Word] = [100, "CALLDATALOAD", 64, "MSTORE", 132, "CALLDATALOAD", 96, "MSTORE"]
    recover: list[Word] = [32, 128, 128, 0, 1, "GAS", "STATICCALL", "POP"]
    is_owner: list[Word] = [128, "MLOAD", _PUSH20 + bytes.fromhex(owner[2:]), "EQ", "@agreed", "JUMPI"]
    refuse: list[Word] = [0, 0, "MSTORE", 32, 0, "RETURN"]
    agree: list[Word] = [":agreed", _PUSH32 + MAGIC + bytes(28), 0, "MSTORE", 32, 0, "RETURN"]
    return _answering(join(digest, v, r_s, recover, is_owner, refuse, agree))


def yes_man() -> bytes:
    """Creation code of an account that agrees to everything."""
    return _answering([_PUSH32 + MAGIC + bytes(28), 0, "MSTORE", 32, 0, "RETURN"])


def odd_wallet(answer: str) -> bytes:
    """Creation code of an account that answers every question alike."""
    return _answering(ANSWERS[answer])


def _answering(body: list[Word]) -> bytes:
    head: list[Word] = [0, "CALLDATALOAD", 224, "SHR"]
    return creation(assemble(join(head, case(CHECK, "asked"), [0, 0, "REVERT"], [":asked"], body)))
