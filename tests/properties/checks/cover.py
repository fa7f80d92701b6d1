"""I-22 to I-28 of cover: capital, payouts, sales, the lienholder, release, investors."""

from __future__ import annotations

from settlement.chain.bindings.disruption_cover import CoverPaid
from settlement.chain.bindings.index_oracle import IndexResolved
from tests.properties.books.network import INSURER
from tests.properties.registry import proves
from tests.properties.step import Step

FIXED, HELD, VOID = 2, 3, 5
POOLED = ("fund", "enter", "leave")


@proves("I-22", "what open policies may pay is locked, and never more than the pool's capital")
def capital_covers_what_is_locked(step: Step) -> None:
    for code, pool in step.book.pools.items():
        seen = step.after.pools[code]
        assert seen.locked == step.book.locked(pool)
        assert seen.open == len(step.book.open_in(pool))
        assert seen.locked <= step.after.cash[code, pool.account]


@proves("I-22", "on one (peril, place, day) no capped pool sells more than its cap", on=("buy",))
def buckets_stay_within_their_cap(step: Step) -> None:
    cover = step.facts["cover"]
    cap = step.after.pools[cover.pool.currency].cap
    for day in range(cover.first_day, cover.last_day + 1):
        assert not cap or step.book.sold_on(cover.pool, day) <= cap


@proves(
    "I-23",
    "a policy pays by its kind: all from attach on, by its steps, or its part of the way, rounded down",
    on=("pay_cover",),
)
def payouts_follow_the_index(step: Step) -> None:
    cover, index = step.facts["cover"], step.book.indices[step.facts["day"]]
    (paid,) = step.every(CoverPaid)
    assert 0 < paid.payout == cover.pays(index) <= cover.amount
    assert paid.index == index
    assert paid.to_loss_payee + paid.to_insured == paid.payout
    assert step.change(cover.pool.currency, cover.pool.account) == -paid.payout


@proves(
    "I-23 I-24",
    "a batch pays each open policy for its first paying day what it pays alone, once, and leaves all others",
    on=("pay_batch",),
)
def batches_pay_each_once(step: Step) -> None:
    pool, day = step.facts["pool"], step.facts["day"]
    told = {paid.policy: paid for paid in step.every(CoverPaid)}
    assert len(told) == len(step.every(CoverPaid)) > 0
    for id_, cover in step.book.covers.items():
        was_open = not step.before.policies[id_] >> 192 & 1
        is_due = cover.pool is pool and step.book.first_open_or_paying(cover, day) == day
        payout = cover.pays(step.book.indices[day]) if cover.first_day <= day <= cover.last_day else 0
        assert (id_ in told) == bool(was_open and is_due and payout)
        if id_ in told:
            assert told[id_].payout == payout == told[id_].to_loss_payee + told[id_].to_insured
            assert told[id_].index == step.book.indices[day]
    lost = -step.change(pool.currency, pool.account)
    assert lost == sum(paid.payout for paid in told.values())
    before, after = step.before.pools[pool.currency], step.after.pools[pool.currency]
    assert before.locked - after.locked == sum(step.book.covers[id_].amount for id_ in told)


@proves(
    "I-23", "an index stands, once it is fixed, held or void, as the readings and the second look made it"
)
def indices_are_the_books(step: Step) -> None:
    for day, (state, median) in step.after.indices.items():
        book = step.book
        expected = HELD if day in book.held_days else VOID if day in book.void_days else FIXED
        assert state == expected
        if state != HELD:
            assert median == book.indices.get(day, 0)
        before = step.before.indices.get(day)
        assert before is None or before == (state, median) or before[0] == HELD


@proves(
    "I-23 I-26",
    "a held day is decided among its readings by a quorum, or is void; anybody gives it up, but not for two weeks",
    on=("resolve_index", "give_up_index"),
)
def held_days_are_looked_at_again(step: Step) -> None:
    day = step.facts["day"]
    (told,) = step.every(IndexResolved)
    assert step.before.indices[day][0] == HELD
    assert step.after.indices[day] == ((VOID, 0) if told.is_void else (FIXED, told.value))
    if step.verb == "give_up_index":
        assert told.is_void
        assert step.after.at > (day + 17) * 86_400
    assert step.after.cash == step.before.cash


