"""Receivables.assign and what a wallet may do: one rule, whoever asks and in whichever way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.credit_lines import LineUsed
from settlement.chain.bindings.enums import Phase, Status
from settlement.chain.bindings.receivables import Receivables, Transfer
from settlement.chain.bindings.share_desk import Assigned
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.harness import NOBODY, Outcome, reverts, signer
from tests.contracts.holdings import assign, assignment, split
from tests.contracts.world import DAY, SUPPLIER, USD, World

SPARE = signer(40)
FACE = 100_000_00


def by_assign(world: World, order: int, to: str) -> Outcome[Any]:
    return assign(world, order, to)


def by_transfer(world: World, order: int, to: str) -> Outcome[Any]:
    supplier = world.key("supplier")
    call = Receivables.transfer_from(supplier.address, world.key(to).address, order)
    return world.send("Receivables", call, supplier)


def by_safe_transfer(world: World, order: int, to: str) -> Outcome[Any]:
    supplier = world.key("supplier")
    call = Receivables.safe_transfer_from(supplier.address, world.key(to).address, order)
    return world.send("Receivables", call, supplier)


def by_safe_transfer_with_words(world: World, order: int, to: str) -> Outcome[Any]:
    supplier = world.key("supplier")
    call = Receivables.safe_transfer_from_2(supplier.address, world.key(to).address, order, b"words")
    return world.send("Receivables", call, supplier)


Way = Callable[[World, int, str], Outcome[Any]]
every_way = pytest.mark.parametrize(
    "way", [by_assign, by_transfer, by_safe_transfer, by_safe_transfer_with_words]
)


def held(world: World, actor: str) -> int:
    return int(world.view("Receivables", Receivables.balance_of(world.key(actor).address)))


def suspend(world: World, actor: str) -> None:
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids[actor], Status.SUSPENDED))


@every_way
@pytest.mark.parametrize("to", ["supplier2", "bank"])
def test_i08__receivable__moves_to_a_member_that_may_hold(world: World, way: Way, to: str) -> None:
    """I-08 between members in good standing: event, owner and balances say the same."""
    order = world.accepted()
    done = way(world, order, to)
    former, new = world.key("supplier").address, world.key(to).address
    assert done.one(Assigned) == Assigned(order, world.ids["supplier"], world.ids[to], FACE)
    assert done.one(Transfer) == Transfer(former, new, order)
    assert world.view("Receivables", Receivables.owner_of(order)) == new
    assert (held(world, "supplier"), held(world, to)) == (0, 1)
    position = world.position(order)
    assert (position.holder, position.face, position.draws_closed) == (world.ids[to], FACE, True)
    free = world.cash(to)
    world.attest(order, 1)
    assert world.cash(to) - free == FACE


@every_way
@pytest.mark.parametrize("to", ["buyer", "buyer2", "treasury", "insurer", "supplier"])
def test_i08__receiver_without_a_fitting_role__is_refused(world: World, way: Way, to: str) -> None:
    """I-08: the buyer would owe itself, others may not hold, and to oneself nothing moves."""
    order = world.accepted()
    same = to in ("buyer", "supplier")
    expected: Any = errors.PartiesNotDistinct() if same else errors.RoleMissing(world.ids[to], SUPPLIER)
    with reverts(expected):
        way(world, order, to)
    assert held(world, "supplier") == 1


@every_way
def test_i08__receiver_out_of_standing__is_refused(world: World, way: Way) -> None:
    """I-08: asked at the act, not once at the door."""
    order = world.accepted()
    suspend(world, "supplier2")
    with reverts(errors.NotInGoodStanding(world.ids["supplier2"])):
        way(world, order, "supplier2")


@every_way
def test_p33__suspended_holder__cannot_leave_by_handing_it_on(world: World, way: Way) -> None:
    """P33: good standing is asked of the one who leaves as well."""
    order = world.accepted()
    suspend(world, "supplier")
    with reverts(errors.NotInGoodStanding(world.ids["supplier"])):
        way(world, order, "supplier2")


def test_p35__batch_with_one_suspended_receiver__moves_nothing(world: World) -> None:
    """P35: nothing is forced, and a suspended member named once or twice in a list stops all of it."""
    order = world.accepted()
    suspend(world, "bank2")
    for names in (["supplier2", "bank2"], ["bank2", "bank2"], ["supplier2", "supplier2", "bank2"]):
        with reverts(errors.NotInGoodStanding(world.ids["bank2"])):
            split(world, order, [(name, 1) for name in names])
    assert [held(world, name) for name in ("supplier", "supplier2", "bank2")] == [1, 0, 0]
    split(world, order, [("supplier2", 1), ("supplier2", 1)])
    assert [held(world, name) for name in ("supplier", "supplier2")] == [1, 2]


@every_way
def test_p22__sale_after_a_release_or_payment__is_refused(world: World, way: Way) -> None:
    """P22: who takes a receivable takes all of it; what was released or paid is no longer for sale."""
    order = world.accepted()
    world.attest(order, 1, phase=Phase.SHIPPED, released=0)
    with world.evm.branch():
        way(world, order, "supplier2")
    world.attest(order, 2, phase=Phase.RELEASED, released=1)
    with reverts(errors.AlreadyReleased(order)):
        way(world, order, "supplier2")
    world.attest(order, 3, phase=Phase.CLEARED)
    with reverts(errors.OrderClosed(order)):
        way(world, order, "supplier2")


def test_p22__claim_smaller_than_was_signed__is_another_deal(world: World) -> None:
    """P22: the seller empties it, by a split, before the sale it signed is sent."""
    order = world.accepted()
    sale = assignment(world, order, "bank")
    split(world, order, [("supplier2", FACE - 1)])
    with reverts(errors.ClaimDiffers(FACE, 1)):
        world.send("Receivables", Receivables.assign(sale, world.sign("supplier", "Receivables", sale)))
    assert assign(world, order, "bank").one(Assigned).claim == 1


def test_p22__payment_on_the_release_first__leaves_nothing_to_sell(world: World) -> None:
    """P22: settlement and sale race; whichever is first, cash and receivable go to the same member."""
    for sale_first in (True, False):
        with world.evm.branch():
            order = world.accepted()
            free = {name: world.cash(name) for name in ("supplier", "supplier2")}
            if sale_first:
                assign(world, order, "supplier2")
            world.attest(order, 1)
            if not sale_first:
                with reverts(errors.OrderClosed(order)):
                    assign(world, order, "supplier2", claim=FACE)
            holder = "supplier2" if sale_first else "supplier"
            assert world.position(order).holder == world.ids[holder]
            assert world.cash(holder) - free[holder] == FACE


@every_way
def test_i08__receivable_under_a_loan__cannot_move(world: World, way: Way) -> None:
    """I-08 never from under a loan; once it is repaid it can."""
    order = world.accepted(world.publish())
    world.draw(order, 10_000_00)
    with reverts(errors.PrincipalOutstanding(order, 10_000_00)):
        way(world, order, "supplier2")
    world.repay(order, 20_000_00, "buyer")
    way(world, order, "supplier2")


@every_way
@pytest.mark.parametrize("drawn", [False, True])
def test_p09__receivable_that_moves__frees_its_headroom(world: World, way: Way, drawn: bool) -> None:
    """P09: the reserve was the former holder's; the new one draws nothing on it."""
    line = world.publish()
    order = world.accepted(line)
    other = world.accepted(line)
    if drawn:
        world.draw(order, 1_00)
        world.repay(order, 2_00, "buyer")
    reserved = world.used(line)
    assert reserved == 2 * FACE * 9 // 10
    done = way(world, order, "supplier2")
    if not drawn:
        assert done.one(LineUsed).used == reserved // 2
    assert world.used(line) == reserved // 2
    with reverts(errors.DrawsClosed(order)):
        world.draw(order, 1, index=int(drawn), actor="supplier2")
    world.draw(other, 1)


