"""Customs states as committee members handed them in."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from settlement.store.tables_private import HandedAttestation


def hand_in(session: Session, handed: HandedAttestation) -> bool:
    """Keep a signed state; the same one again changes nothing. Say whether it was new."""
    try:
        with session.begin_nested():
            session.add(handed)
    except IntegrityError:
        return False
    return True


def handed_for(session: Session, order: str, seq: int | None = None) -> list[HandedAttestation]:
    """What was handed in for an order (and sequence number), in the order of seq and time."""
    statement = select(HandedAttestation).where(HandedAttestation.order == order)
    if seq is not None:
        statement = statement.where(HandedAttestation.seq == seq)
    keys = (col(HandedAttestation.seq), col(HandedAttestation.received_at), col(HandedAttestation.key))
    return list(session.exec(statement.order_by(*keys)))
