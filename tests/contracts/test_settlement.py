"""Receivables: what becomes payable, when, from what, and to whom (R2-R8, R12, R14, R15)."""

from __future__ import annotations

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import Moved
from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.enums import FundBy, Phase, SettleOn
from settlement.chain.bindings.receivables import (
    Closed,
    DueSet,
    DutyUnpaid,
    Lapsed,
    Receivables,
    Recorded,
    Reversed,
    Settled,
)
from settlement.chain.bindings.structs import Seat
from tests.contracts.harness import reverts
from tests.contracts.world import COUNTRY, DAY, JPY, World

FACE = 100_000_00
ACTORS = ("buyer", "supplier", "bank", "treasury")


def balances(world: World, currency: int = 840) -> dict[str, int]:
    return {actor: world.cash(actor, currency) for actor in ACTORS}


def changes(world: World, before: dict[str, int]) -> dict[str, int]:
    now = balances(world)
    return {actor: now[actor] - before[actor] for actor in before if now[actor] != before[actor]}


def payable(world: World, order: int) -> tuple[int, int]:
    found = world.view("Receivables", Receivables.payable_now(order))
    return found.payable, found.covered


# One order, to its end


def test_settle__cleared__pays_the_holder_and_closes(world: World) -> None:
    order, before = world.accepted(), balances(world)
    done = world.attest(order, 1)
    assert done.one(Settled) == Settled(order, 1, FACE, 0, 0, FACE, 0)
    assert done.one(Closed) == Closed(order)
    assert changes(world, before) == {"buyer": -FACE, "supplier": FACE}
    position = world.position(order)
    assert (position.phase, position.paid, position.settlements) == (Phase.CLOSED, FACE, 1)


