"""ClearanceOracle: committees, and what they signed."""

from __future__ import annotations

from typing import Final

from settlement.chain.bindings.clearance_oracle import (
    Attested,
    CommitteeSeated,
    Equivocated,
    HoldAsked,
    ReserveSeated,
    ReservesNamed,
    SeatSuspended,
    Unsettled,
)
from settlement.store.projecting.orders import attestation
from settlement.store.projecting.text import hex_text
from settlement.store.projection import EventPlace, Projection
from settlement.store.tables_projection import Committee, CommitteeSeat

GRACE_S: Final = 7_200
"""How long quorums of the former version count. Source: Committees.GRACE."""


def committee_seated(projection: Projection, event: CommitteeSeated, place: EventPlace) -> None:
    """A new version of a jurisdiction's committee sits; what the former one signed counts a little longer."""
    projection.add(
        Committee(
            jurisdiction=event.jurisdiction,
            version=event.version,
            threshold=event.threshold,
            treasury=event.treasury,
            grace_until_at=0 if event.version == 1 else place.at + GRACE_S,
        )
    )
    for number, seat in enumerate(event.seats):
        projection.add(
            CommitteeSeat(
                jurisdiction=event.jurisdiction,
                version=event.version,
                seat=number,
                key=seat.key,
                member=seat.member,
            )
        )


def seat_suspended(projection: Projection, event: SeatSuspended, _place: EventPlace) -> None:
    """The newest seat of a key no longer counts."""
    seats = projection.matching(CommitteeSeat, jurisdiction=event.jurisdiction, key=event.key)
    for seat in sorted(seats, key=lambda seat: seat.version)[-1:]:
        seat.suspended = True


def reserve_seated(projection: Projection, event: ReserveSeated, _place: EventPlace) -> None:
    """A reserve moved up, behind all other seats."""
    projection.add(
        CommitteeSeat(
            jurisdiction=event.jurisdiction,
            version=event.version,
            seat=event.index,
            key=event.key,
            member=event.member,
        )
    )


def told_only(
    _projection: Projection, _event: ReservesNamed | Equivocated | Unsettled | HoldAsked, _place: EventPlace
) -> None:
    """Goes to the outbox alone: what it changes is told by SeatSuspended, ReserveSeated, Recorded or Held."""


def attested(projection: Projection, event: Attested, place: EventPlace) -> None:
    """A quorum signed one state; the order takes it over by Recorded in the same transaction."""
    row = attestation(projection, event.order, event.seq, place)
    row.digest = hex_text(event.digest)
    row.declarations = hex_text(event.declarations)
    row.messages = hex_text(event.messages)
    row.seat_bitmap = event.seat_bitmap
    row.event_at = event.event_at
