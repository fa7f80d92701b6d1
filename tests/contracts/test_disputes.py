"""Disputes: what is withheld and funded, who ends them, and what each end does (R3, R5, R9)."""

from __future__ import annotations

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.credit_lines import CreditLines, Repaid
from settlement.chain.bindings.enums import FundBy, Phase, SettleOn, Status
from settlement.chain.bindings.order_desk import Disputed, OrderDesk, Resolved
from settlement.chain.bindings.receivables import Closed, Funded, Lapsed, Settled, Unpaid
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts import changes
from tests.contracts.changes import ALL, FACE, arbitrate, changes_of, dismiss, dispute, resolve
from tests.contracts.harness import reverts, signer
from tests.contracts.holdings import assign
from tests.contracts.world import DAY, World

SIGN_ORDER = 1

PART = 30_000_00


def payable(world: World, order: int) -> tuple[int, int]:
    found = world.view("Receivables", OrderDesk.payable_now(order))
    return found.payable, found.covered


def test_dispute__part__is_withheld_and_funded_by_the_buyer(world: World) -> None:
    order, before = world.accepted(), world.cash("buyer")
    done = dispute(world, order, PART)
    until = world.evm.now + 30 * DAY
    event = done.one(Disputed)
    assert (event.order, event.index, event.amount, event.until) == (order, 0, PART, until)
    assert done.one(Funded).amount == PART
    assert (world.cash(order), world.cash("buyer")) == (PART, before - PART)
    state = changes_of(world, order)
    assert (state.disputed, state.until, state.disputes) == (PART, until, 1)
    # The rest is paid out of free cash, the disputed cash stays (R3, R5).
    assert world.attest(order, 1).one(Settled).face == FACE - PART
    assert (world.cash(order), world.cash("buyer")) == (PART, before - FACE)
    assert payable(world, order) == (0, 0)
    assert world.position(order).phase == Phase.CLEARED
    with reverts(errors.NothingDue(order)):
        world.settle(order)


def test_dispute__more_than_is_open_or_nothing__is_refused(world: World) -> None:
    order = world.accepted()
    world.attest(order, 1, released=40_000_00)
    with reverts(errors.DisputeOutOfRange(60_000_01, 60_000_00)):
        dispute(world, order, 60_000_01)
    with reverts(errors.DisputeOutOfRange(0, 60_000_00)):
        dispute(world, order, 0)
    dispute(world, order, 60_000_00)
    assert world.cash(order) == 60_000_00


def test_dispute__once_paid__is_too_late(world: World) -> None:
    """I-09: a closed order takes no dispute."""
    order = world.accepted()
    world.attest(order, 1)
    with reverts(errors.OrderClosed(order)):
        dispute(world, order, 1)


def test_dispute__without_the_cash__is_refused(world: World) -> None:
    order = world.accepted()
    world.drain("buyer")
    world.deposit("buyer", PART - 1)
    with reverts(errors.BuyerShort(PART, PART - 1)):
        dispute(world, order, PART)
    world.deposit("buyer", 1)
    dispute(world, order, PART)


def test_dispute__by_another_or_used_twice__is_refused(world: World) -> None:
    order = world.accepted()
    with reverts(errors.NotSignedBy(world.ids["buyer"])):
        dispute(world, order, PART, actor="supplier")
    with reverts(errors.DisputeIndexUsed(1, 0)):
        dispute(world, order, PART, index=1)
    dispute(world, order, PART)
    with reverts(errors.UnderDispute(order)):
        dispute(world, order, PART, index=1)
    resolve(world, order, 0)
    # The same signature again would begin it anew.
    with reverts(errors.DisputeIndexUsed(0, 1)):
        dispute(world, order, PART)
    dispute(world, order, PART, index=1)
    with reverts(errors.DisputeIndexUsed(0, 1)):
        resolve(world, order, 0, index=0)


def test_dispute__after_its_deadline_or_by_a_suspended_buyer__is_refused(world: World) -> None:
    order = world.accepted()
    signed = changes.resolution(world, order, 0)
    dispute(world, order, PART)
    world.evm.advance(DAY + 1)
    with reverts(errors.SignatureExpired(signed.deadline)):
        world.send(
            "Receivables",
            OrderDesk.resolve(signed, changes.consents(world, signed, changes.BOTH)),
        )
    other = world.accepted()
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids["buyer"], Status.SUSPENDED))
    with reverts(errors.NotInGoodStanding(world.ids["buyer"])):
        dispute(world, other, PART)


