"""Cover: policies, pools with shares, readings of one peril at one place (I-22 to I-27)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.properties.books.arithmetic import CLOSED, DAY, WHOLE_BPS, ceil_div
from tests.properties.books.evidence import EvidenceBook
from tests.properties.books.network import INSURER
from tests.properties.books.orders import Order
from tests.properties.books.refusals import Refusals

WINDOW_DAYS, GRACE_DAYS, SECOND_LOOK_DAYS = 2, 3, 14
LINEAR, THRESHOLD, STEPPED = 0, 1, 2
MOST_BATCH = 50
VIRTUAL = 10**6


@dataclass
class Pool:
    """One insurer's pool in one currency."""

    insurer: str
    currency: int
    account: int
    cap: int = 0
    epoch_days: int = 0
    generation: int = 0
    total: int = 0
    shares: dict[str, int] = field(default_factory=dict)
    joined_in: dict[str, int] = field(default_factory=dict)  # the epoch of an investor's last entry


@dataclass
class Cover:
    """One policy: linear between attach and exhaust, all from attach on, or by steps."""

    id: int
    pool: Pool
    order: Order
    insured: str
    amount: int
    premium: int
    first_day: int
    last_day: int
    attach: int
    exhaust: int
    waiting_days: int
    kind: int = LINEAR
    steps: tuple[tuple[int, int], ...] = ()
    terms: Any = None
    payout: int = 0
    is_settled: bool = False

    def pays(self, index: int) -> int:
        """I-23: nothing below attach, all from exhaust on, between them by the kind, rounded down."""
        if index < self.attach:
            return 0
        if index >= self.exhaust or self.kind == THRESHOLD:
            return self.amount
        if self.kind == STEPPED:
            return max(pays for at, pays in self.steps if index >= at)
        return self.amount * (index - self.attach) // (self.exhaust - self.attach)

    @property
    def bound_until(self) -> int:
        """Last second in which its capital is bound (I-26)."""
        return (self.last_day + 1 + WINDOW_DAYS + GRACE_DAYS) * DAY

    def __repr__(self) -> str:
        return f"<cover {self.id % 10_000}>"


def pool_account(insurer: int, currency: int) -> int:
    """The ledger's account of a pool's capital."""
    return int.from_bytes(keccak(encode(["string", "uint32", "uint16"], ["pool", insurer, currency])), "big")


