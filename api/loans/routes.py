"""Loans, draws and repayments."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api.answers import opened
from api.dependencies import CallerHere, ContextHere, PageHere, SessionHere, WriteHere
from settlement.use_cases.draw_loan import draw_facts, draw_loan
from settlement.use_cases.read_credit import list_loans, read_loan
from settlement.use_cases.repay_loan import repay_loan
from settlement.wire.act import Act
from settlement.wire.credit import DrawWish, Loan, RepaymentWish
from settlement.wire.page import Page

router = APIRouter(prefix="/v1/loans", tags=["loans"])


@router.get("")
def get_loans(session: SessionHere, context: ContextHere, caller: CallerHere, page: PageHere) -> Page[Loan]:
    """The loans the caller borrows or lends."""
    return list_loans(session, context, caller, page.limit, page.cursor)


@router.get("/{order_id}")
def get_loan(session: SessionHere, context: ContextHere, caller: CallerHere, order_id: str) -> Loan:
    """One loan; its id is the order's."""
    return read_loan(session, context, caller, order_id)


@router.post("/{order_id}/draws", status_code=201, response_model=Act)
def post_draw(order_id: str, wish: DrawWish, write: WriteHere) -> Response:
    """Open a draw for the supplier to sign."""
    facts = draw_facts(write.context, order_id)
    return opened(
        write,
        lambda session: draw_loan(
            session, write.context, write.caller, order_id, wish, facts, write.received_at
        ),
    )


@router.post("/{order_id}/repayments", status_code=201, response_model=Act)
def post_repayment(order_id: str, wish: RepaymentWish, write: WriteHere) -> Response:
    """Open a repayment out of the caller's free cash."""
    now_at = write.context.business_now()
    return opened(
        write,
        lambda session: repay_loan(
            session, write.context, write.caller, order_id, wish, now_at=now_at, received_at=write.received_at
        ),
    )