def test_dispute__key_with_a_small_limit__locks_no_more_than_it_may(world: World) -> None:
    order, clerk = world.accepted(), signer(30)
    world.give_key("buyer", clerk, SIGN_ORDER, PART - 1)
    world.accounts["buyer"] = clerk
    with reverts(errors.KeyLimitExceeded(clerk.address, PART, PART - 1)):
        dispute(world, order, PART)
    dispute(world, order, PART - 1)


@pytest.mark.parametrize(
    ("fund_by", "free", "locked"),
    [(FundBy.ACCEPTED, FACE, 0), (FundBy.SHIPPED, 80_000_00, 20_000_00), (FundBy.SHIPPED, 40_000_00, PART)],
)
def test_dispute__hold_has_cash_already__lacks_only_the_rest(
    world: World, fund_by: FundBy, free: int, locked: int
) -> None:
    """The hold never has more than is open, and the part that is not disputed still pays out of it (R5)."""
    world.drain("buyer")
    world.deposit("buyer", free)
    order = world.accepted(fund_by=fund_by)
    world.attest(order, 1, phase=Phase.SHIPPED, released=0)
    assert world.cash(order) == free
    world.deposit("buyer", PART)
    dispute(world, order, PART)
    assert world.cash(order) == free + locked
    if world.cash("buyer"):
        world.drain("buyer")
    paid = min(free + locked - PART, FACE - PART)
    assert world.attest(order, 2).one(Settled).face == paid
    assert world.cash(order) == PART


def test_dispute__before_the_buyer_locks__is_counted_in_what_it_locks(world: World) -> None:
    order = world.accepted(fund_by=FundBy.SHIPPED)
    dispute(world, order, PART)
    assert world.attest(order, 1, phase=Phase.SHIPPED, released=0).one(Funded).amount == FACE - PART
    assert world.cash(order) == FACE


# Draws and the loan


def test_dispute__stands__draws_wait_and_go_on_afterwards(world: World) -> None:
    """I-10 nothing is drawn on what is disputed (R9)."""
    order = world.accepted(world.publish())
    world.draw(order, 10_000_00)
    dispute(world, order, 1)
    assert world.view("CreditLines", CreditLines.drawable_of(order)) == 0
    assert world.loan(order).draws_closed
    with reverts(errors.DrawsClosed(order)):
        world.draw(order, 10_000_00, 1)
    resolve(world, order, 0)
    assert world.view("CreditLines", CreditLines.drawable_of(order)) == 70_000_00
    world.draw(order, 70_000_00, 1)


def test_dispute__at_maturity_without_recourse__the_supplier_is_not_called_on_yet(world: World) -> None:
    order = world.accepted(world.publish(grace_days=0))
    world.draw(order, 80_000_00)
    world.evm.set_time(world.position(order).expiry)
    dispute(world, order, FACE)
    assert world.view("CreditLines", CreditLines.due_from_supplier(order)) == 0
    with reverts(errors.NothingDueFromSupplier(order)):
        world.recourse(order)
    dismissed_at = changes_of(world, order).until + 1
    world.evm.set_time(dismissed_at)
    dismiss(world, order)
    assert world.view("CreditLines", CreditLines.due_from_supplier(order)) > 80_000_00


def test_dispute__upheld_beyond_the_advance__the_excess_falls_due_from_the_supplier(world: World) -> None:
    order = world.accepted(world.publish())
    world.draw(order, 80_000_00)
    dispute(world, order, PART)
    arbitrate(world, order, PART)
    excess = 80_000_00 - 63_000_00
    interest = world.outstanding(order)[0]
    assert world.view("CreditLines", CreditLines.due_from_supplier(order)) == interest + excess
    assert world.recourse(order).one(Repaid).principal == excess


# Ends


