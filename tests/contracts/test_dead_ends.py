"""No order ends where nobody can move: cash, claims and calls that would wait for ever, or repeat for ever."""

from __future__ import annotations

from dataclasses import replace

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.enums import FundBy, Phase, SettleOn
from settlement.chain.bindings.receivables import Closed, Receivables, Settled, Unpaid
from settlement.chain.bindings.settlement_desk import GuarantorRefunded, UndertakingCalled
from tests.contracts.changes import arrive, dismiss, dispute
from tests.contracts.committee import ask_hold, hold_request, seat, seats_of, signed_state
from tests.contracts.harness import reverts
from tests.contracts.holdings import guarantee, shares, split, undertake
from tests.contracts.world import DAY, World

FACE = 100_000_00
BACKED = 60_000_00


def expire(world: World, order: int) -> None:
    """Past expiry and the posting grace."""
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)


def half_paid_late(world: World) -> int:
    """Half is released and paid ten days late; the charge for that is still owed."""
    order = world.accepted(settle_on=SettleOn.RELEASE, late_bps=1000)
    world.drain("buyer")
    world.attest(order, 1, phase=Phase.RELEASED, released=50_000_00)
    world.evm.advance(10 * DAY)
    world.deposit("buyer", 50_000_00)
    world.settle(order)
    return order


def test_r13__late_charge_that_cannot_fall_due_any_more__ends_and_the_guarantor_is_refunded(
    world: World,
) -> None:
    """I-09: a release was taken back and all that is open lapsed; the condition cannot be met for anything."""
    order = world.accepted(settle_on=SettleOn.RELEASE, late_bps=1000)
    undertake(world, order, 40_000_00)
    world.drain("buyer")
    world.attest(order, 1, phase=Phase.RELEASED)
    world.evm.advance(10 * DAY)
    world.attest(order, 2, phase=Phase.SHIPPED, released=0)
    expire(world, order)
    assert world.lapse(order).every(Closed) == [Closed(order)]
    position = world.position(order)
    assert (position.reduced, position.paid, position.late_accrued) == (60_000_00, 40_000_00, 0)
    world.deposit("buyer", FACE)
    done = world.send("Receivables", Receivables.refund_guarantor(order))
    assert done.one(GuarantorRefunded).amount == 40_000_00
    assert guarantee(world, order).claim == 0


def test_i09__late_charge_that_cannot_fall_due_any_more__does_not_keep_the_buyers_hold(world: World) -> None:
    """I-09: the cash of a dismissed dispute goes back at the close."""
    order = world.accepted(settle_on=SettleOn.RELEASE, late_bps=1000)
    world.withdraw("buyer", world.cash("buyer") - 50_000_00)
    world.attest(order, 1, phase=Phase.RELEASED)
    world.deposit("buyer", 30_000_00)
    dispute(world, order, 30_000_00)
    world.evm.advance(20 * DAY)
    world.attest(order, 2, phase=Phase.SHIPPED, released=0)
    world.evm.advance(11 * DAY)
    dismiss(world, order)
    assert world.cash(order) == 30_000_00
    expire(world, order)
    world.lapse(order)
    assert (world.position(order).phase, world.cash(order)) == (Phase.CLOSED, 0)


def test_r6__late_charge_with_the_condition_met__outlives_the_lapse_and_is_paid(world: World) -> None:
    """R6: what stands is owed, also when the rest lapsed."""
    order = half_paid_late(world)
    expire(world, order)
    assert not world.lapse(order).every(Closed)
    world.deposit("buyer", FACE)
    done = world.settle(order)
    assert done.one(Settled).late > 0
    assert done.every(Closed) == [Closed(order)]


def test_recourse__minority_hold_after_the_buyers_default__leaves_the_supplier_alone(world: World) -> None:
    """Without recourse the lender bears a buyer that does not pay; two of five seats must not turn that round."""
    line = world.publish(recourse=False)
    order = world.accepted(line)
    world.draw(order, 50_000_00)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.set_time(world.position(order).expiry + 11 * DAY)
    ask_hold(world, hold_request(world, order, 1), (2, 5))
    with reverts(errors.NothingDueFromSupplier(order)):
        world.recourse(order)


