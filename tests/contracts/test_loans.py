"""CreditLines: interest, repayment, maturity, recourse, what the cover pays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.credit_lines import Accrued, CreditLines, LineUsed, Repaid
from settlement.chain.bindings.enums import DayCount, Phase, Status
from settlement.chain.bindings.structs import Repayment
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.harness import reverts, signer
from tests.contracts.world import DAY, World, build_world

FACE = 100_000_00
SPARE = signer(30)
YEAR_S = 365 * DAY


def accrued_up(principal: int, bps: int, seconds: int, basis: int) -> int:
    """Millionths of a minor unit, rounded up (R7)."""
    return -(-principal * bps * seconds * 10**6 // (10_000 * basis * DAY))


def due_from_supplier(world: World, order: int) -> int:
    return int(world.view("CreditLines", CreditLines.due_from_supplier(order)))


# Interest


@pytest.mark.parametrize(("day_count", "basis"), [(DayCount.ACT360, 360), (DayCount.ACT365, 365)])
@pytest.mark.parametrize("seconds", [0, 1, 59, DAY, 45 * DAY + 7, 100 * DAY])
def test_interest__one_span__is_the_rule(world: World, day_count: DayCount, basis: int, seconds: int) -> None:
    order = world.accepted(world.publish(day_count=day_count), expiry=world.evm.now + 200 * DAY)
    world.draw(order, 12_345_67)
    world.evm.advance(seconds)
    millionths = accrued_up(12_345_67, 800, seconds, basis)
    assert world.outstanding(order) == (-(-millionths // 10**6), 12_345_67)


def test_i13__time_cut_into_steps__adds_less_than_a_unit(world: World) -> None:
    """I-13 strangers' one-unit repayments cannot pump the interest, and it never falls without payment."""
    line = world.publish()
    cut, whole = world.accepted(line), world.accepted(line)
    for order in (cut, whole):
        world.draw(order, 70_000_00)
    paid = 0
    for _ in range(100):
        world.evm.advance(DAY // 7 + 1)
        before = world.outstanding(cut)[0]
        world.repay(cut, 1, "buyer2")
        paid += 1
        assert world.outstanding(cut)[0] == before - 1
    interest, principal = world.outstanding(cut)
    assert principal == 70_000_00
    assert 0 <= interest + paid - world.outstanding(whole)[0] <= 1


def test_p12__silence_of_decades__is_counted_falls_due_and_is_paid(world: World) -> None:
    """P12: untouched for 18 months or for 80 years, nothing overflows and nothing is stuck (I-13)."""
    order = world.accepted(world.publish(rate_bps=65535, late_bps=65535, recourse=True))
    world.draw(order, 80_000_00)
    previous = 0
    for months in (18, 24, 480, 960):
        world.evm.set_time(1_700_000_000 + months * YEAR_S // 12)
        interest = world.outstanding(order)[0]
        assert interest > previous
        previous = interest
    assert due_from_supplier(world, order) == previous + 80_000_00
    assert world.recourse(order).one(Repaid).interest == 80_000_00
    world.repay(order, 2**56 - 1, "buyer2")
    assert world.outstanding(order) == (0, 0)


def test_p12__leap_day__is_a_day_like_others(world: World) -> None:
    """P12: actual days: 29 February 2024 counts, and no calendar rolls over."""
    order = world.accepted(world.publish(), expiry=world.evm.now + 300 * DAY)
    world.evm.set_time(1_709_078_400)  # 28 February 2024
    world.draw(order, 36_000_00)
    for day in (1, 2, 3):
        world.evm.advance(DAY)
        assert world.outstanding(order)[0] == day * 8_00


def test_interest__after_maturity__has_the_late_margin(world: World) -> None:
    order = world.accepted(world.publish(grace_days=10))
    world.draw(order, 36_000_00)
    drawn = world.evm.now
    maturity = world.position(order).expiry + 10 * DAY
    assert world.loan(order).maturity == maturity
    world.evm.set_time(maturity + 36 * DAY)
    before = accrued_up(36_000_00, 800, maturity - drawn, 360)
    after = accrued_up(36_000_00, 1000, 36 * DAY, 360)
    assert world.outstanding(order)[0] == -(-(before + after) // 10**6)
    # Counted from maturity on where the last count was later.
    world.repay(order, world.outstanding(order)[0])
    world.evm.advance(36 * DAY)
    assert world.outstanding(order)[0] == 360_00


def test_interest__due_date_set_after_maturity__does_not_reach_back(world: World) -> None:
    """I-13 interest already counted never falls: it is counted under the old due date before that moves."""
    order = world.accepted(world.publish(grace_days=0), tenor_days=60)
    world.draw(order, 36_000_00)
    world.evm.set_time(world.position(order).expiry + 4 * DAY)
    interest = world.outstanding(order)[0]
    done = world.attest(order, 1)
    assert -(-done.one(Accrued).accrued // 10**6) == interest == world.outstanding(order)[0]
    world.evm.advance(10 * DAY)
    assert world.outstanding(order)[0] == interest + 80_00


def test_interest__second_draw__counts_from_its_own_moment(world: World) -> None:
    order = world.accepted(world.publish())
    world.draw(order, 36_000_00)
    world.evm.advance(10 * DAY)
    world.draw(order, 36_000_00, 1)
    world.evm.advance(10 * DAY)
    assert world.outstanding(order) == (80_00 + 160_00, 72_000_00)


# Repayment


def test_repay__more_than_is_owed__takes_what_is_owed(world: World) -> None:
    """P23: an overpayment is never kept."""
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 36_000_00)
    world.evm.advance(10 * DAY)
    before = world.cash("buyer2")
    done = world.repay(order, 99_999_99, "buyer2")
    assert done.one(Repaid) == Repaid(order, 1, world.ids["buyer2"], 80_00, 36_000_00, 0, 0, 90_000_00)
    assert before - world.cash("buyer2") == 36_080_00
    assert world.outstanding(order) == (0, 0)
    with reverts(errors.NoLoan(order)):
        world.repay(order, 1, "buyer2")


def test_repay__interest_first_then_principal(world: World) -> None:
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 36_000_00)
    world.evm.advance(10 * DAY)
    bank = world.cash("bank")
    done = world.repay(order, 100_00)
    assert done.one(Repaid) == Repaid(order, 1, world.ids["supplier"], 80_00, 20_00, 35_980_00, 0, 35_980_00)
    assert not done.every(LineUsed)
    assert (world.cash("bank") - bank, world.outstanding(order)) == (100_00, (0, 35_980_00))
    assert world.loan(order).draws_closed


def test_repay__signature__is_the_payers_and_good_once(world: World) -> None:
    order = world.accepted(world.publish())
    world.draw(order, 36_000_00)
    signed = Repayment(
        order=order, payer=world.ids["supplier"], amount=100, nonce=777, deadline=world.evm.now
    )
    by_supplier = world.sign("supplier", "CreditLines", signed)
    with reverts(errors.NotSignedBy(world.ids["supplier"])):
        call = CreditLines.repay(signed, world.sign("buyer", "CreditLines", signed))
        world.send("CreditLines", call)
    world.send("CreditLines", CreditLines.repay(signed, by_supplier))
    with reverts(errors.NonceUsed(world.ids["supplier"], 777)):
        world.send("CreditLines", CreditLines.repay(signed, by_supplier))
    own = replace(signed, nonce=778)
    world.send("CreditLines", CreditLines.repay(own, b""), world.key("supplier"))
    late = replace(signed, nonce=779, deadline=world.evm.now - 1)
    with reverts(errors.SignatureExpired(late.deadline)):
        world.send("CreditLines", CreditLines.repay(late, b""), world.key("supplier"))
    none = replace(signed, nonce=780, amount=0)
    with reverts(errors.NoLoan(order)):
        world.send("CreditLines", CreditLines.repay(none, b""), world.key("supplier"))


def test_repay__limit_of_the_key__counts_what_is_taken(world: World) -> None:
    order = world.accepted(world.publish())
    world.draw(order, 500)
    world.give_key("buyer2", SPARE, 4, 500)
    signed = Repayment(
        order=order, payer=world.ids["buyer2"], amount=9_999, nonce=1000, deadline=world.evm.now
    )
    world.send("CreditLines", CreditLines.repay(signed, SPARE.sign(world.at["CreditLines"], signed)))
    assert world.outstanding(order) == (0, 0)


def test_i28__suspended_supplier__still_repays(world: World) -> None:
    """I-28 what a suspended member owes still settles."""
    order = world.accepted(world.publish())
    world.draw(order, 500)
    call = TrustedNetwork.set_status(world.ids["supplier"], Status.SUSPENDED)
    world.govern("TrustedNetwork", call)
    world.repay(order, 500)
    assert world.outstanding(order) == (0, 0)


# What falls to the supplier


def test_recourse__refused_goods__fall_due_at_once(world: World) -> None:
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 36_000_00)
    world.evm.advance(10 * DAY)
    assert due_from_supplier(world, order) == 0
    with reverts(errors.NothingDueFromSupplier(order)):
        world.recourse(order)
    world.attest(order, 1, phase=Phase.SHIPPED, refused=True, released=0)
    assert due_from_supplier(world, order) == 36_080_00
    done = world.recourse(order)
    # It has what it drew: interest first, the rest stays owed.
    repaid = done.one(Repaid)
    assert (repaid.source, repaid.payer) == (2, world.ids["supplier"])
    assert (repaid.interest, repaid.principal, repaid.outstanding) == (80_00, 35_920_00, 80_00)
    with reverts(errors.SupplierShort(order, 80_00)):
        world.recourse(order)
    world.deposit("supplier", 100_00)
    world.recourse(order)
    assert (world.outstanding(order), world.cash("supplier"), world.used(line)) == ((0, 0), 20_00, 0)


def test_recourse__part_delivered__takes_the_excess_only(world: World) -> None:
    order = world.accepted(world.publish())
    world.draw(order, 80_000_00)
    world.evm.advance(9 * DAY)
    # Half of the goods come: their part of the claim carries 90 % of 50,000.00.
    world.attest(order, 1, phase=Phase.RELEASED, refused=True, released=50_000_00)
    interest = 160_00
    assert due_from_supplier(world, order) == interest + 80_000_00 - 45_000_00
    world.recourse(order)
    assert world.outstanding(order) == (0, 45_000_00)
    assert due_from_supplier(world, order) == 0


@pytest.mark.parametrize("has_recourse", [True, False])
def test_recourse__buyer_does_not_pay__is_who_the_line_says(world: World, has_recourse: bool) -> None:
    order = world.accepted(world.publish(recourse=has_recourse, grace_days=3))
    world.draw(order, 80_000_00)
    world.drain("buyer")
    world.attest(order, 1)
    maturity = world.loan(order).maturity
    world.evm.set_time(maturity - 1)
    assert due_from_supplier(world, order) == 0
    world.evm.set_time(maturity)
    outstanding = sum(world.outstanding(order))
    assert due_from_supplier(world, order) == (outstanding if has_recourse else 0)
    if has_recourse:
        world.recourse(order)
        assert world.outstanding(order)[1] > 0
        assert world.cash("supplier") == 0


def test_recourse__goods_never_came__is_the_suppliers_at_maturity(world: World) -> None:
    order = world.accepted(world.publish(grace_days=3))
    world.draw(order, 80_000_00)
    world.evm.set_time(world.loan(order).maturity)
    assert due_from_supplier(world, order) == sum(world.outstanding(order))
    assert world.recourse(order).one(Repaid).source == 2


def test_recourse__with_a_tenor__matures_after_the_due_date(world: World) -> None:
    order = world.accepted(world.publish(grace_days=3, recourse=True), tenor_days=90)
    world.draw(order, 80_000_00)
    world.attest(order, 1)
    due = world.position(order).due
    assert world.loan(order).maturity == due + 3 * DAY
    world.drain("buyer")
    world.evm.set_time(due)
    world.settle(order)
    assert due_from_supplier(world, order) == 0
    world.evm.set_time(due + 3 * DAY)
    assert due_from_supplier(world, order) == sum(world.outstanding(order))


def test_i15__buyer_pays_after_recourse__the_holder_is_next(world: World) -> None:
    """I-15 once the lender is whole, and not before, the holder is paid."""
    order = world.accepted(world.publish(recourse=True, grace_days=0))
    world.draw(order, 80_000_00)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.set_time(world.loan(order).maturity)
    world.recourse(order)
    interest, principal = world.outstanding(order)
    supplier, bank = world.cash("supplier"), world.cash("bank")
    world.deposit("buyer", interest + principal)
    world.settle(order)
    assert (world.cash("supplier"), world.cash("bank")) == (supplier, bank + interest + principal)
    world.deposit("buyer", 200_000_00)
    world.settle(order)
    assert world.position(order).phase == Phase.CLOSED
    assert world.cash("bank") == bank + interest + principal


def test_loan__outlives_its_order(world: World) -> None:
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 80_000_00)
    world.attest(order, 1, phase=Phase.RELEASED, refused=True, released=10_000_00)
    world.attest(order, 2, released=10_000_00)
    assert world.position(order).phase == Phase.CLOSED
    assert (world.outstanding(order)[1], world.used(line)) == (70_000_00, 70_000_00)
    world.evm.advance(9 * DAY)
    assert world.outstanding(order)[0] == 140_00
    world.repay(order, 2**55, "buyer2")
    assert (world.outstanding(order), world.used(line)) == ((0, 0), 0)