def test_resolve__in_part__reduces_returns_and_pays_the_rest(world: World) -> None:
    """I-07 face = paid + reduced + open."""
    order, before = world.accepted(), world.cash("buyer")
    world.attest(order, 1, released=0)
    dispute(world, order, PART)
    world.attest(order, 2)
    done = resolve(world, order, 10_000_00)
    assert done.one(Resolved) == Resolved(order, 0, 10_000_00, 0, 0)
    assert done.one(Settled).face == 20_000_00
    assert done.one(Closed).order == order
    assert (world.cash(order), world.cash("buyer")) == (0, before - 90_000_00)
    position = world.position(order)
    assert (position.paid, position.reduced, position.face) == (90_000_00, 10_000_00, FACE)


def test_resolve__nothing_released_yet__returns_what_was_upheld_only(world: World) -> None:
    order = world.accepted()
    dispute(world, order, PART)
    resolve(world, order, 10_000_00)
    assert world.cash(order) == 20_000_00
    assert world.attest(order, 1).one(Settled).face == 90_000_00
    assert world.cash(order) == 0


def test_resolve__upheld_of_a_funded_order__the_hold_is_the_claim_again(world: World) -> None:
    order = world.accepted(fund_by=FundBy.ACCEPTED)
    dispute(world, order, PART)
    resolve(world, order, PART)
    assert world.cash(order) == FACE - PART


def test_resolve__without_one_of_them__is_refused(world: World) -> None:
    order = world.accepted(world.publish())
    world.draw(order, 1)
    dispute(world, order, PART)
    for signers, missing in (
        (("supplier", "bank"), "buyer"),
        (("buyer", "bank"), "supplier"),
        (("buyer", "supplier"), "bank"),
    ):
        with reverts(errors.KeyNotValid):
            resolve(world, order, 1, signers)
        assert changes_of(world, order).disputed == PART, missing
    with reverts(errors.DisputeOutOfRange(PART + 1, PART)):
        resolve(world, order, PART + 1, ALL)
    # A lender loses nothing where nothing is upheld.
    with world.evm.branch():
        resolve(world, order, 0)
    resolve(world, order, PART, ALL)
    with reverts(errors.NotDisputed(order)):
        resolve(world, order, 0)


def test_resolve__assigned_order__needs_its_holder_beside_its_supplier(world: World) -> None:
    """I-06: what is upheld is taken from the holder's claim."""
    order = world.accepted()
    assign(world, order, "supplier2")
    dispute(world, order, PART)
    with reverts(errors.KeyNotValid):
        resolve(world, order, PART, holder="supplier2")
    with reverts(errors.KeyNotValid):
        resolve(world, order, PART, ("buyer", "supplier2"), holder="supplier2")
    done = resolve(world, order, PART, ("buyer", "supplier", "supplier2"), holder="supplier2")
    assert done.one(Resolved) == Resolved(order, 0, PART, 0, 0)
    assert world.position(order).reduced == PART


def test_arbitrate__any_arbiter_of_the_network__decides_once(world: World) -> None:
    order = world.accepted()
    dispute(world, order, PART)
    done = arbitrate(world, order, PART)
    assert done.one(Resolved) == Resolved(order, 0, PART, 1, world.ids["arbiter"])
    with reverts(errors.NotDisputed(order)):
        arbitrate(world, order, PART)


def test_arbitrate__by_somebody_else__is_refused(world: World) -> None:
    """P05: nobody decides in its own case."""
    order = world.accepted(world.publish())
    dispute(world, order, PART)
    with reverts(errors.RoleMissing(world.ids["buyer2"], 128)):
        arbitrate(world, order, 0, "buyer2")
    for actor, roles in (("buyer", 1), ("supplier", 2), ("bank", 4)):
        member = world.ids[actor]
        until = world.evm.now + 1000 * DAY
        world.govern("TrustedNetwork", TrustedNetwork.renew(member, roles | 128, 1, until))
        with reverts(errors.PartyOfOrder(member)):
            arbitrate(world, order, 0, actor)
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids["arbiter"], Status.SUSPENDED))
    with reverts(errors.NotInGoodStanding(world.ids["arbiter"])):
        arbitrate(world, order, 0)
    arbitrate(world, order, 0, "arbiter2")


