"""Receivables."""

from __future__ import annotations

from fastapi import APIRouter

from api.dependencies import CallerHere, PageHere, SessionHere
from settlement.use_cases.read_receivables import list_receivables, read_receivable
from settlement.wire.page import Page
from settlement.wire.trade import Receivable

router = APIRouter(prefix="/v1/receivables", tags=["receivables"])


@router.get("")
def get_receivables(session: SessionHere, caller: CallerHere, page: PageHere) -> Page[Receivable]:
    """The receivables the caller is party to, newest first."""
    return list_receivables(session, caller, page.limit, page.cursor)


@router.get("/{order_id}")
def get_receivable(session: SessionHere, caller: CallerHere, order_id: str) -> Receivable:
    """One receivable; its id is the order's."""
    return read_receivable(session, caller, order_id)
