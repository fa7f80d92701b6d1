"""Payments made under orders."""

from __future__ import annotations

from sqlmodel import Session, col, select

from settlement.store.paging import Page, page_of
from settlement.store.repositories.visibility import orders_seen_by
from settlement.store.tables_projection import Settlement


def settlements_of(session: Session, order: str) -> list[Settlement]:
    """The payments of an order, by number."""
    statement = select(Settlement).where(Settlement.order == order)
    return list(session.exec(statement.order_by(col(Settlement.number))))


def list_settlements(
    session: Session, member: int | None, *, limit: int, cursor: str | None, order: str | None = None
) -> Page[Settlement]:
    """The payments of orders a member is party to (none: all), newest first."""
    statement = select(Settlement)
    if member is not None:
        statement = statement.where(orders_seen_by(member, col(Settlement.order)))
    if order is not None:
        statement = statement.where(Settlement.order == order)
    keys = [col(Settlement.settled_at), col(Settlement.order), col(Settlement.number)]
    return page_of(session, statement, keys, limit=limit, cursor=cursor, newest_first=True)
