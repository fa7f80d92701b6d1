"""Committees over time: the grace of a former version, reserves that move up, who may never sit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.clearance_oracle import (
    Attested,
    ClearanceOracle,
    ReserveSeated,
    ReservesNamed,
    SeatSuspended,
)
from settlement.chain.bindings.enums import Phase, Status
from settlement.chain.bindings.receivables import Settled
from settlement.chain.bindings.structs import KeyRevocation, Seat
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.committee import (
    FORMER,
    GRACE,
    enrolled,
    is_counting,
    seat,
    seats_of,
    signatures,
)
from tests.contracts.harness import Outcome, reverts, signer
from tests.contracts.world import COUNTRY, CUSTOMS, DAY, World

ELSEWHERE = 528
SPARE = signer(30)


def suspend(world: World, number: int) -> Outcome[None]:
    return world.govern(
        "ClearanceOracle", ClearanceOracle.suspend_seat(world.key(f"customs{number}").address)
    )


def name(world: World, seats: tuple[Seat, ...], country: int = COUNTRY) -> Outcome[None]:
    return world.govern("ClearanceOracle", ClearanceOracle.name_reserves(country, seats))


def reserves(world: World, count: int, first: int = 60) -> tuple[Seat, ...]:
    keys = [signer(first + n) for n in range(count)]
    return tuple(Seat(key.address, enrolled(world, key)) for key in keys)


def attest_by(world: World, order: int, seq: int, *seats: int) -> Outcome[None]:
    return world.attest(order, seq, seats=seats, phase=Phase.SHIPPED, released=0)


# The grace of the version before


def test_grace__former_quorum__counts_to_its_last_second(world: World) -> None:
    order = world.accepted()
    seat(world, 1, seats_of(world, 4), treasury=world.ids["treasury"])
    ends = world.evm.now + GRACE
    assert world.view("ClearanceOracle", ClearanceOracle.grace_until(COUNTRY)) == ends
    done = attest_by(world, order, 1, 1, 2, 3)
    assert done.one(Attested).seat_bitmap == 0b111 | FORMER
    world.evm.set_time(ends)
    attest_by(world, order, 2, 1, 2, 5)
    world.evm.advance(1)
    with reverts(errors.SeatNotActive(world.key("customs1").address)):
        attest_by(world, order, 3, 1, 2, 3)
    assert attest_by(world, order, 3, 4).one(Attested).seat_bitmap == 0b1


def test_grace__first_version__has_none_before_it(world: World) -> None:
    assert world.view("ClearanceOracle", ClearanceOracle.grace_until(COUNTRY)) == 0
    seat(world, 1, seats_of(world, 4))
    seat(world, 1, seats_of(world, 5))
    order = world.accepted()
    attest_by(world, order, 1, 4)
    with reverts(errors.SeatNotActive(world.key("customs1").address)):
        attest_by(world, order, 2, 1, 2, 3)


def test_grace__members_of_two_versions__make_no_quorum_together(world: World) -> None:
    seat(world, 2, seats_of(world, 4, 5))
    order = world.accepted()
    # Two of the three that the former needed, and one of the two that the present needs.
    with reverts(errors.SeatNotActive(world.key("customs1").address)):
        attest_by(world, order, 1, 1, 5)
    with reverts(errors.SeatNotActive(world.key("customs1").address)):
        attest_by(world, order, 1, 4, 1)
    attest_by(world, order, 1, 4, 5)


def test_grace__same_members_under_a_higher_threshold__count_as_they_sat(world: World) -> None:
    order = world.accepted()
    seat(world, 4, seats_of(world, 5, 4, 3, 2, 1))
    done = attest_by(world, order, 1, 1, 2, 3)
    assert done.one(Attested).seat_bitmap == 0b111 | FORMER
    world.evm.advance(GRACE + 1)
    with reverts(errors.TooFewSignatures(3, 4)):
        attest_by(world, order, 2, 1, 2, 3)
    with reverts(errors.SeatsNotAscending()):
        attest_by(world, order, 2, 1, 2, 3, 4)
    attest_by(world, order, 2, 4, 3, 2, 1)


def test_grace__former_quorum__is_as_large_as_it_was_and_in_its_order(world: World) -> None:
    order = world.accepted()
    seat(world, 1, seats_of(world, 5))
    with reverts(errors.SeatNotActive(world.key("customs1").address)):
        attest_by(world, order, 1, 1, 2)
    with reverts(errors.SeatNotActive(world.key("customs1").address)):
        attest_by(world, order, 1, 1, 1, 2)
    attest_by(world, order, 1, 1, 2, 3)


@pytest.mark.parametrize("number", [1, 4])
def test_i20__suspension__bites_inside_the_grace(world: World, number: int) -> None:
    """I-20 a suspended seat counts neither in the present version nor by grace (4 sits in both, 1 in the former)."""
    order = world.accepted()
    seat(world, 1, seats_of(world, 4))
    done = suspend(world, number)
    assert done.one(SeatSuspended).key == world.key(f"customs{number}").address
    signed = tuple(sorted({2, 3, number}))
    with reverts(errors.SeatNotActive(world.key(f"customs{min(signed)}").address)):
        attest_by(world, order, 1, *signed)
    with reverts(errors.SeatNotActive(world.key(f"customs{number}").address)):
        suspend(world, number)
    attest_by(world, order, 1, 2, 3, 5)


def test_i20__seat_suspended_before__has_no_grace(world: World) -> None:
    """I-20 what did not count in its own version does not count after it, though the key sits again."""
    order = world.accepted()
    suspend(world, 1)
    seat(world, 1, seats_of(world, 1))
    with reverts(errors.SeatNotActive(world.key("customs2").address)):
        attest_by(world, order, 1, 1, 2, 3)
    attest_by(world, order, 1, 2, 3, 4)
    attest_by(world, order, 2, 1)


def test_o04__former_seat_of_another_country__has_no_grace_here(world: World) -> None:
    """O04: a seat speaks for its own committee, by grace too."""
    seat(world, 1, seats_of(world, 5))
    seat(world, 1, seats_of(world, 1), ELSEWHERE)
    seat(world, 1, seats_of(world, 2), ELSEWHERE)
    order = world.accepted()
    # Member 1 sat in this country's version 1 and then elsewhere: it counts in neither's former version but one.
    with reverts(errors.SeatNotActive(world.key("customs1").address)):
        attest_by(world, order, 1, 1, 3, 4)
    foreign = world.accepted(jurisdiction=ELSEWHERE)
    state = world.attestation(foreign, 1, jurisdiction=ELSEWHERE)
    call = ClearanceOracle.attest(state, signatures(world, state, 1))
    assert world.send("ClearanceOracle", call).one(Settled).face == 100_000_00


def test_grace__duty__goes_to_the_present_treasury(world: World) -> None:
    order = world.accepted(duty_cap=500)
    state = world.attestation(order, 1, duty=500)
    signed = signatures(world, state, 1, 2, 3)
    key = signer(31)
    treasury = enrolled(world, key)
    seat(world, 1, seats_of(world, 5), treasury=treasury)
    world.send("ClearanceOracle", ClearanceOracle.attest(state, signed))
    assert (world.cash(treasury), world.cash("treasury")) == (500, 0)


def test_unseat__former_seat_without_standing__loses_its_grace(world: World) -> None:
    seat(world, 1, seats_of(world, 5))
    key = world.key("customs1").address
    with reverts(errors.SeatInGoodStanding(key)):
        world.send("ClearanceOracle", ClearanceOracle.unseat(key), SPARE)
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids["customs1"], Status.SUSPENDED))
    world.send("ClearanceOracle", ClearanceOracle.unseat(key), SPARE)
    with reverts(errors.SeatNotActive(key)):
        attest_by(world, world.accepted(), 1, 1, 2, 3)


# Reserves


def test_reserves__fewer_than_k_seats_left__move_up_in_their_order(world: World) -> None:
    first, second = reserves(world, 2)
    assert name(world, (first, second)).one(ReservesNamed) == ReservesNamed(COUNTRY, 1, (first, second))
    for number in (1, 2):
        assert not suspend(world, number).every(ReserveSeated)
    told = suspend(world, 3).one(ReserveSeated)
    assert told == ReserveSeated(COUNTRY, 1, 5, first.key, first.member)
    found = world.view("ClearanceOracle", ClearanceOracle.committee_of(COUNTRY))
    assert (found.threshold, found.seats) == (3, (*seats_of(world, 1, 2, 3, 4, 5), first))
    listed = world.view("ClearanceOracle", ClearanceOracle.reserves_of(COUNTRY))
    assert (listed.seats, listed.called) == ((first, second), 1)

    order = world.accepted()
    state = world.attestation(order, 1)
    signed = signatures(world, state, 4, 5)
    with reverts(errors.SeatNotActive(second.key)):
        by_second = signer(61).sign(world.at["ClearanceOracle"], state)
        world.send("ClearanceOracle", ClearanceOracle.attest(state, signed + by_second))
    with reverts(errors.TooFewSignatures(2, 3)):
        world.send("ClearanceOracle", ClearanceOracle.attest(state, signed))
    by_first = signer(60).sign(world.at["ClearanceOracle"], state)
    done = world.send("ClearanceOracle", ClearanceOracle.attest(state, signed + by_first))
    assert done.one(Attested).seat_bitmap == 0b111000
    assert suspend(world, 4).one(ReserveSeated).index == 6
    assert not suspend(world, 5).every(ReserveSeated)


def test_reserves__one_that_may_not_sit_now__is_passed_over(world: World) -> None:
    gone, elsewhere, revoked, fit = reserves(world, 4)
    name(world, (gone, elsewhere, revoked, fit))
    world.govern("TrustedNetwork", TrustedNetwork.set_status(gone.member, Status.SUSPENDED))
    seat(world, 1, (elsewhere,), ELSEWHERE)
    revocation = KeyRevocation(revoked.member, revoked.key, 1, world.evm.now)
    world.send("TrustedNetwork", TrustedNetwork.revoke_key(revocation, b""), signer(62))
    for number in (1, 2):
        suspend(world, number)
    assert suspend(world, 3).one(ReserveSeated).key == fit.key
    assert world.view("ClearanceOracle", ClearanceOracle.reserves_of(COUNTRY)).called == 4


def test_reserves__named_to_a_committee_already_short__move_up_at_once(world: World) -> None:
    for number in (1, 2, 3):
        suspend(world, number)
    (first,) = reserves(world, 1)
    assert name(world, (first,)).one(ReserveSeated).key == first.key


def test_reserves__new_version__starts_without_them(world: World) -> None:
    name(world, reserves(world, 1))
    seat(world, 1, seats_of(world, 1))
    assert world.view("ClearanceOracle", ClearanceOracle.reserves_of(COUNTRY)).seats == ()
    assert not suspend(world, 1).every(ReserveSeated)


def test_reserves__doubtful_list__is_refused(world: World) -> None:
    first, second = reserves(world, 2)
    with reverts(errors.NoCommittee(ELSEWHERE)):
        name(world, (first,), ELSEWHERE)
    with reverts(errors.InvalidCommittee()):
        name(world, (first, replace(first, key=second.key)))
    with reverts(errors.InvalidCommittee()):
        name(world, (Seat(SPARE.address, world.ids["customs1"]),))
    with reverts(errors.InvalidCommittee()):
        name(world, (replace(first, key="0x" + "00" * 20),))
    with reverts(errors.InvalidCommittee()):
        name(world, (replace(first, key=world.key("customs1").address),))
    with reverts(errors.RoleMissing(world.ids["buyer"], CUSTOMS)):
        name(world, (Seat(SPARE.address, world.ids["buyer"]),))
    with reverts(errors.AccessManagedUnauthorized(SPARE.address)):
        world.send("ClearanceOracle", ClearanceOracle.name_reserves(COUNTRY, (first,)), SPARE)


def test_p40__reserves__are_bounded(world: World) -> None:
    """P40: five seats and twenty-seven reserves are thirty-two keys; one more is refused."""
    named = reserves(world, 28, first=100)
    with reverts(errors.InvalidCommittee()):
        name(world, named)
    name(world, named[:27])
    world.govern("TrustedNetwork", TrustedNetwork.set_status(named[0].member, Status.SUSPENDED))
    for number in range(1, 6):
        suspend(world, number)
    assert world.view("ClearanceOracle", ClearanceOracle.reserves_of(COUNTRY)).called == 4


# Interested members


def test_p05__member_that_traded__never_judges(world: World) -> None:
    """P05: no member attests its own order: judge and trader are roles for life, so no seat's member has an order."""
    until = world.evm.now + 365 * DAY
    for actor in ("buyer", "supplier", "bank"):
        with reverts(errors.InvalidMember()):
            world.govern("TrustedNetwork", TrustedNetwork.renew(world.ids[actor], CUSTOMS, 1, until))
    for roles in (1, 2, 4, 256):
        with reverts(errors.InvalidMember()):
            world.govern("TrustedNetwork", TrustedNetwork.renew(world.ids["customs1"], roles, 1, until))
    world.govern("TrustedNetwork", TrustedNetwork.renew(world.ids["customs1"], CUSTOMS | 256, 1, until))
    assert is_counting(world, 1)
