"""One customs message in its normalised form, whatever dialect it came in.

Source: DESIGN section 3, step 5; the WCO data model's names where it has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from settlement.money import Money


class Kind(StrEnum):
    """What the authority says with a message. How each acts on an order: the table in ``fold``."""

    ACCEPTED = "accepted"
    RECEIVED = "received"
    REJECTED = "rejected"
    CONTROL = "control"
    DOCUMENTS_REQUIRED = "documents_required"
    AMENDED = "amended"
    RELEASED = "released"
    CLEARED = "cleared"
    INVALIDATED = "invalidated"
    REFUSED = "refused"
    REQUEST_DECIDED = "request_decided"
    DUTY = "duty"
    PAYMENT_SHORT = "payment_short"
    EXITED = "exited"
    OTHER = "other"


@dataclass(frozen=True)
class ItemScope:
    """A goods item that a message names; with neither quantity nor value it names the whole item.

    Units:  ``quantity`` is the exact decimal text of what this message speaks for, in ``unit``.
    """

    sequence: int
    quantity: str | None = None
    unit: str = ""
    value: Money | None = None


@dataclass(frozen=True)
class Duty:
    """One demanded duty, tax or fee, by its type code (A00 customs duty, B00 VAT, ...)."""

    type_code: str
    amount: Money
    item: int | None = None


@dataclass(frozen=True)
class CustomsEvent:
    """One message of an authority about one declaration.

    ``items`` empty: it speaks for the whole declaration. ``raw_code`` is the code as sent, ``reason_code`` the
    control result or reason behind it. ``received_at`` is this member's own and never enters a signed state.

    Units:  ``issued_at``, ``received_at`` unix seconds; ``issued_offset_minutes`` east of UTC, as the document said.
    """

    authority: str
    declaration_number: str
    declaration_version: int
    message_id: str
    raw_code: str
    kind: Kind
    reason_code: str
    status_code: str
    items: tuple[ItemScope, ...]
    duties: tuple[Duty, ...]
    issued_at: int
    issued_offset_minutes: int
    received_at: int
    raw_sha256: str
    trader_reference: str

    @property
    def is_whole(self) -> bool:
        """Whether the message speaks for its whole declaration."""
        return not self.items
