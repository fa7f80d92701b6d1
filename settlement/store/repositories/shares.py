"""Shares of split orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlmodel import Session, col, select

from settlement.store.tables_projection import AccountBalance, Share


def shares_of(session: Session, orders: Collection[str] | None = None) -> dict[str, list[Share]]:
    """The shares of these orders (none given: of all), by order and number."""
    found: defaultdict[str, list[Share]] = defaultdict(list)
    statement = select(Share)
    if orders is not None:
        statement = statement.where(col(Share.order).in_(orders))
    for row in session.exec(statement.order_by(col(Share.order), col(Share.number))):
        found[row.order].append(row)
    return dict(found)


def shares_set_aside(session: Session) -> list[tuple[Share, int]]:
    """Shares whose account holds cash for their holder, and how much. Units: minor units."""
    statement = (
        select(Share, AccountBalance.balance_minor)
        .join(AccountBalance, col(AccountBalance.account) == col(Share.share))
        .where(col(AccountBalance.balance_minor) > 0)
    )
    return [(share, int(balance)) for share, balance in session.exec(statement.order_by(col(Share.share)))]
