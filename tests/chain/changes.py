"""Changes of accepted orders, as whoever relays them sends them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from settlement.chain.abi import Call
from settlement.chain.bindings.order_desk import OrderDesk
from settlement.chain.bindings.structs import (
    Amendment,
    Cancellation,
    Consents,
    CreditNote,
    Dispute,
    DisputeEnd,
    PurchaseOrder,
)
from settlement.chain.wanted import Kind, Wanted
from tests.chain.trade import DAY, Trade


def dispute(trade: Trade, order: PurchaseOrder, amount: int, index: int = 0) -> Wanted:
    """The buyer withholds a part."""
    signed = Dispute(trade.id_of(order), index, amount, bytes(32), trade.now + DAY)
    return _wanted(trade, OrderDesk.dispute(signed, _sign(trade, "buyer", signed)))


def resolve(trade: Trade, order: PurchaseOrder, upheld: int, index: int = 0) -> Wanted:
    """The parties agree."""
    signed = DisputeEnd(trade.id_of(order), index, upheld, trade.now + DAY)
    return _wanted(trade, OrderDesk.resolve(signed, _consents(trade, signed)))


def credit(trade: Trade, order: PurchaseOrder, amount: int, nonce: int) -> Wanted:
    """Reduce a claim."""
    signed = CreditNote(trade.id_of(order), amount, bytes(32), nonce, trade.now + DAY)
    return _wanted(trade, OrderDesk.credit(signed, _consents(trade, signed)))


def cancel(trade: Trade, order: PurchaseOrder) -> Wanted:
    """End an order."""
    signed = Cancellation(trade.id_of(order), 0, trade.now + DAY)
    return _wanted(trade, OrderDesk.cancel(signed, _consents(trade, signed)))


def amend(trade: Trade, order: PurchaseOrder, **changes: Any) -> Wanted:
    """New terms, the accepted ones but for ``changes``."""
    plain = Amendment(
        order=trade.id_of(order),
        version=0,
        face=order.face,
        document=b"\x07" * 32,
        settle_on=order.settle_on,
        tenor_days=order.tenor_days,
        late_bps=order.late_bps,
        duty_cap=order.duty_cap,
        expiry=order.expiry,
        arbiter=0,
        deadline=trade.now + DAY,
    )
    signed = replace(plain, **changes)
    return _wanted(trade, OrderDesk.amend(signed, _consents(trade, signed)))


def _consents(trade: Trade, signed: object) -> Consents:
    by_supplier = _sign(trade, "supplier", signed)
    return Consents(_sign(trade, "buyer", signed), by_supplier, by_supplier, _sign(trade, "bank", signed))


def _sign(trade: Trade, actor: str, signed: object) -> bytes:
    return trade.sign(actor, trade.deployment.receivables, signed)


def _wanted(trade: Trade, call: Call[None]) -> Wanted:
    # No route sends these yet, so they have no kind of their own.
    return Wanted(Kind.SETTLE, "", trade.deployment.receivables, call.data)
