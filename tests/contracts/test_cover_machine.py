"""Cover as a random history on the fast engine: two pools, investors, policies of all kinds, observers who agree,
disagree or have no data, days in any order.

The machine keeps its own books (`cover_books`) and compares them with the contract's after every step.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.disruption_cover import CoverPaid, DisruptionCover, PoolJoined, PoolLeft
from settlement.chain.bindings.enums import Answer, IndexState, PayoutKind
from settlement.chain.bindings.structs import Policy
from settlement.chain.bindings.trusted_network import TrustedNetwork
from settlement.pool_shares import VIRTUAL
from tests.contracts.cover_books import PoolBook, Readings
from tests.contracts.covers import COVER, Desk
from tests.contracts.harness import Reverted, engines
from tests.contracts.observers import DAY, OBSERVERS, Station, decided
from tests.contracts.world import INSURER, RICH, USD, build_world

BUILT: dict[str, tuple[Desk, Any]] = {}
EVERY, CAP = 20, 70_000_00
INSURERS = ("insurer", "bank2")
INVESTORS = ("insurer", "bank", "buyer2")
KINDS: tuple[dict[str, Any], ...] = (
    {},
    {"kind": PayoutKind.THRESHOLD, "exhaust": 330},
    {"kind": PayoutKind.STEPPED, "step_at": (330, 400, 500)},
)


def fresh() -> Desk:
    """The same world for every example, built once: one pool open to investors, one of its insurer alone."""
    if not BUILT:
        world = build_world(engines()[-1])
        station = Station(world.evm, world.at["IndexOracle"])
        station.seat()
        desk = Desk(world, station)
        until = world.evm.now + 3650 * DAY
        world.govern("TrustedNetwork", TrustedNetwork.renew(world.ids["bank2"], INSURER, 1, until))
        for actor in ("supplier", "supplier2"):
            world.deposit(actor, 1_000_00)
        desk.open_pool(bucket_cap=CAP, epoch_days=EVERY)
        desk.next_exit_day(EVERY)
        BUILT["desk"] = desk, world.evm.snapshot()
    desk, base = BUILT["desk"]
    desk.world.evm.restore(base)
    return desk


class CoverMachine(RuleBasedStateMachine):
    """Two orders, one of them financed; wind at one place."""

    @initialize()
    def start(self) -> None:
        self.desk = fresh()
        world = self.desk.world
        expiry = world.evm.now + 700 * DAY
        self.financed = world.accepted(line=world.publish(), expiry=expiry)
        world.draw(self.financed, 20_000_00)
        self.plain = world.accepted(expiry=expiry)
        self.total = int(world.view("CashLedger", CashLedger.total_of(USD)))
        self.pools = {"insurer": PoolBook(every=EVERY, cap=CAP), "bank2": PoolBook()}
        self.readings = Readings()
        self.joined: dict[str, int] = {}
        self.ended: dict[int, int] = {}
        self.heard: dict[int, tuple[int, ...]] = {}
        for insurer in INSURERS:
            self.fund(insurer, 50_000_00)

    # Capital

    @rule(insurer=st.sampled_from(INSURERS), amount=st.integers(1, 60_000_00))
    def fund(self, insurer: str, amount: int) -> None:
        funding = self.desk.funding(amount, insurer=self.desk.world.ids[insurer])
        with_price = self.price(insurer)
        self.desk.fund(funding, by=insurer)
        self.pools[insurer].enter(insurer, amount)
        if insurer == "insurer":
            self.joined[insurer] = self.epoch()
        self.price_holds(insurer, with_price)

    def epoch(self) -> int:
        """Number of the present epoch; an exit day is the last of its own."""
        return (self.desk.today - 1) // EVERY

    @rule(who=st.sampled_from(INVESTORS), amount=st.integers(1, 40_000_00), wait=st.booleans())
    def enter(self, who: str, amount: int, wait: bool) -> None:
        if wait:
            self.desk.next_exit_day(EVERY)
        pool, before, told = self.pools["insurer"], self.price("insurer"), list[PoolJoined]()
        is_in = self.tries(lambda: told.append(self.desk.enter(who, amount).one(PoolJoined)))
        assert is_in == pool.is_quiet(self.desk.today)
        if is_in:
            pool.enter(who, amount)
            self.joined[who] = self.epoch()
            self.price_holds("insurer", before)

    @rule(who=st.sampled_from(INVESTORS), tenths=st.integers(1, 11), wait=st.booleans())
    def exit(self, who: str, tenths: int, wait: bool) -> None:
        if wait:
            self.desk.next_exit_day(EVERY)
        pool, before, told = self.pools["insurer"], self.price("insurer"), list[PoolLeft]()
        held = pool.shares[who]
        shares = held * tenths // 10
        amount = shares * (pool.capital + 1) // (pool.total + VIRTUAL)
        is_out = self.tries(lambda: told.append(self.desk.exit(who, shares).one(PoolLeft)))
        is_free = 0 < amount <= pool.capital - pool.locked
        has_stayed = self.joined.get(who) != self.epoch()
        assert is_out == (pool.is_quiet(self.desk.today) and has_stayed and shares <= held and is_free)
        if is_out:
            assert told[0].amount == pool.leave(who, shares) == amount
            self.price_holds("insurer", before)

    # Sales

    @rule(
        insurer=st.sampled_from(INSURERS),
        sum_minor=st.integers(3, 30_000_00),
        premium=st.integers(0, 10_00),
        wait=st.sampled_from([1, 1, 1, 2, 3, 24]),
        length=st.integers(0, 3),
        kind=st.sampled_from(KINDS),
        no_data_bps=st.sampled_from([0, 0, 2_500]),
        is_financed=st.booleans(),
        storm=st.sampled_from([None, None, 345, 400, 500]),
    )
    def buy(
        self,
        insurer: str,
        sum_minor: int,
        wait: int,
        length: int,
        is_financed: bool,
        storm: int | None,
        **terms: Any,
    ) -> None:
        """A sale, and often a storm on its first day."""
        kind = dict(terms.pop("kind"))
        if "step_at" in kind:
            kind["step_pays"] = (sum_minor // 3, sum_minor // 2 + 1, sum_minor)
        first = self.desk.today + wait
        wish = self.desk.terms(
            self.financed if is_financed else self.plain,
            insurer=self.desk.world.ids[insurer],
            sum=sum_minor,
            first_day=first,
            last_day=first + length,
            **kind,
            **terms,
        )
        if kind.get("step_pays") and not 0 < sum_minor // 3 < sum_minor // 2 + 1 < sum_minor:
            return
        pool, today = self.pools[insurer], self.desk.today
        is_sold = self.tries(lambda: self.desk.buy(wish, insurer=insurer))
        assert is_sold == (pool.takes(wish, today) and self.readings.is_calm(wish, today))
        if not is_sold:
            return
        pool.sell(wish)
        if storm:
            self.desk.world.evm.set_time(first * DAY)
            self.next_day((storm,) * 5, 0)

    # Days

    @rule(
        values=st.one_of(
            st.sampled_from([0, 330, 331, 400, 499, 500, 9_999]).map(lambda one: (one,) * 5),
            st.sampled_from(
                [(369, 369, 422, 422, 500), (100, 200, 300, 400, 500), (400, 410, 405, 0, 9_999)]
            ),
        ),
        silent=st.sampled_from([0, 0, 0, 2, 3, 5]),
    )
    def next_day(self, values: tuple[int, ...], silent: int) -> None:
        day = self.desk.today
        self.desk.world.evm.set_time((day + 1) * DAY)
        heard = values[silent:]
        for by in OBSERVERS[:silent]:
            self.desk.station.answer(day, Answer.NO_DATA, by)
        for by, value in zip(OBSERVERS[silent:], heard, strict=True):
            self.desk.station.observe(day, value, by)
        if silent:
            self.readings.silent.add(day)
        self.readings.peaks[day] = max(heard, default=0)
        self.heard[day] = heard
        state = (IndexState.NO_DATA, 0) if silent >= 3 else decided(heard, 3, 1_000)
        self.readings.decided[day] = state
        assert self.desk.station.state(day) == state[0]

    @rule(days=st.integers(1, 8))
    def silence(self, days: int) -> None:
        self.desk.world.evm.advance(days * DAY)

    @precondition(lambda self: self.held())
    @rule(which=st.integers(0, 99), value=st.sampled_from([None, 0, 400, 10_000]))
    def resolve(self, which: int, value: int | None) -> None:
        """People find a value, or none."""
        day = self.held()[which % len(self.held())]
        wish = self.desk.station.resolution(day, value or 0, is_void=value is None)
        is_done = self.tries(lambda: self.desk.station.resolve(wish))
        if is_done:
            state = IndexState.VOID if value is None else IndexState.FIXED
            self.readings.decided[day] = (state, value or 0)
        assert is_done == (value is None or min(self.heard[day]) <= value <= max(self.heard[day]))

    # Ends

    @rule(insurer=st.sampled_from(INSURERS), which=st.integers(0, 99), at=st.integers(0, 3))
    def pay(self, insurer: str, which: int, at: int) -> None:
        if not (policies := self.pools[insurer].open):
            return
        now = self.desk.world.evm.now
        due = [one for one in policies if self.readings.first(one, now)]
        terms = (due or policies)[which % len(due or policies)]
        expected = self.readings.first(terms, now)
        # Half of the time the right day, else any other.
        day = expected[0] if expected and which % 2 else terms.first_day + at
        found: list[CoverPaid] = []
        is_paid = self.tries(lambda: found.append(self.desk.pay(terms, day).one(CoverPaid)))
        assert is_paid == (expected is not None and expected[0] == day)
        if expected is not None and is_paid:
            assert found[0].payout == expected[1] <= terms.sum
            self.end(insurer, terms, expected[1])

    @rule(insurer=st.sampled_from(INSURERS), ago=st.integers(1, 6), is_due=st.booleans())
    def pay_batch(self, insurer: str, ago: int, is_due: bool) -> None:
        """All open policies of both pools in one list: exactly those of this pool that the day pays are paid."""
        day, now = self.desk.today - ago, self.desk.world.evm.now
        everything = [terms for pool in self.pools.values() for terms in pool.open][:50]
        if not everything:
            return
        due = [(one, self.readings.first(one, now)) for one in everything if one in self.pools[insurer].open]
        day = max((hit[0] for _, hit in due if hit), default=day) if is_due else day
        expected = {self.desk.identity(one): (one, hit[1]) for one, hit in due if hit and hit[0] == day}
        found: list[CoverPaid] = []
        its = self.desk.world.ids[insurer]
        is_paid = self.tries(
            lambda: found.extend(self.desk.pay_batch(everything, day, insurer=its).every(CoverPaid))
        )
        assert is_paid == bool(expected)
        assert {one.policy: one.payout for one in found} == {key: paid for key, (_, paid) in expected.items()}
        for terms, payout in expected.values():
            self.end(insurer, terms, payout)

    @rule(insurer=st.sampled_from(INSURERS), which=st.integers(0, 99))
    def expire(self, insurer: str, which: int) -> None:
        if not (policies := self.pools[insurer].open):
            return
        terms = policies[which % len(policies)]
        is_freed = self.tries(lambda: self.desk.expire(terms))
        assert is_freed == self.readings.is_over(terms, self.desk.world.evm.now)
        if is_freed:
            self.end(insurer, terms, 0)

    @precondition(lambda self: self.ended)
    @rule(which=st.integers(0, 99))
    def again(self, which: int) -> None:
        policy = list(self.ended)[which % len(self.ended)]
        state = self.desk.world.view(COVER, DisruptionCover.policy_of(policy))
        assert (state.is_settled, state.payout) == (True, self.ended[policy])

    # Books

    @invariant()
    def books_agree(self) -> None:
        if not hasattr(self, "desk"):
            return
        world = self.desk.world
        held = sum(world.cash(one) for one in {*RICH, "supplier", "supplier2", "treasury"})
        for insurer, pool in self.pools.items():
            found = world.view(COVER, DisruptionCover.pool_of(world.ids[insurer], USD))
            assert found == (pool.capital, pool.locked)
            assert found.locked <= found.capital
            word = self.desk.word(insurer)
            assert (word.shares, word.open) == (pool.total, len(pool.open))
            account = int(world.view(COVER, DisruptionCover.pool_id(world.ids[insurer], USD)))
            held += world.cash(account)
            assert world.cash(account) == pool.capital
        assert held == self.total
        shared = self.pools["insurer"]
        for who in INVESTORS:
            assert (self.desk.shares(who), self.desk.worth(who)) == (shared.shares[who], shared.worth(who))
        today = self.desk.today
        assert self.desk.sold_on(today + 1) == shared.sold[today + 1] <= CAP

    def price(self, insurer: str) -> Fraction:
        """What one share is worth, exactly."""
        pool = self.pools[insurer]
        return Fraction(pool.capital + 1, pool.total + VIRTUAL)

    def price_holds(self, insurer: str, before: Fraction) -> None:
        """I-27: neither an entry nor an exit lowers it."""
        assert self.price(insurer) >= before

    def held(self) -> list[int]:
        """Days that wait for people."""
        return [day for day, (state, _) in self.readings.decided.items() if state == IndexState.HELD]

    def end(self, insurer: str, terms: Policy, payout: int) -> None:
        """A policy is over."""
        self.pools[insurer].end(terms, payout)
        self.ended[self.desk.identity(terms)] = payout

    @staticmethod
    def tries(act: Callable[[], Any]) -> bool:
        """Whether the contract takes it."""
        try:
            act()
        except Reverted:
            return False
        return True


def test_cover__random_histories__books_agree_after_every_step() -> None:
    """I-22, I-23, I-24, I-26, I-27: capital and caps, one payout a policy, no early release, investors at exit days."""
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        CoverMachine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )
