"""Changes of accepted orders, as whoever relays them sends them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from settlement.chain.abi import Call
from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.order_desk import OrderDesk
from settlement.chain.bindings.settlement_desk import SettlementDesk
from settlement.chain.bindings.share_desk import ShareDesk
from settlement.chain.bindings.structs import (
    Amendment,
    Assignment,
    Cancellation,
    Consents,
    CreditNote,
    Dispute,
    DisputeEnd,
    PurchaseOrder,
    Split,
    Undertaking,
    WriteOff,
)
from settlement.chain.wanted import Kind, Wanted
from settlement.ids import LineId
from tests.chain.trade import DAY, Trade, member_of


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


def undertake(
    trade: Trade, order: PurchaseOrder, amount: int, *, days: int = 400, by: str = "bank", nonce: int = 71
) -> Wanted:
    """A guarantor locks cash behind an order."""
    until = trade.now + days * DAY
    signed = Undertaking(trade.id_of(order), member_of(by), amount, 0, until, nonce, trade.now + DAY)
    return _wanted(trade, SettlementDesk.undertake(signed, _sign(trade, by, signed)))


def split(trade: Trade, order: PurchaseOrder, *shares: tuple[str, int]) -> Wanted:
    """The supplier cuts shares out of an order, each for an actor that holds it from now on."""
    holders = tuple(int(member_of(actor)) for actor, _ in shares)
    faces = tuple(face for _, face in shares)
    signed = Split(trade.id_of(order), member_of("supplier"), 1, holders, faces, trade.now + DAY)
    return _wanted(trade, ShareDesk.split(signed, _sign(trade, "supplier", signed)))


def assign(trade: Trade, receivable: int, claim: int, *, by: str, to: str, nonce: int = 72) -> Wanted:
    """An order or a share is handed on."""
    signed = Assignment(receivable, member_of(by), member_of(to), claim, nonce, trade.now + DAY)
    return _wanted(trade, ShareDesk.assign(signed, _sign(trade, by, signed)))


def write_off(trade: Trade, order: PurchaseOrder) -> Wanted:
    """The bank counts what is owed as lost."""
    signed = WriteOff(trade.id_of(order), member_of("bank"), trade.now + DAY)
    return _wanted(trade, CreditLines.write_off(signed, _sign(trade, "bank", signed)))


def publish(trade: Trade, **changes: Any) -> Wanted:
    """A further line of the bank's, with the first one's terms but for ``changes``."""
    plain = trade.gateways.lines.terms(LineId(1), 1)
    terms = replace(plain, **{"line": 0, "nonce": 73, "deadline": trade.now + DAY} | changes)
    return trade.gateways.lines.publish(terms, _sign(trade, "bank", terms))


def _consents(trade: Trade, signed: object) -> Consents:
    by_supplier = _sign(trade, "supplier", signed)
    return Consents(_sign(trade, "buyer", signed), by_supplier, by_supplier, _sign(trade, "bank", signed))


def _sign(trade: Trade, actor: str, signed: object) -> bytes:
    return trade.sign(actor, trade.deployment.receivables, signed)


def _wanted(trade: Trade, call: Call[None]) -> Wanted:
    # No route sends these yet, so they have no kind of their own.
    return Wanted(Kind.SETTLE, "", trade.deployment.receivables, call.data)
