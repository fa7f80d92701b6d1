"""Pools of DisruptionCover on the bare EVM: who puts capital in and takes it out, when, and at which price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.disruption_cover import DisruptionCover, PoolJoined, PoolLeft, PoolOpened
from settlement.chain.bindings.enums import Status
from settlement.chain.bindings.structs import Policy
from settlement.chain.bindings.test_cash import TestCash
from settlement.chain.bindings.trusted_network import TrustedNetwork
from settlement.pool_shares import VIRTUAL
from tests.contracts.covers import COVER, EXHAUST, Desk
from tests.contracts.harness import reverts
from tests.contracts.observers import DAY, Station
from tests.contracts.world import INSURER, JPY, RICH_MINOR, USD, build_world

CAP = 90_000_00
EVERY = 30
FULL_MINOR = 100_000_00


@pytest.fixture(scope="module")
def built() -> Desk:
    """An open pool with nothing in it, on an exit day."""
    world = build_world()
    station = Station(world.evm, world.at["IndexOracle"])
    station.seat()
    desk = Desk(world, station)
    world.deposit("supplier", 1_000_000_00)
    desk.open_pool()
    desk.next_exit_day(EVERY)
    return desk


@pytest.fixture
def desk(built: Desk) -> Iterator[Desk]:
    with built.world.evm.branch():
        yield built


@pytest.fixture
def shared(desk: Desk) -> Desk:
    """The insurer and two banks have put in 60,000.00, 30,000.00 and 10,000.00 an epoch ago."""
    desk.fund(desk.funding(60_000_00))
    desk.enter("bank", 30_000_00)
    desk.enter("bank2", 10_000_00)
    desk.next_exit_day(EVERY)
    return desk


@pytest.fixture
def order(desk: Desk) -> int:
    return desk.world.accepted(expiry=desk.world.evm.now + 365 * DAY)


def pool_id(desk: Desk, insurer: str = "insurer") -> int:
    return int(desk.world.view(COVER, DisruptionCover.pool_id(desk.world.ids[insurer], USD)))


def set_status(desk: Desk, actor: str, status: Status) -> None:
    desk.world.govern("TrustedNetwork", TrustedNetwork.set_status(desk.world.ids[actor], status))


def sold(desk: Desk, order: int, **changes: Any) -> Policy:
    plain = {"sum": 20_000_00, "premium": 1_000_00}
    return desk.bought(order, **{**plain, **changes})


# Opening


def test_open_pool__empty_pool__takes_its_terms_once(desk: Desk) -> None:
    pool = desk.word()
    assert (pool.bucket_cap, pool.epoch_days, pool.shares, pool.generation) == (CAP, EVERY, 0, 1)
    done = desk.open_pool(bucket_cap=5, epoch_days=7)
    assert done.one(PoolOpened) == PoolOpened(pool_id(desk), desk.world.ids["insurer"], USD, 5, 7)
    desk.fund(desk.funding(1))
    with reverts(errors.PoolInUse(pool_id(desk))):
        desk.open_pool()


def test_open_pool__policy_open_and_all_shares_gone__terms_stand(desk: Desk, order: int) -> None:
    """P31: who is in, as investor or insured, never finds other terms."""
    desk.fund(desk.funding(1))
    sold(desk, order, sum=1, premium=1_000_00)
    desk.next_exit_day(EVERY)
    with reverts(errors.ObservationPending(pool_id(desk), 1)):
        desk.exit("insurer")
    with reverts(errors.PoolInUse(pool_id(desk))):
        desk.open_pool()


@pytest.mark.parametrize("changes", [{"bucket_cap": 0}, {"epoch_days": 6}, {"epoch_days": 367}])
def test_open_pool__terms_that_make_no_pool__are_refused(desk: Desk, changes: dict[str, Any]) -> None:
    with reverts(errors.InvalidTerms()):
        desk.open_pool(**changes)


@pytest.mark.parametrize("days", [0, 7, 366])
def test_open_pool__shortest_longest_and_none__are_taken(desk: Desk, days: int) -> None:
    desk.open_pool(epoch_days=days)
    assert desk.word().epoch_days == days


def test_open_pool__not_the_insurers_consent__is_refused(desk: Desk) -> None:
    """I-02: a pool's terms are its insurer's."""
    with reverts(errors.RoleMissing(desk.world.ids["bank"], INSURER)):
        desk.open_pool(by="bank")
    with reverts(errors.NotSignedBy(desk.world.ids["bank"])):
        desk.open_pool(insurer=desk.world.ids["bank"])
    with reverts(errors.SignatureExpired(desk.world.evm.now - 1)):
        desk.open_pool(deadline=desk.world.evm.now - 1)
    desk.open_pool(nonce=77)
    with reverts(errors.NonceUsed(desk.world.ids["insurer"], 77)):
        desk.open_pool(nonce=77)


# Entry


def test_enter__exit_day__cash_becomes_shares(desk: Desk) -> None:
    desk.fund(desk.funding(60_000_00))
    before = desk.world.cash("bank")
    told = desk.enter("bank", 30_000_00).one(PoolJoined)
    assert told == PoolJoined(pool_id(desk), desk.world.ids["bank"], 1, 30_000_00, 30_000_00 * VIRTUAL)
    assert (desk.shares("bank"), desk.worth("bank")) == (30_000_00 * VIRTUAL, 30_000_00)
    assert desk.world.cash("bank") == before - 30_000_00
    assert desk.pool() == (90_000_00, 0)


def test_enter__between_exit_days__is_refused_to_all_but_the_insurer(desk: Desk) -> None:
    """I-27: investors come and go on exit days."""
    day = desk.today
    desk.world.evm.set_time((day + 1) * DAY - 1)
    desk.enter("bank", 1)
    desk.world.evm.advance(1)
    with reverts(errors.NotExitDay(day + EVERY)):
        desk.enter("bank", 1)
    desk.fund(desk.funding(5))
    assert desk.pool().capital == 6


def test_enter__pool_that_was_never_opened__is_refused(desk: Desk) -> None:
    with reverts(errors.PoolClosed):
        desk.enter("bank", 1, currency=JPY)


def test_enter__out_of_standing__is_refused(shared: Desk) -> None:
    """I-28: a suspended member opens nothing new, and nobody enters the pool of one."""
    for actor in ("bank", "insurer"):
        with shared.world.evm.branch():
            set_status(shared, actor, Status.SUSPENDED)
            with reverts(errors.NotInGoodStanding(shared.world.ids[actor])):
                shared.enter("bank", 1)
    with reverts(errors.RoleMissing(shared.world.ids["bank2"], INSURER)):
        shared.enter("bank", 1, insurer=shared.world.ids["bank2"])


def test_enter__others_outdated_or_used_consent__is_refused(desk: Desk) -> None:
    """I-02: only its holder's signature moves cash."""
    now = desk.world.evm.now
    with reverts(errors.NotSignedBy(desk.world.ids["bank2"])):
        desk.enter("bank", 1, investor=desk.world.ids["bank2"])
    with reverts(errors.SignatureExpired(now - 1)):
        desk.enter("bank", 1, deadline=now - 1)
    desk.enter("bank", 1, nonce=99, deadline=now)
    with reverts(errors.NonceUsed(desk.world.ids["bank"], 99)):
        desk.enter("bank", 1, nonce=99)
    with reverts(errors.InvalidTerms()):
        desk.enter("bank", 0)


