"""The one normal form of an order's number, so that no re-formatting makes a second order of it.

Source: CHECKLISTS P01; contracts/src/lib/Terms.sol, ``PurchaseOrder.number``.
"""

from __future__ import annotations

import unicodedata

from settlement.errors import InputRefused

MAX_LENGTH = 32
_MAX_RAW_LENGTH = 200
_KEPT = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
# Letters, digits and marks carry meaning and are never dropped; unassigned, private and surrogates are not text.
_MEANING = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Mn", "Mc", "Me", "Cn", "Co", "Cs"})


def canonical_number(text: str) -> str:
    """Normalise a document's order number: NFKC, upper case, A-Z and 0-9 only, no leading zeros.

    Raises: InputRefused when a letter or digit has no ASCII form, or fewer than 1 or more than 32 characters are left.
    """
    if len(text) > _MAX_RAW_LENGTH:
        raise InputRefused(
            f"the order number has {len(text)} characters; at most {_MAX_RAW_LENGTH} are read", field="number"
        )
    compatible = unicodedata.normalize("NFKC", text)
    for character in compatible:
        # Checked before upper-casing: it would turn dotless i into I and sharp s into SS, two numbers into one.
        if not character.isascii() and unicodedata.category(character) in _MEANING:
            raise InputRefused(
                f"the order number {text[:60]!r} holds {character!r}, which has no ASCII form; use A-Z and 0-9",
                field="number",
            )
    kept = "".join(character for character in compatible.upper() if character in _KEPT).lstrip("0")
    if not kept:
        raise InputRefused(
            f"the order number {text[:60]!r} has no letter or digit other than leading zeros; give the order a number",
            field="number",
        )
    if len(kept) > MAX_LENGTH:
        raise InputRefused(
            f"the order number {text[:60]!r} has {len(kept)} characters; at most {MAX_LENGTH} are signed",
            field="number",
        )
    return kept