@dataclass
class CoverBook(EvidenceBook):
    """All pools, policies and readings."""

    pools: dict[int, Pool] = field(default_factory=dict)
    covers: dict[int, Cover] = field(default_factory=dict)
    indices: dict[int, int] = field(default_factory=dict)
    peaks: dict[int, int] = field(default_factory=dict)  # of all readings, agreed upon or not
    held_days: dict[int, tuple[int, ...]] = field(default_factory=dict)
    void_days: set[int] = field(default_factory=set)

    @property
    def today(self) -> int:
        """The unix day."""
        return self.now // DAY

    def holds(self) -> list[tuple[int, int]]:
        """The pools' capital too."""
        return [*super().holds(), *((pool.account, pool.currency) for pool in self.pools.values())]

    def capital(self, pool: Pool) -> int:
        """What is in the pool."""
        return self.of(pool.currency, pool.account)

    def open_in(self, pool: Pool) -> list[Cover]:
        """Policies neither paid nor expired."""
        return [one for one in self.covers.values() if one.pool is pool and not one.is_settled]

    def locked(self, pool: Pool) -> int:
        """The sums of open policies."""
        return sum(one.amount for one in self.open_in(pool))

    def sold_on(self, pool: Pool, day: int) -> int:
        """What was ever sold on one day; a policy that was paid still counts."""
        sold = (one for one in self.covers.values() if one.pool is pool)
        return sum(one.amount for one in sold if one.first_day <= day <= one.last_day)

    def buy(self, cover: Cover) -> None:
        """Premium to the pool, sum locked (I-22, I-24)."""
        pool, order = cover.pool, cover.order
        no = Refusals()
        self.ask_standing(no, pool.insurer, INSURER)
        self.ask_standing(no, cover.insured, 0)
        self.ask_open(no, pool.currency, pool.insurer, cover.insured)
        no.when(cover.first_day < self.today + cover.waiting_days, "WaitingPeriod")
        is_party = cover.insured in {order.holder, order.buyer}
        no.when(not is_party or order.phase == CLOSED, "NoInsurableInterest")
        no.when(order.currency != pool.currency, "CurrencyDiffers")
        recent = (self.peaks.get(self.today - ago, 0) for ago in range(1, WINDOW_DAYS + 3))
        no.when(max(recent) >= cover.attach, "EventUnderWay")
        no.when(self.locked(pool) + cover.amount > self.capital(pool) + cover.premium, "CapitalShort")
        days = range(cover.first_day, cover.last_day + 1)
        is_full = pool.cap and any(self.sold_on(pool, day) + cover.amount > pool.cap for day in days)
        no.when(is_full, "BucketFull")
        no.when(pool.epoch_days and self._crosses(cover), "AcrossExitDay")
        self.ask_payer(no, pool.currency, cover.insured, cover.premium)
        no.stand()
        self.move(pool.currency, cover.insured, pool.account, cover.premium)
        self.covers[cover.id] = cover

    def epoch_of(self, pool: Pool, day: int) -> int:
        """An exit day is the last of its epoch."""
        return (day - 1) // pool.epoch_days

    def _crosses(self, cover: Cover) -> bool:
        pool = cover.pool
        epoch = self.epoch_of(pool, cover.first_day)
        last_bound = cover.last_day + 1 + WINDOW_DAYS + GRACE_DAYS
        is_far = epoch > self.epoch_of(pool, self.today) + 1
        return is_far or last_bound > (epoch + 1) * pool.epoch_days

    def is_open_day(self, day: int) -> bool:
        """Whether a day may still get its index."""
        if day in self.held_days:
            return True
        is_undecided = day not in self.indices and day not in self.void_days
        return is_undecided and self.now <= (day + 1 + WINDOW_DAYS) * DAY

    def observe(self, day: int, values: tuple[int, ...], spread_bps: int, quorum: int) -> None:
        """All read: their median stands where a quorum of them agrees, else the day is held for a second look."""
        ordered = sorted(values)
        median = (ordered[len(ordered) // 2] + ordered[(len(ordered) - 1) // 2]) // 2
        spread = max(1, ceil_div(median * spread_bps, WHOLE_BPS))
        self.peaks[day] = ordered[-1]
        if any(high - low <= spread for low, high in zip(ordered, ordered[quorum - 1 :], strict=False)):
            self.indices[day] = median
        else:
            self.held_days[day] = tuple(ordered)

    def resolve_index(self, day: int, value: int, *, is_void: bool) -> None:
        """People choose among what was read, or that nothing stands."""
        no = Refusals()
        no.when(day not in self.held_days, "NotHeld")
        values = self.held_days.get(day, (0,))
        lowest, highest = (0, 0) if is_void else (values[0], values[-1])
        no.when(not lowest <= value <= highest, "BeyondTheReadings")
        no.stand()
        self._decide(day, None if is_void else value)

    def give_up_index(self, day: int) -> None:
        """Anyone, two weeks after the window: nothing stands, and capital is free again."""
        no = Refusals()
        no.when(day not in self.held_days, "NotHeld")
        no.when(self.now <= (day + 1 + WINDOW_DAYS + SECOND_LOOK_DAYS) * DAY, "TooEarly")
        no.stand()
        self._decide(day, None)

    def _decide(self, day: int, value: int | None) -> None:
        del self.held_days[day]
        if value is None:
            self.void_days.add(day)
        else:
            self.indices[day] = value

    def first_open_or_paying(self, cover: Cover, day: int) -> int:
        """The first covered day until this one that may still pay, or does."""
        for one in range(cover.first_day, day):
            if self.is_open_day(one) or cover.pays(self.indices.get(one, 0)):
                return one
        return day

    def pay_batch(self, pool: Pool, day: int, covers: list[Cover]) -> None:
        """Each as alone; what the day does not pay is left as it is."""
        paying = []
        for cover in covers:
            is_of_day = cover.pool is pool and cover.first_day <= day <= cover.last_day
            payout = cover.pays(self.indices.get(day, 0))
            is_known = cover.id in self.covers and not cover.is_settled and cover not in paying
            if is_known and is_of_day and payout and self.first_open_or_paying(cover, day) == day:
                paying.append(cover)
        no = Refusals()
        no.when(not 0 < len(covers) <= MOST_BATCH, "BatchOutOfRange")
        no.when(not paying, "NothingPayable")
        no.stand()
        for cover in paying:
            self._pay_out(cover, day)

    def pay_cover(self, cover: Cover, day: int) -> None:
        """For the first covered day that pays; the lender first (I-25), once (I-23)."""
        no = Refusals()
        no.when(cover.is_settled, "PolicySettled")
        no.when(not cover.first_day <= day <= cover.last_day, "DayNotCovered")
        no.when(day not in self.indices, "IndexNotFixed")
        payout = cover.pays(self.indices.get(day, 0))
        no.when(payout == 0, "BelowAttach")
        is_blocked = self.first_open_or_paying(cover, min(day, cover.last_day + 1)) < day
        no.when(day <= cover.last_day and is_blocked, "EarlierDayOpen")
        no.stand()
        self._pay_out(cover, day)

    def _pay_out(self, cover: Cover, day: int) -> None:
        payout = cover.pays(self.indices[day])
        cover.is_settled, cover.payout = True, payout
        pool, order = cover.pool, cover.order
        taken = self.collect_cover(order, payout, cover.insured)
        if order.line is not None:
            self.move(pool.currency, pool.account, order.line.funder, taken)
        self.move(pool.currency, pool.account, cover.insured, payout - taken)

    def collect_cover(self, order: Order, amount: int, insured: str) -> int:
        """What the lender takes of a payout; draws close, but for a buyer's cover of its own loss (P31)."""
        loan = order.loan
        if order.line is None or loan is None:
            return 0
        taken = min(amount, sum(self.outstanding(order)))
        if taken == 0 and (not loan.is_open or insured != order.holder):
            return 0
        if loan.draws == 0:
            loan.is_open = False
            self.free_reserve(order)
            return 0
        self.book(order, taken, closes=True)
        return taken

    def expire(self, cover: Cover) -> None:
        """I-26: after the last day's readings and grace, when no covered day paid."""
        no = Refusals()
        no.when(cover.is_settled, "PolicySettled")
        no.when(self.now <= cover.bound_until, "CapitalStillBound")
        days = range(cover.first_day, cover.last_day + 1)
        no.when(any(self.is_open_day(day) for day in days), "IndexNotFixed")
        no.when(any(cover.pays(self.indices.get(day, 0)) for day in days), "TriggeredUnpaid")
        no.stand()
        cover.is_settled = True

    def fund(self, pool: Pool, amount: int) -> None:
        """The insurer, at any time."""
        no = Refusals()
        self.ask_standing(no, pool.insurer, INSURER)
        self.ask_open(no, 0, pool.insurer)
        self._enter(no, pool, pool.insurer, amount)

    def enter(self, pool: Pool, investor: str, amount: int) -> None:
        """A member, on an exit day with nothing pending."""
        no = Refusals()
        self.ask_standing(no, investor, 0)
        self.ask_open(no, 0, investor)
        self.ask_standing(no, pool.insurer, INSURER)
        no.when(not pool.epoch_days, "PoolClosed")
        self._ask_nothing_pending(no, pool)
        self._enter(no, pool, investor, amount)

    def _enter(self, no: Refusals, pool: Pool, investor: str, amount: int) -> None:
        capital = self.capital(pool)
        is_ruined = capital == 0 and pool.total != 0
        total = 0 if is_ruined else pool.total
        shares = amount * (total + VIRTUAL) // (capital + 1)
        no.when(amount == 0, "InvalidTerms")
        no.when(shares == 0, "PriceMoved")
        no.when(total + shares >= 1 << 88, "SharesOutOfRange")
        self.ask_payer(no, pool.currency, investor, amount)
        no.stand()
        if is_ruined:
            pool.shares, pool.generation, pool.joined_in = {}, pool.generation + 1, {}
        pool.joined_in[investor] = self.epoch_of(pool, self.today) if pool.epoch_days else 0
        pool.total = total + shares
        pool.shares[investor] = pool.shares.get(investor, 0) + shares
        self.move(pool.currency, investor, pool.account, amount)

    def leave(self, pool: Pool, investor: str, shares: int) -> None:
        """An investor of a former epoch, on an exit day with nothing pending, as far as capital is free."""
        capital = self.capital(pool)
        amount = shares * (capital + 1) // (pool.total + VIRTUAL)
        no = Refusals()
        no.when(shares > pool.shares.get(investor, 0), "SharesOutOfRange")
        self._ask_nothing_pending(no, pool)
        has_stayed = (
            pool.joined_in.get(investor) != self.epoch_of(pool, self.today) if pool.epoch_days else True
        )
        no.when(not has_stayed, "NotExitDay")
        is_given_up = 0 < shares == pool.shares.get(investor, 0)
        no.when(amount == 0 and not is_given_up, "InvalidTerms")
        no.when(amount > capital - self.locked(pool), "CapitalShort")
        no.stand()
        pool.shares[investor] -= shares
        pool.total -= shares
        self.move(pool.currency, pool.account, investor, amount)

    def _ask_nothing_pending(self, no: Refusals, pool: Pool) -> None:
        pending = self.open_in(pool)
        if pool.epoch_days:
            no.when(self.today % pool.epoch_days, "NotExitDay")
            following = self.epoch_of(pool, self.today) + 1
            pending = [one for one in pending if self.epoch_of(pool, one.first_day) != following]
        no.when(pending, "ObservationPending")
