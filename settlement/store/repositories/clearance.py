"""Customs committees and the states they attested."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from settlement.chain.bindings.enums import Status
from settlement.store.repositories.visibility import is_newest, is_sitting
from settlement.store.tables_projection import Attestation, Committee, CommitteeSeat, Member, MemberKey


@dataclass(frozen=True)
class Quorum:
    """One version of a committee whose signatures count now, and its seats that do."""

    committee: Committee
    seats: list[CommitteeSeat]

    @property
    def numbers(self) -> dict[str, int]:
        """The seat's number of each key: signatures are given in its order."""
        return {seat.key: seat.seat for seat in self.seats}


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


def quorums(session: Session, jurisdiction: int, now_at: int) -> list[Quorum]:
    """The versions of a committee that may attest now: the sitting one, and in its grace the one before.

    A quorum is of one version. Units: ``now_at`` business time. Source: Committees._isOfFormer.
    """
    sitting = sitting_committee(session, jurisdiction)
    if sitting is None:
        return []
    present = seats_of(session, sitting)
    found = [Quorum(sitting, [seat for seat in present if not seat.suspended])]
    former = session.get(Committee, (jurisdiction, sitting.version - 1))
    if former is None or now_at > sitting.grace_until_at:
        return found
    # A suspension bites in both versions; a key that sits abroad now has left.
    ended = {seat.key for seat in present if seat.suspended} | _seated_abroad(session, jurisdiction)
    counting = [seat for seat in seats_of(session, former) if not seat.suspended and seat.key not in ended]
    return [*found, Quorum(former, counting)]


def _seated_abroad(session: Session, jurisdiction: int) -> set[str]:
    statement = select(CommitteeSeat.key).where(CommitteeSeat.jurisdiction != jurisdiction, is_newest())
    return set(session.exec(statement))


def list_committees(session: Session) -> list[Committee]:
    """All committees ever seated, by jurisdiction and version."""
    statement = select(Committee)
    return list(session.exec(statement.order_by(col(Committee.jurisdiction), col(Committee.version))))


def unfit_seats(session: Session, now_at: int) -> list[tuple[CommitteeSeat, Member]]:
    """Seats that count though their member is not in good standing (customs is a role for life), or their key not its own.

    Units: ``now_at`` business time. Source: Committees.unseat.
    """
    statement = (
        select(CommitteeSeat, Member)
        .join(Member, col(Member.member) == col(CommitteeSeat.member))
        # A seat's key need not be one of the network's.
        .outerjoin(MemberKey, col(MemberKey.key) == col(CommitteeSeat.key))
        .where(
            is_sitting(),
            (col(Member.status) != Status.ACTIVE)
            | (col(Member.valid_until_at) < now_at)
            | (col(MemberKey.member) != col(CommitteeSeat.member))
            | (col(MemberKey.status) != Status.ACTIVE),
        )
    )
    keys = (col(CommitteeSeat.jurisdiction), col(CommitteeSeat.seat))
    return [(seat, member) for seat, member in session.exec(statement.order_by(*keys))]


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