def test_views__order_without_a_line__has_no_loan(world: World) -> None:
    order = world.accepted()
    loan = world.loan(order)
    assert (loan.line, loan.principal, loan.maturity, loan.draws_closed) == (0, 0, 0, True)
    assert (world.outstanding(order), due_from_supplier(world, order)) == ((0, 0), 0)
    with reverts(errors.NoLoan(order)):
        world.repay(order, 1)
    with reverts(errors.UnknownOrder(5)):
        world.loan(5)


# What the cover pays


def collect(world: World, order: int, amount: int, insured: str = "supplier") -> tuple[int, int]:
    """The cover's own call; only py-evm lets a test send in a contract's name."""
    call = CreditLines.collect(order, amount, world.ids["insurer"], world.ids[insured])
    answer = world.evm.call(world.at["CreditLines"], call, world.at["DisruptionCover"]).value
    return answer.to_funder, answer.funder


def test_i25__cover__serves_what_is_outstanding_and_closes_draws() -> None:
    """I-25 the lender's outstanding at payout is paid first, and never more than that."""
    world = build_world("py-evm")
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 36_000_00)
    world.evm.advance(10 * DAY)
    assert collect(world, order, 100_00) == (100_00, world.ids["bank"])
    assert world.outstanding(order) == (0, 35_980_00)
    assert (world.loan(order).draws_closed, world.used(line)) == (True, 35_980_00)
    assert collect(world, order, 99_000_00) == (35_980_00, world.ids["bank"])
    assert collect(world, order, 1) == (0, 0)


def test_collect__undrawn_order__frees_its_reserve_once() -> None:
    world = build_world("py-evm")
    line = world.publish()
    order, other = world.accepted(line), world.accepted(line)
    for _ in range(2):
        assert collect(world, order, 5_00) == (0, 0)
        assert world.used(line) == 90_000_00
    with reverts(errors.DrawsClosed(order)):
        world.draw(order, 1)
    world.attest(order, 1)
    assert world.used(line) == 90_000_00
    assert collect(world, world.accepted(), 5_00) == (0, 0)
    world.attest(other, 1)
    assert world.used(line) == 0
