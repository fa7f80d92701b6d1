"""Whether an order's draft may give way to another under the same fingerprint."""

from __future__ import annotations

from settlement.errors import Conflict
from settlement.store.handles import Session
from settlement.store.repositories import acts, clients, intents, order_drafts, receivables
from settlement.store.tables_private import OrderDraft
from settlement.use_cases.caller import Caller


def replace_draft(
    session: Session, caller: Caller, stored: OrderDraft, draft: OrderDraft, difference: str, now_at: int
) -> None:
    """Put ``draft`` in the place of ``stored``, whose acts can be signed no more.

    Until the buyer has signed, its word is the order; a supplier takes back only what it sent itself. Terms whose time
    is over stand in nobody's way.

    Units:  ``now_at`` business time.
    Raises: Conflict, beginning with the ``difference``, while the stored draft still binds or is on its way.
    """
    reason = _why_not(session, caller, stored, now_at)
    if reason is not None:
        raise Conflict(f"{difference}; {reason}", code="order_exists")
    acts.replace_acts(session, stored.order_id, {"order", "acceptance"})
    order_drafts.replace_draft(session, draft)


def _why_not(session: Session, caller: Caller, stored: OrderDraft, now_at: int) -> str | None:
    if receivables.find_receivable(session, stored.order_id) is not None:
        return "it is accepted, and one number is one order"
    if _is_under_way(session, stored.order_id):
        return "it is on its way to the chain, and one number is one order"
    if stored.terms["deadline"] < now_at:
        return None
    if stored.act_id is not None and acts.signatures_of(session, stored.act_id):
        return "the buyer has signed it: sign that one, or give the new one a number of its own"
    sender = clients.find_client(session, stored.created_by)
    if caller.member == stored.buyer or (sender is not None and sender.member_id == caller.member):
        return None
    return "the buyer sent it: ask the buyer to send it anew"


def _is_under_way(session: Session, order_id: str) -> bool:
    found = (
        intents.find_intent(session, act.intent_id)
        for act in acts.acts_about(session, order_id, {"order", "acceptance"})
        if act.intent_id is not None
    )
    return any(intent is not None and intent.state != intents.FAILED for intent in found)
