"""Receivables: acceptance, attested state, settlement.

Source: contracts/src/OrderSettlement.sol.
"""

from __future__ import annotations

from settlement.chain.bindings.enums import Phase
from settlement.chain.bindings.receivables import (
    Accepted,
    Closed,
    DueSet,
    DutyUnpaid,
    Funded,
    Held,
    Lapsed,
    Recorded,
    Reversed,
    Settled,
    Unpaid,
)
from settlement.ids import id_text
from settlement.store.projecting.text import hex_text
from settlement.store.projection import EventPlace, Projection
from settlement.store.tables_projection import Attestation, Loan, Receivable, Settlement


def accepted(projection: Projection, event: Accepted, place: EventPlace) -> None:
    """The receivable exists and the supplier holds it."""
    terms = event.terms
    projection.add(
        Receivable(
            order=id_text(event.order),
            buyer=event.buyer,
            supplier=event.supplier,
            holder=event.supplier,
            line=event.line,
            version=event.version,
            currency=terms.currency,
            jurisdiction=terms.jurisdiction,
            phase=int(Phase.ACCEPTED),
            settle_on=int(terms.settle_on),
            fund_by=int(terms.fund_by),
            tenor_days=terms.tenor_days,
            late_bps=terms.late_bps,
            expiry_at=terms.expiry,
            face_minor=terms.face,
            duty_cap_minor=terms.duty_cap,
            number=terms.number,
            year=terms.year,
            document_root=hex_text(terms.document),
            terms_hash=hex_text(event.terms_hash),
            accepted_at=place.at,
        )
    )


def recorded(projection: Projection, event: Recorded, place: EventPlace) -> None:
    """The committee's whole state takes the place of the former one."""
    order = order_of(projection, event.order)
    order.seq = event.seq
    order.phase = int(event.phase)
    order.hold = event.hold
    order.refused = event.refused
    order.released_minor = event.released
    order.duty_demanded_minor = event.duty
    late_unless_said(order)
    row = attestation(projection, event.order, event.seq, place)
    row.phase = int(event.phase)
    row.hold = event.hold
    row.refused = event.refused
    row.released_minor = event.released
    row.duty_minor = event.duty


def held(projection: Projection, event: Held, _place: EventPlace) -> None:
    """A minority of the committee stopped payment; the attested state stays what it was."""
    order_of(projection, event.order).hold = True


def attestation(projection: Projection, order: int, seq: int, place: EventPlace) -> Attestation:
    """The row of one attested state, which two contracts tell about in one transaction."""
    row = projection.find(Attestation, id_text(order), seq)
    if row is None:
        row = projection.add(
            Attestation(order=id_text(order), seq=seq, recorded_at=place.at, tx_hash=place.tx_hash)
        )
    return row


def settled(projection: Projection, event: Settled, place: EventPlace) -> None:
    """Cash was paid under the order."""
    order = order_of(projection, event.order)
    order.paid_minor += event.face
    order.duty_paid_minor += event.to_customs
    order.settlements = event.number
    if event.face + event.late:
        close_draws(projection, order)
    late_unless_said(order)
    row = projection.find(Settlement, order.order, event.number)
    if row is None:
        row = projection.add(
            Settlement(
                order=order.order,
                number=event.number,
                face_minor=0,
                late_minor=0,
                to_funder_minor=0,
                to_holder_minor=0,
                to_customs_minor=0,
                buyer_debited_minor=0,
                settled_at=place.at,
                tx_hash=place.tx_hash,
            )
        )
    # The contract's count stops at its word: what comes after adds to the last row, so that no payment is lost.
    row.face_minor += event.face
    row.late_minor += event.late
    row.to_funder_minor += event.to_funder
    row.to_holder_minor += event.to_holder
    row.to_customs_minor += event.to_customs
    row.buyer_debited_minor += event.to_funder + event.to_holder + event.to_customs
    row.settled_at = place.at
    row.tx_hash = place.tx_hash


def unpaid(projection: Projection, event: Unpaid, place: EventPlace) -> None:
    """The buyer is late; the charge was counted up to now."""
    order = order_of(projection, event.order)
    order.late_accrued = event.late_accrued
    order.late_since_at = place.at


def due_set(projection: Projection, event: DueSet, _place: EventPlace) -> None:
    """The due date stands, or moved because a hold was lifted."""
    order_of(projection, event.order).due_at = event.due


def lapsed(projection: Projection, event: Lapsed, _place: EventPlace) -> None:
    """The undelivered part is no longer claimed, and nothing more is drawn on it."""
    order = order_of(projection, event.order)
    order.reduced_minor += event.reduced
    order.lapsed = True
    order.disputed_minor = min(
        order.disputed_minor, order.face_minor - order.reduced_minor - order.paid_minor
    )
    close_draws(projection, order)
    late_unless_said(order)


def closed(projection: Projection, event: Closed, _place: EventPlace) -> None:
    """Everything claimed is paid."""
    order_of(projection, event.order).phase = int(Phase.CLOSED)


def told_only(projection: Projection, event: Funded | DutyUnpaid | Reversed, _place: EventPlace) -> None:
    """Goes to the outbox alone: the cash moves by Moved, and duty and claims change no row."""
    order_of(projection, event.order)


def close_draws(projection: Projection, order: Receivable) -> None:
    """Nothing more is drawn on the order."""
    order.draws_closed = True
    loan = projection.find(Loan, order.order)
    if loan is not None:
        loan.draws_closed = True


def late_unless_said(order: Receivable) -> None:
    """No late charge, unless what follows says so."""
    # Every payment run ends either with Unpaid, which comes last, or with no late charge at all.
    order.late_accrued = 0
    order.late_since_at = 0


def order_of(projection: Projection, order: int) -> Receivable:
    """The row of an order."""
    return projection.get(Receivable, id_text(order))
