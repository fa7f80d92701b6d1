"""Accounts of members, holds of orders and capital of pools, by currency; what lies outside, and donations."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.properties.books.refusals import Refusals, Refused

Account = str | int
"""A member by name, or a hold by its number."""


@dataclass
class CashBook:
    """Cash is only ever moved between accounts; deposits and withdrawals are the two doors."""

    now: int
    cash: dict[tuple[int, Account], int] = field(default_factory=dict)
    donated: dict[int, int] = field(default_factory=dict)

    def of(self, currency: int, account: Account) -> int:
        """What an account has."""
        return self.cash.get((currency, account), 0)

    def total(self, currency: int) -> int:
        """All accounts together (I-01)."""
        return sum(amount for (code, _), amount in self.cash.items() if code == currency)

    def deposit(self, currency: int, member: str, amount: int) -> None:
        """New cash from outside."""
        self.cash[currency, member] = self.of(currency, member) + amount

    def withdraw(self, currency: int, member: str, amount: int) -> None:
        """I-03: nothing but the balance is asked."""
        no = Refusals()
        no.when(amount == 0, "AmountOutOfRange")
        no.when(amount > self.of(currency, member), "InsufficientCash")
        no.stand()
        self.cash[currency, member] = self.of(currency, member) - amount

    def move(self, currency: int, source: Account, target: Account, amount: int) -> None:
        """Between two accounts."""
        if amount > self.of(currency, source):
            raise Refused("InsufficientCash")
        if amount:
            self.cash[currency, source] = self.of(currency, source) - amount
            self.cash[currency, target] = self.of(currency, target) + amount
