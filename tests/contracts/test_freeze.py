"""A frozen account: credited like any other, unable to withdraw, its holds paying, bearing no late charge."""

from __future__ import annotations

from typing import Any

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import CashLedger, FreezeSet
from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.enums import FundBy, Phase, SettleOn, Status
from settlement.chain.bindings.order_desk import OrderDesk
from settlement.chain.bindings.receivables import Unpaid
from settlement.chain.bindings.structs import Leg
from settlement.chain.bindings.test_cash import TestCash
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.changes import arrive
from tests.contracts.covers import open_desk
from tests.contracts.harness import reverts
from tests.contracts.odd_wallets import odd_wallet
from tests.contracts.test_cash_ledger import OPERATORS, with_own_operators
from tests.contracts.world import DAY, GOVERNOR, JPY, RICH_MINOR, USD, World

LEDGER = "CashLedger"


def freeze(world: World, actor: str, is_frozen: bool = True, currency: int = USD) -> FreezeSet:
    call = CashLedger.freeze(currency, world.ids[actor], is_frozen)
    return world.govern(LEDGER, call).one(FreezeSet)


def late_of(world: World, order: int) -> int:
    return int(world.view("Receivables", OrderDesk.late_of(order)))


def frozen(world: World, actor: str = "buyer") -> Any:
    return errors.AccountFrozen(USD, world.ids[actor])


def test_i03__frozen_account__withdraws_nothing_until_it_is_released(world: World) -> None:
    """I-03 only the freeze of that very account stops a withdrawal."""
    assert freeze(world, "buyer") == FreezeSet(USD, world.ids["buyer"], True)
    with reverts(frozen(world)):
        world.withdraw("buyer", 1)
    assert world.view(LEDGER, CashLedger.free_of(USD, world.ids["buyer"])) == (0, True)
    world.withdraw("buyer", 1, JPY)
    world.withdraw("bank", 1)
    freeze(world, "buyer", False)
    assert world.view(LEDGER, CashLedger.free_of(USD, world.ids["buyer"])) == (RICH_MINOR, False)
    world.withdraw("buyer", RICH_MINOR)
    assert world.cash("buyer") == 0


@pytest.mark.parametrize("beyond", [1, 2, 2**55])
@pytest.mark.parametrize("has", [0, 1, 5])
def test_i01__frozen_account__pays_nothing_beyond_what_it_has_either(
    world: World, has: int, beyond: int
) -> None:
    """I-01 I-02: less more than it has, the frozen account's bit would be gone and all but that bit be its cash."""
    if has:
        world.deposit("supplier", has)
    freeze(world, "supplier")
    with reverts(frozen(world, "supplier")):
        world.withdraw("supplier", has + beyond)
    assert world.cash("supplier") == has


def test_freeze__account_frozen__is_credited_and_shows_what_it_has(world: World) -> None:
    freeze(world, "supplier")
    world.deposit("supplier", 5)
    order = world.accepted(world.publish())
    world.draw(order, 1_000_00)
    world.attest(order, 1)
    assert world.cash("supplier") == 5 + 1_000_00 + 99_000_00
    with reverts(frozen(world, "supplier")):
        world.withdraw("supplier", 1)
    with reverts(frozen(world, "supplier")):
        world.repay(world_with_loan(world), 1)


def world_with_loan(world: World) -> int:
    order = world.accepted(world.publish())
    world.draw(order, 1_000_00)
    return order


def test_freeze__buyers_free_cash__counts_as_none_and_the_hold_pays(world: World) -> None:
    """I-04: a settlement is not stopped by the freeze of its payer: what was locked is paid."""
    locked = world.accepted(fund_by=FundBy.ACCEPTED)
    open_account = world.accepted()
    freeze(world, "buyer")
    world.attest(locked, 1)
    assert world.position(locked).paid == 100_000_00
    world.attest(open_account, 1)
    assert world.position(open_account).paid == 0
    assert world.view("Receivables", OrderDesk.payable_now(open_account)) == (100_000_00, 0)
    with reverts(errors.NothingDue(open_account)):
        world.settle(open_account)
    freeze(world, "buyer", False)
    world.settle(open_account)
    assert world.position(open_account).paid == 100_000_00


