"""Attestations of customs members: the whole state they sign, and who signed what."""

from __future__ import annotations

from typing import Any, Literal

from settlement.ids import id_from_text
from settlement.money import minor_from_text
from settlement.wire.model import Answer, Count, Flag, HexId, Instant, Jurisdiction, SignatureText, Wish
from settlement.wire.order import MinorText
from settlement.wire.transaction import Transaction
from settlement.wire.words import PHASES, PhaseWord


class AttestedState(Wish):
    """The whole customs state of an order, as one member folds it.

    Units:  ``released`` and ``duty`` in minor units of the order's currency, cumulative.
    """

    order: HexId
    jurisdiction: Jurisdiction
    seq: Count
    phase: PhaseWord
    hold: Flag
    refused: Flag
    released: MinorText
    duty: MinorText
    declarations: HexId
    messages: HexId
    event_at: Instant
    deadline_at: Instant

    def message(self) -> dict[str, Any]:
        """The fields of the typed ``Attestation`` that is signed."""
        return {
            "order": id_from_text(self.order),
            "jurisdiction": self.jurisdiction,
            "seq": self.seq,
            "phase": PHASES[self.phase],
            "hold": self.hold,
            "refused": self.refused,
            "released": minor_from_text(self.released),
            "duty": minor_from_text(self.duty),
            "declarations": bytes.fromhex(self.declarations[2:]),
            "messages": bytes.fromhex(self.messages[2:]),
            "eventAt": self.event_at,
            "deadline": self.deadline_at,
        }


class AttestationWish(Wish):
    """A state and one member's signature over it."""

    state: AttestedState
    signature: SignatureText


class HandedIn(Answer):
    """The answer to an attestation; ``transaction`` once k members agree (null for a late, extra signature)."""

    order: HexId
    seq: int
    content_hash: str
    signatures: int
    threshold: int
    transaction: Transaction | None


class SharedState(Answer):
    """One state that at least one member signed."""

    content_hash: str
    seq: int
    phase: PhaseWord
    hold: bool
    refused: bool
    released: str
    duty: str
    members: list[int]
    handed_at: list[Instant]


class CommitteeView(Answer):
    """Where the committee stands on an order: who signed which state, who has not spoken, what is on chain.

    ``contradicting`` are members that signed two states under one number: each stands under both (I-21).
    """

    order: HexId
    jurisdiction: int
    threshold: int
    seats: list[int]
    recorded_seq: int
    is_divided: bool
    states: list[SharedState]
    silent: list[int]
    contradicting: list[int]
    standing: Literal["waiting", "agreed", "divided", "recorded"]
