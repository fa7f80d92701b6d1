"""Order drafts: the document, the salts and the signed terms beside the chain."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from settlement.store.tables_private import OrderDraft


def add_draft(session: Session, draft: OrderDraft) -> tuple[OrderDraft, bool]:
    """Store a draft unless its fingerprint has one; return the stored one, and whether it is this one."""
    try:
        with session.begin_nested():
            session.add(draft)
    except IntegrityError:
        return session.get_one(OrderDraft, draft.order_id, populate_existing=True), False
    return draft, True


def replace_draft(session: Session, draft: OrderDraft) -> None:
    """Store a draft in the place of the one its fingerprint has."""
    session.merge(draft)
    session.flush()


def find_draft(session: Session, order_id: str, member: int | None = None) -> OrderDraft | None:
    """The draft of an order; with ``member`` only if that is its buyer or supplier."""
    draft = session.get(OrderDraft, order_id)
    if draft is not None and member is not None and member not in {draft.buyer, draft.supplier}:
        return None
    return draft


def set_draft_act(session: Session, order_id: str, act_id: str) -> None:
    """Point a draft to the act its buyer signs."""
    draft = session.get_one(OrderDraft, order_id)
    draft.act_id = act_id
    session.add(draft)
    session.flush()
