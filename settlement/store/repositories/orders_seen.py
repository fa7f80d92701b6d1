"""Orders a member may see: drafts it is named in, and accepted ones it is party to, in one list by id."""

from __future__ import annotations

from sqlalchemy import Select, union
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from settlement.errors import InputRefused
from settlement.ids import id_from_text
from settlement.store.paging import LARGEST_PAGE, Page
from settlement.store.repositories.visibility import is_party
from settlement.store.tables_private import OrderDraft
from settlement.store.tables_projection import Receivable


def orders_seen(session: Session, member: int | None, *, limit: int, cursor: str | None) -> Page[str]:
    """The ids of a member's orders (none: all), in the order of the ids.

    Raises: InputRefused for a limit outside 1..200 or a cursor this list did not give.
    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise InputRefused(f"limit {limit} is outside 1..{LARGEST_PAGE}", field="limit")
    drafts: Select[tuple[str]] = select_columns(col(OrderDraft.order_id).label("order_id"))
    accepted: Select[tuple[str]] = select_columns(col(Receivable.order).label("order_id"))
    if member is not None:
        drafts = drafts.where((col(OrderDraft.buyer) == member) | (col(OrderDraft.supplier) == member))
        accepted = accepted.where(is_party(member))
    if cursor is not None:
        after = _checked(cursor)
        drafts = drafts.where(col(OrderDraft.order_id) > after)
        accepted = accepted.where(col(Receivable.order) > after)
    both = union(drafts, accepted).subquery()
    rows = list(session.scalars(select_columns(both.c.order_id).order_by(both.c.order_id).limit(limit + 1)))
    return Page(rows[:limit], rows[limit - 1] if len(rows) > limit else None)


def drafts_by_id(session: Session, ids: list[str]) -> dict[str, OrderDraft]:
    """The drafts among these orders."""
    rows = session.exec(select(OrderDraft).where(col(OrderDraft.order_id).in_(ids)))
    return {row.order_id: row for row in rows}


def receivables_by_id(session: Session, ids: list[str]) -> dict[str, Receivable]:
    """The accepted ones among these orders."""
    rows = session.exec(select(Receivable).where(col(Receivable.order).in_(ids)))
    return {row.order: row for row in rows}


def renew_draft(session: Session, order: str, terms: dict[str, object], terms_hash: str, act_id: str) -> None:
    """New terms to sign for a draft nobody accepted: the same but for their deadline."""
    draft = session.get_one(OrderDraft, order)
    draft.terms = terms
    draft.terms_hash = terms_hash
    draft.act_id = act_id
    session.add(draft)
    session.flush()


def _checked(cursor: str) -> str:
    try:
        id_from_text(cursor)
    except InputRefused:
        raise InputRefused(
            "the cursor is not one this list gave; start without one", field="cursor"
        ) from None
    return cursor