def test_arbitrate__an_amendment_named_one__only_that_one_decides(world: World) -> None:
    order = world.accepted()
    changes.amend(world, order, arbiter=world.ids["arbiter2"])
    dispute(world, order, PART)
    with reverts(errors.NotSignedBy(world.ids["arbiter2"])):
        arbitrate(world, order, 0)
    arbitrate(world, order, 0, "arbiter2")


def test_dismiss__after_the_deadline__is_in_the_suppliers_favour(world: World) -> None:
    order = world.accepted()
    dispute(world, order, PART)
    world.attest(order, 1)
    until = changes_of(world, order).until
    world.evm.set_time(until)
    with reverts(errors.NotExpired(until)):
        dismiss(world, order)
    with world.evm.branch():
        arbitrate(world, order, PART)
    world.evm.advance(1)
    # Later on whoever came first would choose the outcome.
    with reverts(errors.DecisionOverdue(until)):
        arbitrate(world, order, PART)
    done = dismiss(world, order)
    assert done.one(Resolved) == Resolved(order, 0, 0, 2, 0)
    assert (done.one(Settled).face, done.one(Closed).order) == (PART, order)
    with reverts(errors.OrderClosed(order)):
        dismiss(world, order)


def test_dismiss__nothing_disputed__is_refused(world: World) -> None:
    order = world.accepted()
    with reverts(errors.NotDisputed(order)):
        dismiss(world, order)


def test_i19__dismissed_under_a_hold__pays_when_it_is_lifted(world: World) -> None:
    """I-19 no payment while a hold is on."""
    order = world.accepted()
    dispute(world, order, PART)
    world.attest(order, 1, hold=True)
    world.evm.set_time(changes_of(world, order).until + 1)
    done = dismiss(world, order)
    assert not done.every(Settled)
    assert world.attest(order, 2).one(Settled).face == FACE


# Late buyers, lapse, hostile hands


def test_dispute__of_what_is_late__keeps_the_charge_and_bears_none_meanwhile(world: World) -> None:
    order = world.accepted(late_bps=3650)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(10 * DAY)
    charge = world.view("Receivables", OrderDesk.late_of(order))
    assert charge == 1_000_00
    world.deposit("buyer", FACE)
    done = dispute(world, order, FACE)
    assert done.one(Unpaid).late_accrued == charge * 10**6
    world.evm.advance(20 * DAY)
    assert world.view("Receivables", OrderDesk.late_of(order)) == charge
    world.deposit("buyer", charge)
    done = resolve(world, order, 0)
    assert (done.one(Settled).face, done.one(Settled).late) == (FACE, charge)


def test_lapse__cuts_into_a_dispute__the_cut_is_refunded(world: World) -> None:
    """R4: W is clamped to what is open, and its cash goes back."""
    order = world.accepted(settle_on=SettleOn.RELEASE)
    before = world.cash("buyer")
    dispute(world, order, 80_000_00)
    world.attest(order, 1, phase=Phase.RELEASED, released=50_000_00)
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
    done = world.lapse(order)
    assert done.one(Lapsed).reduced == 50_000_00
    assert changes_of(world, order).disputed == 50_000_00
    assert (world.cash(order), world.cash("buyer")) == (50_000_00, before - 50_000_00)
    assert world.position(order).phase == Phase.RELEASED
    done = dismiss(world, order)
    assert (done.one(Settled).face, done.one(Closed).order) == (50_000_00, order)


def test_refused__all_of_it_disputed__ends_the_dispute_and_closes(world: World) -> None:
    order, before = world.accepted(), world.cash("buyer")
    dispute(world, order, FACE)
    done = world.attest(order, 1, phase=Phase.SHIPPED, refused=True, released=0)
    assert done.one(Closed).order == order
    assert changes_of(world, order).disputed == 0
    assert (world.cash(order), world.cash("buyer")) == (0, before)


def test_p25__dispute_of_one_unit__delays_one_unit(world: World) -> None:
    """P25: dust withholds dust, and no longer than the deadline."""
    order = world.accepted()
    dispute(world, order, 1)
    assert world.attest(order, 1).one(Settled).face == FACE - 1
    world.evm.set_time(changes_of(world, order).until + 1)
    assert dismiss(world, order).one(Closed).order == order