def test_freeze__what_could_not_be_paid__bears_no_late_charge(world: World) -> None:
    freeze(world, "buyer")
    order = world.accepted(late_bps=10_000)
    assert world.attest(order, 1).every(Unpaid) == []
    world.evm.advance(100 * DAY)
    assert late_of(world, order) == 0
    freeze(world, "buyer", False)
    world.settle(order)
    assert (world.cash("supplier"), world.position(order).paid) == (100_000_00, 100_000_00)


def test_freeze__of_a_buyer_that_is_late__stops_the_charge_and_keeps_what_it_owes(world: World) -> None:
    """R6 runs by the days on which the buyer could have paid: 10 before the freeze, 20 after it."""
    world.drain("buyer")
    order = world.accepted(late_bps=3_650)
    world.attest(order, 1)
    day = 100_00
    world.evm.advance(10 * DAY)
    assert late_of(world, order) == 10 * day
    freeze(world, "buyer")
    world.evm.advance(50 * DAY)
    assert world.view(LEDGER, CashLedger.seconds_frozen(USD, world.ids["buyer"])) == 50 * DAY
    assert late_of(world, order) == 10 * day
    world.attest(order, 2, released=2**56 - 2)
    assert late_of(world, order) == 10 * day
    freeze(world, "buyer", False)
    world.evm.advance(20 * DAY)
    assert late_of(world, order) == 30 * day
    world.deposit("buyer", 100_000_00 + 30 * day)
    world.settle(order)
    assert world.cash("supplier") == 100_000_00 + 30 * day


def test_freeze__of_a_buyer_whose_order_is_due__closes_the_draws_on_it(world: World) -> None:
    """Nobody says of a frozen buyer that it is late, so its lender must not be drawn on for what it leaves unpaid."""
    line = world.publish()
    by_arrival = world.accepted(line, settle_on=SettleOn.ARRIVAL)
    cleared, shipped, later = world.accepted(line), world.accepted(line), world.accepted(line, tenor_days=1)
    world.draw(cleared, 1_000_00)
    freeze(world, "buyer")
    for order, phase in ((cleared, Phase.CLEARED), (by_arrival, Phase.CLEARED), (shipped, Phase.SHIPPED)):
        assert not world.attest(order, 1, phase=phase, released=1).every(Unpaid)
    world.attest(later, 1)
    assert [
        world.view("CreditLines", CreditLines.drawable_of(one)) != 0 for one in (cleared, by_arrival)
    ] == [
        False,
        True,
    ]
    with reverts(errors.DrawsClosed(cleared)):
        world.draw(cleared, 1, index=1)
    for order in (by_arrival, shipped, later):
        world.draw(order, 1)
    arrive(world, by_arrival)
    world.evm.set_time(world.position(later).due)
    for order in (by_arrival, later):
        assert world.view("CreditLines", CreditLines.drawable_of(order)) == 0
        with reverts(errors.DrawsClosed(order)):
            world.draw(order, 1, index=1)
    world.draw(shipped, 1, index=1)


def test_freeze__supplier_or_funder__gives_nothing_up(world: World) -> None:
    order = world.accepted(world.publish())
    world.draw(order, 1_000_00)
    freeze(world, "bank")
    assert world.view("CreditLines", CreditLines.drawable_of(order)) == 0
    with reverts(frozen(world, "bank")):
        world.draw(order, 1, index=1)
    freeze(world, "supplier")
    world.evm.advance(200 * DAY)
    due = world.view("CreditLines", CreditLines.due_from_supplier(order))
    with reverts(errors.SupplierShort(order, due)):
        world.recourse(order)


def test_freeze__locking_and_covering__need_free_cash(world: World) -> None:
    desk = open_desk(world)
    freeze(world, "buyer")
    with reverts(errors.BuyerShort(100_000_00, 0)):
        world.accept(world.order(fund_by=FundBy.ACCEPTED))
    freeze(world, "insurer")
    with reverts(frozen(world, "insurer")):
        desk.fund(desk.funding(1))


def test_p34__freeze_of_nobody_or_of_a_hold__is_refused(world: World) -> None:
    """P34: neither account 0 nor the cash of an order or a pool can be frozen."""
    for nobody in (0, 99, 2**32 - 1):
        with reverts(errors.UnknownMember(nobody)):
            world.govern(LEDGER, CashLedger.freeze(USD, nobody, True))
    with reverts(errors.CurrencyUnknown(999)):
        world.govern(LEDGER, CashLedger.freeze(999, world.ids["buyer"], True))


