"""Branches that no trade of the other tests happens to walk; scripts/prove coverage named them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import CashLedger, Moved
from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.enums import FundBy, HaltOn, Phase, SettleOn
from settlement.chain.bindings.index_oracle import IndexOracle
from settlement.chain.bindings.receivables import DueSet, Funded, Receivables
from settlement.chain.bindings.structs import AccountReplacement, Seat, Wish
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.changes import amend, changes_of, dispute
from tests.contracts.covers import Desk
from tests.contracts.harness import NOBODY, reverts, signer
from tests.contracts.observers import Station
from tests.contracts.world import BUYER, COUNTRY, CUSTOMS, DAY, USD, World, build_world

FACE = 100_000_00


def test_move__no_legs__moves_nothing() -> None:
    world = build_world("py-evm")
    before = world.cash("buyer")
    call = CashLedger.move(USD, ())
    done = world.evm.call(world.at["CashLedger"], call, world.at["Receivables"])
    assert done.one(Moved).legs == ()
    assert world.cash("buyer") == before


def test_trading__network_halted_then_not__is_told(world: World) -> None:
    """I-30: a halt of the whole network is one of every member."""
    asked = TrustedNetwork.is_trading(world.ids["buyer"], BUYER, USD)
    assert world.view("TrustedNetwork", asked)
    world.govern("TrustedNetwork", TrustedNetwork.halt(HaltOn.NETWORK, 0))
    assert not world.view("TrustedNetwork", asked)
    world.evm.advance(7 * DAY)
    assert world.view("TrustedNetwork", asked)


def test_trading__network_retired__is_told(world: World) -> None:
    world.govern("TrustedNetwork", TrustedNetwork.retire())
    assert not world.view("TrustedNetwork", TrustedNetwork.is_trading(world.ids["buyer"], BUYER, USD))


def test_p33__membership_run_out__opens_nothing_new(world: World) -> None:
    """I-28: standing ends with the date that the member was enrolled until; block time at it still counts."""
    until = world.view("TrustedNetwork", TrustedNetwork.member_of(world.ids["buyer"])).valid_until
    world.evm.set_time(until)
    world.accept(world.order(expiry=until + DAY))
    world.evm.advance(1)
    with reverts(errors.NotInGoodStanding):
        world.accept(world.order(expiry=until + DAY))


def test_accept__version_0_of_a_line__is_none_of_its_versions(world: World) -> None:
    line, order = world.publish(), world.order()
    acceptance = replace(world.acceptance(order, line), version=0)
    signatures = (
        world.sign("buyer", "Receivables", order),
        world.sign("supplier", "Receivables", acceptance),
    )
    with reverts(errors.UnknownLine(line, 0)):
        world.send("Receivables", Receivables.accept(order, acceptance, *signatures))


def test_due__set_after_expiry_on_a_line_never_drawn__counts_no_interest(world: World) -> None:
    order = world.accepted(world.publish(), tenor_days=30, expiry=world.evm.now + DAY)
    world.evm.advance(3 * DAY)
    done = world.attest(order, 1)
    assert done.one(DueSet).due == world.evm.now + 30 * DAY
    assert world.outstanding(order) == (0, 0)


def test_collect__part_paid_and_undrawn__frees_the_reserve_once() -> None:
    """I-11: the payment closed the draws and freed the reserve; the cover's payout after it frees no more."""
    world = build_world("py-evm")
    line = world.publish()
    order, other = world.accepted(line), world.accepted(line)
    world.attest(order, 1, released=FACE // 2)
    assert world.used(line) == 90_000_00
    call = CreditLines.collect(order, 5_00, world.ids["insurer"], world.ids["supplier"])
    answer = world.evm.call(world.at["CreditLines"], call, world.at["DisruptionCover"]).value
    assert (answer.to_funder, answer.funder) == (0, 0)
    assert world.used(line) == 90_000_00
    world.attest(other, 1)
    assert world.used(line) == 0


def test_replace_account__by_nobodys_address__is_refused(world: World) -> None:
    """I-20: no proposal looks like a proposal of the zero address, which nobody can prove."""
    asked = AccountReplacement(world.ids["supplier"], NOBODY, 50, world.evm.now + DAY)
    with reverts(errors.KeyNotProven(NOBODY)):
        world.send("TrustedNetwork", TrustedNetwork.replace_account(asked, b"", bytes(65)))


def test_fund_by__buyer_without_cash_at_shipment__locks_nothing(world: World) -> None:
    world.drain("buyer")
    order = world.accepted(fund_by=FundBy.SHIPPED)
    done = world.attest(order, 1, phase=Phase.SHIPPED, released=0)
    assert done.every(Funded) == []
    assert world.cash(order) == 0


@pytest.mark.parametrize("advances", [(9000, 8500, 8000), (8000, 9000, 8500), (8000, 8500, 9000)])
def test_i11__reserve__is_the_largest_advance_of_any_phase(
    world: World, advances: tuple[int, int, int]
) -> None:
    """I-11: a funder that lends most at first, in the middle or at the end reserves the same."""
    accepted, shipped, released = advances
    line = world.publish(advance_accepted=accepted, advance_shipped=shipped, advance_released=released)
    world.accepted(line)
    assert world.used(line) == 90_000_00


def test_release__draws_closed_by_cover__is_refused() -> None:
    """I-11: what a payout of cover freed is not freed again by its supplier."""
    world = build_world("py-evm")
    line = world.publish()
    order, _ = world.accepted(line), world.accepted(line)
    call = CreditLines.collect(order, 5_00, world.ids["insurer"], world.ids["supplier"])
    world.evm.call(world.at["CreditLines"], call, world.at["DisruptionCover"])
    with reverts(errors.DrawsClosed(order)):
        world.release(order)
    assert world.used(line) == 90_000_00


def test_write_off__nothing_owed_at_maturity__is_refused(world: World) -> None:
    """I-16: a loan that was repaid is no loss."""
    order = world.accepted(world.publish())
    world.draw(order, 1_000_00)
    world.repay(order, 2_000_00, "buyer2")
    world.evm.advance(200 * DAY)
    with reverts(errors.NoLoan(order)):
        world.write_off(order)


def test_p13__interest_alone_after_the_write_off__leaves_the_loss(world: World) -> None:
    """P13: what does not reach the principal takes nothing off the loss."""
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 1_000_00)
    world.evm.advance(200 * DAY)
    world.write_off(order)
    world.repay(order, 1, "buyer2")
    assert world.view("CreditLines", CreditLines.loss_of(line)) == 1_000_00


