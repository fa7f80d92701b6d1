"""Cover as a random history on the fast engine: sales, readings, payouts and expiries in any order.

The machine keeps its own books and compares them with the contract's after every step.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.disruption_cover import CoverPaid, DisruptionCover
from settlement.chain.bindings.structs import Policy
from settlement.payout import linear_payout
from tests.contracts.covers import COVER, POOL_MINOR, Desk, open_desk
from tests.contracts.harness import Reverted, engines
from tests.contracts.observers import DAY
from tests.contracts.world import RICH, USD, build_world

BUILT: dict[str, tuple[Desk, Any]] = {}
INDICES = st.sampled_from([0, 329, 330, 331, 400, 499, 500, 9_999])


def fresh() -> Desk:
    """The same world for every example, built once."""
    if not BUILT:
        desk = open_desk(build_world(engines()[-1]))
        for actor in ("supplier", "supplier2"):
            desk.world.deposit(actor, 1_000_00)
        BUILT["desk"] = desk, desk.world.evm.snapshot()
    desk, base = BUILT["desk"]
    desk.world.evm.restore(base)
    return desk


class CoverMachine(RuleBasedStateMachine):
    """One pool, two orders, one of them financed."""

    @initialize()
    def start(self) -> None:
        self.desk = fresh()
        world = self.desk.world
        self.financed = world.accepted(line=world.publish())
        world.draw(self.financed, 20_000_00)
        self.plain = world.accepted()
        self.total = int(world.view("CashLedger", CashLedger.total_of(USD)))
        self.capital = POOL_MINOR
        self.open: list[Policy] = []
        self.ended: dict[int, int] = {}
        self.indices: dict[int, int] = {}

    @rule(amount=st.integers(1, 10_000_00))
    def fund(self, amount: int) -> None:
        self.desk.fund(self.desk.funding(amount))
        self.capital += amount

    @rule(
        sum_minor=st.integers(1, 40_000_00),
        premium=st.integers(0, 10_00),
        wait=st.integers(1, 2),
        length=st.integers(0, 3),
        attach=st.integers(330, 400),
        is_financed=st.booleans(),
    )
    def buy(
        self, sum_minor: int, premium: int, wait: int, length: int, attach: int, is_financed: bool
    ) -> None:
        first = self.desk.today + wait
        terms = self.desk.terms(
            self.financed if is_financed else self.plain,
            sum=sum_minor,
            premium=premium,
            waiting_days=wait,
            first_day=first,
            last_day=first + length,
            attach=attach,
        )
        bound = sum(one.sum for one in self.open) + sum_minor
        # Readings are taken for two days, so of the four days before today one is surely read (I-24).
        is_calm = all(self.indices.get(self.desk.today - ago, 0) < attach for ago in (1, 2, 3, 4))
        is_sold = self.tries(lambda: self.desk.buy(terms))
        assert is_sold == (bound <= self.capital + premium and is_calm)
        if is_sold:
            self.capital += premium
            self.open.append(terms)

    @rule(index=INDICES, speak=st.booleans())
    def next_day(self, index: int, speak: bool) -> None:
        day = self.desk.today
        self.desk.world.evm.set_time((day + 1) * DAY)
        if speak:
            self.desk.station.observe_all(day, (index,) * 5)
            self.indices[day] = index

    @rule(days=st.integers(3, 8))
    def silence(self, days: int) -> None:
        self.desk.world.evm.advance(days * DAY)

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 99), at=st.integers(0, 3))
    def pay(self, which: int, at: int) -> None:
        terms = self.open[which % len(self.open)]
        day = terms.first_day + at
        expected = self.first_payout(terms)
        found: list[CoverPaid] = []
        is_paid = self.tries(lambda: found.append(self.desk.pay(terms, day).one(CoverPaid)))
        assert is_paid == (expected is not None and expected[0] == day)
        if expected is not None and is_paid:
            assert found[0].payout == expected[1] <= terms.sum
            self.end(terms, expected[1])

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 99))
    def expire(self, which: int) -> None:
        terms = self.open[which % len(self.open)]
        is_over = self.desk.world.evm.now > self.desk.expires_at(terms)
        is_freed = self.tries(lambda: self.desk.expire(terms))
        assert is_freed == (is_over and self.first_payout(terms) is None)
        if is_freed:
            self.end(terms, 0)

    @precondition(lambda self: self.ended)
    @rule(which=st.integers(0, 99))
    def again(self, which: int) -> None:
        policy = list(self.ended)[which % len(self.ended)]
        state = self.desk.world.view(COVER, DisruptionCover.policy_of(policy))
        assert (state.is_settled, state.payout) == (True, self.ended[policy])

    @invariant()
    def books_agree(self) -> None:
        if not hasattr(self, "desk"):
            return
        pool = self.desk.pool()
        assert pool == (self.capital, sum(terms.sum for terms in self.open))
        assert pool.locked <= pool.capital
        world = self.desk.world
        accounts = [*RICH, "supplier", "supplier2", "treasury", "buyer2"]
        pool_id = int(world.view(COVER, DisruptionCover.pool_id(world.ids["insurer"], USD)))
        held = sum(world.cash(one) for one in set(accounts)) + world.cash(pool_id)
        assert held == self.total

    def first_payout(self, terms: Policy) -> tuple[int, int] | None:
        """The first covered day that pays, once no day before it is open."""
        for day in range(terms.first_day, terms.last_day + 1):
            index = self.indices.get(day)
            if index is None:
                if self.desk.world.evm.now <= self.desk.station.end_of_window(day):
                    return None
                continue
            payout = linear_payout(terms.sum, index, terms.attach, terms.exhaust)
            if payout:
                return day, payout
        return None

    def end(self, terms: Policy, payout: int) -> None:
        """A policy is over."""
        self.open.remove(terms)
        self.capital -= payout
        self.ended[self.desk.identity(terms)] = payout

    @staticmethod
    def tries(act: Any) -> bool:
        """Whether the contract takes it."""
        try:
            act()
        except Reverted:
            return False
        return True


def test_cover__random_histories__books_agree_after_every_step() -> None:
    """I-22, I-23, I-24, I-26: locked capital, one payout a policy, no early release; I-01: cash is conserved."""
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        CoverMachine, settings=settings(max_examples=100, stateful_step_count=40, deadline=None)
    )