def test_i14__lender_holder_and_customs__get_what_the_buyer_is_debited(world: World) -> None:
    """I-14 debits of the buyer are credits of the others; I-15 the lender is whole before the holder (R15)."""
    order = world.accepted(world.publish(), duty_cap=5_000_00)
    world.draw(order, 60_000_00)
    world.evm.advance(45 * DAY)
    interest, principal = world.outstanding(order)
    assert (interest, principal) == (60_000_00 * 8 * 45 // (100 * 360), 60_000_00)
    before = balances(world)
    done = world.attest(order, 1, duty=4_000_00)
    settled = done.one(Settled)
    assert (settled.face, settled.late) == (FACE, 0)
    assert settled.to_funder == interest + principal
    assert settled.to_holder == FACE - interest - principal
    assert settled.to_customs == 4_000_00
    assert changes(world, before) == {
        "buyer": -FACE - 4_000_00,
        "bank": settled.to_funder,
        "supplier": settled.to_holder,
        "treasury": 4_000_00,
    }
    assert len(done.one(Moved).legs) == 3


@pytest.mark.parametrize(
    ("settle_on", "phases", "paying"),
    [
        (SettleOn.RELEASE, (Phase.ACCEPTED, Phase.SHIPPED, Phase.RELEASED), Phase.RELEASED),
        (SettleOn.CLEARANCE, (Phase.ACCEPTED, Phase.RELEASED, Phase.CLEARED), Phase.CLEARED),
        (SettleOn.RELEASE, (Phase.SHIPPED, Phase.CLEARED), Phase.CLEARED),
    ],
)
def test_settle__condition__is_the_phase_that_was_signed(
    world: World, settle_on: SettleOn, phases: tuple[Phase, ...], paying: Phase
) -> None:
    order = world.accepted(settle_on=settle_on)
    for seq, phase in enumerate(phases, start=1):
        done = world.attest(order, seq, phase=phase)
        assert bool(done.every(Settled)) == (phase == paying)


def test_i19__hold__pays_nothing_until_it_is_lifted(world: World) -> None:
    """I-19 no payment while a hold is on; the lifted hold pays in its own transaction."""
    order = world.accepted(duty_cap=100)
    done = world.attest(order, 1, hold=True, duty=100)
    assert done.one(Recorded).hold
    assert not done.every(Settled)
    assert (world.cash("supplier"), payable(world, order)) == (0, (0, 0))
    with reverts(errors.OnHold(order)):
        world.settle(order)
    done = world.attest(order, 2, duty=100)
    assert done.one(Settled).face == FACE
    assert done.one(Settled).to_customs == 100


def test_settle__hold_after_a_release_that_paid__keeps_what_was_paid(world: World) -> None:
    order = world.accepted()
    world.attest(order, 1, released=40_000_00)
    done = world.attest(order, 2, hold=True, released=0)
    assert done.one(Reversed) == Reversed(order, 0, 40_000_00)
    done = world.attest(order, 3, hold=False)
    assert done.one(Settled).face == 60_000_00


def test_settle__parts__pay_as_they_are_released(world: World) -> None:
    order = world.accepted()
    done = world.attest(order, 1, released=40_000_00)
    assert (done.one(Settled).number, done.one(Settled).face) == (1, 40_000_00)
    assert not done.every(Closed)
    with reverts(errors.NothingDue(order)):
        world.settle(order)
    done = world.attest(order, 2, released=40_000_00)
    assert not done.every(Settled)
    done = world.attest(order, 3, released=FACE)
    assert (done.one(Settled).number, done.one(Settled).face) == (2, 60_000_00)
    assert done.every(Closed)


def test_i17__released_beyond_face__is_paid_up_to_the_face(world: World) -> None:
    """I-17 value above the face is worth the face (P23)."""
    order, before = world.accepted(), balances(world)
    done = world.attest(order, 1, released=FACE + 1)
    assert done.one(Recorded).released == FACE
    assert changes(world, before) == {"buyer": -FACE, "supplier": FACE}


def test_p23__released_again__is_not_paid_twice(world: World) -> None:
    """P23: a state that says what was paid already pays nothing more."""
    order = world.accepted(settle_on=SettleOn.RELEASE)
    world.attest(order, 1, phase=Phase.RELEASED, released=FACE - 1)
    before = balances(world)
    world.attest(order, 2, released=FACE - 1)
    assert changes(world, before) == {}


def test_settle__release_taken_back__is_a_claim_not_a_rollback(world: World) -> None:
    order = world.accepted()
    world.attest(order, 1, released=70_000_00)
    before = balances(world)
    done = world.attest(order, 2, phase=Phase.SHIPPED, released=50_000_00)
    assert done.one(Reversed) == Reversed(order, 50_000_00, 70_000_00)
    # Said once; the same state again is no news.
    assert not world.attest(order, 3, phase=Phase.SHIPPED, released=50_000_00).every(Reversed)
    world.attest(order, 4, released=60_000_00)
    assert changes(world, before) == {}
    assert world.attest(order, 5, released=80_000_00).one(Settled).face == 10_000_00


# Refusal and lapse


def test_refused__nothing_delivered__reduces_all_and_closes(world: World) -> None:
    line = world.publish()
    order = world.accepted(line)
    done = world.attest(order, 1, phase=Phase.SHIPPED, refused=True, released=0)
    assert done.one(Lapsed) == Lapsed(order, FACE)
    assert done.every(Closed)
    assert not done.every(Settled)
    position = world.position(order)
    assert (position.reduced, position.paid, position.lapsed) == (FACE, 0, True)
    assert world.used(line) == 0


def test_refused__after_part__pays_the_part_and_reduces_the_rest(world: World) -> None:
    """I-07 face = paid + reduced + open, also when the order ends short."""
    order = world.accepted()
    world.attest(order, 1, released=40_000_00, phase=Phase.RELEASED)
    done = world.attest(order, 2, refused=True, released=55_000_00)
    assert done.one(Lapsed) == Lapsed(order, 45_000_00)
    assert done.one(Settled).face == 55_000_00
    position = world.position(order)
    assert (position.phase, position.paid, position.reduced) == (Phase.CLOSED, 55_000_00, 45_000_00)


def test_refused__part_delivered_but_not_yet_due__waits_for_its_condition(world: World) -> None:
    order = world.accepted()
    world.attest(order, 1, phase=Phase.RELEASED, refused=True, released=30_000_00)
    assert world.position(order).phase == Phase.RELEASED
    done = world.attest(order, 2, released=30_000_00)
    assert (done.one(Settled).face, bool(done.every(Closed))) == (30_000_00, True)


def test_i17__release_taken_back_after_a_refusal__is_not_paid(world: World) -> None:
    """I-17 what stands open after a lapse is paid only as far as it is released now."""
    order = world.accepted()
    world.attest(order, 1, phase=Phase.RELEASED, refused=True, released=30_000_00)
    done = world.attest(order, 2, released=10_000_00)
    assert done.one(Settled).face == 10_000_00


def test_refused__said_again_under_a_hold__takes_nothing_more(world: World) -> None:
    order = world.accepted()
    world.attest(order, 1, phase=Phase.RELEASED, refused=True, released=30_000_00)
    done = world.attest(order, 2, phase=Phase.RELEASED, refused=True, hold=True, released=0)
    assert not done.every(Lapsed)
    done = world.attest(order, 3, refused=True, released=30_000_00)
    assert (done.one(Settled).face, bool(done.every(Closed))) == (30_000_00, True)


def test_refused__below_what_was_paid__keeps_it(world: World) -> None:
    order = world.accepted()
    world.attest(order, 1, released=40_000_00)
    done = world.attest(order, 2, refused=True, released=10_000_00)
    assert done.one(Lapsed).reduced == 60_000_00
    assert done.one(Reversed) == Reversed(order, 10_000_00, 40_000_00)
    assert done.every(Closed)


def test_lapse__after_expiry_and_grace__frees_the_undelivered_part(world: World) -> None:
    line = world.publish()
    order = world.accepted(line, settle_on=SettleOn.RELEASE)
    world.attest(order, 1, phase=Phase.RELEASED, released=25_000_00)
    until = world.position(order).expiry + 5 * DAY
    assert world.view("Receivables", Receivables.lapse_at(order)) == until
    world.evm.set_time(until)
    with reverts(errors.NotExpired(until)):
        world.lapse(order)
    world.evm.advance(1)
    done = world.lapse(order)
    assert done.one(Lapsed) == Lapsed(order, 75_000_00)
    assert done.every(Closed)
    assert world.used(line) == 0


def test_lapse__undrawn_reserve__is_freed_once(world: World) -> None:
    line = world.publish()
    order, other = world.accepted(line), world.accepted(line)
    assert world.used(line) == 2 * 90_000_00
    world.attest(order, 1, phase=Phase.SHIPPED, released=30_000_00)
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
    world.lapse(order)
    assert world.used(line) == 90_000_00
    with reverts(errors.NothingDue(order)):
        world.lapse(order)
    world.attest(order, 2, released=30_000_00)
    assert world.used(line) == 90_000_00
    assert world.position(order).phase == Phase.CLOSED
    world.lapse(other)
    assert world.used(line) == 0


def test_lapse__event_posted_within_the_grace__counts(world: World) -> None:
    order = world.accepted()
    world.evm.set_time(world.position(order).expiry + 5 * DAY)
    world.attest(order, 1)
    assert world.position(order).phase == Phase.CLOSED


def test_refused__under_hold__still_gives_the_hold_back(world: World) -> None:
    order, before = world.accepted(), balances(world)
    funded = world.accepted(fund_by=FundBy.ACCEPTED)
    assert world.cash(funded) == FACE
    for each in (order, funded):
        world.attest(each, 1, phase=Phase.SHIPPED, refused=True, hold=True, released=0)
        assert world.position(each).phase == Phase.CLOSED
    assert (world.cash(funded), changes(world, before)) == (0, {})


# Tenor


def test_tenor__due_date__is_set_once_when_all_is_released(world: World) -> None:
    order = world.accepted(tenor_days=30)
    done = world.attest(order, 1, released=40_000_00)
    assert not done.every(DueSet)
    assert payable(world, order) == (0, 0)
    world.evm.advance(DAY)
    done = world.attest(order, 2)
    due = world.evm.now + 30 * DAY
    assert done.one(DueSet) == DueSet(order, due)
    assert not done.every(Settled)
    world.evm.advance(DAY)
    assert not world.attest(order, 3, phase=Phase.CLEARED).every(DueSet)
    world.evm.set_time(due - 1)
    with reverts(errors.NothingDue(order)):
        world.settle(order)
    world.evm.set_time(due)
    assert world.settle(order).one(Settled).face == FACE
    assert world.position(order).phase == Phase.CLOSED


def test_tenor__closed_short__counts_from_the_refusal(world: World) -> None:
    order = world.accepted(tenor_days=10)
    world.attest(order, 1, released=40_000_00)
    done = world.attest(order, 2, refused=True, released=40_000_00)
    assert done.one(DueSet).due == world.evm.now + 10 * DAY
    world.evm.advance(10 * DAY)
    assert world.settle(order).one(Settled).face == 40_000_00


def test_tenor__hold_over_the_due_date__moves_it_to_the_lifting(world: World) -> None:
    order = world.accepted(tenor_days=10)
    world.attest(order, 1)
    world.evm.advance(2 * DAY)
    world.attest(order, 2, hold=True)
    world.evm.advance(20 * DAY)
    done = world.attest(order, 3)
    assert done.one(DueSet) == DueSet(order, world.evm.now)
    assert done.one(Settled).late == 0
    early = world.accepted(tenor_days=10)
    world.attest(early, 1)
    due = world.position(early).due
    world.attest(early, 2, hold=True)
    assert not world.attest(early, 3).every(DueSet)
    assert world.position(early).due == due


# Duty


def test_duty__capped_by_what_the_buyer_signed(world: World) -> None:
    order, before = world.accepted(duty_cap=300), balances(world)
    done = world.attest(order, 1, phase=Phase.SHIPPED, released=0, duty=200)
    assert done.one(Recorded).duty == 200
    assert not done.every(Settled)
    done = world.attest(order, 2, released=40_000_00, duty=200)
    assert done.one(Settled).to_customs == 200
    done = world.attest(order, 3, duty=999, released=40_000_00)
    assert done.one(Settled) == Settled(order, 2, 0, 0, 0, 0, 100)
    assert changes(world, before)["treasury"] == 300
    position = world.position(order)
    assert (position.duty_cap, position.duty_paid, position.duty_demanded) == (300, 300, 999)
    done = world.attest(order, 4, duty=999, released=40_000_00)
    assert not done.every(Settled)


def test_duty__without_a_cap__is_not_taken(world: World) -> None:
    order = world.accepted()
    done = world.attest(order, 1, duty=500)
    assert (done.one(Recorded).duty, done.one(Settled).to_customs, world.cash("treasury")) == (0, 0, 0)


def test_duty__buyer_short__is_an_event_and_comes_after_the_face(world: World) -> None:
    order = world.accepted(duty_cap=5_000_00, tenor_days=0)
    world.drain("buyer")
    world.deposit("buyer", 61_000_00)
    done = world.attest(order, 1, released=60_000_00, duty=5_000_00)
    assert (done.one(Settled).face, done.one(Settled).to_customs) == (60_000_00, 1_000_00)
    assert done.one(DutyUnpaid) == DutyUnpaid(order, 4_000_00)
    world.deposit("buyer", 4_000_00)
    assert world.settle(order).one(Settled).to_customs == 4_000_00


def test_duty__never_out_of_the_orders_hold(world: World) -> None:
    order = world.accepted(duty_cap=100, fund_by=FundBy.ACCEPTED)
    world.drain("buyer")
    done = world.attest(order, 1, released=60_000_00, duty=100)
    assert (done.one(Settled).to_customs, done.one(DutyUnpaid).remaining) == (0, 100)
    assert world.cash(order) == 40_000_00


def test_settle__in_yen__keeps_minor_units_whole(world: World) -> None:
    order = world.accepted(currency=JPY, face=12_345_678)
    world.attest(order, 1, released=1)
    world.attest(order, 2)
    assert world.cash("supplier", JPY) == 12_345_678


def test_duty__committee_without_a_treasury__takes_none(world: World) -> None:
    seats = tuple(Seat(world.key(f"customs{n}").address, world.ids[f"customs{n}"]) for n in (1, 2, 3))
    world.govern("ClearanceOracle", ClearanceOracle.seat(COUNTRY, 2, 0, seats))
    order = world.accepted(duty_cap=100)
    done = world.attest(order, 1, duty=100, seats=(1, 2))
    assert (done.one(Settled).face, done.one(Settled).to_customs) == (FACE, 0)
    assert not done.every(DutyUnpaid)
