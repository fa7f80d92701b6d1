"""How much an order of any format may hold; past these bounds it is refused, never cut."""

from __future__ import annotations

from settlement.errors import DocumentRefused

LONGEST_TEXT = 500
MOST_IDENTIFIERS = 20
MOST_LINES = 5_000


def bounded_text(text: str, field: str, longest: int = LONGEST_TEXT) -> str:
    """The text, if it is not too long and holds no control characters.

    Raises: DocumentRefused naming ``field``.
    """
    if len(text) > longest:
        raise DocumentRefused(
            f"{field}: {len(text)} characters, at most {longest} are read; shorten it", field=field
        )
    if any(ord(character) < 32 for character in text):
        raise DocumentRefused(f"{field}: {text[:40]!r} holds a control character; remove it", field=field)
    return text
