"""Branches of split orders that no trade of the other tests happens to walk; scripts/prove coverage named them."""

from __future__ import annotations

from settlement.chain.bindings import errors
from settlement.chain.bindings.order_desk import OrderDesk
from settlement.chain.bindings.receivables import Closed, Lapsed, Settled, Unpaid
from settlement.chain.bindings.settlement_desk import ShareReduced
from tests.contracts.harness import reverts
from tests.contracts.holdings import shares, split
from tests.contracts.world import DAY, World

FACE = 100_000_00
GIVEN = [("supplier2", 10_000_00), ("bank2", 20_000_00)]


def paid(world: World, order: int) -> list[int]:
    """What each share has got."""
    return [share.paid for share in shares(world, order)]


def test_r3__split_order_with_a_tenor__its_shares_wait_for_the_due_date(world: World) -> None:
    """R3: nothing is payable before the date is set, nor a second before it."""
    order = world.accepted(tenor_days=30)
    split(world, order, GIVEN)
    world.attest(order, 1, released=FACE // 2)
    assert (world.position(order).due, paid(world, order)) == (0, [0, 0])
    with reverts(errors.NothingDue(order)):
        world.settle(order)
    world.attest(order, 2)
    due = world.position(order).due
    world.evm.set_time(due - 1)
    with reverts(errors.NothingDue(order)):
        world.settle(order)
    world.evm.set_time(due)
    done = world.settle(order)
    assert paid(world, order) == [face for _, face in GIVEN]
    assert done.one(Closed) == Closed(order)


def test_r6__late_split_order_refused_whole__owes_no_charge_any_more(world: World) -> None:
    """R6: where nothing is claimed any more, nothing can be late."""
    order = world.accepted(late_bps=1000)
    split(world, order, GIVEN)
    world.drain("buyer")
    assert world.attest(order, 1).one(Unpaid).remaining == FACE
    world.evm.advance(73 * DAY)
    assert world.view("Receivables", OrderDesk.late_of(order)) == FACE // 50
    world.deposit("buyer", FACE)
    done = world.attest(order, 2, released=0, refused=True)
    assert done.one(Closed) == Closed(order)
    assert [*done.every(Settled), *done.every(Unpaid)] == []
    assert [share.reduced for share in shares(world, order)] == [face for _, face in GIVEN]
    assert world.view("Receivables", OrderDesk.late_of(order)) == 0
    assert world.cash("buyer") == FACE


def test_r4__delivered_whole_and_unpaid__lapse_cuts_no_share(world: World) -> None:
    """R4: a lapse takes what was not delivered, and here there is none."""
    order = world.accepted()
    split(world, order, GIVEN)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
    done = world.lapse(order)
    assert done.every(ShareReduced) == []
    assert done.one(Lapsed) == Lapsed(order, 0)
    assert [(share.reduced, share.paid) for share in shares(world, order)] == [(0, 0)] * 2
    world.deposit("buyer", FACE)
    world.settle(order)
    assert paid(world, order) == [face for _, face in GIVEN]


def test_i11__share__takes_no_reserve_of_a_line(world: World) -> None:
    """I-11: a share has no draws, so a line stands behind none; the order itself may still come to it."""
    line, order = world.publish(supplier_lanes=0xFF), world.accepted()
    split(world, order, GIVEN)
    with reverts(errors.DrawsClosed(order | 1)):
        world.move_reserve(order | 1, 0, line, "supplier2")
    assert world.used(line) == 0
    world.move_reserve(order, 0, line)
    assert world.used(line) == (FACE - 30_000_00) * 9 // 10
