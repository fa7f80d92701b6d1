"""Credit notes: dilution is the supplier's, and nobody's claim falls without its holder and its lender (R4, R11)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.credit_lines import CreditLines, Repaid, ReserveChanged
from settlement.chain.bindings.enums import FundBy, Phase, Status
from settlement.chain.bindings.order_desk import Credited, OrderDesk
from settlement.chain.bindings.receivables import Closed, Settled, Unpaid
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts import changes
from tests.contracts.changes import ALL, BOTH, FACE, NOTE, credit, credit_note
from tests.contracts.harness import reverts
from tests.contracts.world import DAY, World


def test_credit__part__reduces_the_claim_and_scales_what_is_delivered(world: World) -> None:
    """I-07 face = paid + reduced + open."""
    order = world.accepted()
    world.attest(order, 1, released=50_000_00)
    done = credit(world, order, 10_000_00)
    assert done.one(Credited) == Credited(order, 10_000_00, NOTE)
    position = world.position(order)
    assert (position.reduced, position.paid) == (10_000_00, 50_000_00)
    # Half of the goods is half of what is still claimed (R2); more was paid, nothing more is.
    done = world.attest(order, 2, released=55_000_00)
    assert not done.every(Settled)
    done = world.attest(order, 3)
    assert (done.one(Settled).face, done.one(Closed).order) == (40_000_00, order)


def test_credit__up_to_what_is_open_and_undisputed__and_no_more(world: World) -> None:
    """R4: c <= open - W."""
    order = world.accepted()
    world.attest(order, 1, released=40_000_00)
    changes.dispute(world, order, 5_000_00)
    for amount in (0, 55_000_01):
        with reverts(errors.CreditOutOfRange(amount, 55_000_00)):
            credit(world, order, amount)
    credit(world, order, 55_000_00)
    with reverts(errors.CreditOutOfRange(1, 0)):
        credit(world, order, 1, nonce=2)
    done = changes.resolve(world, order, 5_000_00)
    assert done.one(Closed).order == order


def test_credit__all_that_is_open__closes_the_order(world: World) -> None:
    order = world.accepted()
    world.attest(order, 1, released=40_000_00)
    done = credit(world, order, 60_000_00)
    assert done.one(Closed).order == order
    with reverts(errors.OrderClosed(order)):
        credit(world, order, 1, nonce=2)


def test_d02__credit_note_after_the_draw__the_excess_falls_due_from_the_supplier(world: World) -> None:
    """D02: dilution is non-performance, whatever the line says of recourse (R11)."""
    order = world.accepted(world.publish(recourse=False))
    world.draw(order, 80_000_00)
    with reverts(errors.KeyNotValid):
        credit(world, order, 20_000_00)
    credit(world, order, 20_000_00, ALL)
    excess = 80_000_00 - 72_000_00
    assert world.view("CreditLines", CreditLines.due_from_supplier(order)) == excess
    assert world.recourse(order).one(Repaid).principal == excess
    # What is left is within the advance, and the buyer pays it.
    with reverts(errors.NothingDueFromSupplier(order)):
        world.recourse(order)
    done = world.attest(order, 1)
    assert (done.one(Settled).to_funder, done.one(Settled).to_holder) == (72_000_00, 8_000_00)


def test_p22__note_without_the_present_holder__is_refused(world: World) -> None:
    """P22: nobody but who holds the receivable now gives a part of it away."""
    order = world.accepted()
    signed = credit_note(world, order, 1)
    for name, stranger in (("holder", "supplier2"), ("buyer", "buyer2")):
        member = world.ids["supplier" if name == "holder" else "buyer"]
        given = replace(
            changes.consents(world, signed, BOTH), **{name: world.sign(stranger, "Receivables", signed)}
        )
        with reverts(errors.NotSignedBy(member)):
            world.send("Receivables", OrderDesk.credit(signed, given))


def test_p22__empty_signatures__mean_the_caller_and_nobody_else(world: World) -> None:
    order = world.accepted()
    signed = credit_note(world, order, 1)
    given = replace(changes.consents(world, signed, BOTH), buyer=b"")
    with reverts(errors.KeyNotValid):
        world.send("Receivables", OrderDesk.credit(signed, given))
    world.send("Receivables", OrderDesk.credit(signed, given), world.key("buyer"))


def test_p23__same_note_again_or_for_another_order__is_refused(world: World) -> None:
    """P23: a note counts once, for the order that it names."""
    order, other = world.accepted(), world.accepted()
    credit(world, order, 5_000_00, nonce=7)
    with reverts(errors.NonceUsed(world.ids["buyer"], 7)):
        credit(world, order, 5_000_00, nonce=7)
    signed = credit_note(world, order, 5_000_00, nonce=8)
    given = changes.consents(world, signed, BOTH)
    with reverts(errors.KeyNotValid):
        world.send("Receivables", OrderDesk.credit(replace(signed, order=other), given))
    # Notes do not wait for each other.
    credit(world, other, 1, nonce=300)
    credit(world, other, 1, nonce=299)


def test_credit__undrawn_reserve__shrinks_with_the_claim(world: World) -> None:
    line = world.publish()
    order = world.accepted(line)
    done = credit(world, order, 50_000_00)
    assert done.one(ReserveChanged) == ReserveChanged(order, line, 45_000_00, 45_000_00)
    assert world.view("CreditLines", CreditLines.drawable_of(order)) == 40_000_00
    with reverts(errors.AdvanceExceeded(order, 40_000_01, 40_000_00)):
        world.draw(order, 40_000_01)
    world.draw(order, 40_000_00)
    assert world.used(line) == 45_000_00
    credit(world, order, 20_000_00, ALL, nonce=2)
    # Never below what is lent (R10).
    assert world.used(line) == 40_000_00


def test_p09__credited_away_with_a_loan_out__the_line_keeps_no_more_than_the_loan(world: World) -> None:
    """P09: the order closes; a stranger's repayment must still free the headroom."""
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 30_000_00)
    credit(world, order, FACE, ALL)
    assert (world.position(order).phase, world.used(line)) == (Phase.CLOSED, 30_000_00)
    world.repay(order, 2**56 - 1, "bank2")
    assert world.used(line) == 0


@pytest.mark.parametrize(("released", "left"), [(0, 80_000_00), (40_000_00, 40_000_00)])
def test_credit__funded_order__gives_the_buyer_its_cash_back(world: World, released: int, left: int) -> None:
    order, before = world.accepted(fund_by=FundBy.ACCEPTED), world.cash("buyer")
    world.attest(order, 1, released=released)
    credit(world, order, 20_000_00)
    assert (world.cash(order), world.cash("buyer")) == (left, before + 20_000_00)


def test_credit__late_buyer__keeps_the_charge_up_to_now(world: World) -> None:
    order = world.accepted(late_bps=3650)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(10 * DAY)
    done = credit(world, order, 50_000_00)
    assert done.one(Unpaid) == Unpaid(order, 50_000_00, 1_000_00 * 10**6)
    world.evm.advance(10 * DAY)
    assert world.view("Receivables", OrderDesk.late_of(order)) == 1_500_00


def test_credit__suspended_holder_or_deadline_past__is_refused(world: World) -> None:
    order = world.accepted()
    signed = replace(credit_note(world, order, 1), deadline=world.evm.now - 1)
    with reverts(errors.SignatureExpired(signed.deadline)):
        world.send("Receivables", OrderDesk.credit(signed, changes.consents(world, signed, BOTH)))
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids["supplier"], Status.SUSPENDED))
    with reverts(errors.NotInGoodStanding(world.ids["supplier"])):
        credit(world, order, 1)
