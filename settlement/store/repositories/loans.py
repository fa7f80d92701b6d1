"""Loans with their draws and repayments."""

from __future__ import annotations

from sqlmodel import Session, col, select

from settlement.store.paging import Page, page_of
from settlement.store.repositories.visibility import orders_seen_by
from settlement.store.tables_projection import Draw, Loan, Receivable, Repayment


def find_loan(session: Session, order: str, member: int | None = None) -> Loan | None:
    """The loan of an order; with ``member`` only if that is party to the order."""
    statement = select(Loan).where(Loan.order == order)
    if member is not None:
        statement = statement.where(orders_seen_by(member, col(Loan.order)))
    return session.exec(statement).first()


def list_loans(session: Session, member: int | None, *, limit: int, cursor: str | None) -> Page[Loan]:
    """The loans of orders a member is party to (none: all), by order."""
    statement = select(Loan)
    if member is not None:
        statement = statement.where(orders_seen_by(member, col(Loan.order)))
    return page_of(session, statement, [col(Loan.order)], limit=limit, cursor=cursor)


def draws_of(session: Session, order: str) -> list[Draw]:
    """The draws of an order, by index."""
    return list(session.exec(select(Draw).where(Draw.order == order).order_by(col(Draw.index))))


def repayments_of(session: Session, order: str) -> list[Repayment]:
    """What was paid on the loan of an order, in time."""
    return list(session.exec(select(Repayment).where(Repayment.order == order).order_by(col(Repayment.n))))


def outstanding_loans(session: Session) -> list[tuple[Loan, Receivable]]:
    """Every loan with principal out or interest due, with its receivable: what recourse may fall due on."""
    statement = (
        select(Loan, Receivable)
        .where(
            Loan.order == Receivable.order,
            (col(Loan.principal_minor) > 0) | (col(Loan.accrued_millionths) != 0),
        )
        .order_by(col(Loan.order))
    )
    return [(loan, receivable) for loan, receivable in session.exec(statement)]


def drawable_loans(session: Session) -> list[tuple[Loan, Receivable]]:
    """Every loan whose reserve may still be drawn on as far as loan and order say, with its receivable."""
    statement = (
        select(Loan, Receivable)
        .where(
            Loan.order == Receivable.order,
            col(Loan.draws_closed).is_(False),
            col(Receivable.draws_closed).is_(False),
        )
        .order_by(col(Loan.order))
    )
    return [(loan, receivable) for loan, receivable in session.exec(statement)]
