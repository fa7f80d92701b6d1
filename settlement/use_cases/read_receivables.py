"""Receivables and settlements as the API shows them."""

from __future__ import annotations

from settlement.store import tables_projection as tables
from settlement.store.handles import Session
from settlement.store.repositories import orders_seen, receivables, settlements
from settlement.use_cases.amounts import amount
from settlement.use_cases.caller import Caller
from settlement.use_cases.read_orders import open_minor, phase_of, view_settlement
from settlement.use_cases.visibility import seen_by, visible_receivable
from settlement.wire.page import Page
from settlement.wire.trade import Receivable, Settlement


def list_receivables(session: Session, caller: Caller, limit: int, cursor: str | None) -> Page[Receivable]:
    """The receivables the caller is party to, newest first."""
    page = receivables.visible_orders(session, seen_by(caller), limit=limit, cursor=cursor)
    return Page(items=[_view(row) for row in page.rows], next=page.next_cursor)


def read_receivable(session: Session, caller: Caller, order_id: str) -> Receivable:
    """One receivable.

    Raises: NotFound.
    """
    return _view(visible_receivable(session, caller, order_id))


def list_settlements(
    session: Session, caller: Caller, order_id: str | None, limit: int, cursor: str | None
) -> Page[Settlement]:
    """Payments of the caller's orders (or of one), newest first.

    Raises: NotFound for an order the caller is not party to.
    """
    if order_id is not None:
        visible_receivable(session, caller, order_id)
    page = settlements.list_settlements(session, seen_by(caller), limit=limit, cursor=cursor, order=order_id)
    currencies = {
        order: row.currency
        for order, row in orders_seen.receivables_by_id(session, [row.order for row in page.rows]).items()
    }
    items = [view_settlement(row, currencies[row.order]) for row in page.rows]
    return Page(items=items, next=page.next_cursor)


def _view(row: tables.Receivable) -> Receivable:
    return Receivable.model_validate(
        {
            "id": row.order,
            "buyer": row.buyer,
            "supplier": row.supplier,
            "holder": row.holder,
            "phase": phase_of(row),
            "hold": row.hold,
            "face": amount(row.face_minor, row.currency),
            "paid": amount(row.paid_minor, row.currency),
            "reduced": amount(row.reduced_minor, row.currency),
            "open": amount(open_minor(row), row.currency),
            "released": amount(row.released_minor, row.currency),
            "due_at": row.due_at or None,
            "seq": row.seq,
        }
    )
