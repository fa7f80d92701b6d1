"""CashLedger: currencies and account balances."""

from __future__ import annotations

from typing import Final

from settlement.chain.bindings.cash_ledger import CurrencyListed, Deposited, Moved, Withdrawn
from settlement.ids import id_text
from settlement.store.projection import EventPlace, Projection
from settlement.store.tables_projection import AccountBalance, ListedCurrency, Pool

MEMBER_IDS_END: Final = 1 << 32
"""Accounts below are members' free cash; orders and pools are hashes, far above."""


def currency_listed(projection: Projection, event: CurrencyListed, _place: EventPlace) -> None:
    """The ledger takes a currency."""
    projection.add(
        ListedCurrency(currency=event.currency, token=event.token, exponent=event.exponent, scale=event.scale)
    )


def deposited(projection: Projection, event: Deposited, _place: EventPlace) -> None:
    """Cash comes in from a token balance."""
    _book(projection, event.currency, event.member, event.amount)


def withdrawn(projection: Projection, event: Withdrawn, _place: EventPlace) -> None:
    """Cash goes out to a member's address."""
    _book(projection, event.currency, event.member, -event.amount)


def moved(projection: Projection, event: Moved, _place: EventPlace) -> None:
    """Cash moves between accounts, leg by leg."""
    for leg in event.legs:
        _book(projection, event.currency, leg.from_, -leg.amount)
        _book(projection, event.currency, leg.to, leg.amount)


def _book(projection: Projection, currency: int, account: int, amount_minor: int) -> None:
    text = id_text(account)
    pool = None if account < MEMBER_IDS_END else projection.find(Pool, text)
    row = projection.find(AccountBalance, currency, text)
    if row is None:
        # Contracts tell of an order or a pool before they move its cash, so what is no pool by now is an order.
        kind = "member" if account < MEMBER_IDS_END else "order" if pool is None else "pool"
        row = projection.add(AccountBalance(currency=currency, account=text, balance_minor=0, kind=kind))
    row.balance_minor += amount_minor
    if pool is not None:
        pool.capital_minor = row.balance_minor
