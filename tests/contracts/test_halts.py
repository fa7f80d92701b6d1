"""Halts of new business, and the predecessor that must have none left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.enums import HaltOn, Status
from settlement.chain.bindings.trusted_network import (
    HaltLifted,
    HaltSet,
    NetworkBegun,
    NetworkRetired,
    TrustedNetwork,
)
from tests.contracts.covers import open_desk
from tests.contracts.harness import NOBODY, reverts
from tests.contracts.world import BUYER, DAY, GOVERNOR, JPY, RELAYER, USD, World

NETWORK = "TrustedNetwork"
FOREVER = 2**48 - 1
LAPSE = 7 * DAY


def halt(world: World, on: HaltOn, subject: int = 0) -> HaltSet:
    return world.govern(NETWORK, TrustedNetwork.halt(on, subject)).one(HaltSet)


def publish(world: World) -> int:
    return world.publish()


def accept(world: World) -> int:
    return world.accepted()


@pytest.mark.parametrize(("on", "subject"), [(HaltOn.NETWORK, 0), (HaltOn.CURRENCY, USD)])
def test_i30__network_or_currency_halted__opens_nothing_and_settles_all_the_same(
    world: World, on: HaltOn, subject: int
) -> None:
    """I-30 a halt stops new business only: orders, lines, draws and cover, never what was agreed before."""
    line = world.publish()
    order, later = world.accepted(line), world.accepted(tenor_days=1)
    world.draw(order, 1_000_00)
    desk = open_desk(world)
    world.deposit("supplier", 10_000_00)
    told = halt(world, on, subject)
    assert told == HaltSet(on, subject, world.evm.now + LAPSE)
    for verb in (
        world.accept,
        lambda: world.accept(line=line),
        world.publish,
        lambda: world.draw(order, 1_000_00, index=1),
        lambda: desk.bought(order),
    ):
        with reverts(errors.NewBusinessHalted(on, subject, told.until)):
            verb()
    assert world.view("CreditLines", CreditLines.drawable_of(order)) == 0
    if on == HaltOn.CURRENCY:
        world.accept(world.order(currency=JPY))
    world.attest(later, 1)
    world.evm.advance(DAY)
    world.settle(later)
    world.repay(order, 100_00)
    world.attest(order, 1)
    world.withdraw("supplier", 1)
    world.deposit("buyer", 1)
    assert world.position(order).paid == world.position(later).paid == 100_000_00


@pytest.mark.parametrize("actor", ["buyer", "supplier"])
def test_i30__member_halted__accepts_nothing_new_and_settles_all_the_same(world: World, actor: str) -> None:
    """I-30: what was accepted before is attested, paid and withdrawn."""
    order = world.accepted()
    told = halt(world, HaltOn.MEMBER, world.ids[actor])
    with reverts(errors.NewBusinessHalted(HaltOn.MEMBER, world.ids[actor], told.until)):
        world.accept()
    world.accept(world.order(buyer=world.ids["buyer2"], supplier=world.ids["supplier2"]))
    world.attest(order, 1)
    world.withdraw("supplier", 100_000_00)
    assert world.view(NETWORK, TrustedNetwork.has_standing(world.ids[actor], 0))


@pytest.mark.parametrize("actor", ["buyer", "supplier", "bank"])
def test_i30__any_side_halted__draws_nothing_new(world: World, actor: str) -> None:
    """I-30: a draw is a new loan, so it waits; what was lent falls due as ever."""
    order = world.accepted(world.publish())
    world.draw(order, 1_000_00)
    told = halt(world, HaltOn.MEMBER, world.ids[actor])
    with reverts(errors.NewBusinessHalted(HaltOn.MEMBER, world.ids[actor], told.until)):
        world.draw(order, 1_000_00, index=1)
    assert world.view("CreditLines", CreditLines.drawable_of(order)) == 0
    world.repay(order, 1_000_00)
    assert world.outstanding(order) == (0, 0)


@pytest.mark.parametrize(
    ("on", "actor", "verb"), [(HaltOn.NETWORK, None, publish), (HaltOn.MEMBER, "buyer", accept)]
)
def test_halt__guardians__lapses_in_seven_days_and_is_not_repeated_in_seven_more(
    world: World, on: HaltOn, actor: str | None, verb: Callable[[World], int]
) -> None:
    """I-29: what is to last, governance confirms."""
    subject = world.ids[actor] if actor else 0
    until = halt(world, on, subject).until
    assert world.view(NETWORK, TrustedNetwork.halt_of(on, subject)) == until
    world.evm.set_time(until - 1)
    with reverts(errors.NewBusinessHalted(on, subject, until)):
        verb(world)
    world.evm.set_time(until)
    assert verb(world)
    world.evm.set_time(until + LAPSE - 1)
    with reverts(errors.HaltedBefore(on, subject, until)):
        halt(world, on, subject)
    world.evm.set_time(until + LAPSE)
    assert halt(world, on, subject).until == until + 2 * LAPSE


def test_halt__confirmed__stands_until_it_is_lifted(world: World) -> None:
    halt(world, HaltOn.NETWORK)
    done = world.govern(NETWORK, TrustedNetwork.confirm_halt(HaltOn.NETWORK, 0))
    assert done.one(HaltSet) == HaltSet(HaltOn.NETWORK, 0, FOREVER)
    world.evm.advance(365 * DAY)
    with reverts(errors.NewBusinessHalted(HaltOn.NETWORK, 0, FOREVER)):
        world.publish()
    with reverts(errors.HaltedBefore(HaltOn.NETWORK, 0, FOREVER)):
        halt(world, HaltOn.NETWORK)
    lift = TrustedNetwork.lift_halt(HaltOn.NETWORK, 0)
    with reverts(errors.AccessManagedUnauthorized(RELAYER.address)):
        world.send(NETWORK, lift)
    assert world.govern(NETWORK, lift).one(HaltLifted) == HaltLifted(HaltOn.NETWORK, 0)
    assert world.publish()
    with reverts(errors.HaltedBefore(HaltOn.NETWORK, 0, world.evm.now)):
        halt(world, HaltOn.NETWORK)


def test_halt__lapsed__is_cleared_away_by_anyone(world: World) -> None:
    subjects = ((HaltOn.NETWORK, 0), (HaltOn.MEMBER, world.ids["buyer"]), (HaltOn.CURRENCY, USD))
    until = max(halt(world, on, subject).until for on, subject in subjects)
    for on, subject in subjects:
        lift = TrustedNetwork.lift_halt(on, subject)
        with reverts(errors.AccessManagedUnauthorized(RELAYER.address)):
            world.send(NETWORK, lift)
        with world.evm.branch():
            world.evm.set_time(until)
            world.send(NETWORK, lift)
            with reverts(errors.NotHalted(on, subject)):
                world.send(NETWORK, lift)
            assert world.view(NETWORK, TrustedNetwork.halt_of(on, subject)) == until


def test_halt__currency__stops_that_currency_only(world: World) -> None:
    until = halt(world, HaltOn.CURRENCY, USD).until
    world.view(NETWORK, TrustedNetwork.require_open(JPY))
    world.view(NETWORK, TrustedNetwork.require_open(0))
    with reverts(errors.NewBusinessHalted(HaltOn.CURRENCY, USD, until)):
        world.view(NETWORK, TrustedNetwork.require_open(USD))
    world.govern(NETWORK, TrustedNetwork.confirm_halt(HaltOn.CURRENCY, USD))
    world.govern(NETWORK, TrustedNetwork.lift_halt(HaltOn.CURRENCY, USD))
    world.view(NETWORK, TrustedNetwork.require_open(USD))


@pytest.mark.parametrize(
    ("on", "subject"), [(HaltOn.NETWORK, 1), (HaltOn.CURRENCY, 0), (HaltOn.CURRENCY, 1000)]
)
def test_p34__halt_of_nobody__is_refused(world: World, on: HaltOn, subject: int) -> None:
    """P34: there is no subject whose halt stops what it should not."""
    with reverts(errors.SubjectUnknown(on, subject)):
        halt(world, on, subject)
    with reverts(errors.UnknownMember(0)):
        halt(world, HaltOn.MEMBER, 0)


def test_halt__renewed_and_suspended_member__stays_halted(world: World) -> None:
    """P33: another path to the member's word does not lose the halt."""
    buyer = world.ids["buyer"]
    told = halt(world, HaltOn.MEMBER, buyer)
    world.govern(NETWORK, TrustedNetwork.renew(buyer, BUYER, 1, world.evm.now + 365 * DAY))
    for status in (Status.SUSPENDED, Status.ACTIVE):
        world.govern(NETWORK, TrustedNetwork.set_status(buyer, status))
    with reverts(errors.NewBusinessHalted(HaltOn.MEMBER, buyer, told.until)):
        world.accept()


