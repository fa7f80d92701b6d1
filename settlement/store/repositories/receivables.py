"""Accepted orders as receivables."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session, col, select

from settlement.store.paging import Page, page_of
from settlement.store.repositories.visibility import is_party
from settlement.store.tables_projection import Receivable


def find_receivable(session: Session, order: str, member: int | None = None) -> Receivable | None:
    """The receivable of an order; with ``member`` only if that is party to it."""
    statement = select(Receivable).where(Receivable.order == order)
    if member is not None:
        statement = statement.where(is_party(member))
    return session.exec(statement).first()


def visible_orders(
    session: Session,
    member: int | None,
    *,
    limit: int,
    cursor: str | None,
    phases: Collection[int] | None = None,
    holder: int | None = None,
) -> Page[Receivable]:
    """The receivables a member is party to (none: all), newest first."""
    statement = select(Receivable)
    if member is not None:
        statement = statement.where(is_party(member))
    if phases is not None:
        statement = statement.where(col(Receivable.phase).in_(phases))
    if holder is not None:
        statement = statement.where(Receivable.holder == holder)
    keys = [col(Receivable.accepted_at), col(Receivable.order)]
    return page_of(session, statement, keys, limit=limit, cursor=cursor, newest_first=True)


def open_receivables(session: Session, *, closed_phase: int = 5) -> list[Receivable]:
    """Every receivable that is not closed, oldest first: what the keeper looks through."""
    statement = select(Receivable).where(col(Receivable.phase) != closed_phase)
    return list(session.exec(statement.order_by(col(Receivable.accepted_at), col(Receivable.order))))
