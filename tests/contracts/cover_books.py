"""Cover's own books in Python: pools, policies and readings, kept beside the contracts by the cover machine."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from settlement.chain.bindings.enums import IndexState
from settlement.chain.bindings.structs import Policy
from settlement.payout import payout_at, payout_without_data
from settlement.pool_shares import shares_for_down, worth_down
from tests.contracts.observers import DAY, WINDOW

BOUND_DAYS = 6


@dataclass
class Readings:
    """What was decided for each day, what was seen of it, and who stayed silent."""

    decided: dict[int, tuple[IndexState, int]] = field(default_factory=dict)
    peaks: dict[int, int] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)

    def state(self, day: int, now: int) -> IndexState:
        """What stands for a day at a time."""
        if day in self.decided:
            return self.decided[day][0]
        return IndexState.OPEN if now <= (day + 1) * DAY + WINDOW else IndexState.NONE

    def payout(self, terms: Policy, day: int) -> int:
        """What a day pays."""
        state, value = self.decided.get(day, (IndexState.NONE, 0))
        if state == IndexState.NO_DATA:
            return payout_without_data(terms.sum, terms.no_data_bps)
        return payout_at(terms, value) if state == IndexState.FIXED else 0

    def first(self, terms: Policy, now: int) -> tuple[int, int] | None:
        """The first covered day that pays, and what, unless an earlier one may still."""
        for day in range(terms.first_day, terms.last_day + 1):
            if self.state(day, now) in (IndexState.OPEN, IndexState.HELD):
                return None
            if payout := self.payout(terms, day):
                return day, payout
        return None

    def is_calm(self, terms: Policy, today: int) -> bool:
        """Whether nothing was seen at the attachment in the last four days (I-24)."""
        days = range(today - 4, today)
        is_loud = any(self.peaks.get(day, 0) >= terms.attach for day in days)
        return not is_loud and not (terms.no_data_bps and any(day in self.silent for day in days))

    def is_over(self, terms: Policy, now: int) -> bool:
        """Whether the capital of an untriggered policy may be freed (I-26)."""
        if now <= (terms.last_day + BOUND_DAYS) * DAY:
            return False
        days = range(terms.first_day, terms.last_day + 1)
        states = {self.state(day, now) for day in days}
        is_open = IndexState.OPEN in states or IndexState.HELD in states
        return not is_open and not any(self.payout(terms, day) for day in days)


@dataclass
class PoolBook:
    """One pool: capital, shares, policies, what was sold by day."""

    every: int = 0
    cap: int = 0
    capital: int = 0
    shares: Counter[str] = field(default_factory=Counter)
    open: list[Policy] = field(default_factory=list)
    sold: Counter[int] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Shares of all."""
        return self.shares.total()

    @property
    def locked(self) -> int:
        """Sums of open policies."""
        return sum(one.sum for one in self.open)

    def epoch(self, day: int) -> int:
        """An exit day is the last of its epoch."""
        return (day - 1) // self.every

    def takes(self, terms: Policy, today: int) -> bool:
        """Whether capital, cap and exit days allow a sale (I-22, I-27)."""
        if self.locked + terms.sum > self.capital + terms.premium:
            return False
        days = range(terms.first_day, terms.last_day + 1)
        if self.cap and any(self.sold[day] + terms.sum > self.cap for day in days):
            return False
        if not self.every:
            return True
        epoch = self.epoch(terms.first_day)
        is_near = epoch <= self.epoch(today) + 1
        return is_near and terms.last_day + BOUND_DAYS <= (epoch + 1) * self.every

    def sell(self, terms: Policy) -> None:
        """A policy is sold."""
        self.capital += terms.premium
        self.open.append(terms)
        if self.cap:
            self.sold.update(dict.fromkeys(range(terms.first_day, terms.last_day + 1), terms.sum))

    def end(self, terms: Policy, payout: int) -> None:
        """A policy is over."""
        self.open.remove(terms)
        self.capital -= payout

    def is_quiet(self, today: int) -> bool:
        """Whether investors may come and go today."""
        if not self.every:
            return not self.open
        begun = [one for one in self.open if one.first_day <= today]
        return today % self.every == 0 and not begun

    def enter(self, who: str, amount: int) -> None:
        """Cash for shares; those of a pool that lost everything are void."""
        if not self.capital:
            self.shares.clear()
        self.shares[who] += shares_for_down(amount, self.capital, self.total)
        self.capital += amount

    def worth(self, who: str) -> int:
        """What a member's shares are worth."""
        return worth_down(self.shares[who], self.capital, self.total)

    def leave(self, who: str, shares: int) -> int:
        """Shares for cash."""
        amount = worth_down(shares, self.capital, self.total)
        self.shares[who] -= shares
        self.capital -= amount
        return amount