def test_enter__price_above_the_signed_one__is_refused(shared: Desk, order: int) -> None:
    wanted = 1_000_00 * VIRTUAL
    with shared.world.evm.branch():
        assert shared.enter("bank", 1_000_00, min_shares=wanted).one(PoolJoined).shares == wanted
    sold(shared, order)
    with reverts(errors.PriceMoved):
        shared.enter("bank", 1_000_00, min_shares=wanted)


# Price


def test_i27__premium_and_payout__are_shared_by_shares(shared: Desk, order: int) -> None:
    """I-27: profit and loss fall on all who hold shares, in proportion."""
    terms = sold(shared, order, premium=10_000_00)
    assert [shared.worth(one) for one in ("insurer", "bank", "bank2")] == [65_999_99, 32_999_99, 10_999_99]
    shared.observe(terms.first_day, EXHAUST)
    shared.pay(terms, terms.first_day)
    shared.next_exit_day(EVERY)
    assert [shared.worth(one) for one in ("insurer", "bank", "bank2")] == [54_000_00, 27_000_00, 9_000_00]
    told = shared.exit("bank").one(PoolLeft)
    assert (told.amount, told.shares) == (27_000_00, 30_000_00 * VIRTUAL)
    assert (shared.worth("insurer"), shared.worth("bank2"), shared.shares("bank")) == (54_000_00, 9_000_00, 0)


