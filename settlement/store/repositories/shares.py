"""Shares of split orders, and undertakings behind orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlmodel import Session, col, select

from settlement.store.tables_projection import AccountBalance, Receivable, Share, Undertaking


def shares_by_order(session: Session) -> dict[str, list[Share]]:
    """Every share, by its order and number."""
    found: defaultdict[str, list[Share]] = defaultdict(list)
    for row in session.exec(select(Share).order_by(col(Share.order), col(Share.number))):
        found[row.order].append(row)
    return dict(found)


def shares_of(session: Session, orders: Collection[str]) -> dict[str, list[Share]]:
    """The shares of these orders, by order and number."""
    found: defaultdict[str, list[Share]] = defaultdict(list)
    statement = select(Share).where(col(Share.order).in_(orders))
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


def live_undertakings(session: Session) -> list[tuple[Undertaking, Receivable]]:
    """Every undertaking that has cash left or is owed, with its order: what the keeper looks through."""
    statement = (
        select(Undertaking, Receivable)
        .where(
            Undertaking.order == Receivable.order,
            (col(Undertaking.left_minor) > 0) | (col(Undertaking.claim_minor) > 0),
        )
        .order_by(col(Undertaking.order))
    )
    return [(row, order) for row, order in session.exec(statement)]
