"""IndexOracle on the bare EVM: answers that are no value, readings that disagree, and what people decide then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.access_manager import AccessManager
from settlement.chain.bindings.enums import Answer, IndexState
from settlement.chain.bindings.index_oracle import (
    IndexFixed,
    IndexHeld,
    IndexOracle,
    IndexResolved,
    IndexWithoutData,
    Observed,
)
from settlement.chain.bindings.structs import Reading
from tests.contracts.harness import new_evm, reverts, signer
from tests.contracts.observers import (
    GOVERNOR,
    HAIPHONG,
    NEW_OBSERVERS,
    OBSERVERS,
    RELAYER,
    SECOND_LOOK,
    WIND,
    Station,
    day_of,
)


@pytest.fixture(scope="module")
def built() -> Station:
    evm = new_evm()
    manager = evm.deploy(AccessManager.deploy(GOVERNOR.address), GOVERNOR.address, "AccessManager")
    station = Station(evm, evm.deploy(IndexOracle.deploy(manager), GOVERNOR.address, "IndexOracle"))
    station.seat()
    return station


@pytest.fixture
def station(built: Station) -> Iterator[Station]:
    with built.evm.branch():
        yield built


@pytest.fixture
def day(station: Station) -> int:
    """Yesterday: over, and its window open."""
    return day_of(station.evm.now) - 1


@pytest.fixture
def held(station: Station, day: int) -> int:
    """A day on which two sources disagree, 369 or 422 ships, after its window."""
    station.observe_all(day, (369, 422, 369, 422))
    station.evm.set_time(station.end_of_window(day) + 1)
    station.fix(day)
    return day


# Answers that are no value


def test_o10__too_early__closes_nothing_and_may_be_followed_by_a_value(station: Station, day: int) -> None:
    done = station.answer(day, Answer.TOO_EARLY, OBSERVERS[0])
    assert done.one(Observed).answer == Answer.TOO_EARLY
    for by in OBSERVERS[1:]:
        station.observe(day, 400, by)
    assert station.state(day) == IndexState.OPEN
    with reverts(errors.AlreadyObserved(station.bucket(day), OBSERVERS[0].address)):
        station.answer(day, Answer.TOO_EARLY, OBSERVERS[0])
    assert station.observe(day, 410).one(IndexFixed).observations == 5


def test_o10__all_say_too_early__no_index_comes_of_it(station: Station, day: int) -> None:
    for by in OBSERVERS:
        station.answer(day, Answer.TOO_EARLY, by)
    assert station.state(day) == IndexState.OPEN
    station.evm.set_time(station.end_of_window(day) + 1)
    assert station.of(day) == Reading(IndexState.NONE, 0)
    with reverts(errors.TooFewObservations(station.bucket(day), 0, 3)):
        station.fix(day)


def test_o11__observers_say_no_data__stands_as_such(station: Station, day: int) -> None:
    for by in OBSERVERS[:2]:
        station.answer(day, Answer.NO_DATA, by)
    station.observe(day, 900, OBSERVERS[2])
    station.evm.set_time(station.end_of_window(day))
    with reverts(errors.TooFewObservations(station.bucket(day), 1, 3)):
        station.fix(day)
    station.answer(day, Answer.NO_DATA, OBSERVERS[3])
    with reverts(errors.TooEarly(station.bucket(day), station.end_of_window(day))):
        station.fix(day)
    station.evm.advance(1)
    assert station.fix(day).one(IndexWithoutData) == IndexWithoutData(station.bucket(day), 3)
    assert station.of(day) == Reading(IndexState.NO_DATA, 0)
    assert station.evm.view(station.at, IndexOracle.index_of(station.bucket(day))) == (False, 0, 1)


def test_o11__all_have_spoken_three_without_data__decided_at_once(station: Station, day: int) -> None:
    station.observe_all(day, (900, 910))
    for by in OBSERVERS[2:4]:
        station.answer(day, Answer.NO_DATA, by)
    assert station.answer(day, Answer.NO_DATA, OBSERVERS[4]).one(IndexWithoutData).answers == 3
    with reverts(errors.AlreadyFixed(station.bucket(day))):
        station.fix(day)


def test_o11__no_data_is_a_last_word__no_value_after_it(station: Station, day: int) -> None:
    station.answer(day, Answer.TOO_EARLY, OBSERVERS[0])
    station.answer(day, Answer.NO_DATA, OBSERVERS[0])
    with reverts(errors.AlreadyObserved(station.bucket(day), OBSERVERS[0].address)):
        station.observe(day, 900)
    with reverts(errors.AlreadyObserved(station.bucket(day), OBSERVERS[0].address)):
        station.answer(day, Answer.TOO_EARLY, OBSERVERS[0])


@pytest.mark.parametrize("answer", [Answer.TOO_EARLY, Answer.NO_DATA])
def test_observe__answer_that_carries_a_value__is_refused(station: Station, day: int, answer: Answer) -> None:
    reading = station.reading(day, 1, answer=answer)
    with reverts(errors.AnswerWithValue(1)):
        station.send(day, reading, OBSERVERS[0].sign(station.at, reading))


def test_observe__mixed_answers_and_neither_enough__no_index(station: Station, day: int) -> None:
    station.seat(threshold=4)
    station.observe_all(day, (900, 910, 920))
    for by in OBSERVERS[3:]:
        station.answer(day, Answer.NO_DATA, by)
    assert station.state(day) == IndexState.OPEN
    station.evm.set_time(station.end_of_window(day) + 1)
    assert station.state(day) == IndexState.NONE


# Readings that disagree


def test_o22__two_sources_disagree__held_for_people(station: Station, day: int) -> None:
    station.observe_all(day, (369, 422, 369, 422))
    station.evm.set_time(station.end_of_window(day) + 1)
    assert station.fix(day).one(IndexHeld) == IndexHeld(station.bucket(day), 395, 4)
    assert station.of(day) == Reading(IndexState.HELD, 0)
    with reverts(errors.AlreadyFixed(station.bucket(day))):
        station.fix(day)


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ((1_000, 1_050, 1_105), IndexState.FIXED),  # a tenth of the median is 105
        ((1_000, 1_050, 1_106), IndexState.HELD),
        ((0, 0, 1), IndexState.FIXED),  # one unit is always allowed
        ((0, 0, 2), IndexState.HELD),
        ((0, 370, 371, 372, 2**64 - 1), IndexState.FIXED),  # three honest ones are enough
        ((0, 1, 371, 372, 2**64 - 1), IndexState.HELD),
    ],
)
def test_o22__spread_at_its_edge__k_must_agree(
    station: Station, day: int, values: tuple[int, ...], state: IndexState
) -> None:
    station.observe_all(day, values)
    station.evm.set_time(station.end_of_window(day) + 1)
    if len(values) < 5:
        station.fix(day)
    assert station.state(day) == state


def test_seat__spread_above_the_whole__is_refused(station: Station, day: int) -> None:
    with reverts(errors.InvalidCommittee()):
        station.seat(spread_bps=10_001)
    station.seat(spread_bps=10_000)
    station.observe_all(day, (500, 1_000, 1_500))
    station.evm.set_time(station.end_of_window(day) + 1)
    assert station.fix(day).one(IndexFixed).median == 1_000


def test_o14__spread_changed_after_the_readings__those_keep_theirs(station: Station, day: int) -> None:
    station.observe_all(day, (369, 422, 369))
    station.seat(spread_bps=10_000)
    station.evm.set_time(station.end_of_window(day) + 1)
    station.fix(day)
    assert station.state(day) == IndexState.HELD


# What people decide


def test_resolve__k_signed_a_value_that_was_read__stands(station: Station, held: int) -> None:
    done = station.resolve(station.resolution(held, 400))
    assert done.one(IndexResolved) == IndexResolved(station.bucket(held), False, 400)
    assert station.of(held) == Reading(IndexState.FIXED, 400)
    with reverts(errors.NotHeld(station.bucket(held))):
        station.resolve(station.resolution(held, 410))


def test_resolve__k_signed_that_nothing_stands__is_void(station: Station, held: int) -> None:
    with reverts(errors.BeyondTheReadings(0, 0)):
        station.resolve(station.resolution(held, 400, is_void=True))
    station.resolve(station.resolution(held, 0, is_void=True))
    assert station.of(held) == Reading(IndexState.VOID, 0)


@pytest.mark.parametrize("value", [369, 422])
def test_resolve__value_at_the_ends_of_the_readings__stands(station: Station, held: int, value: int) -> None:
    assert station.resolve(station.resolution(held, value)).one(IndexResolved).value == value


@pytest.mark.parametrize("value", [368, 423])
def test_resolve__value_nobody_read__is_refused(station: Station, held: int, value: int) -> None:
    with reverts(errors.BeyondTheReadings(369, 422)):
        station.resolve(station.resolution(held, value))


def test_resolve__fewer_than_k_or_one_twice_or_a_stranger__is_refused(station: Station, held: int) -> None:
    """I-17: nothing beyond what k distinct valid signatures say."""
    wish = station.resolution(held, 400)
    with reverts(errors.TooFewSignatures(2, 3)):
        station.resolve(wish, OBSERVERS[:2])
    for by in ((OBSERVERS[0], OBSERVERS[0], OBSERVERS[1]), (OBSERVERS[1], OBSERVERS[0], OBSERVERS[2])):
        with reverts(errors.SeatsNotAscending()):
            station.resolve(wish, by)
    with reverts(errors.NotObserver(NEW_OBSERVERS[0].address)):
        station.resolve(wish, (*OBSERVERS[:2], NEW_OBSERVERS[0]))
    signed = b"".join(key.sign(station.at, wish) for key in OBSERVERS[:3])
    with reverts(errors.InvalidSignatureLength(196)):
        station.evm.call(station.at, IndexOracle.resolve(wish, signed + b"x"), RELAYER.address)
    with reverts(errors.NotObserver):
        station.evm.call(station.at, IndexOracle.resolve(replace(wish, value=401), signed), RELAYER.address)
    station.resolve(wish, OBSERVERS[2:])
    assert station.of(held).median == 400


def test_resolve__new_observers_sit__they_decide(station: Station, held: int) -> None:
    station.seat(NEW_OBSERVERS)
    with reverts(errors.NotObserver(OBSERVERS[0].address)):
        station.resolve(station.resolution(held, 400))
    station.resolve(station.resolution(held, 400), NEW_OBSERVERS[:3])
    assert station.of(held).median == 400


def test_resolve__all_sixteen_sign__counts(station: Station, held: int) -> None:
    keys = tuple(signer(n) for n in range(50, 66))
    station.seat(keys, 9)
    station.resolve(station.resolution(held, 400), keys)
    assert station.of(held).median == 400


def test_resolve__signatures_after_their_deadline__are_refused(station: Station, held: int) -> None:
    """I-20: a signature is good until its deadline."""
    late = replace(station.resolution(held, 400), deadline=station.evm.now - 1)
    with reverts(errors.SignatureExpired(late.deadline)):
        station.resolve(late)
    station.resolve(replace(late, deadline=station.evm.now))


def test_resolve__bucket_that_is_not_held__is_refused(station: Station, day: int) -> None:
    station.observe_all(day, (400, 400, 400))
    with reverts(errors.NotHeld(station.bucket(day))):
        station.resolve(station.resolution(day, 400))
    with reverts(errors.NotHeld(station.bucket(day))):
        station.give_up(day)


def test_give_up__nobody_looked_again__void_after_two_weeks(station: Station, held: int) -> None:
    until = station.end_of_window(held) + SECOND_LOOK
    station.evm.set_time(until)
    with reverts(errors.TooEarly(station.bucket(held), until)):
        station.give_up(held)
    station.evm.advance(1)
    assert station.give_up(held).one(IndexResolved) == IndexResolved(station.bucket(held), True, 0)
    assert station.state(held) == IndexState.VOID


def test_o15__reading_of_observers_who_were_replaced__still_stops_sales(station: Station, day: int) -> None:
    """I-24: the peak of a bucket stays when it starts anew."""
    station.observe(day, 900)
    station.seat(NEW_OBSERVERS)
    station.observe(day, 100, NEW_OBSERVERS[0])
    assert station.evm.view(station.at, IndexOracle.peak_of(WIND, HAIPHONG, day, day)).peak == 900


def test_readings_of__several_days__one_each(station: Station, day: int) -> None:
    station.observe_all(day, (400,) * 5)
    found = station.evm.view(station.at, IndexOracle.readings_of(WIND, HAIPHONG, day - 30, day + 1))
    nothing, open_ = Reading(IndexState.NONE, 0), Reading(IndexState.OPEN, 0)
    expected = [nothing] * 29 + [open_, Reading(IndexState.FIXED, 400), open_]
    assert list(found) == expected
