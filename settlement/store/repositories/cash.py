"""Currencies and ledger accounts."""

from __future__ import annotations

from sqlmodel import Session, col, select

from settlement.ids import id_text
from settlement.store.tables_projection import AccountBalance, ListedCurrency


def list_currencies(session: Session) -> list[ListedCurrency]:
    """The currencies of the ledger, by ISO 4217 number."""
    return list(session.exec(select(ListedCurrency).order_by(col(ListedCurrency.currency))))


def find_currency(session: Session, number: int) -> ListedCurrency | None:
    """The listed currency of this ISO 4217 number."""
    return session.get(ListedCurrency, number)


def find_account(session: Session, currency: int, account: int) -> AccountBalance | None:
    """One account: a member id (free cash), an order (its hold) or a pool (its capital)."""
    return session.get(AccountBalance, (currency, id_text(account)))


def balance_minor(session: Session, currency: int, account: int) -> int:
    """What an account holds; an account never touched holds nothing."""
    found = find_account(session, currency, account)
    return 0 if found is None else found.balance_minor


def accounts_of(session: Session, account: int) -> list[AccountBalance]:
    """An account in all its currencies."""
    statement = select(AccountBalance).where(AccountBalance.account == id_text(account))
    return list(session.exec(statement.order_by(col(AccountBalance.currency))))
