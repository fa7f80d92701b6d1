"""The authority's word that a declaration belongs to an order, with its share of it: the pre-lodged state.

It comes into a member's inbox from its own authority, never from the supplier, and counts like any authority message:
k members must have it and sign the state that names it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from oracle.refusal import first_wrong_field
from settlement.ids import OrderId, id_from_text
from settlement.wire.model import HexId, Instant


@dataclass(frozen=True)
class DeclarationLink:
    """A declaration named for an order. ``lines`` are positions from 1; none means the whole order.

    Units:  ``issued_at`` unix seconds.
    """

    message_id: str
    order: OrderId
    declaration: str
    lines: tuple[int, ...]
    issued_at: int
    raw_sha256: str


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    message_id: Annotated[str, Field(min_length=1, max_length=64)]
    order: HexId
    declaration: Annotated[str, Field(min_length=1, max_length=35)]
    lines: Annotated[list[Annotated[int, Field(strict=True, ge=1, le=5_000)]], Field(max_length=5_000)]
    issued_at: Instant


def read_link(raw: bytes) -> DeclarationLink:
    """Read a link as the authority wrote it.

    Raises: InputRefused naming the first field that is wrong.
    """
    try:
        body = _Body.model_validate_json(raw)
    except ValidationError as wrong:
        raise first_wrong_field("declaration link", wrong) from wrong
    return DeclarationLink(
        body.message_id,
        OrderId(id_from_text(body.order)),
        body.declaration,
        tuple(sorted(set(body.lines))),
        body.issued_at,
        hashlib.sha256(raw).hexdigest(),
    )


def write_link(
    message_id: str, order: str, declaration: str, issued_at: int, lines: tuple[int, ...] = ()
) -> bytes:
    """Write a link as a test network's customs authority issues it; ``read_link`` reads it back."""
    body = _Body(
        message_id=message_id, order=order, declaration=declaration, lines=list(lines), issued_at=issued_at
    )
    return body.model_dump_json().encode()
