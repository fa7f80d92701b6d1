"""Purchase orders."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from api.answers import opened
from api.dependencies import CallerHere, ContextHere, PageHere, SessionHere, WriteHere
from api.orders.submission import OPENAPI_BODY, order_write, sent_order
from api.writes import Given, Write
from settlement.use_cases.accept_order import accept_order
from settlement.use_cases.context import Session
from settlement.use_cases.create_order import SentOrder, create_order
from settlement.use_cases.read_basis import read_basis, read_proof
from settlement.use_cases.read_offers import read_offers
from settlement.use_cases.read_orders import list_orders, read_order
from settlement.wire.act import Act
from settlement.wire.page import Page
from settlement.wire.trade import AcceptanceWish, Basis, FieldProof, Offer, Order, OrderSummary

router = APIRouter(prefix="/v1/orders", tags=["orders"])


@router.get("")
def get_orders(session: SessionHere, caller: CallerHere, page: PageHere) -> Page[OrderSummary]:
    """The caller's orders, drafts included."""
    return list_orders(session, caller, page.limit, page.cursor)


@router.post("", status_code=201, response_model=Order, openapi_extra=OPENAPI_BODY)
def post_order(
    write: Annotated[Write, Depends(order_write)], sent: Annotated[SentOrder, Depends(sent_order)]
) -> Response:
    """Send an order: JSON in an envelope, or a file as multipart. The same again answers 200 with the same order."""
    now_at = write.context.business_now()
    made: list[bool] = []

    def work(session: Session) -> Order:
        placed = create_order(
            session, write.context, write.caller, sent, now_at=now_at, received_at=write.received_at
        )
        made.append(placed.is_new)
        return read_order(session, write.caller, placed.order_id, now_at)

    return write.answer(
        work,
        lambda order: Given(201 if made[-1] else 200, f"order {order.id}", location=f"/v1/orders/{order.id}"),
    )


@router.get("/{order_id}")
def get_order(session: SessionHere, context: ContextHere, caller: CallerHere, order_id: str) -> Order:
    """One order from draft to settled."""
    return read_order(session, caller, order_id, context.business_now())


@router.get("/{order_id}/offers")
def get_offers(session: SessionHere, context: ContextHere, caller: CallerHere, order_id: str) -> Page[Offer]:
    """Lines that would lend on the order, cheapest first: pre-approved, not committed."""
    return read_offers(session, caller, order_id, context.business_now())


@router.get("/{order_id}/basis")
def get_basis(session: SessionHere, caller: CallerHere, order_id: str) -> Basis:
    """What a customs member folds messages against."""
    return read_basis(session, caller, order_id)


@router.get("/{order_id}/proofs/{field:path}")
def get_proof(session: SessionHere, caller: CallerHere, order_id: str, field: str) -> FieldProof:
    """One field, provable against the root on chain."""
    return read_proof(session, caller, order_id, field)


@router.post("/{order_id}/acceptances", status_code=201, response_model=Act)
def post_acceptance(order_id: str, wish: AcceptanceWish, write: WriteHere) -> Response:
    """Open the supplier's acceptance, on a line or on none."""
    now_at = write.context.business_now()
    return opened(
        write,
        lambda session: accept_order(
            session, write.context, write.caller, order_id, wish, now_at=now_at, received_at=write.received_at
        ),
    )
