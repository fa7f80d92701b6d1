"""Receivables: the buyer's cash, locked or short, and what being late costs (R5, R6)."""

from __future__ import annotations

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.enums import FundBy, Phase
from settlement.chain.bindings.receivables import (
    Closed,
    DutyUnpaid,
    Funded,
    Receivables,
    Settled,
    Unpaid,
)
from tests.contracts.changes import credit
from tests.contracts.harness import reverts
from tests.contracts.world import DAY, World

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


# The buyer's cash


@pytest.mark.parametrize("locks_at", [FundBy.SHIPPED, FundBy.RELEASED])
def test_fund_by__phase_reached__locks_what_the_buyer_has(world: World, locks_at: FundBy) -> None:
    order = world.accepted(fund_by=locks_at)
    world.drain("buyer")
    world.deposit("buyer", 30_000_00)
    if locks_at == FundBy.RELEASED:
        assert not world.attest(order, 1, phase=Phase.SHIPPED, released=0).every(Funded)
    phase = Phase.SHIPPED if locks_at == FundBy.SHIPPED else Phase.RELEASED
    done = world.attest(order, 2, phase=phase, released=0)
    assert done.one(Funded) == Funded(order, 30_000_00)
    assert (world.cash("buyer"), world.cash(order)) == (0, 30_000_00)
    # Tried once: cash that comes later stays free, and pays all the same.
    world.deposit("buyer", 80_000_00)
    assert not world.attest(order, 3, phase=phase, released=0).every(Funded)
    world.attest(order, 4)
    assert (world.cash("supplier"), world.cash("buyer"), world.cash(order)) == (FACE, 10_000_00, 0)


def test_fund_by__locked__is_used_first_and_the_rest_returns(world: World) -> None:
    order = world.accepted(world.publish(), fund_by=FundBy.ACCEPTED)
    world.draw(order, 50_000_00)
    world.drain("buyer")
    before = balances(world)
    world.attest(order, 1, released=60_000_00, phase=Phase.CLEARED)
    assert changes(world, before) == {"bank": 50_000_00, "supplier": 10_000_00}
    done = world.attest(order, 2, refused=True, released=60_000_00)
    assert done.every(Closed)
    assert (world.cash("buyer"), world.cash(order)) == (40_000_00, 0)


def test_fund_by__jump_over_the_phase__locks_and_pays_at_once(world: World) -> None:
    order, before = world.accepted(fund_by=FundBy.SHIPPED), balances(world)
    done = world.attest(order, 1)
    assert done.one(Funded).amount == FACE
    assert changes(world, before) == {"buyer": -FACE, "supplier": FACE}
    assert world.cash(order) == 0


# The buyer is short


def test_unpaid__late_charge__runs_and_is_paid_after_the_face(world: World) -> None:
    order = world.accepted(late_bps=1000)
    world.drain("buyer")
    world.deposit("buyer", 40_000_00)
    done = world.attest(order, 1)
    assert done.one(Settled).face == 40_000_00
    assert done.one(Unpaid) == Unpaid(order, 60_000_00, 0)
    with reverts(errors.BuyerShort(60_000_00, 0)):
        world.settle(order)
    world.evm.advance(73 * DAY)
    # 10 % a year on 60,000.00 for a fifth of a year.
    assert world.view("Receivables", Receivables.late_of(order)) == 1_200_00
    world.deposit("buyer", 60_500_00)
    done = world.settle(order)
    assert (done.one(Settled).face, done.one(Settled).late) == (60_000_00, 500_00)
    assert done.one(Unpaid) == Unpaid(order, 0, 700_00 * 10**6)
    assert world.position(order).phase == Phase.CLEARED
    world.evm.advance(100 * DAY)
    # Nothing runs on the charge itself.
    assert world.view("Receivables", Receivables.late_of(order)) == 700_00
    world.deposit("buyer", 700_00)
    done = world.settle(order)
    assert done.one(Settled) == Settled(order, 3, 0, 700_00, 0, 700_00, 0)
    assert done.every(Closed)
    position = world.position(order)
    assert (position.late_accrued, position.late_since, position.paid) == (0, 0, FACE)


