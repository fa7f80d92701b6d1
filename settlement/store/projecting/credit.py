"""CreditLines: lines, reserves, loans.

Source: contracts/src/CreditLines.sol.
"""

from __future__ import annotations

from typing import Final

from settlement.chain.bindings.credit_lines import (
    Accrued,
    Drawn,
    LinePublished,
    LineUsed,
    Repaid,
    ReserveChanged,
    Reserved,
    ReserveReleased,
    WrittenOff,
)
from settlement.ids import id_text
from settlement.store.projection import EventPlace, Projection
from settlement.store.tables_projection import Draw, Line, LineVersion, Loan, Receivable, Repayment

BY_REPAYMENT: Final = 1
"""Source of a Repaid that anyone may cause; all others close the draws."""


def line_published(projection: Projection, event: LinePublished, place: EventPlace) -> None:
    """A line is opened, or a new version of it takes the former one's place on offer."""
    terms = event.terms
    line = projection.find(Line, event.line)
    if line is None:
        line = projection.add(
            Line(
                line=event.line,
                funder=event.funder,
                currency=terms.currency,
                limit_minor=terms.limit,
                order_cap_minor=terms.order_cap,
                version=event.version,
                committed=terms.committed,
            )
        )
    line.limit_minor = terms.limit
    line.order_cap_minor = terms.order_cap
    line.version = event.version
    projection.add(
        LineVersion(
            line=event.line,
            version=event.version,
            limit_minor=terms.limit,
            order_cap_minor=terms.order_cap,
            rate_bps=terms.rate_bps,
            late_bps=terms.late_bps,
            fee_bps=terms.fee_bps,
            advance_accepted_bps=terms.advance_accepted,
            advance_shipped_bps=terms.advance_shipped,
            advance_released_bps=terms.advance_released,
            day_count=int(terms.day_count),
            grace_days=terms.grace_days,
            recourse=terms.recourse,
            buyer_lanes=terms.buyer_lanes,
            supplier_lanes=terms.supplier_lanes,
            committed=terms.committed,
            commitment_bps=terms.commitment_bps,
            longest_days=terms.longest_days,
            expiry_at=terms.expiry,
            published_at=place.at,
        )
    )


def reserved(projection: Projection, event: Reserved, _place: EventPlace) -> None:
    """From here on the loan is there, drawn or not; a reserve that moves takes its place on another line."""
    loan = projection.find(Loan, id_text(event.order))
    if loan is None:
        loan = projection.add(Loan(order=id_text(event.order), line=event.line, version=event.version))
    receivable = projection.get(Receivable, loan.order)
    (loan.line, loan.version, loan.reserved_minor) = (event.line, event.version, event.amount)
    (receivable.line, receivable.version) = (event.line, event.version)
    projection.get(Line, event.line).used_minor = event.used


def reserve_changed(projection: Projection, event: ReserveChanged, _place: EventPlace) -> None:
    """The claim changed, and the use of the line with it."""
    projection.get(Loan, id_text(event.order)).reserved_minor = event.amount
    projection.get(Line, event.line).used_minor = event.used


def line_used(projection: Projection, event: LineUsed, _place: EventPlace) -> None:
    """The line's sum of uses changed, and nothing else."""
    projection.get(Line, event.line).used_minor = event.used


def reserve_released(projection: Projection, event: ReserveReleased, _place: EventPlace) -> None:
    """Nothing is drawn any more; what that frees of the line is told apart."""
    projection.get(Loan, id_text(event.order)).draws_closed = True


def written_off(projection: Projection, event: WrittenOff, place: EventPlace) -> None:
    """The principal stays owed, but uses the line no more."""
    loan = projection.get(Loan, id_text(event.order))
    loan.written_off = True
    loan.draws_closed = True
    loan.accrued_millionths = event.accrued
    loan.since_at = place.at
    line = projection.get(Line, event.line)
    (line.used_minor, line.lost_minor) = (event.used, event.lost)


def drawn(projection: Projection, event: Drawn, place: EventPlace) -> None:
    """The supplier has drawn; interest is counted up to now."""
    loan = projection.get(Loan, id_text(event.order))
    loan.principal_minor = event.principal
    loan.accrued_millionths = event.accrued
    loan.since_at = place.at
    loan.draws = event.index + 1
    loan.drawn_minor += event.amount
    loan.fee_minor += event.fee
    projection.add(
        Draw(
            order=loan.order,
            index=event.index,
            amount_minor=event.amount,
            fee_minor=event.fee,
            drawn_at=place.at,
            tx_hash=place.tx_hash,
        )
    )


def accrued(projection: Projection, event: Accrued, place: EventPlace) -> None:
    """Interest is counted up to now, nothing is paid."""
    loan = projection.get(Loan, id_text(event.order))
    loan.accrued_millionths = event.accrued
    loan.since_at = place.at


def repaid(projection: Projection, event: Repaid, place: EventPlace) -> None:
    """Interest and principal were paid; interest is counted up to now."""
    loan = projection.get(Loan, id_text(event.order))
    loan.principal_minor = event.outstanding
    loan.accrued_millionths = event.accrued
    loan.since_at = place.at
    loan.interest_paid_minor += event.interest
    loan.repayments += 1
    line = projection.get(Line, loan.line)
    line.used_minor = event.used
    if loan.written_off:
        # What comes in after the write-off is taken from the loss, which stood still at the end of its field.
        line.lost_minor = max(0, line.lost_minor - event.principal)
    # A stranger's repayment leaves the draws open (P31).
    is_strangers = event.source == BY_REPAYMENT and (
        event.payer != projection.get(Receivable, loan.order).holder
    )
    if not is_strangers:
        loan.draws_closed = True
    projection.add(
        Repayment(
            order=loan.order,
            n=loan.repayments,
            source=event.source,
            payer=event.payer,
            interest_minor=event.interest,
            principal_minor=event.principal,
            repaid_at=place.at,
            tx_hash=place.tx_hash,
        )
    )
