"""Cover sold, paid and expired; pools funded, entered and left; readings, or silence."""

from __future__ import annotations

from hypothesis.stateful import precondition, rule

from settlement.chain.bindings.disruption_cover import DisruptionCover
from settlement.chain.bindings.enums import PayoutKind
from settlement.chain.bindings.structs import Policy, PoolEntry, PoolExit, PoolFunding
from tests.contracts.covers import COVER
from tests.contracts.harness.signers import typed_digest
from tests.contracts.observers import HAIPHONG, OBSERVERS, SPREAD_BPS, WIND, Station
from tests.properties.books import Cover
from tests.properties.books.arithmetic import DAY
from tests.properties.books.cover import LINEAR, SECOND_LOOK_DAYS, STEPPED, THRESHOLD, WINDOW_DAYS
from tests.properties.rules.base import Act, Base
from tests.properties.rules.dice import DICE, Dice

INDICES = (0, 329, 330, 400, 499, 500, 9_999, 0, 0)
STORMS = (400, 500, 9_999, 499, 330, 0)
INVESTORS = ("insurer", "bank2", "supplier2")
MOST_COVERS = 8


class CoverRules(Base):
    """The insurer's side of the market."""

    @precondition(lambda self: self.book.orders and len(self.book.covers) < MOST_COVERS)
    @rule(dice=DICE)
    def buy_cover(self, dice: Dice) -> None:
        """Wind cover for a party of an order, now and then too early, too much or for a stranger."""
        order = self.pick(dice, lambda one: not one.is_closed)
        pool = self.book.pools[dice.of([order.currency] * 11 + list(self.book.pools), "pool")]
        insured = dice.of([order.holder, order.buyer] * 4 + ["bank"], "insured")
        first = self.book.today + dice.of([1, 2, 1, 2, 3, 14, 0], "first day")
        free = max(1, self.book.capital(pool) - self.book.locked(pool))
        attach = dice.of([330, 400], "attach")
        is_plain = dice.of((True, False), "plain")
        if is_plain:
            pool, first = self.book.pools[order.currency], self.book.today + 1
        cover = Cover(
            id=0,
            pool=pool,
            order=order,
            insured=insured,
            amount=dice.of([777] if is_plain else [free, (free + 1) // 2, 5_000, 777, free + 2_000], "sum"),
            premium=dice.of([0] if is_plain else [0, 15, 700], "premium"),
            first_day=first,
            last_day=first + dice.of([0, 1] if is_plain else [0, 1, 3], "length"),
            attach=attach,
            exhaust=dice.of([500, attach + 1], "exhaust"),
            waiting_days=dice.of([1] if is_plain else [1, 1, 2], "waiting"),
            kind=dice.of((LINEAR, LINEAR, THRESHOLD, STEPPED), "kind"),
        )
        if cover.kind == THRESHOLD:
            cover.exhaust = attach
        elif cover.kind == STEPPED:
            cover.steps = self._stairs(cover)
        cover.terms = self._policy(cover)
        cover.id = int.from_bytes(typed_digest(self.market.at[COVER], cover.terms), "big")
        act = Act(
            "buy",
            COVER,
            ((pool.insurer, cover.terms), (insured, cover.terms)),
            lambda *by: DisruptionCover.buy(cover.terms, *by),
            order,
            {"cover": cover, "payers": (insured,)},
        )
        self.do(dice, act, lambda: self.book.buy(cover))

    def _stairs(self, cover: Cover) -> tuple[tuple[int, int], ...]:
        """Up to three steps, the last one the whole sum; a sum of one unit has one."""
        every = {cover.attach: cover.amount // 3, (cover.attach + cover.exhaust) // 2: cover.amount // 2}
        every[cover.exhaust] = cover.amount
        most, risen = 0, []
        for at, pays in sorted(every.items()):
            if pays > most:
                most = pays
                risen.append((at, pays))
        cover.attach = risen[0][0]
        return tuple(risen)

    def _policy(self, cover: Cover) -> Policy:
        ids = self.market.ids
        return Policy(
            insurer=ids[cover.pool.insurer],
            insured=ids[cover.insured],
            order=cover.order.id,
            currency=cover.pool.currency,
            sum=cover.amount,
            premium=cover.premium,
            peril=WIND,
            place=HAIPHONG,
            first_day=cover.first_day,
            last_day=cover.last_day,
            kind=PayoutKind(cover.kind),
            attach=cover.attach,
            exhaust=cover.exhaust,
            step_at=tuple(at for at, _ in cover.steps),
            step_pays=tuple(pays for _, pays in cover.steps),
            no_data_bps=0,
            waiting_days=cover.waiting_days,
            nonce=self.nonce(),
            deadline=self.book.now + DAY,
        )

    def unread(self) -> list[int]:
        """Past days whose readings are still taken."""
        past = (self.book.today - ago for ago in (1, 2))
        return [day for day in past if self.book.is_open_day(day) and day not in self.book.held_days]

    @precondition(lambda self: self.unread())
    @rule(dice=DICE)
    def observe(self, dice: Dice) -> None:
        """A day's index, whatever is covered."""
        self._observe(dice.of(self.unread(), "day"), dice.of(INDICES, "index"))

    @precondition(lambda self: self.coming())
    @rule(dice=DICE)
    def storm(self, dice: Dice) -> None:
        """A covered day passes and is read."""
        cover = dice.of(self.coming(), "cover")
        self.wait_until((cover.first_day + 1) * DAY + 60)
        if cover.first_day in self.unread():
            self._observe(cover.first_day, dice.of(STORMS, "index"))
        how = dice.of(("alone", "in a batch", "later"), "paid")
        if how == "alone":
            self._pay(cover, cover.first_day)
        elif how == "in a batch":
            self._pay_batch(dice, cover, cover.first_day)

    def coming(self) -> list[Cover]:
        """Policies whose first day is not over."""
        every = self.book.covers.values()
        return [one for one in every if not one.is_settled and one.first_day >= self.book.today - 1]

    def _observe(self, day: int, index: int) -> None:
        """All observers read the same, which fixes the index of a day."""
        self._read(day, (index,) * 5)

    def _read(self, day: int, values: tuple[int, ...]) -> None:
        station, last = self.station, OBSERVERS[4]
        station.observe_all(day, values[:4])
        self.step(
            "observe",
            lambda: station.observe(day, values[4], last),
            lambda: self.book.observe(day, values, SPREAD_BPS, 3),
            day=day, values=values,
        )  # fmt: skip

    @property
    def station(self) -> Station:
        """The observers' desk."""
        return Station(self.market.evm, self.market.at["IndexOracle"])

    @precondition(lambda self: self.unread())
    @rule(dice=DICE)
    def disagree(self, dice: Dice) -> None:
        """Readings of a day that lie apart, or nearly so."""
        day = dice.of(self.unread(), "day")
        readings = ((0, 330, 500, 900, 2000), (360, 400, 440, 0, 9999), (100, 361, 400, 440, 800))
        self._read(day, dice.of(readings, "readings"))

    @precondition(lambda self: self.book.held_days or self.book.indices)
    @rule(dice=DICE)
    def look_again(self, dice: Dice) -> None:
        """Observers decide a held day, or anybody gives it up after two weeks; now and then one that is not held."""
        day = dice.of([*self.book.held_days] * 5 or [*self.book.indices], "day")
        if dice.of((False, False, True), "given up"):
            self.maybe_wait(dice, (day + 1 + WINDOW_DAYS + SECOND_LOOK_DAYS) * DAY + 1)
            self.step(
                "give_up_index",
                lambda: self.station.give_up(day),
                lambda: self.book.give_up_index(day),
                day=day,
            )
            return
        is_void = dice.of((False, False, True), "void")
        value = 0 if is_void else dice.of((400, 500, 0, 9_999, 10_000), "value")
        resolution = self.station.resolution(day, value, is_void=is_void)
        self.step(
            "resolve_index",
            lambda: self.station.resolve(resolution),
            lambda: self.book.resolve_index(day, value, is_void=is_void),
            day=day, value=value,
        )  # fmt: skip

    @precondition(lambda self: self.book.covers)
    @rule(dice=DICE)
    def pay_batch(self, dice: Dice) -> None:
        """Anyone, all policies of a pool for one day, strangers and settled ones among them."""
        first = self._cover(dice)
        paying = [one for one in range(first.first_day, first.last_day + 1) if one in self.book.indices]
        self._pay_batch(dice, first, dice.of(paying or [first.first_day], "day"))

    def _pay_batch(self, dice: Dice, first: Cover, day: int) -> None:
        covers = list(self.book.covers.values())
        covers += covers[: dice.of((0, 1), "twice")]
        pool = first.pool
        orders = [one.order for one in covers]
        call = DisruptionCover.pay_batch(
            self.market.ids[pool.insurer],
            pool.currency,
            WIND,
            HAIPHONG,
            day,
            tuple(one.terms for one in covers),
        )
        self.step(
            "pay_batch",
            lambda: self.market.send(COVER, call),
            lambda: self.book.pay_batch(pool, day, covers),
            pool=pool,
            day=day,
            touched=frozenset(one.id for one in orders),
            payers={pool.account, *(one.reserve_account for one in orders)},
        )

    @precondition(lambda self: self.book.covers)
    @rule(dice=DICE)
    def pay_cover(self, dice: Dice) -> None:
        """Anyone, for some day of some policy."""
        cover = self._cover(dice)
        days = [*range(cover.first_day, cover.last_day + 1), cover.last_day + 1]
        paying = [day for day in days[:-1] if cover.pays(self.book.indices.get(day, 0))]
        self._pay(cover, dice.of([*paying[:1] * 4, *days], "day"))

    def _pay(self, cover: Cover, day: int) -> None:
        """Anyone has a policy paid."""
        owed = sum(self.book.outstanding(cover.order))
        self.step(
            "pay_cover",
            lambda: self.market.send(COVER, DisruptionCover.pay(cover.terms, day)),
            lambda: self.book.pay_cover(cover, day),
            cover.order,
            cover=cover, day=day, owed=owed, payers=(cover.pool.account,),
        )  # fmt: skip

    @precondition(lambda self: self.book.covers)
    @rule(dice=DICE)
    def expire_cover(self, dice: Dice) -> None:
        """Anyone, in time or too early."""
        cover = self._cover(dice)
        self.maybe_wait(dice, cover.bound_until + 1)
        self.step(
            "expire",
            lambda: self.market.send(COVER, DisruptionCover.expire(cover.terms)),
            lambda: self.book.expire(cover),
            cover=cover,
        )

    def _cover(self, dice: Dice) -> Cover:
        every = list(self.book.covers.values())
        unsettled = [one for one in every if not one.is_settled]
        return dice.of(unsettled * 5 + every, "cover")

    @rule(dice=DICE)
    def invest(self, dice: Dice) -> None:
        """The insurer funds; others come and go, on exit days and on others."""
        pool = dice.of(list(self.book.pools.values()), "pool")
        investor, ids = dice.of(INVESTORS, "investor"), self.market.ids
        amount = dice.of([1, 500, 9_000, 0], "amount")
        held = pool.shares.get(investor, 0)
        insurer = ids[pool.insurer]
        if pool.epoch_days and dice.of((True, False), "on an exit day"):
            self.wait_until((self.book.today // pool.epoch_days + 1) * pool.epoch_days * DAY + 1)
        until = self.book.now + DAY
        if dice.of(("enter", "leave"), "way") == "leave":
            shares = dice.of([held, held // 2, held + 1], "shares")
            gone = PoolExit(ids[investor], insurer, pool.currency, shares, 0, self.nonce(), until)
            act = Act(
                "leave", COVER, ((investor, gone),), lambda by: DisruptionCover.exit(gone, by), None,
                {"pool": pool, "payers": (pool.account,)},
            )  # fmt: skip
            self.do(dice, act, lambda: self.book.leave(pool, investor, shares))
        elif investor == pool.insurer:
            given = PoolFunding(insurer, pool.currency, amount, self.nonce(), until)
            act = Act(
                "fund", COVER, ((investor, given),), lambda by: DisruptionCover.fund(given, by), None,
                {"pool": pool, "payers": (investor,)},
            )  # fmt: skip
            self.do(dice, act, lambda: self.book.fund(pool, amount))
        else:
            entry = PoolEntry(ids[investor], insurer, pool.currency, amount, 0, self.nonce(), until)
            act = Act(
                "enter", COVER, ((investor, entry),), lambda by: DisruptionCover.enter(entry, by), None,
                {"pool": pool, "payers": (investor,)},
            )  # fmt: skip
            self.do(dice, act, lambda: self.book.enter(pool, investor, amount))
