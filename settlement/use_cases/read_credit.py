"""Lines and loans as the API shows them."""

from __future__ import annotations

from dataclasses import dataclass

from settlement.errors import InvariantBroken, NotFound
from settlement.ids import OrderId, id_from_text
from settlement.store import tables_projection as tables
from settlement.store.handles import Session
from settlement.store.repositories import lines, loans
from settlement.use_cases.amounts import amount
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.read_orders import maturity_of, reason_of
from settlement.use_cases.visibility import is_loan_partner, seen_by, visible_order
from settlement.wire.credit import Drawing, Line, Loan, RepaymentMade
from settlement.wire.page import Page
from settlement.wire.words import DAY_COUNT_WORDS, lane_words

_SOURCES = ("settlement", "repayment", "recourse", "cover")


def list_lines(session: Session, caller: Caller, limit: int, cursor: str | None) -> Page[Line]:
    """A funder's own lines; the operator and auditors see all. Suppliers find lines by an order's offers."""
    member = seen_by(caller)
    page = lines.list_lines(session, member, limit=limit, cursor=cursor)
    return Page(items=[_line(session, row) for row in page.rows], next=page.next_cursor)


def read_line(session: Session, caller: Caller, line_id: int) -> Line:
    """One line of the caller's.

    Raises: NotFound for any other.
    """
    member = seen_by(caller)
    row = lines.find_line(session, line_id)
    if row is None or (member is not None and row.funder != member):
        raise NotFound(f"there is no line {line_id}")
    return _line(session, row)


def _line(session: Session, row: tables.Line) -> Line:
    terms = lines.find_version(session, row.line, row.version)
    if terms is None:
        raise InvariantBroken(f"line {row.line} has no version {row.version}")
    return Line.model_validate(
        {
            "id": row.line,
            "version": row.version,
            "funder": row.funder,
            "limit": amount(row.limit_minor, row.currency),
            "used": amount(row.used_minor, row.currency),
            "lost": amount(row.lost_minor, row.currency),
            "order_cap": amount(terms.order_cap_minor, row.currency),
            "rate_bps": terms.rate_bps,
            "late_bps": terms.late_bps,
            "fee_bps": terms.fee_bps,
            "advance_accepted_bps": terms.advance_accepted_bps,
            "advance_shipped_bps": terms.advance_shipped_bps,
            "advance_released_bps": terms.advance_released_bps,
            "day_count": DAY_COUNT_WORDS[terms.day_count],
            "grace_days": terms.grace_days,
            "recourse": terms.recourse,
            "buyer_lanes": lane_words(terms.buyer_lanes),
            "supplier_lanes": lane_words(terms.supplier_lanes),
            "is_committed": terms.committed,
            "commitment_bps": terms.commitment_bps,
            "longest_days": terms.longest_days,
            "expires_at": terms.expiry_at,
        }
    )


@dataclass(frozen=True)
class LoanFacts:
    """What only the chain reckons at business time. Units: minor units."""

    interest_minor: int
    drawable_minor: int
    due_from_supplier_minor: int
    draws_closed: bool


def loan_facts(context: Context, order_id: str) -> LoanFacts:
    """Ask the chain what is due and drawable now.

    Raises: ChainError.
    """
    order, credit = OrderId(id_from_text(order_id)), context.chain.lines
    return LoanFacts(
        credit.outstanding(order).interest,
        credit.drawable(order),
        credit.due_from_supplier(order),
        credit.loan(order).draws_closed,
    )


def list_loans(
    session: Session, context: Context, caller: Caller, limit: int, cursor: str | None
) -> Page[Loan]:
    """The loans of the caller's orders."""
    page = loans.list_loans(session, seen_by(caller), limit=limit, cursor=cursor)
    seen = [visible_order(session, caller, row.order) for row in page.rows]
    own = [one.id for one in seen if is_loan_partner(session, caller, one)]
    return Page(items=[read_loan(session, context, caller, one) for one in own], next=page.next_cursor)


def read_loan(session: Session, context: Context, caller: Caller, order_id: str) -> Loan:
    """One loan, for its supplier and its funder.

    Raises: NotFound for everyone else; ChainError.
    """
    seen = visible_order(session, caller, order_id)
    row = loans.find_loan(session, order_id)
    if row is None or seen.receivable is None or not is_loan_partner(session, caller, seen):
        raise NotFound(f"there is no loan {order_id}")
    return _loan(session, row, seen.receivable, loan_facts(context, order_id))


def _loan(session: Session, row: tables.Loan, receivable: tables.Receivable, facts: LoanFacts) -> Loan:
    line, unit = lines.find_line(session, row.line), receivable.currency
    if line is None:
        raise InvariantBroken(f"loan {row.order} names line {row.line}, which does not exist")
    return Loan(
        id=row.order,
        line=row.line,
        version=row.version,
        funder=line.funder,
        principal=amount(row.principal_minor, unit),
        interest_due=amount(facts.interest_minor, unit),
        interest_paid=amount(row.interest_paid_minor, unit),
        drawn=amount(row.drawn_minor, unit),
        drawable=amount(facts.drawable_minor, unit),
        due_from_supplier=amount(facts.due_from_supplier_minor, unit),
        maturity_at=maturity_of(session, receivable),
        draws_closed=facts.draws_closed,
        reason=reason_of(receivable),
        draws=[_drawing(one, unit) for one in loans.draws_of(session, row.order)],
        repayments=[_repayment(one, unit) for one in loans.repayments_of(session, row.order)],
    )


def _drawing(row: tables.Draw, unit: int) -> Drawing:
    return Drawing(
        index=row.index,
        amount=amount(row.amount_minor, unit),
        fee=amount(row.fee_minor, unit),
        drawn_at=row.drawn_at,
        hash=row.tx_hash,
    )


def _repayment(row: tables.Repayment, unit: int) -> RepaymentMade:
    return RepaymentMade.model_validate(
        {
            "source": _SOURCES[row.source],
            "payer": row.payer,
            "interest": amount(row.interest_minor, unit),
            "principal": amount(row.principal_minor, unit),
            "repaid_at": row.repaid_at,
        }
    )
