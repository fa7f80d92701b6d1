"""What a caller may see of an order: everything it is party to, and of everything else not even that it exists (T02)."""

from __future__ import annotations

from dataclasses import dataclass

from settlement.errors import InputRefused, NotFound
from settlement.ids import MemberId, id_from_text
from settlement.store.handles import Session
from settlement.store.repositories import lines, order_drafts, receivables
from settlement.store.tables_private import OrderDraft
from settlement.store.tables_projection import Receivable
from settlement.use_cases.caller import Caller


@dataclass(frozen=True)
class SeenOrder:
    """An order as far as it exists: the draft this service made, the receivable on chain, or both."""

    id: str
    draft: OrderDraft | None
    receivable: Receivable | None

    @property
    def parties(self) -> tuple[int, int]:
        """Buyer and supplier."""
        row = self.receivable or self.draft
        if row is None:
            raise NotFound(f"there is no order {self.id}")
        return row.buyer, row.supplier


def seen_by(caller: Caller) -> MemberId | None:
    """The member whose eyes a query looks with; none sees all.

    Raises: NotFound for a client that neither is a member nor may see all.
    """
    if caller.sees_all:
        return None
    return caller.acting_member()


def visible_order(session: Session, caller: Caller, order_id: str) -> SeenOrder:
    """The order, if the caller is party to it.

    Raises: NotFound for any other id, whether it exists or not.
    """
    missing = NotFound(f"there is no order {order_id[:80]!r}")
    try:
        id_from_text(order_id)
    except InputRefused:
        raise missing from None
    member = seen_by(caller)
    accepted = receivables.find_receivable(session, order_id, member)
    draft = order_drafts.find_draft(session, order_id)
    if (
        draft is not None
        and accepted is None
        and member is not None
        and member not in {draft.buyer, draft.supplier}
    ):
        draft = None
    if draft is None and accepted is None:
        raise missing
    return SeenOrder(order_id, draft, accepted)


def visible_receivable(session: Session, caller: Caller, order_id: str) -> Receivable:
    """The accepted order, if the caller is party to it.

    Raises: NotFound for drafts too.
    """
    seen = visible_order(session, caller, order_id)
    if seen.receivable is None:
        raise NotFound(f"order {order_id} is not accepted; both parties sign it first")
    return seen.receivable


def is_loan_partner(session: Session, caller: Caller, seen: SeenOrder) -> bool:
    """Whether the caller borrows or lends on the order, or sees all.

    The loan is the affair of these two, not of the buyer, customs or the insurer.
    """
    if caller.sees_all:
        return True
    _, supplier = seen.parties
    partners = {supplier}
    if seen.receivable is not None:
        line = lines.find_line(session, seen.receivable.line) if seen.receivable.line else None
        partners |= {seen.receivable.holder} | ({line.funder} if line else set())
    return caller.member in partners
