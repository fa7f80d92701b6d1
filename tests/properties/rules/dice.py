"""All choices of one rule out of one draw: Hypothesis pays for draws, not for digits, and still shrinks to first options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import note
from hypothesis import strategies as st

T = TypeVar("T")


class Dice:
    """Digits in the base that each choice asks for. Nought is always the first option."""

    def __init__(self, thrown: bytes) -> None:
        self._left = int.from_bytes(thrown, "big")

    def of(self, options: Sequence[T], label: str) -> T:
        """One of these."""
        self._left, digit = divmod(self._left, len(options))
        chosen = options[digit]
        note(f"{label}: {chosen!r}")
        return chosen

    def __repr__(self) -> str:
        return "Dice"


DICE = st.binary(min_size=40, max_size=40).map(Dice)