@pytest.mark.parametrize("given", [0, 30_000_00], ids=["whole", "split"])
@pytest.mark.parametrize("late_bps", [0, 1000])
def test_recourse__quorums_hold_after_the_buyers_default__leaves_the_supplier_alone(
    world: World, late_bps: int, given: int
) -> None:
    """Nor does an attested hold, whatever the rate of the late charge: whose default it was is not forgotten."""
    line = world.publish(recourse=False)
    order = world.accepted(line, late_bps=late_bps)
    if given:
        split(world, order, [("supplier2", given)])
    world.draw(order, 50_000_00)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(DAY)
    world.attest(order, 2, hold=True)
    world.evm.set_time(world.position(order).expiry + 11 * DAY)
    with reverts(errors.NothingDueFromSupplier(order)):
        world.recourse(order)


def test_recourse__hold_with_only_a_late_charge_open__does_not_shield_the_supplier(world: World) -> None:
    """What was delivered is paid; the rest never came, and that is the supplier's."""
    line = world.publish(recourse=False)
    order = world.accepted(line, settle_on=SettleOn.RELEASE, late_bps=1000)
    world.draw(order, 80_000_00)
    world.drain("buyer")
    world.attest(order, 1, phase=Phase.RELEASED, released=10_000_00)
    world.evm.advance(10 * DAY)
    world.deposit("buyer", 10_000_00)
    world.settle(order)
    world.attest(order, 2, phase=Phase.RELEASED, released=10_000_00, hold=True)
    world.evm.set_time(world.position(order).expiry + 11 * DAY)
    before = world.cash("supplier")
    world.recourse(order)
    assert world.cash("supplier") < before


def test_r6__phase_taken_back_after_a_lapse__does_not_end_a_charge_that_was_owed(world: World) -> None:
    """R6: a state may be corrected the next hour; only a lapse ends what can never fall due."""
    order = half_paid_late(world)
    expire(world, order)
    world.lapse(order)
    assert not world.attest(order, 2, phase=Phase.SHIPPED, released=50_000_00).every(Closed)
    with world.evm.branch():
        world.attest(order, 3, phase=Phase.RELEASED, released=50_000_00)
        world.deposit("buyer", FACE)
        assert world.settle(order).one(Settled).late > 0
    assert world.lapse(order).every(Closed) == [Closed(order)]


def test_recourse__held_goods_that_were_never_due__are_the_suppliers_at_maturity(world: World) -> None:
    """Non-performance is the supplier's: customs hold what was never payable."""
    line = world.publish(recourse=False)
    order = world.accepted(line)
    world.draw(order, 50_000_00)
    world.attest(order, 1, hold=True)
    world.evm.set_time(world.position(order).expiry + 11 * DAY)
    before = world.cash("supplier")
    world.recourse(order)
    assert world.cash("supplier") < before


def test_settle__units_that_round_to_nothing_among_leaves__is_refused(world: World) -> None:
    """A call that moves nothing and tells nothing new must not succeed again and again."""
    order = world.accepted(face=90_000_00, late_bps=1000)
    split(world, order, [("supplier2", 30_000_00), ("bank2", 30_000_00)])
    world.withdraw("buyer", world.cash("buyer") - 100)
    world.attest(order, 1).one(Unpaid)
    assert world.cash("buyer") == 1
    with reverts(errors.BuyerShort(world.position(order).face + 60_000_00 - 99, 0)):
        world.settle(order)
    world.deposit("buyer", 2)
    assert world.settle(order).one(Settled).face == 1


def test_r2__split_of_a_lapsed_order__is_refused(world: World) -> None:
    """R2: what a lapse cut is in the order's own leaf; shares cut out of the rest would have no part in it."""
    order = world.accepted(tenor_days=30)
    world.attest(order, 1, released=50_000_00)
    expire(world, order)
    world.lapse(order)
    world.attest(order, 2, released=0)
    with reverts(errors.OrderLapsed(order)):
        split(world, order, [("supplier2", 40_000_00)])
    assert not shares(world, order)


