"""Who may still act: keys given up, standing and roles at the draw, seats of a committee."""

from __future__ import annotations

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.clearance_oracle import ClearanceOracle, SeatSuspended
from settlement.chain.bindings.credit_lines import CreditLines, Drawn
from settlement.chain.bindings.enums import Phase, Status
from settlement.chain.bindings.structs import Seat
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.harness import Signer, reverts, signer
from tests.contracts.world import BUYER, COUNTRY, DAY, FUNDER, SUPPLIER, World

ALL_SCOPES, KEYS, NO_LIMIT = 0xFFFF, 64, 2**56 - 1


def set_status(world: World, actor: str, status: Status) -> None:
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids[actor], status))


def renew(world: World, actor: str, roles: int) -> None:
    term = TrustedNetwork.renew(world.ids[actor], roles, 1, world.evm.now + 3650 * DAY)
    world.govern("TrustedNetwork", term)


def drawable(world: World, order: int) -> int:
    return int(world.view("CreditLines", CreditLines.drawable_of(order)))


# Keys


def test_revoke_key__account_revoked_itself__revokes_no_other(world: World) -> None:
    thief, fresh = world.key("supplier"), signer(40)
    world.give_key("supplier", fresh, ALL_SCOPES, NO_LIMIT)
    world.revoke_key("supplier", thief.address)
    with reverts(errors.KeyNotValid(thief.address, KEYS)):
        world.revoke_key("supplier", fresh.address)
    assert world.view("TrustedNetwork", TrustedNetwork.signer(fresh.address, 1)) == world.ids["supplier"]


def test_revoke_key__active_account__revokes_others_and_itself(world: World) -> None:
    account, clerk = world.key("supplier"), signer(40)
    world.give_key("supplier", clerk, 1, 0)
    for key in (clerk, account):
        world.revoke_key("supplier", key.address)
        with reverts(errors.KeyNotValid(key.address, 1)):
            world.view("TrustedNetwork", TrustedNetwork.signer(key.address, 1))


# Draws and reserves


@pytest.mark.parametrize("actor", ["buyer", "supplier", "bank"])
@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.EXPELLED])
def test_draw__any_of_the_three_lost_its_standing__is_refused(
    world: World, actor: str, status: Status
) -> None:
    """I-28: P33, D15: good standing is asked again at the draw."""
    order = world.accepted(world.publish())
    set_status(world, actor, status)
    with reverts(errors.NotInGoodStanding(world.ids[actor])):
        world.draw(order, 80_000_00)
    assert drawable(world, order) == 0
    if status == Status.EXPELLED:
        return
    set_status(world, actor, Status.ACTIVE)
    assert drawable(world, order) == 80_000_00
    assert world.draw(order, 80_000_00).one(Drawn).amount == 80_000_00


def test_draw__buyer_lost_its_role__is_refused(world: World) -> None:
    order = world.accepted(world.publish())
    renew(world, "buyer", SUPPLIER)
    with reverts(errors.RoleMissing(world.ids["buyer"], BUYER)):
        world.draw(order, 1)
    assert drawable(world, order) == 0


def test_reserve__on_the_suppliers_own_line__is_refused(world: World) -> None:
    """I-12: a loan to oneself moves no cash, and would stand before the others' claims."""
    renew(world, "supplier", SUPPLIER | FUNDER)
    line = world.publish("supplier")
    with reverts(errors.FunderIsSupplier(world.ids["supplier"])):
        world.accept(line=line)
    other = world.order(supplier=world.ids["supplier2"])
    assert world.accept(other, line).value


# Committees


def test_unseat__member_lost_its_standing__seat_counts_no_more(world: World) -> None:
    """I-20: a signature is good only while its seat is active; anyone may say that it is not."""
    order, key = world.accepted(), world.key("customs1").address
    with reverts(errors.SeatInGoodStanding(key)):
        world.send("ClearanceOracle", ClearanceOracle.unseat(key))
    set_status(world, "customs1", Status.EXPELLED)
    done = world.send("ClearanceOracle", ClearanceOracle.unseat(key))
    assert done.one(SeatSuspended) == SeatSuspended(COUNTRY, key)
    with reverts(errors.SeatNotActive(key)):
        world.attest(order, 1)
    with reverts(errors.SeatNotActive(key)):
        world.send("ClearanceOracle", ClearanceOracle.unseat(key))
    world.attest(order, 1, seats=(2, 3, 4))
    assert world.position(order).phase == Phase.CLOSED


def test_renew__seated_member__cannot_start_to_trade(world: World) -> None:
    """P05: who judges goods must not trade in them."""
    with reverts(errors.InvalidMember()):
        renew(world, "customs1", SUPPLIER)


def test_unseat__key_given_up__seat_counts_no_more(world: World) -> None:
    key = world.key("customs1").address
    world.revoke_key("customs1", key)
    world.send("ClearanceOracle", ClearanceOracle.unseat(key))
    assert not world.view("ClearanceOracle", ClearanceOracle.is_seat_active(key))


def test_unseat__no_seat_at_all__is_refused(world: World) -> None:
    with reverts(errors.SeatNotActive(signer(50).address)):
        world.send("ClearanceOracle", ClearanceOracle.unseat(signer(50).address))


def seat(world: World, seats: list[tuple[Signer, str]], threshold: int = 2) -> None:
    chosen = tuple(Seat(key=key.address, member=world.ids[actor]) for key, actor in seats)
    world.govern("ClearanceOracle", ClearanceOracle.seat(COUNTRY + 1, threshold, 0, chosen))


def test_seat__one_member_twice__is_refused(world: World) -> None:
    """P38: two keys of one member are one voice."""
    twice = [(signer(50), "customs1"), (signer(51), "customs2"), (signer(52), "customs1")]
    with reverts(errors.InvalidCommittee()):
        seat(world, twice)
    seat(world, [*twice[:2], (signer(52), "customs3")])


def test_seat__key_of_another_member_or_given_up__is_refused(world: World) -> None:
    others = [(signer(51), "customs2"), (signer(52), "customs3")]
    with reverts(errors.InvalidCommittee()):
        seat(world, [(world.key("supplier"), "customs1"), *others])
    world.give_key("customs1", signer(53), 1, 0)
    seat(world, [(signer(53), "customs1"), *others])
    world.revoke_key("customs1", signer(53).address)
    with reverts(errors.InvalidCommittee()):
        seat(world, [(signer(53), "customs1"), *others])
