"""What happened, in order, and what the chain took back."""

from __future__ import annotations

from sqlmodel import Session, col, select

from settlement.store.paging import Page, page_of
from settlement.store.repositories.visibility import orders_seen_by
from settlement.store.tables_private import Retraction
from settlement.store.tables_projection import Outbox


def events_after(session: Session, position: int, *, limit: int) -> list[Outbox]:
    """The events behind a position, oldest first."""
    statement = select(Outbox).where(Outbox.position > position)
    return list(session.exec(statement.order_by(col(Outbox.position)).limit(limit)))


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


def retractions(session: Session) -> list[Retraction]:
    """The events whose blocks the chain took back, oldest retraction first."""
    return list(session.exec(select(Retraction).order_by(col(Retraction.id))))
