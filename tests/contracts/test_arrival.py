"""Orders that pay on arrival: customs clear on the way, the carrier says when the goods are there."""

from __future__ import annotations

from dataclasses import replace

from settlement.chain.bindings import errors
from settlement.chain.bindings.enums import Phase, SettleOn, Status
from settlement.chain.bindings.order_desk import Arrived, OrderDesk
from settlement.chain.bindings.receivables import Closed, DueSet, Lapsed, Settled
from settlement.chain.bindings.settlement_desk import ShareReduced, ShareSettled
from settlement.chain.bindings.structs import Arrival
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts import changes
from tests.contracts.changes import FACE, arrive, changes_of
from tests.contracts.harness import reverts
from tests.contracts.holdings import split
from tests.contracts.world import CARRIER, DAY, World


def on_arrival(world: World, line: int = 0, **terms: int) -> int:
    return world.accepted(line, settle_on=SettleOn.ARRIVAL, **terms)


def test_arrival__cleared_before__pays_in_the_carriers_call(world: World) -> None:
    order = on_arrival(world)
    assert not world.attest(order, 1).every(Settled)
    with reverts(errors.NothingDue(order)):
        world.settle(order)
    done = arrive(world, order)
    assert done.one(Arrived).carrier == world.ids["carrier"]
    assert (done.one(Settled).face, done.one(Closed).order) == (FACE, order)


def test_i17__carrier_alone__pays_nothing(world: World) -> None:
    """I-17 nothing beyond what customs released."""
    order = on_arrival(world)
    assert not arrive(world, order).every(Settled)
    assert changes_of(world, order).arrived_at == world.evm.now
    assert not world.attest(order, 1, phase=Phase.RELEASED).every(Settled)
    assert world.attest(order, 2, released=40_000_00).one(Settled).face == 40_000_00


def test_arrival__tenor__counts_from_the_arrival(world: World) -> None:
    order = on_arrival(world, tenor_days=30)
    assert not world.attest(order, 1).every(DueSet)
    world.evm.advance(20 * DAY)
    done = arrive(world, order)
    assert done.one(DueSet).due == world.evm.now + 30 * DAY
    world.evm.advance(30 * DAY)
    assert world.settle(order).one(Settled).face == FACE
    early = on_arrival(world, tenor_days=30)
    arrive(world, early)
    world.evm.advance(DAY)
    assert world.attest(early, 1).one(DueSet).due == world.evm.now + 30 * DAY


def test_arrival__tenor_of_a_part_that_was_not_refused__counts_from_the_arrival(world: World) -> None:
    order = on_arrival(world, tenor_days=30)
    assert not world.attest(order, 1, refused=True, released=40_000_00).every(DueSet)
    world.evm.advance(DAY)
    assert arrive(world, order).one(DueSet).due == world.evm.now + 30 * DAY
    world.evm.advance(30 * DAY)
    done = world.settle(order)
    assert (done.one(Settled).face, done.one(Closed).order) == (40_000_00, order)


def test_arrival__said_twice_too_early_or_where_nobody_waits__is_refused(world: World) -> None:
    order, other = on_arrival(world), world.accepted()
    with reverts(errors.ArrivalNotAwaited(other)):
        arrive(world, other)
    for wrong in (0, world.evm.now + 1):
        with reverts(errors.ArrivedOutOfTime(wrong)):
            arrive(world, order, arrived_at=wrong)
    with reverts(errors.SignatureExpired(world.evm.now - 1)):
        arrive(world, order, deadline=world.evm.now - 1)
    arrive(world, order)
    with reverts(errors.ArrivalNotAwaited(order)):
        arrive(world, order)


def test_p05__arrival_by_a_party_or_no_carrier__is_refused(world: World) -> None:
    """P05: nobody says of itself that it delivered."""
    order = on_arrival(world, world.publish())
    with reverts(errors.RoleMissing(world.ids["bank2"], CARRIER)):
        arrive(world, order, "bank2")
    for actor, roles in (("buyer", 1), ("supplier", 2), ("bank", 4)):
        member = world.ids[actor]
        renewal = TrustedNetwork.renew(member, roles | CARRIER, 1, world.evm.now + 1000 * DAY)
        world.govern("TrustedNetwork", renewal)
        with reverts(errors.PartyOfOrder(member)):
            arrive(world, order, actor)
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids["carrier"], Status.SUSPENDED))
    with reverts(errors.NotInGoodStanding(world.ids["carrier"])):
        arrive(world, order)


def test_lapse__cleared_but_never_there__is_not_delivered(world: World) -> None:
    order = on_arrival(world)
    world.attest(order, 1)
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
    done = world.lapse(order)
    assert (done.one(Lapsed).reduced, done.one(Closed).order) == (FACE, order)


def test_refused__part_still_on_its_way__waits_for_its_arrival(world: World) -> None:
    order = on_arrival(world)
    done = world.attest(order, 1, refused=True, released=30_000_00)
    assert done.one(Lapsed).reduced == 70_000_00
    with world.evm.branch():
        assert arrive(world, order).one(Settled).face == 30_000_00
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
    done = world.lapse(order)
    assert (done.one(Lapsed).reduced, done.one(Closed).order) == (30_000_00, order)


def test_i07__split_order_refused_before_its_arrival__every_leaf_keeps_what_was_delivered(
    world: World,
) -> None:
    """I-07: a refusal cuts of every leaf what was not delivered; only goods that never come are cut wholly."""
    order = on_arrival(world)
    split(world, order, [("supplier2", 20_000_00), ("bank2", 10_000_01)])
    faces = [FACE - 30_000_01, 20_000_00, 10_000_01]
    parts = [face * 30 // 100 for face in faces]
    done = world.attest(order, 1, refused=True, released=30_000_00)
    cuts = [done.one(Lapsed).reduced, *(one.reduced for one in done.every(ShareReduced))]
    assert cuts == [face - part for face, part in zip(faces, parts, strict=True)]
    with world.evm.branch():
        assert not arrive(world, order).every(Settled)
        done = world.settle(order)
        assert [done.one(Settled).face, *(one.face for one in done.every(ShareSettled))] == parts
        assert done.one(Closed).order == order
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
    done = world.lapse(order)
    assert [done.one(Lapsed).reduced, *(one.reduced for one in done.every(ShareReduced))] == parts
    assert done.one(Closed).order == order


def test_arrival__amended_away__is_not_waited_for(world: World) -> None:
    order = on_arrival(world)
    changes.amend(world, order, settle_on=SettleOn.CLEARANCE)
    assert world.attest(order, 1).one(Settled).face == FACE
    other = world.accepted()
    changes.amend(world, other, settle_on=SettleOn.ARRIVAL)
    world.attest(other, 1)
    assert arrive(world, other).one(Settled).face == FACE


def test_arrival__signed_for_another_order__is_refused(world: World) -> None:
    order, other = on_arrival(world), on_arrival(world)
    signed = Arrival(order, world.evm.now, bytes(32), world.evm.now + DAY)
    signature = world.sign("carrier", "Receivables", signed)
    with reverts(errors.KeyNotValid):
        world.send("Receivables", OrderDesk.arrive(replace(signed, order=other), signature))
