"""IndexOracle on the bare EVM: who may read, when, and which value stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.chain.bindings import errors
from settlement.chain.bindings.access_manager import AccessManager
from settlement.chain.bindings.disruption_cover import DisruptionCover
from settlement.chain.bindings.enums import Answer, IndexState
from settlement.chain.bindings.index_oracle import IndexFixed, IndexOracle, Observed, ObserversSeated
from settlement.chain.bindings.structs import Reading
from tests.contracts.harness import NOBODY, Evm, new_evm, reverts, signer, typed_digest
from tests.contracts.observers import (
    DAY,
    GOVERNOR,
    HAIPHONG,
    NEW_OBSERVERS,
    OBSERVERS,
    RELAYER,
    SPREAD_BPS,
    WIND,
    Station,
    day_of,
    decided,
)

N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
STRANGER = signer(40)


def new_station(evm: Evm) -> Station:
    manager = evm.deploy(AccessManager.deploy(GOVERNOR.address), GOVERNOR.address, "AccessManager")
    station = Station(evm, evm.deploy(IndexOracle.deploy(manager), GOVERNOR.address, "IndexOracle"))
    station.seat()
    return station


@pytest.fixture(scope="module")
def built() -> Station:
    return new_station(new_evm())


@pytest.fixture
def station(built: Station) -> Iterator[Station]:
    with built.evm.branch():
        yield built


@pytest.fixture
def day(station: Station) -> int:
    """Yesterday: over, and its window open."""
    return day_of(station.evm.now) - 1


# Seats


def test_seat__sound_committee__is_announced(station: Station) -> None:
    done = station.seat(NEW_OBSERVERS, threshold=4)
    keys = tuple(key.address for key in NEW_OBSERVERS)
    assert done.one(ObserversSeated) == ObserversSeated(
        version=2, threshold=4, spread_bps=SPREAD_BPS, keys=keys
    )


@pytest.mark.parametrize(
    ("keys", "threshold"),
    [
        (OBSERVERS, 0),
        (OBSERVERS, 2),  # two quorums of 2 of 5 may share nobody
        (OBSERVERS, 6),
        ((OBSERVERS[0], OBSERVERS[0], OBSERVERS[1]), 2),
        (tuple(signer(n) for n in range(50, 67)), 9),
    ],
)
def test_seat__unsound_committee__is_refused(
    station: Station, keys: tuple[object, ...], threshold: int
) -> None:
    with reverts(errors.InvalidCommittee()):
        station.seat(keys, threshold)  # type: ignore[arg-type]  # parametrize knows no tuple of any length


def test_p07__empty_observers__are_refused(station: Station) -> None:
    with reverts(errors.InvalidCommittee()):
        station.seat((), 0)


def test_seat__sixteen_observers__all_are_heard(station: Station, day: int) -> None:
    keys = tuple(signer(n) for n in range(50, 66))
    station.seat(keys, 9)
    for value, key in enumerate(keys, start=101):
        station.observe(day, value, key)
    assert station.state(day) == IndexState.FIXED
    assert station.of(day).median == 108


def test_seat__stranger__is_refused(station: Station) -> None:
    with reverts(errors.AccessManagedUnauthorized(STRANGER.address)):
        station.evm.call(station.at, IndexOracle.seat(1, 0, (STRANGER.address,)), STRANGER.address)


def test_seat__zero_key__is_refused(station: Station) -> None:
    with reverts(errors.InvalidCommittee()):
        station.evm.call(station.at, IndexOracle.seat(1, 0, (NOBODY,)), GOVERNOR.address)


# Readings


def test_observe__seated_observer__is_kept_and_told(station: Station, day: int) -> None:
    reading = station.reading(day, 410)
    done = station.send(day, reading, OBSERVERS[1].sign(station.at, reading))
    told = Observed(
        bucket=station.bucket(day),
        observer=OBSERVERS[1].address,
        answer=Answer.VALUE,
        value=410,
        observed_at=reading.observed_at,
    )
    assert done.one(Observed) == told
    assert station.of(day) == Reading(IndexState.OPEN, 0)
    assert station.evm.view(station.at, IndexOracle.index_of(station.bucket(day))) == (False, 0, 1)


def test_observe__observer_itself_without_signature__is_kept(station: Station, day: int) -> None:
    done = station.send(day, station.reading(day, 410), b"", sender=OBSERVERS[3])
    assert done.one(Observed).observer == OBSERVERS[3].address
    with reverts(errors.NotObserver(RELAYER.address)):
        station.send(day, station.reading(day, 410), b"")


def test_observe__stranger__is_refused(station: Station, day: int) -> None:
    with reverts(errors.NotObserver(STRANGER.address)):
        station.observe(day, 410, STRANGER)


def test_observe__bucket_of_another_day__is_refused(station: Station, day: int) -> None:
    reading = station.reading(day - 1, 410)
    with reverts(errors.BucketMismatch(station.bucket(day), station.bucket(day - 1))):
        station.send(day, reading, OBSERVERS[0].sign(station.at, reading))


def test_observe__signature_at_and_after_its_deadline__only_the_first_counts(
    station: Station, day: int
) -> None:
    reading = station.reading(day, 410, deadline=station.evm.now)
    late = replace(reading, deadline=station.evm.now - 1)
    with reverts(errors.SignatureExpired(late.deadline)):
        station.send(day, late, OBSERVERS[0].sign(station.at, late))
    station.send(day, reading, OBSERVERS[0].sign(station.at, reading))


def test_observe__day_not_over__is_refused_until_its_last_second(station: Station, day: int) -> None:
    station.evm.set_time((day + 2) * DAY - 1)
    with reverts(errors.DayNotOver(day + 1)):
        station.observe(day + 1, 410)
    station.evm.set_time((day + 2) * DAY)
    station.observe(day + 1, 410)


def test_o19__reading_in_the_last_second_of_the_window__counts(station: Station, day: int) -> None:
    station.observe_all(day, (400, 410))
    station.evm.set_time(station.end_of_window(day))
    with reverts(errors.TooFewObservations(station.bucket(day), 2, 3)):
        station.fix(day)
    station.observe(day, 420, OBSERVERS[2])
    with reverts(errors.TooEarly(station.bucket(day), station.end_of_window(day))):
        station.fix(day)
    station.evm.advance(1)
    with reverts(errors.ObservationWindowClosed(station.bucket(day))):
        station.observe(day, 999, OBSERVERS[3])
    assert station.of(day) == Reading(IndexState.OPEN, 0)
    assert station.fix(day).one(IndexFixed) == IndexFixed(station.bucket(day), 410, 3)
    assert station.of(day) == Reading(IndexState.FIXED, 410)


def test_o01__other_forms_of_one_signature__count_once(station: Station, day: int) -> None:
    reading = station.reading(day, 410)
    plain = OBSERVERS[0].sign(station.at, reading)
    r, s, v = plain[:32], int.from_bytes(plain[32:64], "big"), plain[64]
    high = r + (N - s).to_bytes(32, "big") + bytes([27 + 28 - v])
    compact = r + (s | ((v - 27) << 255)).to_bytes(32, "big")
    forms = (high, plain[:64] + bytes([v - 27]), compact, plain + b"\0")
    for other in forms:
        with reverts(errors.NotObserver(NOBODY)):
            station.send(day, reading, other)
    station.send(day, reading, plain)
    with reverts(errors.AlreadyObserved(station.bucket(day), OBSERVERS[0].address)):
        station.send(day, reading, plain)
    for other in forms:
        with reverts(errors.NotObserver(NOBODY)):
            station.send(day, reading, other)


def test_o02__signature_that_recovers_to_nobody__is_refused(station: Station, day: int) -> None:
    reading = station.reading(day, 410)
    for empty in (bytes(64) + b"\x1b", b"\xff" * 32 + bytes(31) + b"\x01\x1c"):
        with reverts(errors.NotObserver(NOBODY)):
            station.send(day, reading, empty)


def test_o03__second_reading_of_one_observer__is_refused(station: Station, day: int) -> None:
    station.observe(day, 410)
    with reverts(errors.AlreadyObserved(station.bucket(day), OBSERVERS[0].address)):
        station.observe(day, 990)
    assert station.evm.view(station.at, IndexOracle.index_of(station.bucket(day))).observations == 1


def test_o04__observer_of_an_earlier_committee__is_refused(station: Station, day: int) -> None:
    station.observe(day, 410, OBSERVERS[0])
    station.seat((*NEW_OBSERVERS[:4], OBSERVERS[4]))
    with reverts(errors.NotObserver(OBSERVERS[0].address)):
        station.observe(day, 410, OBSERVERS[0])
    station.observe(day, 410, OBSERVERS[4])


def test_o05__signature_for_another_chain_or_contract__is_refused(station: Station, day: int) -> None:
    """I-20: a reading signed for a fork, another deployment or a sister contract is nobody's here."""
    reading = station.reading(day, 410)
    sister = station.evm.deploy(
        DisruptionCover.deploy(*[GOVERNOR.address] * 5), GOVERNOR.address, "DisruptionCover"
    )
    strays = (
        OBSERVERS[0].sign(station.at, reading, chain_id=1),
        OBSERVERS[0].sign(new_station(new_evm()).at[:-4] + "0000", reading),
        OBSERVERS[0].sign(sister, reading),
    )
    for stray in strays:
        with reverts(errors.NotObserver):
            station.send(day, reading, stray)
    station.send(day, reading, OBSERVERS[0].sign(station.at, reading))


