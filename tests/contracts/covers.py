"""Policies on the bare EVM: an insurer's pool, terms that both sides sign, readings, payouts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final

from settlement.chain.bindings.disruption_cover import DisruptionCover, PoolOfAnswer, SharesOfAnswer
from settlement.chain.bindings.enums import PayoutKind
from settlement.chain.bindings.structs import (
    Policy,
    PolicyState,
    Pool,
    PoolEntry,
    PoolExit,
    PoolFunding,
    PoolTerms,
)
from tests.contracts.harness import Outcome
from tests.contracts.observers import DAY, HAIPHONG, WIND, Station, day_of
from tests.contracts.world import USD, World

COVER: Final = "DisruptionCover"
POOL_MINOR: Final = 100_000_00
SUM_MINOR: Final = 70_000_00
PREMIUM_MINOR: Final = 1_500_00
ATTACH, EXHAUST = 330, 500


@dataclass
class Desk:
    """The insurer's desk: a world, its observers, and the acts around cover."""

    world: World
    station: Station
    _nonces: Any = field(default_factory=lambda: count(1))

    @property
    def today(self) -> int:
        """The unix day of the chain's clock."""
        return day_of(self.world.evm.now)

    def funding(self, amount: int, currency: int = USD, **changes: Any) -> PoolFunding:
        """The insurer moves free cash into its pool."""
        plain = PoolFunding(
            insurer=self.world.ids["insurer"],
            currency=currency,
            amount=amount,
            nonce=next(self._nonces),
            deadline=self.world.evm.now + DAY,
        )
        return replace(plain, **changes)

    def fund(self, funding: PoolFunding, by: str = "insurer") -> Outcome[None]:
        """Relay a signed funding."""
        signature = self.world.sign(by, COVER, funding)
        return self.world.send(COVER, DisruptionCover.fund(funding, signature))

    def terms(self, order: int, **changes: Any) -> Policy:
        """Wind cover of 70,000.00 from 33.0 to 50.0 m/s for three days from tomorrow, insured by the supplier."""
        plain = Policy(
            insurer=self.world.ids["insurer"],
            insured=self.world.ids["supplier"],
            order=order,
            currency=USD,
            sum=SUM_MINOR,
            premium=PREMIUM_MINOR,
            peril=WIND,
            place=HAIPHONG,
            first_day=self.today + 1,
            last_day=self.today + 3,
            kind=PayoutKind.LINEAR,
            attach=ATTACH,
            exhaust=EXHAUST,
            step_at=(),
            step_pays=(),
            no_data_bps=0,
            waiting_days=1,
            nonce=next(self._nonces),
            deadline=self.world.evm.now + DAY,
        )
        return replace(plain, **changes)

    def open_pool(self, by: str = "insurer", **changes: Any) -> Outcome[None]:
        """An insurer opens its pool: exits every 30 days, 90,000.00 on one bucket."""
        plain = PoolTerms(
            self.world.ids[by], USD, 90_000_00, 30, next(self._nonces), self.world.evm.now + DAY
        )
        terms = replace(plain, **changes)
        return self.world.send(COVER, DisruptionCover.open_pool(terms, self.world.sign(by, COVER, terms)))

    def entry(self, by: str, amount: int, **changes: Any) -> PoolEntry:
        """A member's cash for the insurer's pool."""
        plain = PoolEntry(
            investor=self.world.ids[by],
            insurer=self.world.ids["insurer"],
            currency=USD,
            amount=amount,
            min_shares=0,
            nonce=next(self._nonces),
            deadline=self.world.evm.now + DAY,
        )
        return replace(plain, **changes)

    def enter(self, by: str, amount: int, **changes: Any) -> Outcome[None]:
        """Relay an investor's signed entry."""
        entry = self.entry(by, amount, **changes)
        signature = self.world.sign(by, COVER, entry)
        return self.world.send(COVER, DisruptionCover.enter(entry, signature))

    def wish_to_leave(self, by: str, shares: int | None = None, **changes: Any) -> PoolExit:
        """A member's shares, all of them by default, for its part of the capital."""
        plain = PoolExit(
            investor=self.world.ids[by],
            insurer=self.world.ids["insurer"],
            currency=USD,
            shares=self.shares(by) if shares is None else shares,
            min_amount=0,
            nonce=next(self._nonces),
            deadline=self.world.evm.now + DAY,
        )
        return replace(plain, **changes)

    def exit(self, by: str, shares: int | None = None, **changes: Any) -> Outcome[None]:
        """Relay an investor's signed exit."""
        wish = self.wish_to_leave(by, shares, **changes)
        signature = self.world.sign(by, COVER, wish)
        return self.world.send(COVER, DisruptionCover.exit(wish, signature))

    def shares(self, investor: str, insurer: str = "insurer", currency: int = USD) -> int:
        """A member's shares of an insurer's pool."""
        return self._holding(investor, insurer, currency).shares

    def worth(self, investor: str, insurer: str = "insurer", currency: int = USD) -> int:
        """What they are worth now."""
        return self._holding(investor, insurer, currency).worth

    def _holding(self, investor: str, insurer: str, currency: int) -> SharesOfAnswer:
        ids = self.world.ids
        found: SharesOfAnswer = self.world.view(
            COVER, DisruptionCover.shares_of(ids[insurer], currency, ids[investor])
        )
        return found

    def word(self, insurer: str = "insurer", currency: int = USD) -> Pool:
        """A pool as stored."""
        found: Pool = self.world.view(COVER, DisruptionCover.pool_word_of(self.world.ids[insurer], currency))
        return found

    def sold_on(self, day: int, insurer: str = "insurer") -> int:
        """What was sold on the wind bucket of a day."""
        return int(
            self.world.view(COVER, DisruptionCover.sold_on(self.world.ids[insurer], USD, WIND, HAIPHONG, day))
        )

    def next_exit_day(self, every: int = 30) -> int:
        """Wait for the next exit day; its number."""
        day = (self.today // every + 1) * every
        self.world.evm.set_time(day * DAY + 1)
        return day

    def buy(self, terms: Policy, insurer: str = "insurer", insured: str = "supplier") -> Outcome[int]:
        """Relay terms that both signed."""
        signatures = (self.world.sign(insurer, COVER, terms), self.world.sign(insured, COVER, terms))
        return self.world.send(COVER, DisruptionCover.buy(terms, *signatures))

    def bought(self, order: int, **changes: Any) -> Policy:
        """Terms that were just bought."""
        terms = self.terms(order, **changes)
        self.buy(terms)
        return terms

    def pay(self, terms: Policy, day: int) -> Outcome[None]:
        """Anyone has a policy paid."""
        return self.world.send(COVER, DisruptionCover.pay(terms, day))

    def pay_batch(self, policies: Sequence[Policy], day: int, **changes: Any) -> Outcome[int]:
        """Anyone has several policies of the insurer's pool paid."""
        plain = {"insurer": self.world.ids["insurer"], "currency": USD, "peril": WIND, "place": HAIPHONG}
        call = DisruptionCover.pay_batch(**{**plain, "day": day, "policies": tuple(policies), **changes})
        return self.world.send(COVER, call)

    def expire(self, terms: Policy) -> Outcome[None]:
        """Anyone has a policy expire."""
        return self.world.send(COVER, DisruptionCover.expire(terms))

    def observe(self, day: int, index: int) -> None:
        """Once the day is over all observers read the same, which fixes the index."""
        if self.world.evm.now < (day + 1) * DAY:
            self.world.evm.set_time((day + 1) * DAY)
        self.station.observe_all(day, (index,) * 5)

    def identity(self, terms: Policy) -> int:
        """The policy's id."""
        return int(self.world.view(COVER, DisruptionCover.policy_id(terms)))

    def state(self, terms: Policy) -> PolicyState:
        """The policy as stored."""
        found: PolicyState = self.world.view(COVER, DisruptionCover.policy_of(self.identity(terms)))
        return found

    def pool(self, currency: int = USD) -> PoolOfAnswer:
        """The insurer's pool."""
        found: PoolOfAnswer = self.world.view(
            COVER, DisruptionCover.pool_of(self.world.ids["insurer"], currency)
        )
        return found

    def expires_at(self, terms: Policy) -> int:
        """The last second in which the capital is bound."""
        return int(self.world.view(COVER, DisruptionCover.expires_at(terms)))


def open_desk(world: World) -> Desk:
    """Observers seated and 100,000.00 USD in the insurer's pool."""
    station = Station(world.evm, world.at["IndexOracle"])
    station.seat()
    desk = Desk(world, station)
    desk.fund(desk.funding(POOL_MINOR))
    return desk
