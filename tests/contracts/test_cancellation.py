"""Cancellation: everything an order binds is free again, and its number stays taken (P09, I-05)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.credit_lines import LineUsed
from settlement.chain.bindings.enums import FundBy, Phase, Status
from settlement.chain.bindings.order_desk import Cancelled, OrderDesk
from settlement.chain.bindings.receivables import Closed, Settled
from settlement.chain.bindings.structs import Cancellation
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts import changes
from tests.contracts.changes import ALL, FACE, cancel
from tests.contracts.harness import reverts
from tests.contracts.world import DAY, World


def test_p09__cancelled_order__leaves_no_headroom_and_no_cash_behind(world: World) -> None:
    """P09: reserve, hold and headroom are free at once."""
    line = world.publish()
    before = world.cash("buyer")
    order = world.accepted(line, fund_by=FundBy.ACCEPTED)
    assert (world.used(line), world.cash(order)) == (90_000_00, FACE)
    done = cancel(world, order, ALL)
    assert done.one(Cancelled) == Cancelled(order, FACE)
    assert done.one(LineUsed) == LineUsed(line, 0)
    assert done.one(Closed).order == order
    assert (world.used(line), world.cash(order), world.cash("buyer")) == (0, 0, before)
    position = world.position(order)
    assert (position.phase, position.reduced, position.paid) == (Phase.CLOSED, FACE, 0)
    assert position.draws_closed


def test_p09__after_a_loan_that_was_repaid_by_a_stranger__frees_the_use(world: World) -> None:
    """P09: draws that a stranger's payment left open keep no headroom."""
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 10_000_00)
    world.evm.advance(DAY)
    with reverts(errors.LoanOutstanding(order)):
        cancel(world, order, ALL)
    world.repay(order, 2**56 - 1, "bank2")
    assert world.used(line) == 90_000_00
    cancel(world, order, ALL)
    assert world.used(line) == 0
    with reverts(errors.DrawsClosed(order)):
        world.draw(order, 1, 1)


def test_i05__cancelled_order__is_never_accepted_again(world: World) -> None:
    """I-05 one acceptance per fingerprint, ever."""
    signed = world.order()
    order = int(world.accept(signed).value)
    cancel(world, order)
    with reverts(errors.AlreadyAccepted(order)):
        world.accept(signed)
    with reverts(errors.AlreadyAccepted(order)):
        world.accept(replace(signed, face=1))


def test_i09__cancelled_order__takes_nothing_more(world: World) -> None:
    """I-09 closed is final."""
    order = world.accepted()
    cancel(world, order)
    acts: tuple[Callable[[], object], ...] = (
        lambda: cancel(world, order),
        lambda: changes.amend(world, order),
        lambda: changes.credit(world, order, 1),
        lambda: changes.dispute(world, order, 1),
        lambda: changes.dismiss(world, order),
        lambda: changes.resolve(world, order, 0),
        lambda: changes.arrive(world, order),
        lambda: world.attest(order, 1),
        lambda: world.settle(order),
    )
    for act in acts:
        with reverts(errors.OrderClosed(order)):
            act()


@pytest.mark.parametrize("signers", [("buyer", "bank"), ("supplier", "bank"), ("buyer", "supplier")])
def test_cancel__one_signature_missing__is_refused(world: World, signers: tuple[str, ...]) -> None:
    order = world.accepted(world.publish())
    with reverts(errors.KeyNotValid):
        cancel(world, order, signers)
    cancel(world, order, ALL)


def test_cancel__reserve_gone__needs_no_lender(world: World) -> None:
    order = world.accepted(world.publish())
    world.draw(order, 1)
    world.repay(order, 1)
    assert cancel(world, order).one(Closed).order == order


def test_cancel__something_paid_or_disputed__is_refused(world: World) -> None:
    order = world.accepted()
    changes.dispute(world, order, 1)
    with reverts(errors.UnderDispute(order)):
        cancel(world, order)
    changes.resolve(world, order, 0)
    with world.evm.branch():
        cancel(world, order)
    world.attest(order, 1, released=1_00)
    with reverts(errors.AlreadyPaid(order)):
        cancel(world, order)


def test_p16__cancellation_signed_for_terms_since_amended__is_refused(world: World) -> None:
    """P16: what was agreed on before an amendment is not consent to end what came after."""
    order = world.accepted()
    changes.amend(world, order, late_bps=5)
    with reverts(errors.VersionSuperseded(order, 0, 1)):
        cancel(world, order, version=0)
    cancel(world, order, version=1)


def test_cancel__late_buyer__owes_nothing_any_more(world: World) -> None:
    order = world.accepted()
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(DAY)
    done = cancel(world, order)
    assert not done.every(Settled)
    assert done.one(Closed).order == order
    assert world.position(order).late_since == 0


def test_cancel__after_its_deadline_or_by_a_suspended_supplier__is_refused(world: World) -> None:
    order = world.accepted()
    signed = Cancellation(order=order, version=0, deadline=world.evm.now - 1)
    given = changes.consents(world, signed, changes.BOTH)
    with reverts(errors.SignatureExpired(signed.deadline)):
        world.send("Receivables", OrderDesk.cancel(signed, given))
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids["supplier"], Status.SUSPENDED))
    with reverts(errors.NotInGoodStanding(world.ids["supplier"])):
        cancel(world, order)
