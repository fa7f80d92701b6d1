"""DisruptionCover on the bare EVM: what each kind of policy pays, and the day without data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.disruption_cover import CoverPaid
from settlement.chain.bindings.enums import Answer, IndexState, PayoutKind
from settlement.chain.bindings.structs import Policy
from tests.contracts.covers import ATTACH, EXHAUST, POOL_MINOR, SUM_MINOR, Desk, open_desk
from tests.contracts.harness import reverts
from tests.contracts.observers import DAY, OBSERVERS
from tests.contracts.world import build_world

THRESHOLD = {"kind": PayoutKind.THRESHOLD, "attach": ATTACH, "exhaust": ATTACH}
STEPS = {
    "kind": PayoutKind.STEPPED,
    "step_at": (ATTACH, 400, EXHAUST),
    "step_pays": (10_000_00, 30_000_00, SUM_MINOR),
}


@pytest.fixture(scope="module")
def built() -> Desk:
    desk = open_desk(build_world())
    desk.world.deposit("supplier", 100_000_00)
    return desk


@pytest.fixture
def desk(built: Desk) -> Iterator[Desk]:
    with built.world.evm.branch():
        yield built


@pytest.fixture
def order(desk: Desk) -> int:
    return desk.world.accepted()


def payout_of(desk: Desk, terms: Policy, index: int) -> int:
    """What a day with this index pays."""
    desk.observe(terms.first_day, index)
    return desk.pay(terms, terms.first_day).one(CoverPaid).payout


@pytest.mark.parametrize("index", [ATTACH, ATTACH + 1, 2**64 - 1])
def test_threshold__at_attach_and_above__pays_the_sum(desk: Desk, order: int, index: int) -> None:
    """I-23: at most the sum."""
    assert payout_of(desk, desk.bought(order, **THRESHOLD), index) == SUM_MINOR


def test_threshold__below_attach__pays_nothing(desk: Desk, order: int) -> None:
    terms = desk.bought(order, **THRESHOLD)
    with reverts(errors.BelowAttach(ATTACH - 1, ATTACH)):
        payout_of(desk, terms, ATTACH - 1)


@pytest.mark.parametrize(
    ("index", "payout"),
    [
        (ATTACH, 10_000_00),
        (399, 10_000_00),
        (400, 30_000_00),
        (EXHAUST - 1, 30_000_00),
        (EXHAUST, SUM_MINOR),
        (2**64 - 1, SUM_MINOR),
    ],
)
def test_o12__steps__exact_at_each_of_them(desk: Desk, order: int, index: int, payout: int) -> None:
    """I-23: the highest step that the index reaches."""
    assert payout_of(desk, desk.bought(order, **STEPS), index) == payout


def test_steps__below_the_first__pays_nothing(desk: Desk, order: int) -> None:
    terms = desk.bought(order, **STEPS)
    with reverts(errors.BelowAttach(ATTACH - 1, ATTACH)):
        payout_of(desk, terms, ATTACH - 1)


def test_steps__eight__are_taken_and_nine_are_not(desk: Desk, order: int) -> None:
    for count, is_taken in ((1, True), (8, True), (9, False)):
        rows: dict[str, Any] = {
            "kind": PayoutKind.STEPPED,
            "step_at": tuple(range(100, 100 + count)),
            "step_pays": tuple(range(1, count + 1)),
            "attach": 100,
            "exhaust": 99 + count,
            "sum": count,
            "premium": 0,
        }
        if is_taken:
            assert not desk.state(desk.bought(order, **rows)).is_settled
        else:
            with reverts(errors.InvalidTerms()):
                desk.buy(desk.terms(order, **rows))


@pytest.mark.parametrize(
    "changes",
    [
        {**STEPS, "step_at": (ATTACH, 400)},
        {**STEPS, "step_at": (), "step_pays": ()},
        {**STEPS, "step_at": (ATTACH, ATTACH, EXHAUST)},
        {**STEPS, "step_at": (ATTACH - 1, 400, EXHAUST)},
        {**STEPS, "step_at": (ATTACH, 400, EXHAUST + 1)},
        {**STEPS, "step_pays": (0, 30_000_00, SUM_MINOR)},
        {**STEPS, "step_pays": (30_000_00, 30_000_00, SUM_MINOR)},
        {**STEPS, "step_pays": (10_000_00, 30_000_00, SUM_MINOR - 1)},
        {**STEPS, "step_pays": (10_000_00, 30_000_00, SUM_MINOR + 1)},
        {**THRESHOLD, "exhaust": ATTACH + 1},
        {**THRESHOLD, "step_at": (ATTACH,), "step_pays": (SUM_MINOR,)},
        {"step_at": (ATTACH,)},
        {"step_pays": (SUM_MINOR,)},
        {"attach": EXHAUST},
        {"no_data_bps": 10_001},
    ],
)
def test_buy__terms_that_no_kind_takes__are_refused(desk: Desk, order: int, changes: dict[str, Any]) -> None:
    with reverts(errors.InvalidTerms()):
        desk.buy(desk.terms(order, **changes))


def test_o14__steps_changed_after_the_sale__are_unknown(desk: Desk, order: int) -> None:
    """Terms are pinned by hash, lists and all."""
    desk.bought(order, **STEPS, nonce=5)
    desk.observe(desk.today + 1, ATTACH)
    day = desk.today - 1
    for changes in (
        {"step_pays": (20_000_00, 30_000_00, SUM_MINOR)},
        {"step_at": (ATTACH - 1, 400, EXHAUST)},
    ):
        other = desk.terms(order, **{**STEPS, **changes}, nonce=5, first_day=day, last_day=day + 2)
        with reverts(errors.UnknownPolicy(desk.identity(other))):
            desk.pay(other, day)


# The day without data


def without_data(desk: Desk, day: int) -> None:
    """Three of five say so."""
    desk.world.evm.set_time((day + 1) * DAY)
    for by in OBSERVERS[:3]:
        desk.station.answer(day, Answer.NO_DATA, by)
    for by in OBSERVERS[3:]:
        desk.station.observe(day, EXHAUST, by)
    assert desk.station.state(day) == IndexState.NO_DATA


def test_o11__day_without_data__pays_only_by_its_own_term(desk: Desk, order: int) -> None:
    """I-23: missing data is not the peril, unless the terms say what it pays."""
    silent = desk.bought(order, sum=30_000_00)
    share = desk.bought(order, sum=30_000_01, no_data_bps=2_500)
    without_data(desk, silent.first_day)
    with reverts(errors.BelowAttach(0, ATTACH)):
        desk.pay(silent, silent.first_day)
    assert desk.pay(share, share.first_day).one(CoverPaid).payout == 7_500_00
    desk.world.evm.set_time(desk.expires_at(silent) + 1)
    desk.expire(silent)
    assert desk.pool().locked == 0


def test_o11__whole_sum_without_data__is_the_most(desk: Desk, order: int) -> None:
    terms = desk.bought(order, no_data_bps=10_000)
    without_data(desk, terms.first_day)
    assert desk.pay(terms, terms.first_day).one(CoverPaid).payout == SUM_MINOR


def test_o11__day_without_data_that_pays__goes_first_and_is_not_skipped(desk: Desk, order: int) -> None:
    terms = desk.bought(order, no_data_bps=1)
    without_data(desk, terms.first_day)
    desk.observe(terms.first_day + 1, EXHAUST)
    with reverts(errors.EarlierDayOpen(terms.first_day)):
        desk.pay(terms, terms.first_day + 1)
    desk.world.evm.set_time(desk.expires_at(terms) + 1)
    with reverts(errors.TriggeredUnpaid(terms.first_day)):
        desk.expire(terms)
    assert desk.pay(terms, terms.first_day).one(CoverPaid).payout == SUM_MINOR // 10_000


def test_o15__one_answer_without_data__stops_sales_of_what_pays_for_it(desk: Desk, order: int) -> None:
    """I-24: where silence triggers, the first silence is the event."""
    day = desk.today - 1
    desk.station.answer(day, Answer.NO_DATA, OBSERVERS[0])
    with reverts(errors.EventUnderWay(day)):
        desk.buy(desk.terms(order, no_data_bps=1))
    desk.buy(desk.terms(order))
    desk.world.evm.advance(4 * DAY)
    assert desk.bought(order, sum=1, no_data_bps=1).sum == 1


# Held buckets


def test_o22__readings_in_doubt__neither_pay_nor_free_until_people_decide(desk: Desk, order: int) -> None:
    """I-26: capital stays bound while a held day may still trigger."""
    terms = desk.bought(order)
    first = terms.first_day
    desk.world.evm.set_time((first + 1) * DAY)
    desk.station.observe_all(first, (100, 100, 900, 900))
    desk.world.evm.set_time(desk.station.end_of_window(first) + 1)
    desk.station.fix(first)
    desk.station.observe_all(first + 1, (EXHAUST,) * 5)
    for day, expected in ((first, errors.IndexNotFixed(first)), (first + 1, errors.EarlierDayOpen(first))):
        with reverts(expected):
            desk.pay(terms, day)
    desk.world.evm.set_time(desk.expires_at(terms) + 1)
    with reverts(errors.IndexNotFixed(first)):
        desk.expire(terms)
    with desk.world.evm.branch():
        desk.station.resolve(desk.station.resolution(first, 900))
        assert desk.pay(terms, first).one(CoverPaid).index == 900
    desk.station.resolve(desk.station.resolution(first, 0, is_void=True))
    with reverts(errors.IndexNotFixed(first)):
        desk.pay(terms, first)
    assert desk.pay(terms, first + 1).one(CoverPaid).payout == SUM_MINOR
    assert desk.pool().capital < POOL_MINOR
