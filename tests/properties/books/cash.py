"""Accounts of members, holds of orders and capital of pools, by currency; what lies outside, and donations."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.properties.books.refusals import Refusals

Account = str | int
"""A member by name, or a hold by its number."""


@dataclass
class CashBook:
    """Cash is only ever moved between accounts; deposits and withdrawals are the two doors."""

    now: int
    cash: dict[tuple[int, Account], int] = field(default_factory=dict)
    donated: dict[int, int] = field(default_factory=dict)
    frozen: dict[tuple[int, Account], int] = field(default_factory=dict)
    frozen_before: dict[tuple[int, Account], int] = field(default_factory=dict)

    def of(self, currency: int, account: Account) -> int:
        """What an account has."""
        return self.cash.get((currency, account), 0)

    def free_of(self, currency: int, account: Account) -> int:
        """What an account may move: nothing while it is frozen."""
        return 0 if (currency, account) in self.frozen else self.of(currency, account)

    def seconds_frozen(self, currency: int, account: Account) -> int:
        """All freezes of an account together."""
        key = (currency, account)
        running = self.now - self.frozen[key] if key in self.frozen else 0
        return self.frozen_before.get(key, 0) + running

    def freeze(self, currency: int, member: str, *, is_frozen: bool) -> None:
        """A governance act on one account."""
        key = (currency, member)
        no = Refusals()
        no.when((key in self.frozen) == is_frozen, "FreezeUnchanged")
        no.stand()
        if is_frozen:
            self.frozen[key] = self.now
        else:
            self.frozen_before[key] = self.seconds_frozen(currency, member)
            del self.frozen[key]

    def ask_payer(self, no: Refusals, currency: int, account: Account, amount: int) -> None:
        """Whether an account can pay this."""
        no.when(amount and (currency, account) in self.frozen, "AccountFrozen")
        no.when(amount > self.of(currency, account), "InsufficientCash")

    def total(self, currency: int) -> int:
        """All accounts together (I-01)."""
        return sum(amount for (code, _), amount in self.cash.items() if code == currency)

    def deposit(self, currency: int, member: str, amount: int) -> None:
        """New cash from outside."""
        self.cash[currency, member] = self.of(currency, member) + amount

    def withdraw(self, currency: int, member: str, amount: int) -> None:
        """I-03: nothing but the balance is asked, and whether this very account is frozen."""
        no = Refusals()
        no.when(amount == 0, "AmountOutOfRange")
        self.ask_payer(no, currency, member, amount)
        no.stand()
        self.cash[currency, member] = self.of(currency, member) - amount

    def move(self, currency: int, source: Account, target: Account, amount: int) -> None:
        """Between two accounts."""
        no = Refusals()
        self.ask_payer(no, currency, source, amount)
        no.stand()
        if amount:
            self.cash[currency, source] = self.of(currency, source) - amount
            self.cash[currency, target] = self.of(currency, target) + amount