def test_assign__same_signature_again__is_spent(world: World) -> None:
    """P31: back at the first holder, the old signature does not move it once more."""
    order = world.accepted()
    sale = assignment(world, order, "supplier2")
    signed = world.sign("supplier", "Receivables", sale)
    world.send("Receivables", Receivables.assign(sale, signed))
    with reverts(errors.NotSignedBy(world.ids["supplier"])):
        world.send("Receivables", Receivables.assign(sale, signed))
    assign(world, order, "supplier", "supplier2")
    with reverts(errors.NonceUsed(world.ids["supplier"], sale.nonce)):
        world.send("Receivables", Receivables.assign(sale, signed))


def test_assign__deadline__binds_to_the_second(world: World) -> None:
    """I-20: valid in the second of its deadline and not in the next."""
    order, until = world.accepted(), world.evm.now + DAY
    sale = assignment(world, order, "supplier2", deadline=until)
    signed = world.sign("supplier", "Receivables", sale)
    world.evm.set_time(until + 1)
    with reverts(errors.SignatureExpired(until)):
        world.send("Receivables", Receivables.assign(sale, signed))
    world.evm.set_time(until)
    world.send("Receivables", Receivables.assign(sale, signed))


def test_assign__own_key_without_signature__is_enough_and_a_strangers_is_not(world: World) -> None:
    order = world.accepted()
    sale = assignment(world, order, "supplier2")
    with reverts(errors.NotSignedBy(world.ids["supplier"])):
        world.send("Receivables", Receivables.assign(sale, b""), world.key("supplier2"))
    with reverts(errors.NotSignedBy(world.ids["supplier2"])):
        theirs = assignment(world, order, "bank", "supplier2")
        world.send("Receivables", Receivables.assign(theirs, b""), world.key("supplier2"))
    world.send("Receivables", Receivables.assign(sale, b""), world.key("supplier"))


