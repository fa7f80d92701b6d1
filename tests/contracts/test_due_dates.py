"""When orders and loans fall due, what lateness costs and stops, and where time ends."""

from __future__ import annotations

from settlement.chain.bindings import errors
from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.enums import FundBy, Phase
from settlement.chain.bindings.receivables import Closed, DueSet, Lapsed, Settled, Unpaid
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.harness import reverts
from tests.contracts.world import DAY, World

FACE = 100_000_00
LATEST = 730 * DAY


def drawable(world: World, order: int) -> int:
    return int(world.view("CreditLines", CreditLines.drawable_of(order)))


def due_from_supplier(world: World, order: int) -> int:
    return int(world.view("CreditLines", CreditLines.due_from_supplier(order)))


# The latest dates


def test_accept__expiry_beyond_two_years__is_refused(world: World) -> None:
    latest = world.evm.now + LATEST
    for expiry in (latest + 1, 2**32 - 1):
        with reverts(errors.ExpiryTooFar(expiry, latest)):
            world.accept(world.order(expiry=expiry))
    order = world.accepted(world.publish(recourse=True), expiry=latest)
    world.draw(order, 80_000_00)
    world.evm.set_time(world.loan(order).maturity)
    assert world.loan(order).maturity == latest + 10 * DAY
    assert due_from_supplier(world, order) == sum(world.outstanding(order))


def test_accept__tenor_beyond_a_year__is_refused(world: World) -> None:
    with reverts(errors.TenorTooLong(366, 365)):
        world.accept(world.order(tenor_days=366))
    assert world.position(world.accepted(tenor_days=365)).tenor_days == 365


def test_reserve__never_drawn__is_free_after_two_years_and_grace(world: World) -> None:
    line = world.publish()
    order = world.accepted(line, expiry=world.evm.now + LATEST)
    world.evm.advance(LATEST + 5 * DAY + 1)
    world.lapse(order)
    assert world.used(line) == 0


# Tenors


def test_tenor__refused_with_nothing_delivered__sets_no_due_date(world: World) -> None:
    order = world.accepted(world.publish(grace_days=0), tenor_days=365)
    world.draw(order, 80_000_00)
    maturity = world.loan(order).maturity
    done = world.attest(order, 1, refused=True, released=0, phase=Phase.ACCEPTED)
    assert not done.every(DueSet)
    assert world.position(order).phase == Phase.CLOSED
    assert world.loan(order).maturity == maturity == world.position(order).expiry


def test_tenor__refused_with_a_part_delivered__sets_the_due_date(world: World) -> None:
    order = world.accepted(tenor_days=30)
    done = world.attest(order, 1, refused=True, released=40_000_00)
    assert done.one(DueSet).due == world.evm.now + 30 * DAY


# Late buyers


def late_order(world: World) -> int:
    """An order of a buyer without cash, late since 36 days."""
    order = world.accepted(late_bps=10_000)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(36 * DAY)
    return order


def test_late__release_taken_back__nothing_is_charged_until_it_stands_again(world: World) -> None:
    """I-17: nothing is paid beyond what is released, charges neither."""
    order = late_order(world)
    done = world.attest(order, 2, phase=Phase.ACCEPTED, released=0)
    assert done.one(Unpaid).remaining == 0
    world.deposit("buyer", 2 * FACE)
    with reverts(errors.NothingDue(order)):
        world.settle(order)
    world.evm.advance(DAY)
    settled = world.attest(order, 3).one(Settled)
    # 36 days of a year on the face, and none while it was not payable.
    assert (settled.face, settled.late) == (FACE, -(-FACE * 36 // 365))
    assert world.position(order).phase == Phase.CLOSED


def test_late__everything_lapses__the_charge_goes_with_it(world: World) -> None:
    """I-09: an order on which nothing is claimed closes, also one that was late."""
    order = late_order(world)
    done = world.attest(order, 2, refused=True, phase=Phase.ACCEPTED, released=0)
    assert done.one(Closed).order == order
    assert not done.every(Settled)
    assert world.position(order).late_since == 0


def test_draw__buyer_is_late__is_refused_and_both_views_say_so(world: World) -> None:
    order = world.accepted(world.publish(recourse=False))
    assert (drawable(world, order), world.loan(order).draws_closed) == (80_000_00, False)
    world.drain("buyer")
    world.attest(order, 1)
    assert world.position(order).late_since
    assert (drawable(world, order), world.loan(order).draws_closed) == (0, True)
    with reverts(errors.DrawsClosed(order)):
        world.draw(order, 1)


# Lapse after a release was taken back


def test_lapse__release_taken_back_since__cuts_again_and_frees_the_hold(world: World) -> None:
    """I-02: locked cash comes back once nothing can be claimed of it."""
    order = world.accepted(fund_by=FundBy.ACCEPTED)
    world.attest(order, 1, phase=Phase.RELEASED, released=50_000_00)
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
    assert world.lapse(order).one(Lapsed).reduced == 50_000_00
    with reverts(errors.NothingDue(order)):
        world.lapse(order)
    assert world.cash(order) == FACE - 50_000_00
    world.attest(order, 2, phase=Phase.ACCEPTED, released=0, hold=True)
    # Under a hold a lapse waits 90 days more.
    with reverts(errors.NotExpired(world.position(order).expiry + 95 * DAY)):
        world.lapse(order)
    world.attest(order, 3, phase=Phase.ACCEPTED, released=0)
    before = world.cash("buyer")
    done = world.lapse(order)
    assert (done.one(Lapsed).reduced, done.one(Closed).order) == (50_000_00, order)
    assert (world.cash(order), world.cash("buyer")) == (0, before + FACE - 50_000_00)
    with reverts(errors.OrderClosed(order)):
        world.lapse(order)


# Time past the word's end


def test_i13__after_the_end_of_32_bits__interest_stands_still(world: World) -> None:
    """I-13: time that no longer fits its field neither spills into others nor counts twice."""
    last = 2**32 - 1
    world.evm.set_time(last - 300 * DAY)
    order = world.accepted(_line_of_today(world))
    world.draw(order, 80_000_00)
    world.evm.set_time(last)
    before = world.outstanding(order)
    world.evm.advance(400 * DAY)
    assert world.outstanding(order) == before
    world.lapse(order)
    world.evm.advance(400 * DAY)
    loan = world.loan(order)
    assert (world.outstanding(order), loan.since, loan.draws) == (before, last, 1)
    assert (loan.principal, loan.draws_closed) == (80_000_00, True)


def _line_of_today(world: World) -> int:
    for actor in ("buyer", "supplier", "bank", "bank2"):
        member = world.view("TrustedNetwork", TrustedNetwork.member_of(world.ids[actor]))
        term = TrustedNetwork.renew(world.ids[actor], member.roles, 1, 2**32 - 1)
        world.govern("TrustedNetwork", term)
    return world.publish(expiry=2**32 - 1)
