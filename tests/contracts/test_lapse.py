"""When the undelivered part lapses, and what a hold does to that (R4)."""

from __future__ import annotations

from settlement.chain.bindings import errors
from settlement.chain.bindings.enums import Phase
from settlement.chain.bindings.order_desk import OrderDesk
from settlement.chain.bindings.receivables import Closed, Lapsed, Settled
from tests.contracts.harness import reverts
from tests.contracts.world import DAY, World

FACE = 100_000_00


def test_lapse__under_a_hold__waits_so_that_what_customs_hold_is_not_cut(world: World) -> None:
    order = world.accepted()
    world.attest(order, 1, released=40_000_00)
    world.attest(order, 2, phase=Phase.SHIPPED, hold=True, released=0)
    ripe = world.position(order).expiry + 5 * DAY
    until = ripe + 90 * DAY
    assert world.view("Receivables", OrderDesk.lapse_at(order)) == until
    world.evm.set_time(ripe + 1)
    with reverts(errors.NotExpired(until)):
        world.lapse(order)
    # Released at last, after the expiry: what had been held is paid.
    assert world.attest(order, 3).one(Settled).face == 60_000_00


def test_lapse__hold_that_nobody_lifts__ends_after_ninety_days(world: World) -> None:
    """P09: a hold must not keep a reserve for ever."""
    line = world.publish()
    order = world.accepted(line)
    world.attest(order, 1, phase=Phase.SHIPPED, hold=True, released=0)
    until = world.position(order).expiry + 95 * DAY
    world.evm.set_time(until)
    with reverts(errors.NotExpired(until)):
        world.lapse(order)
    world.evm.advance(1)
    done = world.lapse(order)
    assert (done.one(Lapsed).reduced, done.one(Closed).order) == (FACE, order)
    assert world.used(line) == 0


def test_lapse__hold_lifted__the_usual_grace_counts_again(world: World) -> None:
    order = world.accepted()
    world.attest(order, 1, phase=Phase.SHIPPED, hold=True, released=0)
    world.evm.set_time(world.position(order).expiry + 50 * DAY)
    world.attest(order, 2, phase=Phase.RELEASED, released=30_000_00)
    assert world.lapse(order).one(Lapsed).reduced == 70_000_00