def test_o06__reading_for_a_fixed_bucket__changes_nothing(station: Station, day: int) -> None:
    """I-18: what stands is not overridden by what comes later."""
    station.observe_all(day, (400, 410, 420))
    station.evm.set_time(station.end_of_window(day) + 1)
    station.fix(day)
    with reverts(errors.AlreadyFixed(station.bucket(day))):
        station.fix(day)
    station.evm.set_time(station.end_of_window(day))
    with reverts(errors.AlreadyFixed(station.bucket(day))):
        station.observe(day, 990, OBSERVERS[3])


def test_o07__reading_under_another_version_of_the_domain__is_refused(station: Station, day: int) -> None:
    reading = station.reading(day, 410)
    stray = OBSERVERS[0].sign_digest(typed_digest(station.at, reading, name="Hanse2"))
    with reverts(errors.NotObserver):
        station.send(day, reading, stray)


def test_o08__observed_before_its_day_or_in_the_future__is_refused(station: Station, day: int) -> None:
    for at in (day * DAY - 1, station.evm.now + 301):
        reading = station.reading(day, 410, observed_at=at)
        with reverts(errors.ObservedOutOfTime(at)):
            station.send(day, reading, OBSERVERS[0].sign(station.at, reading))
    reading = station.reading(day, 410, observed_at=day * DAY)
    station.send(day, reading, OBSERVERS[0].sign(station.at, reading))


