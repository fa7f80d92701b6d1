"""The LEI by which a document names a company, if it does.

Source: ISO 17442; ISO 6523 code 0199 is the LEI's scheme in UBL and Peppol documents.
"""

from __future__ import annotations

from typing import Final

from stdnum import lei as lei_numbers

from settlement.documents.order import Party
from settlement.errors import DocumentRefused

_SCHEMES: Final = frozenset({"LEI", "0199"})


def lei_of(role: str, party: Party) -> str | None:
    """The company's LEI, or None where the document gives none.

    An identifier without a scheme counts when its check digits say that it is an LEI.

    Raises: DocumentRefused for a named LEI whose check digits are wrong, and for two different ones.
    """
    found: set[str] = set()
    for scheme, value in party.identifiers:
        text = value.strip().upper()
        if scheme.strip().upper() in _SCHEMES:
            if not lei_numbers.is_valid(text):
                raise DocumentRefused(
                    f"{role}: {value[:40]!r} is not an LEI, its check digits are wrong; look it up at gleif.org",
                    field=role,
                )
            found.add(text)
        elif not scheme.strip() and lei_numbers.is_valid(text):
            found.add(text)
    if len(found) > 1:
        raise DocumentRefused(
            f"{role}: two LEIs are given, {' and '.join(sorted(found))}; keep the right one", field=role
        )
    return found.pop() if found else None
