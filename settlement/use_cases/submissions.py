"""From signed acts to what is wanted of the chain, one function for each kind of act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from settlement.chain.bindings.structs import (
    Acceptance,
    Draw,
    LineTerms,
    Policy,
    PoolFunding,
    PurchaseOrder,
    Repayment,
    Withdrawal,
)
from settlement.chain.messages import struct_from_message
from settlement.chain.wanted import Wanted
from settlement.ids import MemberId, OrderId, id_from_text
from settlement.store import tables_private as tables
from settlement.store.handles import Session
from settlement.store.repositories import acts
from settlement.use_cases.context import Context


@dataclass(frozen=True)
class Submission:
    """What is wanted, and the acts that are done with it."""

    wanted: Wanted
    acts: tuple[str, ...]


def wanted_by(session: Session, context: Context, act: tables.Act, now_at: int) -> Submission | None:
    """What a fully signed act asks of the chain; none while an order waits for its other half.

    Units: ``now_at`` business time.
    """
    if act.kind in {"order", "acceptance"}:
        return _acceptance(session, context, act, now_at)
    signatures = {
        role: bytes.fromhex(row.signature[2:]) for role, row in acts.signatures_of(session, act.id).items()
    }
    return Submission(_SINGLE[act.kind](context, act, signatures), (act.id,))


Signatures = dict[str, bytes]


def _acceptance(session: Session, context: Context, act: tables.Act, now_at: int) -> Submission | None:
    """Both halves: the buyer's order and the supplier's newest acceptance of these very terms."""
    about = acts.acts_about(session, act.subject, {"order", "acceptance"})
    ready = [one for one in about if one.state in {acts.SIGNED, acts.SUBMITTED} or one.id == act.id]
    ready = [one for one in ready if one.expires_at >= now_at]
    if act.kind == "acceptance":
        order_id = act.payload["order_act"]
        order = next((one for one in ready if one.id == order_id), None)
        acceptance: tables.Act | None = act
    else:
        order = act
        acceptance = next(
            (
                one
                for one in reversed(ready)
                if one.kind == "acceptance" and one.payload["order_act"] == act.id
            ),
            None,
        )
    if order is None or acceptance is None:
        return None
    wanted = context.chain.receivables.accept(
        OrderId(id_from_text(act.subject)),
        struct_from_message(PurchaseOrder, _message(order)),
        struct_from_message(Acceptance, _message(acceptance)),
        _signature(session, order, "buyer"),
        _signature(session, acceptance, "supplier"),
    )
    return Submission(wanted, (order.id, acceptance.id))


def _line(context: Context, act: tables.Act, signatures: Signatures) -> Wanted:
    return context.chain.lines.publish(struct_from_message(LineTerms, _message(act)), signatures["funder"])


def _draw(context: Context, act: tables.Act, signatures: Signatures) -> Wanted:
    return context.chain.lines.draw(struct_from_message(Draw, _message(act)), signatures["supplier"])


def _repayment(context: Context, act: tables.Act, signatures: Signatures) -> Wanted:
    return context.chain.lines.repay(struct_from_message(Repayment, _message(act)), signatures["payer"])


def _withdrawal(context: Context, act: tables.Act, signatures: Signatures) -> Wanted:
    return context.chain.ledger.withdraw(struct_from_message(Withdrawal, _message(act)), signatures["member"])


def _deposit(context: Context, act: tables.Act, signatures: Signatures) -> Wanted:
    payload = act.payload
    return context.chain.ledger.deposit_with_permit(
        payload["currency"],
        MemberId(payload["member"]),
        payload["amount_minor"],
        payload["deadline"],
        signatures["member"],
    )


def _pool(context: Context, act: tables.Act, signatures: Signatures) -> Wanted:
    return context.chain.cover.fund(struct_from_message(PoolFunding, _message(act)), signatures["insurer"])


def _policy(context: Context, act: tables.Act, signatures: Signatures) -> Wanted:
    return context.chain.cover.buy(
        id_from_text(act.subject),
        struct_from_message(Policy, _message(act)),
        signatures["insurer"],
        signatures["insured"],
    )


_SINGLE: Final[dict[str, Callable[[Context, tables.Act, Signatures], Wanted]]] = {
    "line": _line,
    "draw": _draw,
    "repayment": _repayment,
    "withdrawal": _withdrawal,
    "deposit": _deposit,
    "pool": _pool,
    "policy": _policy,
}


def _message(act: tables.Act) -> dict[str, Any]:
    return dict(act.typed_data["message"])


def _signature(session: Session, act: tables.Act, role: str) -> bytes:
    return bytes.fromhex(acts.signatures_of(session, act.id)[role].signature[2:])