def test_o09__observers_clock_five_minutes_ahead__is_taken(station: Station, day: int) -> None:
    reading = station.reading(day, 410, observed_at=station.evm.now + 300)
    done = station.send(day, reading, OBSERVERS[0].sign(station.at, reading))
    assert done.one(Observed).observed_at == station.evm.now + 300


# Which value stands


def test_fix__every_observer_has_spoken__at_once(station: Station, day: int) -> None:
    station.observe_all(day, (400, 410, 420, 430))
    assert station.state(day) == IndexState.OPEN
    done = station.observe(day, 440, OBSERVERS[4])
    assert done.one(IndexFixed) == IndexFixed(station.bucket(day), 420, 5)


def test_o11__no_reading_or_too_few__is_no_index(station: Station, day: int) -> None:
    station.observe_all(day, (900, 900))
    station.evm.set_time(station.end_of_window(day) + 1)
    for silent in (day, day - 1):
        assert station.of(silent) == Reading(IndexState.NONE, 0)
        with reverts(errors.TooFewObservations):
            station.fix(silent)


def test_o22__one_source_far_off__does_not_move_the_median(station: Station, day: int) -> None:
    station.observe_all(day, (369, 422, 2**64 - 1, 370, 371))
    assert station.of(day).median == 371


@pytest.mark.parametrize("order", list(permutations((400, 422, 435))))
def test_fix__readings_in_any_order__same_median(station: Station, day: int, order: tuple[int, ...]) -> None:
    station.observe_all(day, order)
    station.evm.set_time(station.end_of_window(day) + 1)
    station.fix(day)
    assert station.of(day).median == 422