def test_assign__altered_after_signing__finds_no_signer(world: World) -> None:
    order = world.accepted()
    sale = assignment(world, order, "supplier2")
    signed = world.sign("supplier", "Receivables", sale)
    other = assignment(world, order, "bank", nonce=sale.nonce)
    with reverts(errors.KeyNotValid):
        world.send("Receivables", Receivables.assign(other, signed))


def test_assign__key_with_a_limit__moves_no_more_than_that(world: World) -> None:
    order = world.accepted()
    world.give_key("supplier", SPARE, 1, FACE - 1)
    sale = assignment(world, order, "supplier2")
    signed = SPARE.sign(world.at["Receivables"], sale)
    with reverts(errors.KeyLimitExceeded(SPARE.address, FACE, FACE - 1)):
        world.send("Receivables", Receivables.assign(sale, signed))
    world.give_key("supplier", SPARE, 1, FACE)
    world.send("Receivables", Receivables.assign(sale, signed))


def test_p30__approvals__do_not_exist(world: World) -> None:
    """P30: nobody can be approved, so nobody moves what is not his own."""
    order = world.accepted()
    supplier, other = world.key("supplier"), world.key("supplier2")
    for approval in (
        Receivables.approve(other.address, order),
        Receivables.set_approval_for_all(other.address, True),
    ):
        with reverts(errors.NotTransferable):
            world.send("Receivables", approval, supplier)
    assert world.view("Receivables", Receivables.get_approved(order)) == NOBODY
    assert not world.view("Receivables", Receivables.is_approved_for_all(supplier.address, other.address))
    for move in (
        Receivables.transfer_from(supplier.address, other.address, order),
        Receivables.safe_transfer_from(supplier.address, other.address, order),
        Receivables.safe_transfer_from_2(supplier.address, other.address, order, b""),
    ):
        with reverts(errors.NotSignedBy(world.ids["supplier"])):
            world.send("Receivables", move, other)
        with reverts(errors.KeyNotValid(SPARE.address, 1)):
            world.send("Receivables", move, SPARE)


def test_p30__transfer_naming_another_owner_or_no_account__is_refused(world: World) -> None:
    """P30: from is the holder's account, to a member's account; spare keys and strangers own nothing."""
    order = world.accepted()
    supplier, other = world.key("supplier"), world.key("supplier2")
    with reverts(errors.NotHolder(other.address)):
        world.send("Receivables", Receivables.transfer_from(other.address, other.address, order), supplier)
    world.give_key("supplier2", SPARE, 1, 0)
    for receiver in (SPARE.address, signer(41).address, NOBODY):
        call = Receivables.transfer_from(supplier.address, receiver, order)
        with reverts(errors.UnknownMember(0)):
            world.send("Receivables", call, supplier)
    with reverts(errors.UnknownOrder(256)):
        world.send("Receivables", Receivables.transfer_from(supplier.address, other.address, 256), supplier)


@every_way
def test_p35__frozen_holder__cannot_carry_its_claims_away(world: World, way: Way) -> None:
    """P35: whose cash is frozen keeps its receivables too; a frozen receiver is credited like any other."""
    order = world.accepted()
    freeze = CashLedger.freeze(USD, world.ids["supplier"], True)
    world.govern("CashLedger", freeze)
    with reverts(errors.AccountFrozen(USD, world.ids["supplier"])):
        way(world, order, "supplier2")
    world.govern("CashLedger", CashLedger.freeze(USD, world.ids["supplier"], False))
    world.govern("CashLedger", CashLedger.freeze(USD, world.ids["supplier2"], True))
    way(world, order, "supplier2")
