"""Cash accounts as the API shows them."""

from __future__ import annotations

from settlement.store.handles import Session
from settlement.store.repositories.accounts_seen import accounts_seen
from settlement.use_cases.amounts import amount
from settlement.use_cases.caller import Caller
from settlement.use_cases.visibility import seen_by
from settlement.wire.cash import CashAccount
from settlement.wire.page import Page


def list_accounts(session: Session, caller: Caller, limit: int, cursor: str | None) -> Page[CashAccount]:
    """The caller's free cash, what is held for orders it owes, and the capital of its pools."""
    page = accounts_seen(session, seen_by(caller), limit=limit, cursor=cursor)
    items = [
        CashAccount.model_validate(
            {"id": row.account, "kind": row.kind, "balance": amount(row.balance_minor, row.currency)}
        )
        for row in page.rows
    ]
    return Page(items=items, next=page.next_cursor)