@settings(max_examples=60)
@given(
    values=st.one_of(
        st.lists(st.integers(0, 2**64 - 1), min_size=3, max_size=5),
        st.lists(st.integers(0, 30), min_size=3, max_size=5),
        st.lists(st.integers(900, 1_100), min_size=3, max_size=5),
    )
)
def test_fix__random_readings__middle_one_or_floor_of_two(built: Station, values: list[int]) -> None:
    with built.evm.branch():
        day = day_of(built.evm.now) - 1
        built.observe_all(day, tuple(values))
        built.evm.set_time(built.end_of_window(day) + 1)
        if len(values) < 5:
            built.fix(day)
        state, middle = decided(values, threshold=3, spread_bps=SPREAD_BPS)
        assert built.of(day) == Reading(state, middle if state == IndexState.FIXED else 0)
        assert len(values) % 2 == 0 or middle == median(values)
        peak = built.evm.view(built.at, IndexOracle.peak_of(WIND, HAIPHONG, day - 1, day + 1))
        assert peak == (max(values), day if any(values) else day - 1, 0)


# A committee seated while readings come in


def test_seat__fewer_readings_than_enough__bucket_starts_anew(station: Station, day: int) -> None:
    station.observe_all(day, (900, 900))
    station.seat((*OBSERVERS[:2], *NEW_OBSERVERS[:3]))
    station.observe(day, 100, OBSERVERS[0])
    for key in NEW_OBSERVERS[:3]:
        station.observe(day, 110, key)
    station.evm.set_time(station.end_of_window(day) + 1)
    assert station.fix(day).one(IndexFixed) == IndexFixed(station.bucket(day), 110, 4)


def test_seat__enough_readings_are_in__stand(station: Station, day: int) -> None:
    station.observe_all(day, (900, 910, 920))
    station.seat(NEW_OBSERVERS, threshold=5)
    with reverts(errors.NotObserver(NEW_OBSERVERS[0].address)):
        station.observe(day, 100, NEW_OBSERVERS[0])
    station.evm.set_time(station.end_of_window(day) + 1)
    assert station.of(day) == Reading(IndexState.OPEN, 0)
    assert station.fix(day).one(IndexFixed) == IndexFixed(station.bucket(day), 910, 3)


def test_seat__lower_threshold_afterwards__does_not_make_few_enough(station: Station, day: int) -> None:
    station.observe_all(day, (900, 910))
    station.seat(NEW_OBSERVERS[:1], threshold=1)
    station.evm.set_time(station.end_of_window(day) + 1)
    assert station.of(day) == Reading(IndexState.NONE, 0)
    with reverts(errors.TooFewObservations(station.bucket(day), 2, 3)):
        station.fix(day)


def test_bucket__neighbouring_days_and_places__do_not_mix(station: Station, day: int) -> None:
    place = b"CNSHA".ljust(32, b"\0")
    station.observe_all(day, (400, 410, 420, 430, 440))
    station.observe_all(day, (100, 100, 100, 100, 100), place)
    assert station.of(day).median == 420
    assert station.of(day, place).median == 100
    assert station.of(day - 1).median == 0