def test_p28__first_depositor_inflates_the_price__gains_nothing_and_hurts_nobody(
    desk: Desk, order: int
) -> None:
    """One unit in, then a huge gift as the premium of a policy on itself: the next investor loses nothing by it."""
    desk.fund(desk.funding(1))
    gift, victim = 500_000_00, 300_000_00
    sold(desk, order, sum=1, premium=gift)
    desk.enter("bank", victim)
    assert desk.worth("bank") >= victim - 100
    assert desk.worth("insurer") <= gift // 2 + 100


def test_p28__tokens_sent_to_the_ledger__do_not_touch_the_price(shared: Desk) -> None:
    """A donation is nobody's: a pool's account is credited by entries and premiums only."""
    gift = TestCash.mint(shared.world.at["CashLedger"], 10**18)
    shared.world.evm.call(shared.world.tokens[USD], gift, shared.world.key("bank").address)
    assert (shared.worth("bank"), shared.pool().capital) == (30_000_00, FULL_MINOR)


def test_enter__pool_that_lost_everything__starts_anew(desk: Desk, order: int) -> None:
    """Shares of a pool without capital are void: there is no price to count on from."""
    desk.fund(desk.funding(10_000_00))
    terms = sold(desk, order, sum=11_000_00, premium=1_000_00)
    desk.observe(terms.first_day, EXHAUST)
    desk.pay(terms, terms.first_day)
    assert desk.pool() == (0, 0)
    desk.next_exit_day(EVERY)
    told = desk.enter("bank", 5_00).one(PoolJoined)
    assert (told.generation, told.shares) == (2, 5_00 * VIRTUAL)
    assert (desk.shares("insurer"), desk.worth("bank")) == (0, 5_00)


def test_exit__shares_worth_less_than_a_unit__are_given_up_whole(desk: Desk, order: int) -> None:
    """I-27: who lost all but a fraction of a unit cannot be paid, and must not block the insurer's next pool."""
    desk.fund(desk.funding(10_000_00))
    desk.enter("bank2", 1)
    terms = sold(desk, order, sum=10_999_99, premium=1_000_00)
    desk.observe(terms.first_day, EXHAUST)
    desk.pay(terms, terms.first_day)
    desk.next_exit_day(EVERY)
    held = desk.shares("bank2")
    assert (desk.pool(), held > 0, desk.worth("bank2")) == ((2, 0), True, 0)
    with reverts(errors.InvalidTerms()):
        desk.exit("bank2", held - 1)
    told = desk.exit("bank2", held).one(PoolLeft)
    assert (told.amount, told.shares, desk.shares("bank2")) == (0, held, 0)
    with reverts(errors.PoolInUse(pool_id(desk))):
        desk.open_pool()
    desk.exit("insurer")
    assert desk.open_pool().every(PoolOpened)


