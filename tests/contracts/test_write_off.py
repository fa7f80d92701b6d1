"""A loan written off: the loss, the lien that stays, and what comes in afterwards."""

from __future__ import annotations

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.credit_lines import CreditLines, Repaid, WrittenOff
from settlement.chain.bindings.enums import SettleOn
from settlement.chain.bindings.receivables import Closed, Settled
from settlement.chain.bindings.structs import WriteOff
from tests.contracts.harness import reverts
from tests.contracts.world import DAY, World, build_world

LENT = 80_000_00
MATURES_S = 130 * DAY
# 80,000 at 8 % over 130 days of 360.
INTEREST = 2_311_12


def lost(world: World, line: int) -> int:
    return int(world.view("CreditLines", CreditLines.loss_of(line)))


@pytest.fixture
def line(world: World) -> int:
    return world.publish()


@pytest.fixture
def bad(world: World, line: int) -> int:
    """An order whose loan is at maturity: 80,000.00 lent, nothing delivered."""
    return lent(world, line)


def lent(world: World, line: int) -> int:
    order = world.accepted(line, settle_on=SettleOn.RELEASE)
    world.draw(order, LENT)
    world.drain("supplier")
    world.evm.advance(MATURES_S)
    return order


def test_p15__written_off_loan__is_a_loss_and_no_use_of_the_line(world: World, line: int, bad: int) -> None:
    """P15: nothing carries a bad loan at book value: the line's use falls, its loss rises by the principal."""
    done = world.write_off(bad)
    accrued = world.loan(bad).accrued
    assert done.one(WrittenOff) == WrittenOff(bad, line, LENT, accrued, 0, LENT)
    assert (world.used(line), lost(world, line)) == (0, LENT)
    assert world.loan(bad).written_off
    # The headroom is there for others.
    for _ in range(11):
        world.accept(line=line)
    assert world.used(line) == 990_000_00


def test_p14__full_write_off__keeps_the_lien(world: World, line: int, bad: int) -> None:
    """P14, I-15: money is still owed, so the lender is still first."""
    world.write_off(bad)
    assert world.outstanding(bad) == (INTEREST, LENT)
    bank = world.cash("bank")
    done = world.attest(bad, 1, released=50_000_00)
    settled = done.one(Settled)
    assert (settled.to_funder, settled.to_holder) == (50_000_00, 0)
    assert world.cash("bank") - bank == 50_000_00


def test_i16__recoveries_after_the_write_off__are_applied_and_the_surplus_returned(
    world: World, line: int, bad: int
) -> None:
    """I-16 the buyer pays after all: interest, principal, and the rest is the holder's."""
    world.write_off(bad)
    # Interest stands still from the write-off on.
    world.evm.advance(100 * DAY)
    done = world.attest(bad, 1)
    assert done.one(Settled).to_funder == INTEREST + LENT
    assert done.one(Settled).to_holder == 100_000_00 - INTEREST - LENT
    assert world.cash("supplier") == 100_000_00 - INTEREST - LENT
    assert done.every(Closed)
    assert (lost(world, line), world.used(line), world.loan(bad).written_off) == (0, 0, False)


@pytest.mark.parametrize("source", ["repayment", "recourse"])
def test_p13__payments_after_the_write_off__reduce_the_loss(
    world: World, line: int, bad: int, source: str
) -> None:
    """P13: interest first, the rest from the loss; the line, freed before, gains nothing twice."""
    world.write_off(bad)
    world.accept(line=line)
    if source == "repayment":
        done = world.repay(bad, 10_000_00, "buyer2")
    else:
        world.deposit("supplier", 10_000_00)
        done = world.recourse(bad)
    repaid = done.one(Repaid)
    assert (repaid.interest, repaid.principal) == (INTEREST, 10_000_00 - INTEREST)
    assert (repaid.outstanding, repaid.used) == (LENT - 10_000_00 + INTEREST, 90_000_00)
    assert lost(world, line) == LENT - 10_000_00 + INTEREST
    assert world.used(line) == 90_000_00


def test_p13__cover_paid_after_the_write_off__is_a_recovery() -> None:
    """P13: what the insurer pays is the lender's up to what is owed."""
    # Only py-evm lets a test send in a contract's name.
    world = build_world("py-evm")
    line = world.publish()
    bad = lent(world, line)
    world.write_off(bad)
    call = CreditLines.collect(bad, 95_000_00, world.ids["insurer"], world.ids["supplier"])
    answer = world.evm.call(world.at["CreditLines"], call, world.at["DisruptionCover"]).value
    assert answer.to_funder == INTEREST + LENT
    assert (lost(world, line), world.used(line)) == (0, 0)


def test_write_off__only_by_the_funder_once_after_maturity(world: World, line: int, bad: int) -> None:
    with reverts(errors.NotSignedBy(world.ids["bank"])):
        world.write_off(bad, "bank2")
    signed = WriteOff(bad, world.ids["bank"], world.evm.now - 1)
    with reverts(errors.SignatureExpired(signed.deadline)):
        world.send("CreditLines", CreditLines.write_off(signed, b""), world.key("bank"))
    maturity = world.loan(bad).maturity
    world.evm.set_time(maturity - 1)
    with reverts(errors.NotMatured(bad, maturity)):
        world.write_off(bad)
    world.evm.advance(1)
    own = WriteOff(bad, world.ids["bank"], world.evm.now)
    world.send("CreditLines", CreditLines.write_off(own, b""), world.key("bank"))
    with reverts(errors.NoLoan(bad)):
        world.write_off(bad)
    none = world.accepted()
    with reverts(errors.NoLoan(none)):
        world.write_off(none)


def test_write_off__committed_line__undrawn_cash_goes_back(world: World) -> None:
    line = world.publish(committed=True)
    order = world.accepted(line)
    world.draw(order, LENT)
    world.evm.advance(MATURES_S)
    bank = world.cash("bank")
    world.write_off(order)
    assert world.cash("bank") - bank == 10_000_00


def test_write_off__of_one_loan__leaves_the_others(world: World, line: int, bad: int) -> None:
    good = world.accepted(line)
    world.draw(good, LENT)
    world.write_off(bad)
    assert (world.used(line), lost(world, line)) == (90_000_00, LENT)
    world.evm.advance(36 * DAY)
    assert world.outstanding(good) == (640_00, LENT)
    assert not world.loan(good).written_off
