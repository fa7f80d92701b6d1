"""Customs committees and the states they attested."""

from __future__ import annotations

from sqlmodel import Session, col, select

from settlement.store.repositories.visibility import is_sitting
from settlement.store.tables_projection import Attestation, Committee, CommitteeSeat


def sitting_committee(session: Session, jurisdiction: int) -> Committee | None:
    """The newest committee of a jurisdiction."""
    statement = select(Committee).where(Committee.jurisdiction == jurisdiction)
    return session.exec(statement.order_by(col(Committee.version).desc()).limit(1)).first()


def seats_of(session: Session, committee: Committee) -> list[CommitteeSeat]:
    """The seats of a committee in the order its signatures are given, suspended ones included."""
    statement = select(CommitteeSeat).where(
        CommitteeSeat.jurisdiction == committee.jurisdiction, CommitteeSeat.version == committee.version
    )
    return list(session.exec(statement.order_by(col(CommitteeSeat.seat))))


def list_committees(session: Session) -> list[Committee]:
    """All committees ever seated, by jurisdiction and version."""
    statement = select(Committee)
    return list(session.exec(statement.order_by(col(Committee.jurisdiction), col(Committee.version))))


def find_seat(session: Session, key: str, jurisdiction: int) -> CommitteeSeat | None:
    """The active seat of a key in a jurisdiction's sitting committee."""
    statement = select(CommitteeSeat).where(
        CommitteeSeat.key == key, CommitteeSeat.jurisdiction == jurisdiction, is_sitting()
    )
    return session.exec(statement).first()


def jurisdictions_of(session: Session, member: int) -> set[int]:
    """The jurisdictions on whose sitting committee a member has an active seat."""
    return set(
        session.exec(
            select(CommitteeSeat.jurisdiction).where(CommitteeSeat.member == member, is_sitting()).distinct()
        )
    )


def attestations_of(session: Session, order: str) -> list[Attestation]:
    """The recorded states of an order, oldest first."""
    statement = select(Attestation).where(Attestation.order == order)
    return list(session.exec(statement.order_by(col(Attestation.seq))))
