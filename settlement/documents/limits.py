"""How much an order of any format may hold; past these bounds it is refused, never cut."""

from __future__ import annotations

import unicodedata

from settlement.errors import DocumentRefused

LONGEST_TEXT = 500
MOST_IDENTIFIERS = 20
MOST_LINES = 5_000


def bounded_text(text: str, field: str, longest: int = LONGEST_TEXT) -> str:
    """The text, if it is not too long and holds no control characters or lone surrogates.

    Raises: DocumentRefused naming ``field``.
    """
    if len(text) > longest:
        raise DocumentRefused(
            f"{field}: {len(text)} characters, at most {longest} are read; shorten it", field=field
        )
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise DocumentRefused(
            f"{field}: {text[:40]!r} holds a control character or half a character; remove it", field=field
        )
    return text