def test_p29__more_shares_than_the_word_holds__are_refused(desk: Desk, order: int) -> None:
    """A pool with one unit left gives no more shares than can be counted."""
    desk.open_pool(bucket_cap=2**56 - 1)
    desk.fund(desk.funding(RICH_MINOR))
    terms = sold(desk, order, sum=RICH_MINOR - 1, premium=0)
    desk.observe(terms.first_day, EXHAUST)
    desk.pay(terms, terms.first_day)
    assert desk.pool() == (1, 0)
    desk.next_exit_day(EVERY)
    desk.world.deposit("bank", 10 * RICH_MINOR)
    per_unit, held = (RICH_MINOR * VIRTUAL + VIRTUAL) // 2, RICH_MINOR * VIRTUAL
    most = (2**88 - 1 - held) // per_unit
    with reverts(errors.SharesOutOfRange(held + (most + 1) * per_unit, 2**88 - 1)):
        desk.enter("bank", most + 1)
    assert desk.enter("bank", most).one(PoolJoined).shares == most * per_unit


# Exit


def test_exit__all_of_them__get_what_there_is(shared: Desk) -> None:
    before = {one: shared.world.cash(one) for one in ("insurer", "bank", "bank2")}
    for one in before:
        shared.exit(one)
    assert {one: shared.world.cash(one) - was for one, was in before.items()} == {
        "insurer": 60_000_00,
        "bank": 30_000_00,
        "bank2": 10_000_00,
    }
    assert (shared.pool(), shared.word().shares) == ((0, 0), 0)


def test_exit__joined_in_this_epoch__takes_none_of_the_premiums(shared: Desk, order: int) -> None:
    """I-27: who stands behind no cover earns nothing by it."""
    shared.enter("buyer", 900_000_00)
    shared.fund(shared.funding(1))
    stayed, day = shared.worth("bank"), shared.today
    sold(shared, order)
    for one in ("buyer", "insurer"):
        with reverts(errors.NotExitDay(day + EVERY)):
            shared.exit(one, VIRTUAL)
    assert shared.exit("bank").one(PoolLeft).amount > stayed
    shared.next_exit_day(EVERY)
    with reverts(errors.ObservationPending(pool_id(shared), 1)):
        shared.exit("buyer")


def test_exit__between_exit_days__is_refused(shared: Desk) -> None:
    """I-27: investors leave only at exit epochs."""
    day = shared.today
    shared.world.evm.set_time((day + 1) * DAY)
    with reverts(errors.NotExitDay(day + EVERY)):
        shared.exit("bank")
    shared.world.evm.set_time((day + EVERY) * DAY - 1)
    with reverts(errors.NotExitDay(day + EVERY)):
        shared.exit("bank")
    shared.world.evm.advance(1)
    assert shared.exit("bank").one(PoolLeft).amount == 30_000_00


def test_exit__more_shares_than_held_or_none__is_refused(shared: Desk) -> None:
    held = shared.shares("bank2")
    with reverts(errors.SharesOutOfRange(held + 1, held)):
        shared.exit("bank2", held + 1)
    with reverts(errors.SharesOutOfRange(1, 0)):
        shared.exit("buyer", 1)
    for too_few in (0, VIRTUAL - 1):
        with reverts(errors.InvalidTerms()):
            shared.exit("bank2", too_few)
    assert shared.exit("bank2", VIRTUAL).one(PoolLeft).amount == 1


def test_exit__less_than_was_asked__is_refused(shared: Desk) -> None:
    with reverts(errors.PriceMoved(30_000_00, 30_000_01)):
        shared.exit("bank", min_amount=30_000_01)
    shared.exit("bank", min_amount=30_000_00)
    assert shared.shares("bank") == 0


def test_exit__others_outdated_or_used_consent__is_refused(shared: Desk) -> None:
    """I-02: an investor's part leaves by its own signature."""
    now = shared.world.evm.now
    with reverts(errors.NotSignedBy(shared.world.ids["bank2"])):
        shared.exit("bank", VIRTUAL, investor=shared.world.ids["bank2"])
    with reverts(errors.SignatureExpired(now - 1)):
        shared.exit("bank", VIRTUAL, deadline=now - 1)
    shared.exit("bank", VIRTUAL, nonce=99, deadline=now)
    with reverts(errors.NonceUsed(shared.world.ids["bank"], 99)):
        shared.exit("bank", VIRTUAL, nonce=99)