@proves("I-23", "a policy is over once: paid for its first paying day, or expired, and never again")
def policies_end_once(step: Step) -> None:
    for id_, before in step.before.policies.items():
        after = step.after.policies[id_]
        assert after == before or not before >> 192 & 1
        assert after & (1 << 136) - 1 == before & (1 << 136) - 1
    for id_, cover in step.book.covers.items():
        assert step.after.policies[id_] >> 136 == cover.payout | cover.is_settled << 56


@proves("I-23 I-24", "no day pays while an earlier covered day may still, or did", on=("pay_cover",))
def first_paying_days_pay(step: Step) -> None:
    cover = step.facts["cover"]
    for day in range(cover.first_day, step.facts["day"]):
        assert not step.book.is_open_day(day)
        assert not cover.pays(step.book.indices.get(day, 0))


@proves(
    "I-24", "cover begins after its waiting period, and none is sold while an event is under way", on=("buy",)
)
def sales_come_before_events(step: Step) -> None:
    cover, today = step.facts["cover"], step.after.at // 86_400
    assert cover.first_day >= today + cover.waiting_days > today
    assert all(step.book.peaks.get(today - ago, 0) < cover.attach for ago in (1, 2, 3, 4))


@proves(
    "I-25 I-15",
    "the lender's outstanding at payout is paid first, the insured has the rest",
    on=("pay_cover",),
)
def lienholders_are_paid_first(step: Step) -> None:
    (paid,) = step.every(CoverPaid)
    assert step.told is not None
    assert paid.to_loss_payee == min(paid.payout, step.facts["owed"])
    assert step.told.interest + step.told.principal == step.facts["owed"] - paid.to_loss_payee


@proves("I-26", "capital is freed by payment, or after the last day's readings and grace", on=("expire",))
def capital_is_freed_late(step: Step) -> None:
    cover = step.facts["cover"]
    assert step.after.at > (cover.last_day + 6) * 86_400
    assert not any(
        cover.pays(step.book.indices.get(day, 0)) for day in range(cover.first_day, cover.last_day + 1)
    )
    code = cover.pool.currency
    assert step.before.pools[code].locked - step.after.pools[code].locked == cover.amount


@proves("I-26", "what is locked falls by a policy paid or expired, and by nothing else")
def locks_last(step: Step) -> None:
    for code, before in step.before.pools.items():
        if step.verb not in {"pay_cover", "pay_batch", "expire"}:
            assert step.after.pools[code].locked >= before.locked


@proves("I-27", "investors come and go only on exit days with nothing pending", on=("enter", "leave"))
def investors_move_on_exit_days(step: Step) -> None:
    pool, today = step.facts["pool"], step.after.at // 86_400
    if pool.epoch_days:
        assert today % pool.epoch_days == 0
        following = step.book.epoch_of(pool, today) + 1
        assert all(step.book.epoch_of(pool, one.first_day) == following for one in step.book.open_in(pool))
    else:
        assert not step.book.open_in(pool)


@proves("I-27", "the price of a share never falls for those who stay when others come or go", on=POOLED)
def prices_never_fall_for_those_who_stay(step: Step) -> None:
    pool = step.facts["pool"]
    before, after = step.before.pools[pool.currency], step.after.pools[pool.currency]
    key = (pool.currency, pool.account)
    if before.generation == after.generation:
        was, now = step.before.cash[key] + 1, step.after.cash[key] + 1
        assert now * (before.shares + 10**6) >= was * (after.shares + 10**6)


@proves("I-27", "a pool's shares are the sum of its investors', and change by coming and going alone")
def shares_are_the_books(step: Step) -> None:
    for code, pool in step.book.pools.items():
        seen = step.after.pools[code]
        assert seen.shares == pool.total == sum(pool.shares.values())
        assert seen.generation == pool.generation
        if step.verb not in POOLED:
            assert seen.shares == step.before.pools[code].shares


@proves("I-22 I-27", "capital leaves a pool by payouts and exits alone, and never below what stays locked")
def capital_leaves_by_payout_or_exit(step: Step) -> None:
    for code, pool in step.book.pools.items():
        lost = -step.change(code, pool.account)
        assert lost <= 0 or step.verb in {"pay_cover", "pay_batch", "leave"}


@proves("I-28", "cover opens only between an insurer and an insured in good standing", on=("buy",))
def cover_opens_in_good_standing(step: Step) -> None:
    cover = step.facts["cover"]
    assert step.book.has_standing(cover.pool.insurer, INSURER)
    assert step.book.has_standing(cover.insured, 0)
    assert cover.insured in {cover.order.holder, cover.order.buyer}
