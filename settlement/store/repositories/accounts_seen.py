"""Ledger accounts a member may see: its free cash, the holds of orders it owes, its pools."""

from __future__ import annotations

from sqlmodel import Session, col, select

from settlement.ids import id_text
from settlement.store.paging import Page, page_of
from settlement.store.tables_projection import AccountBalance, Pool, Receivable


def accounts_seen(
    session: Session, member: int | None, *, limit: int, cursor: str | None
) -> Page[AccountBalance]:
    """The accounts of a member (none: all), by currency and account."""
    statement = select(AccountBalance)
    if member is not None:
        statement = statement.where(
            (col(AccountBalance.account) == id_text(member))
            | col(AccountBalance.account).in_(select(Receivable.order).where(Receivable.buyer == member))
            | col(AccountBalance.account).in_(select(Pool.pool).where(Pool.insurer == member))
        )
    keys = [col(AccountBalance.currency), col(AccountBalance.account)]
    return page_of(session, statement, keys, limit=limit, cursor=cursor)