def test_exit__suspended_or_expelled_investor__still_leaves(shared: Desk) -> None:
    """I-03: standing stops nobody from taking out what is free; nor does the insurer's."""
    for actor in ("bank", "bank2", "insurer"):
        set_status(shared, actor, Status.EXPELLED)
    for actor in ("bank", "bank2", "insurer"):
        shared.exit(actor)
    assert shared.pool() == (0, 0)


def test_exit__pool_that_was_never_opened__its_insurer_leaves_when_nothing_is_open(
    desk: Desk, order: int
) -> None:
    """I-27: a closed pool has no exit days, and nothing at all may be open."""
    desk.open_pool(epoch_days=0)
    desk.world.evm.advance(DAY)
    desk.fund(desk.funding(10_000_00))
    terms = sold(desk, order, first_day=desk.today + 20, last_day=desk.today + 20, sum=1_000_00)
    with reverts(errors.ObservationPending(pool_id(desk), 1)):
        desk.exit("insurer")
    desk.world.evm.set_time(desk.expires_at(terms) + 1)
    desk.expire(terms)
    assert desk.exit("insurer").one(PoolLeft).amount > 10_000_00


# Exit days and what is under way


def test_o18__loss_not_booked_yet__nobody_leaves(shared: Desk, order: int) -> None:
    """I-27: a triggered policy that nobody had paid holds everybody until it is."""
    terms = sold(shared, order)
    shared.observe(terms.first_day, EXHAUST)
    shared.next_exit_day(EVERY)
    for actor in ("bank", "bank2", "insurer"):
        with reverts(errors.ObservationPending(pool_id(shared), 1)):
            shared.exit(actor)
    with reverts(errors.ObservationPending(pool_id(shared), 1)):
        shared.enter("buyer", 1_00)
    shared.pay(terms, terms.first_day)
    told = shared.exit("bank").one(PoolLeft)
    assert told.amount == (FULL_MINOR - 20_000_00 + 1_000_00) * 3 // 10


def test_o18__readings_in_doubt_on_the_exit_day__nobody_leaves(shared: Desk, order: int) -> None:
    """I-27: a held bucket is an observation that is pending."""
    terms = sold(shared, order)
    shared.world.evm.set_time((terms.first_day + 1) * DAY)
    shared.station.observe_all(terms.first_day, (100, 100, 900, 900))
    shared.world.evm.set_time(shared.station.end_of_window(terms.first_day) + 1)
    shared.station.fix(terms.first_day)
    shared.next_exit_day(EVERY)
    with reverts(errors.ObservationPending(pool_id(shared), 1)):
        shared.exit("bank")
    shared.station.give_up(terms.first_day)
    shared.expire(terms)
    shared.exit("bank")
    assert shared.shares("bank") == 0


def test_i27__window_across_an_exit_day__is_not_sold(shared: Desk, order: int) -> None:
    """I-27: on an exit day nothing that began can still be open, but for want of a call."""
    exit_day = shared.today + EVERY
    shared.world.evm.advance(10 * DAY)
    last = exit_day - 6
    with reverts(errors.AcrossExitDay(last, exit_day)):
        sold(shared, order, first_day=last, last_day=last + 1)
    with reverts(errors.AcrossExitDay(exit_day, exit_day)):
        sold(shared, order, first_day=exit_day, last_day=exit_day)
    terms = sold(shared, order, first_day=last, last_day=last)
    shared.world.evm.set_time(exit_day * DAY)
    with reverts(errors.CapitalStillBound):
        shared.expire(terms)
    shared.world.evm.set_time(shared.expires_at(terms) + 1)
    assert shared.today == exit_day
    shared.expire(terms)
    shared.exit("bank")
    assert shared.pool().locked == 0