def test_p02__guarantor_owed_one_unit__does_not_keep_out_a_real_one(world: World) -> None:
    """P02: the newcomer pays the former out and takes over its claim; less than that is refused."""
    order = world.accepted()
    world.drain("buyer")
    world.attest(order, 1)
    undertake(world, order, 1, "bank2")
    world.settle(order)
    assert guarantee(world, order).claim == 1
    with reverts(errors.UndertakingTaken(order, 1)):
        undertake(world, order, 1, "bank")
    (free, former) = (world.cash("bank"), world.cash("bank2"))
    with reverts(errors.UndertakingTaken(order, 1)):
        undertake(world, order, BACKED, "bank", owed=0)
    done = undertake(world, order, BACKED, "bank", owed=1)
    assert done.one(GuarantorRefunded) == GuarantorRefunded(order, world.ids["bank2"], 1)
    assert done.one(UndertakingCalled) == UndertakingCalled(order, 1, 1)
    assert (free - world.cash("bank"), world.cash("bank2") - former) == (BACKED, 1)
    stands = guarantee(world, order)
    assert (stands.guarantor, stands.left, stands.claim) == (world.ids["bank"], BACKED - 1, 1)
    world.settle(order)
    assert guarantee(world, order).claim == BACKED


@pytest.mark.parametrize("backed", [FACE, 0], ids=["backed", "not backed"])
def test_r5__arrival_with_an_undertaking__is_not_unpaid_before_the_guarantor_was_asked(
    world: World, backed: int
) -> None:
    """R5: its cash counts; `settle` calls it."""
    order = world.accepted(settle_on=SettleOn.ARRIVAL, late_bps=1000)
    if backed:
        undertake(world, order, backed)
    world.attest(order, 1)
    with world.evm.branch():
        # A buyer that has the cash pays with the arrival, whoever stands behind it.
        assert arrive(world, order).one(Settled).face == FACE
    world.drain("buyer")
    assert bool(arrive(world, order).every(Unpaid)) is (backed == 0)
    if backed:
        assert world.settle(order).one(Settled).face == FACE


@pytest.mark.parametrize("given", [0, 30_000_00], ids=["whole", "split"])
@pytest.mark.parametrize("is_refused", [True, False], ids=["refused", "lapsed"])
def test_r4__part_refused_or_lapsed_with_a_tenor__frees_the_cash_locked_for_it_at_once(
    world: World, is_refused: bool, given: int
) -> None:
    """I-02: a lock serves what is open; the buyer does not wait for the due date to have the rest back."""
    order = world.accepted(fund_by=FundBy.ACCEPTED, tenor_days=60)
    if given:
        split(world, order, [("supplier2", given)])
    free = world.cash("buyer")
    world.attest(order, 1, released=60_000_00, refused=is_refused)
    if not is_refused:
        assert world.cash(order) == FACE
        expire(world, order)
        world.lapse(order)
    assert (world.cash(order), world.cash("buyer") - free) == (60_000_00, 40_000_00)
    world.evm.set_time(world.position(order).due)
    assert world.settle(order).every(Closed) == [Closed(order)]
    assert world.cash(order) == 0


def test_write_off__losses_beyond_the_field__stand_still_and_spoil_no_other_field(world: World) -> None:
    """P11: a sum over all time ends at its field's last value."""
    big = 2**55
    world.deposit("bank", big)
    line = world.publish(
        limit=2**56 - 1,
        order_cap=2**56 - 1,
        advance_accepted=10_000,
        advance_shipped=10_000,
        advance_released=10_000,
    )
    for lost in (big, 2**56 - 1):
        order = world.accepted(line, face=big, fund_by=FundBy.NEVER)
        world.draw(order, big)
        world.evm.set_time(world.position(order).expiry + 11 * DAY)
        world.write_off(order)
        world.withdraw("supplier", big)
        world.deposit("bank", big)
        assert world.view("CreditLines", CreditLines.loss_of(line)) == lost
    world.publish(line=line, limit=2**56 - 1)


def test_equivocation__proven_before__does_not_put_out_a_seat_given_anew(world: World) -> None:
    """O03: governance's decision to seat a key again is not undone by the old proof."""
    order = world.accepted()
    one = world.attestation(order, 3)
    other = replace(one, released=1)
    proof = ClearanceOracle.prove_equivocation(signed_state(world, 2, one), signed_state(world, 2, other))
    world.send("ClearanceOracle", proof)
    seat(world, 3, seats_of(world, *range(1, 6)))
    key = world.key("customs2").address
    with reverts(errors.AlreadyProven(order, 3, key)):
        world.send("ClearanceOracle", proof)
    assert world.view("ClearanceOracle", ClearanceOracle.is_seat_active(key))
