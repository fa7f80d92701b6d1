"""What happened, in order."""

from __future__ import annotations

from sqlmodel import Session, col, select

from settlement.store.paging import Page, page_of
from settlement.store.repositories.visibility import orders_seen_by
from settlement.store.tables_projection import Outbox


def list_events(
    session: Session, member: int | None, *, limit: int, cursor: str | None, order: str | None = None
) -> Page[Outbox]:
    """The events of orders a member is party to (none: all events), oldest first."""
    statement = select(Outbox)
    if member is not None:
        statement = statement.where(orders_seen_by(member, col(Outbox.order)))
    if order is not None:
        statement = statement.where(Outbox.order == order)
    return page_of(session, statement, [col(Outbox.position)], limit=limit, cursor=cursor)