def test_i27__cover_is_sold_for_this_epoch_and_the_next__not_further(shared: Desk, order: int) -> None:
    first = shared.today + EVERY + 1
    with reverts(errors.AcrossExitDay(first, shared.today + 2 * EVERY)):
        sold(shared, order, first_day=first, last_day=first)
    shared.world.evm.advance(DAY)
    sold(shared, order, first_day=first, last_day=first)
    with reverts(errors.AcrossExitDay(first + EVERY, first - 1 + 2 * EVERY)):
        sold(shared, order, first_day=first + EVERY, last_day=first + EVERY)
    assert shared.word().open == 1


def test_o16__cover_that_begins_later__binds_its_sum_but_not_the_rest(shared: Desk, order: int) -> None:
    """I-22: at an exit all that is locked stays, whenever it ends; the free part may go."""
    sold(shared, order, sum=85_000_00, premium=0)
    free = FULL_MINOR - 85_000_00
    with reverts(errors.CapitalShort(pool_id(shared), free, 30_000_00)):
        shared.exit("bank")
    assert shared.exit("bank", free * VIRTUAL).one(PoolLeft).amount == free
    with reverts(errors.CapitalShort(pool_id(shared), 0, 1)):
        shared.exit("bank2", VIRTUAL)
    assert shared.pool() == (85_000_00, 85_000_00)


def test_i27__next_epochs_policy_is_open__does_not_hold_investors(shared: Desk, order: int) -> None:
    sold(shared, order, sum=1_000_00)
    shared.exit("bank2")
    assert (shared.shares("bank2"), shared.word().open) == (0, 1)


# Buckets


def test_i22__bucket_to_its_cap__and_not_one_more(shared: Desk, order: int) -> None:
    """I-22: what is sold on one (peril, place, day) stays within the pool's cap."""
    first = shared.today + 1
    sold(shared, order, sum=50_000_00, first_day=first, last_day=first + 4, premium=0)
    sold(shared, order, sum=CAP - 50_000_00, first_day=first + 4, last_day=first + 6, premium=0)
    assert [shared.sold_on(first + n) for n in range(8)] == [50_000_00] * 4 + [CAP] + [40_000_00] * 2 + [0]
    with reverts(errors.BucketFull(first + 4, 0, 1)):
        sold(shared, order, sum=1, first_day=first + 4, last_day=first + 4, premium=0)
    with reverts(errors.BucketFull(first + 5, 50_000_00, 50_000_01)):
        shared.fund(shared.funding(1_000_000_00))
        sold(shared, order, sum=50_000_01, first_day=first + 5, last_day=first + 8, premium=0)
    sold(
        shared,
        order,
        sum=1,
        first_day=first + 4,
        last_day=first + 4,
        premium=0,
        place=b"CNSHA".ljust(32, b"\0"),
    )
    sold(shared, order, sum=1, first_day=first + 4, last_day=first + 4, premium=0, peril=3)


def test_i22__longest_window__counts_on_each_of_its_days(desk: Desk, order: int) -> None:
    desk.open_pool(epoch_days=366)
    desk.fund(desk.funding(FULL_MINOR))
    first = desk.today + 3
    sold(desk, order, sum=7, first_day=first, last_day=first + 30, premium=0)
    sold(desk, order, sum=5, first_day=first + 30, last_day=first + 32, premium=0)
    found = [desk.sold_on(first - 1 + n) for n in range(35)]
    assert found == [0, *[7] * 30, 12, 5, 5, 0]


def test_i22__policy_was_paid__still_counts_in_its_buckets(shared: Desk, order: int) -> None:
    terms = sold(shared, order, premium=0)
    shared.observe(terms.first_day, EXHAUST)
    shared.pay(terms, terms.first_day)
    assert (shared.sold_on(terms.last_day), shared.pool().locked) == (terms.sum, 0)


def test_fund__insurers_signature_for_another_pool__is_its_own(desk: Desk) -> None:
    funding = replace(desk.funding(5), insurer=desk.world.ids["bank"])
    with reverts(errors.RoleMissing(desk.world.ids["bank"], INSURER)):
        desk.fund(funding, by="bank")