def test_unpaid__rounding__is_up_and_against_the_late(world: World) -> None:
    order = world.accepted(late_bps=1, face=100)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(1)
    assert world.view("Receivables", Receivables.late_of(order)) == 1
    accrued = -(-100 * 1 * 100 // (365 * 86_400))
    world.deposit("buyer", 1)
    assert world.settle(order).one(Unpaid) == Unpaid(order, 99, accrued)


def test_unpaid__without_a_rate__costs_nothing(world: World) -> None:
    order = world.accepted(late_bps=0)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(400 * DAY)
    world.deposit("buyer", FACE)
    done = world.settle(order)
    assert (done.one(Settled).late, bool(done.every(Closed))) == (0, True)


def test_unpaid__before_the_first_call__does_not_run(world: World) -> None:
    order = world.accepted(tenor_days=5)
    world.attest(order, 1)
    world.drain("buyer")
    world.evm.advance(50 * DAY)
    done = world.settle(order)
    assert done.one(Unpaid) == Unpaid(order, FACE, 0)
    world.evm.advance(73 * DAY)
    assert world.view("Receivables", Receivables.late_of(order)) == 2_000_00


def test_unpaid__hold__stops_the_charge(world: World) -> None:
    order = world.accepted(late_bps=1000)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(73 * DAY)
    done = world.attest(order, 2, hold=True)
    assert done.one(Unpaid) == Unpaid(order, 0, 2_000_00 * 10**6)
    world.evm.advance(300 * DAY)
    assert world.view("Receivables", Receivables.late_of(order)) == 2_000_00
    done = world.attest(order, 3)
    assert done.one(Unpaid) == Unpaid(order, FACE, 2_000_00 * 10**6)


def test_unpaid__what_was_late_before_a_new_part__is_not_counted_on_it(world: World) -> None:
    order = world.accepted(late_bps=1000)
    world.drain("buyer")
    world.attest(order, 1, released=40_000_00)
    world.evm.advance(73 * DAY)
    done = world.attest(order, 2)
    assert done.one(Unpaid) == Unpaid(order, FACE, 800_00 * 10**6)


def test_i15__late_charge__goes_to_the_lender_first(world: World) -> None:
    """I-15 the late charge runs through the same waterfall: the lender is made whole from it."""
    order = world.accepted(world.publish(), late_bps=1000)
    world.draw(order, 80_000_00)
    world.drain("buyer")
    world.attest(order, 1, released=1_000_00)
    world.evm.advance(365 * DAY)
    world.deposit("buyer", 1_100_00)
    supplier = world.cash("supplier")
    done = world.settle(order)
    assert (done.one(Settled).late, done.one(Settled).to_funder) == (100_00, 1_100_00)
    assert world.cash("supplier") == supplier


def test_p24__payment_smaller_than_the_interest__is_taken(world: World) -> None:
    """P24: a payment below what is due in interest reduces the interest and does not revert."""
    order = world.accepted(world.publish())
    world.draw(order, 80_000_00)
    world.evm.advance(90 * DAY)
    interest, principal = world.outstanding(order)
    world.drain("buyer")
    world.deposit("buyer", 1)
    done = world.attest(order, 1)
    assert (done.one(Settled).face, done.one(Settled).to_funder) == (1, 1)
    assert world.outstanding(order) == (interest - 1, principal)


def test_p25__dust_from_strangers__blocks_no_closing(world: World) -> None:
    """P25: a gift to the buyer, to the supplier or a unit of repayment changes nothing of the end."""
    order = world.accepted(world.publish())
    world.draw(order, 80_000_00)
    world.repay(order, 1, "buyer2")
    world.deposit("buyer", 1)
    world.deposit("supplier", 1)
    assert world.attest(order, 1).every(Closed)
    assert world.outstanding(order) == (0, 0)


def test_p26__order_of_one_unit__settles_beside_large_ones(world: World) -> None:
    """P26: there is no smallest item: one minor unit is released, rounded down and paid like any other."""
    large, small = world.accepted(), world.accepted(face=1, duty_cap=1)
    world.attest(small, 1, duty=1)
    world.attest(large, 1)
    assert (world.position(small).phase, world.position(large).phase) == (Phase.CLOSED, Phase.CLOSED)


def test_p27__odd_parts__leave_the_fraction_with_the_buyer_until_the_end(world: World) -> None:
    """P27: every remainder has an owner: after a lapse at 3 of 7 the part is floored, and the sum stays whole (R2)."""
    order = world.accepted(face=7)
    credit(world, order, 2)
    # 5 of 7 are claimed: 5/7, 10/7, 15/7, each rounded down.
    for seq, (released, paid) in enumerate(((1, 0), (2, 1), (3, 2)), start=1):
        world.attest(order, seq, released=released)
        assert world.position(order).paid == paid
    world.attest(order, 4, refused=True, released=3)
    position = world.position(order)
    assert (position.paid, position.reduced, position.phase) == (2, 5, Phase.CLOSED)


def test_settle__two_orders_one_purse__first_call_wins_and_nothing_is_lost(world: World) -> None:
    first, second = world.accepted(), world.accepted()
    world.drain("buyer")
    world.deposit("buyer", 150_000_00)
    world.attest(first, 1)
    done = world.attest(second, 1)
    assert done.one(Unpaid).remaining == 50_000_00
    assert world.cash("supplier") == 150_000_00


def test_settle__only_duty_unpaid_and_no_cash__is_refused(world: World) -> None:
    order = world.accepted(duty_cap=5_00)
    world.drain("buyer")
    assert world.attest(order, 1, released=0, duty=5_00).one(DutyUnpaid).remaining == 5_00
    for _ in range(2):
        with reverts(errors.BuyerShort(5_00, 0)):
            world.settle(order)
    world.deposit("buyer", 3_00)
    done = world.settle(order)
    assert (done.one(Settled).to_customs, done.one(DutyUnpaid).remaining) == (3_00, 2_00)


def test_settle__face_unpaid_for_the_first_time__is_recorded_once(world: World) -> None:
    order = world.accepted(tenor_days=1)
    world.attest(order, 1)
    world.drain("buyer")
    world.evm.advance(DAY)
    assert world.settle(order).one(Unpaid).remaining == FACE
    with reverts(errors.BuyerShort(FACE, 0)):
        world.settle(order)