def test_retire__for_good__opens_nothing_and_settles_all(world: World) -> None:
    """I-05: a retired network takes no new business ever again; what it has runs out."""
    order = world.accepted(world.publish())
    done = world.govern(NETWORK, TrustedNetwork.retire())
    assert done.one(NetworkRetired) == NetworkRetired()
    assert world.view(NETWORK, TrustedNetwork.is_retired())
    for call, refusal in (
        (TrustedNetwork.lift_halt(HaltOn.NETWORK, 0), errors.NotHalted(HaltOn.NETWORK, 0)),
        (TrustedNetwork.begin(), errors.PredecessorInBusiness(NOBODY)),
    ):
        with reverts(refusal):
            world.govern(NETWORK, call)
    for verb in (world.publish, world.accept):
        with reverts(errors.NetworkIsRetired()):
            verb()
    world.attest(order, 1)
    assert world.position(order).paid == 100_000_00


def test_p36__successor__waits_until_its_predecessor_is_retired(world: World) -> None:
    """P36: nothing is accepted in two suites: the later one opens when the earlier one has closed for good."""
    code = TrustedNetwork.deploy(world.at["Governance"], world.at[NETWORK])
    at = world.evm.deploy(code, GOVERNOR.address, NETWORK)
    later = replace(world, at={**world.at, NETWORK: at})
    with reverts(errors.PredecessorInBusiness(world.at[NETWORK])):
        later.view(NETWORK, TrustedNetwork.require_open(0))
    parties = (world.key("buyer").address, world.key("supplier").address)
    with reverts(errors.PredecessorInBusiness(world.at[NETWORK])):
        later.view(NETWORK, TrustedNetwork.counterparties(*parties, 0, 0, USD))
    with reverts(errors.PredecessorInBusiness(world.at[NETWORK])):
        later.view(NETWORK, TrustedNetwork.borrower(parties[1], 1, 1, 3, USD))
    with reverts(errors.PredecessorInBusiness(world.at[NETWORK])):
        later.send(NETWORK, TrustedNetwork.begin())
    with reverts(errors.PredecessorInBusiness(NOBODY)):
        world.send(NETWORK, TrustedNetwork.begin())
    world.govern(NETWORK, TrustedNetwork.retire())
    assert later.send(NETWORK, TrustedNetwork.begin()).one(NetworkBegun) == NetworkBegun(world.at[NETWORK])
    later.view(NETWORK, TrustedNetwork.require_open(USD))
    with reverts(errors.PredecessorInBusiness(world.at[NETWORK])):
        later.send(NETWORK, TrustedNetwork.begin())