def test_freeze__twice_or_by_a_stranger__is_refused(world: World) -> None:
    call = CashLedger.freeze(USD, world.ids["buyer"], True)
    with reverts(errors.AccessManagedUnauthorized(world.key("bank").address)):
        world.send(LEDGER, call, world.key("bank"))
    with reverts(errors.FreezeUnchanged(USD, world.ids["buyer"])):
        freeze(world, "buyer", False)
    freeze(world, "buyer")
    with reverts(errors.FreezeUnchanged(USD, world.ids["buyer"])):
        freeze(world, "buyer")


@pytest.mark.parametrize("places", [(0,), (1,), (0, 2), (1, 2)])
def test_p35__frozen_payer_anywhere_among_the_legs__stops_the_move(
    world: World, places: tuple[int, ...]
) -> None:
    """P35: neither the first leg nor a payer that comes twice slips past a freeze."""
    bare = with_own_operators(world)
    freeze(bare, "buyer")
    payers = [world.ids["buyer"] if place in places else world.ids["bank"] for place in range(3)]
    legs = tuple(Leg(from_=payer, to=world.ids["supplier"], amount=1) for payer in payers)
    with reverts(frozen(world)):
        bare.send(LEDGER, CashLedger.move(USD, legs), OPERATORS[0])
    freeze(bare, "buyer", False)
    bare.send(LEDGER, CashLedger.move(USD, legs), OPERATORS[0])


def test_p33__frozen_member__leaves_by_no_other_path(world: World) -> None:
    """P33: neither a repayment, a premium, a pool, a new order nor another key takes frozen cash out."""
    order = world_with_loan(world)
    freeze(world, "buyer")
    with reverts(frozen(world)):
        world.repay(order, 1, "buyer")
    with reverts(errors.BuyerShort(100_000_00, 0)):
        world.accept(world.order(fund_by=FundBy.ACCEPTED))
    assert world.cash("buyer") == RICH_MINOR


def test_p37__official_whose_account_refuses_everything__is_removed_all_the_same(world: World) -> None:
    """P37: no act of governance asks the account that it is about."""
    at = world.evm.deploy(odd_wallet("a long refusal"), GOVERNOR.address, "TestCash")
    call = TrustedNetwork.enroll(b"\x37" * 20, at, 276, 8, 1, world.evm.now + DAY)
    official = world.govern("TrustedNetwork", call).value
    world.govern(LEDGER, CashLedger.freeze(USD, official, True))
    world.govern("TrustedNetwork", TrustedNetwork.propose_account(official, GOVERNOR.address))
    world.govern("TrustedNetwork", TrustedNetwork.set_status(official, Status.EXPELLED))
    assert not world.view("TrustedNetwork", TrustedNetwork.has_standing(official, 8))


def test_p39__approvals_of_members__are_used_up_and_none_is_given(world: World) -> None:
    """P39: the ledger approves nobody, and takes of an approval what it was told and no more."""
    token, ledger = world.tokens[USD], world.at[LEDGER]
    world.deposit("buyer", 7)
    buyer = world.key("buyer").address
    assert world.evm.view(token, TestCash.allowance(buyer, ledger)) == 0
    for address in world.at.values():
        assert world.evm.view(token, TestCash.allowance(ledger, address)) == 0


def test_p30__standing_approval_of_another__is_not_for_a_stranger_to_use(world: World) -> None:
    """P30: who calls deposit pays; an approval that lies about pays nothing into another's account."""
    token, ledger, bank = world.tokens[USD], world.at[LEDGER], world.key("bank")
    world.evm.call(token, TestCash.mint(bank.address, 10**6), bank.address)
    world.evm.call(token, TestCash.approve(ledger, 10**6), bank.address)
    with reverts(errors.ERC20InsufficientAllowance):
        world.send(LEDGER, CashLedger.deposit(USD, world.ids["buyer"], 10), world.key("buyer"))
    nothing = (world.evm.now, 27, b"\x00" * 32, b"\x00" * 32)
    with reverts(errors.TokenShortPaid(10**6, 10 * 10**4)):
        world.send(LEDGER, CashLedger.deposit_with_permit(USD, world.ids["bank"], 10, *nothing))
    assert world.cash("bank") == RICH_MINOR