@pytest.mark.parametrize("actor", ["buyer", "supplier", "bank"])
def test_i30__offer_to_a_halted_member__says_so(world: World, actor: str) -> None:
    """I-30: the offer refuses what acceptance would."""
    line = world.publish()
    asked = Wish(
        buyer=world.ids["buyer"],
        supplier=world.ids["supplier"],
        currency=USD,
        face=FACE,
        expiry=world.evm.now + 120 * DAY,
        tenor_days=0,
    )
    assert world.view("CreditLines", CreditLines.offer(line, asked)).refusal == bytes(4)
    world.govern("TrustedNetwork", TrustedNetwork.halt(HaltOn.MEMBER, world.ids[actor]))
    refusal = world.view("CreditLines", CreditLines.offer(line, asked)).refusal
    assert refusal == errors.NewBusinessHalted.SELECTOR


def test_offer__supplier_frozen__is_refused_only_where_it_owes_a_fee(world: World) -> None:
    """P35: the offer says what acceptance then does, with the fee and without."""
    lines = {bps: world.publish(committed=True, commitment_bps=bps) for bps in (50, 0)}
    world.deposit("supplier", 450_00)
    world.govern("CashLedger", CashLedger.freeze(USD, world.ids["supplier"], True))
    expiry = world.evm.now + 120 * DAY
    asked = Wish(world.ids["buyer"], world.ids["supplier"], USD, FACE, expiry, 0)
    told = {bps: world.view("CreditLines", CreditLines.offer(line, asked)) for bps, line in lines.items()}
    assert (told[50].refusal, told[50].commitment_fee) == (errors.AccountFrozen.SELECTOR, 450_00)
    assert (told[0].refusal, told[0].commitment_fee) == (bytes(4), 0)
    with reverts(errors.AccountFrozen(USD, world.ids["supplier"])):
        world.accepted(lines[50])
    world.accepted(lines[0])


def new_desk() -> Desk:
    world = build_world()
    station = Station(world.evm, world.at["IndexOracle"])
    station.seat()
    world.deposit("supplier", 1_000_000_00)
    return Desk(world, station)


def test_index__fixed__shows_its_median() -> None:
    desk = new_desk()
    day = desk.today
    desk.observe(day, 410)
    bucket = desk.station.bucket(day)
    assert desk.world.evm.view(desk.station.at, IndexOracle.index_of(bucket)) == (True, 410, 5)


def test_p28__entry_too_small_for_one_share__is_refused() -> None:
    """P28: a price far above the entry gives no share, and takes no cash for none."""
    desk = new_desk()
    order = desk.world.accepted(expiry=desk.world.evm.now + 365 * DAY)
    desk.open_pool()
    desk.next_exit_day()
    desk.enter("bank", 1)
    desk.bought(order, sum=1, premium=900_000_00)
    before = desk.world.cash("bank2")
    with reverts(errors.PriceMoved(0, 0)):
        desk.enter("bank2", 1)
    assert desk.world.cash("bank2") == before


def test_release__draws_closed_by_a_payment__is_refused(world: World) -> None:
    order = world.accepted(world.publish())
    world.attest(order, 1, released=FACE // 2)
    with reverts(errors.DrawsClosed(order)):
        world.release(order)


def test_p38__reserves_of_one_member_with_two_keys__are_refused(world: World) -> None:
    """I-17: two free keys of one member must not become two seats."""
    key = signer(90)
    member = world.govern(
        "TrustedNetwork",
        TrustedNetwork.enroll(b"\x5a" * 20, key.address, COUNTRY, CUSTOMS, 1, world.evm.now + DAY),
    ).value
    first, second = (Seat(signer(91 + n).address, member) for n in range(2))
    with reverts(errors.InvalidCommittee()):
        world.govern("ClearanceOracle", ClearanceOracle.name_reserves(COUNTRY, (first, second)))
    world.govern("ClearanceOracle", ClearanceOracle.name_reserves(COUNTRY, (second,)))


def test_p16__amendment_in_the_phase_released_with_nothing_released__is_too_late(world: World) -> None:
    """P16: the phase alone is enough."""
    order = world.accepted()
    world.attest(order, 1, phase=Phase.RELEASED, released=0)
    with reverts(errors.NotAmendable(order)):
        amend(world, order, late_bps=1)


def test_lapse__what_stays_open_holds_the_dispute__leaves_it(world: World) -> None:
    """R4: a dispute is cut to what is open, and not below."""
    order = world.accepted(settle_on=SettleOn.CLEARANCE)
    dispute(world, order, 10_000_00)
    world.attest(order, 1, phase=Phase.RELEASED, released=50_000_00)
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
    world.lapse(order)
    assert changes_of(world, order).disputed == 10_000_00
    assert world.cash(order) == 10_000_00
