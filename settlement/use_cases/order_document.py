"""What of an order's document is kept, signed and proved: its fields, its lines' shares, its declarations. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from settlement.documents.order import Order, Party
from settlement.documents.party_lei import lei_of
from settlement.errors import InputRefused
from settlement.merkle import fields_of
from settlement.wire.trade import DeclarationTerm

_WORD: Final = re.compile(r"\w+")


def signed_fields(order: Order, declarations: Sequence[DeclarationTerm]) -> dict[str, str]:
    """Every field under the Merkle root: the document's, and the declarations that the signed terms name."""
    fields = dict(fields_of(order))
    for position, term in enumerate(declarations, start=1):
        fields[f"declarations/{position}/number"] = term.number
        fields[f"declarations/{position}/lines"] = ",".join(str(line) for line in term.lines)
    return fields


def normalised(order: Order, fields: dict[str, str]) -> dict[str, Any]:
    """The part of the order that later requests need, as JSON. Units: minor units of the order's currency."""
    return {
        "fields": fields,
        "source": order.source_format,
        "lines": [
            {
                "position": position,
                "id": line.line_id,
                "quantity": line.quantity,
                "unit": line.unit,
                "value_minor": share_minor,
            }
            for position, (line, share_minor) in enumerate(
                zip(order.lines, order.face_by_line(), strict=True), start=1
            )
        ],
    }


def check_declarations(declarations: Sequence[DeclarationTerm], line_count: int) -> None:
    """Each line belongs to one declaration at most, and each declaration stands once.

    Raises: InputRefused.
    """
    taken: set[int] = set()
    numbers: set[str] = set()
    for term in declarations:
        lines = set(term.lines) or set(range(1, line_count + 1))
        if term.number in numbers:
            raise InputRefused(
                f"declaration {term.number!r} stands twice; name each once", field="terms/declarations"
            )
        if max(lines) > line_count:
            raise InputRefused(
                f"declaration {term.number!r} names line {max(lines)}; the order has {line_count} lines",
                field="terms/declarations",
            )
        if lines & taken:
            raise InputRefused(
                f"line {min(lines & taken)} is in two declarations; give each line to one",
                field="terms/declarations",
            )
        taken |= lines
        numbers.add(term.number)


def check_party(role: str, party: Party, lei: str, name: str) -> None:
    """The document must not name another company than the terms do.

    An LEI in the document decides; without one the names are compared, apart from case and punctuation.

    Raises: InputRefused.
    """
    found = lei_of(role, party)
    if found is not None and found != lei:
        raise InputRefused(
            f"{role}: the document names LEI {found}, the terms name the member with LEI {lei}",
            field=role,
        )
    if found is None and _words(party.name) != _words(name):
        raise InputRefused(
            f"{role}: the document names {party.name[:80]!r}, the terms name {name!r}; put the LEI into the document",
            field=role,
        )


def _words(name: str) -> list[str]:
    return _WORD.findall(name.casefold())
