"""The supplier draws on an order's loan."""

from __future__ import annotations

from dataclasses import dataclass

from settlement.errors import Conflict, NotFound, NotPermitted
from settlement.ids import OrderId, id_from_text
from settlement.money import currency_of_number
from settlement.store.handles import Session
from settlement.store.repositories import acts, loans
from settlement.store.repositories.intents import FAILED
from settlement.use_cases.acts import HOUR_S, open_own_act
from settlement.use_cases.amounts import amount, minor_in
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.transactions import view_transaction
from settlement.use_cases.visibility import visible_receivable
from settlement.wire.act import Act
from settlement.wire.credit import DrawWish


@dataclass(frozen=True)
class DrawFacts:
    """What the chain says before a draw: how many there were, how much may be drawn, and the business time."""

    draws: int
    drawable_minor: int
    now_at: int


def draw_facts(context: Context, order_id: str) -> DrawFacts:
    """Ask the chain; an id that is none has no facts to speak of.

    Raises: InputRefused for text that is no id; ChainError.
    """
    order = OrderId(id_from_text(order_id))
    lines = context.chain.lines
    return DrawFacts(lines.loan(order).draws, lines.drawable(order), context.business_now())


def draw_loan(
    session: Session,
    context: Context,
    caller: Caller,
    order_id: str,
    wish: DrawWish,
    facts: DrawFacts,
    received_at: int,
) -> Act:
    """Open the act of a draw.

    Holds:  I-10 is the contract's; what it would refuse now is refused here in words.
    Raises: NotFound; NotPermitted for all but the holder; Conflict when less may be drawn.
    """
    receivable = visible_receivable(session, caller, order_id)
    if receivable.line == 0 or loans.find_loan(session, order_id) is None:
        raise NotFound(f"order {order_id} was accepted without a line; there is no loan to draw")
    if caller.acting_member() != receivable.holder:
        raise NotPermitted("the supplier draws, as holder of the receivable")
    amount_minor = minor_in(wish.amount, currency_of_number(receivable.currency))
    if amount_minor > facts.drawable_minor:
        most = amount(facts.drawable_minor, receivable.currency)
        raise Conflict(
            f"{amount_minor} is more than the {most.value} {most.currency} (minor units) that may be drawn now",
            code="advance_exceeded",
            field="amount",
        )
    message = {
        "order": id_from_text(order_id),
        "index": max(facts.draws, _next_index(session, order_id)),
        "amount": amount_minor,
        "deadline": facts.now_at + HOUR_S,
    }
    return open_own_act(
        session,
        context,
        caller,
        kind="draw",
        subject=order_id,
        role="supplier",
        primary_type="Draw",
        contract=context.deployment.credit_lines,
        message=message,
        received_at=received_at,
    )


def _next_index(session: Session, order_id: str) -> int:
    """Behind the draws that are on their way: the chain does not count them yet."""
    under_way = [
        int(act.typed_data["message"]["index"])
        for act in acts.acts_about(session, order_id, {"draw"})
        if act.intent_id is not None and view_transaction(session, act.intent_id).state != FAILED
    ]
    return max(under_way, default=-1) + 1
