"""Reserves: given back, moved to another line, backed by cash; and what a line offers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak

from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.credit_lines import CreditLines, LineUsed, Reserved, ReserveReleased
from settlement.chain.bindings.enums import Phase, Status
from settlement.chain.bindings.structs import Offer, ReserveMove, ReserveRelease, Wish
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.changes import dispute
from tests.contracts.harness import reverts, signer
from tests.contracts.world import DAY, JPY, USD, World

FACE = 100_000_00
MOST = 90_000_00
SPARE = signer(30)


def aside(world: World, order: int) -> int:
    """Cash set aside for an order's reserve."""
    return world.cash(world.view("CreditLines", CreditLines.reserve_account_of(order)))


def drawable(world: World, order: int) -> int:
    return int(world.view("CreditLines", CreditLines.drawable_of(order)))


def wish(world: World, **changes: Any) -> Wish:
    plain = Wish(
        buyer=world.ids["buyer"],
        supplier=world.ids["supplier"],
        currency=USD,
        face=FACE,
        expiry=world.evm.now + 120 * DAY,
        tenor_days=0,
    )
    return replace(plain, **changes)


# Given back


@pytest.mark.parametrize("actor", ["supplier", "bank"])
def test_release__undrawn__frees_the_headroom_for_good(world: World, actor: str) -> None:
    line = world.publish(limit=MOST)
    order = world.accepted(line)
    done = world.release(order, actor)
    assert done.one(ReserveReleased) == ReserveReleased(order, world.ids[actor])
    assert done.one(LineUsed) == LineUsed(line, 0)
    assert (world.used(line), drawable(world, order), world.loan(order).draws_closed) == (0, 0, True)
    with reverts(errors.DrawsClosed(order)):
        world.draw(order, 1)
    with reverts(errors.DrawsClosed(order)):
        world.release(order, actor)
    # Nothing is freed twice: neither by a settlement nor by a lapse.
    world.accepted(line)
    world.attest(order, 1, released=FACE // 2)
    world.attest(order, 2, refused=True, released=FACE // 2)
    assert world.used(line) == MOST


def test_release__partly_drawn__keeps_the_loan_and_its_interest(world: World) -> None:
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 36_000_00)
    world.evm.advance(10 * DAY)
    world.release(order)
    assert (world.used(line), world.outstanding(order)) == (36_000_00, (80_00, 36_000_00))
    with reverts(errors.DrawsClosed(order)):
        world.draw(order, 1, 1)


def test_release__by_others__only_after_expiry(world: World) -> None:
    line = world.publish()
    order = world.accepted(line)
    for actor in ("buyer", "supplier2", "bank2"):
        with reverts(errors.NotSignedBy(world.ids[actor])):
            world.release(order, actor)
    plain = ReserveRelease(order, world.ids["supplier"], world.evm.now)
    with reverts(errors.NotSignedBy(world.ids["supplier"])):
        world.send("CreditLines", CreditLines.release(plain, b""), world.key("supplier2"))
    late = replace(plain, deadline=world.evm.now - 1)
    with reverts(errors.SignatureExpired(late.deadline)):
        world.send("CreditLines", CreditLines.release(late, b""), world.key("supplier"))
    world.evm.set_time(world.position(order).expiry)
    with reverts(errors.NotSignedBy(world.ids["buyer"])):
        world.release(order, "buyer")
    world.evm.advance(1)
    done = world.send("CreditLines", CreditLines.release(late, b""), SPARE)
    assert (done.one(ReserveReleased).member, world.used(line)) == (0, 0)


def test_release__suspended_supplier__still_lets_go(world: World) -> None:
    line = world.publish()
    order = world.accepted(line)
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids["supplier"], Status.SUSPENDED))
    own = ReserveRelease(order, world.ids["supplier"], world.evm.now)
    world.send("CreditLines", CreditLines.release(own, b""), world.key("supplier"))
    assert world.used(line) == 0


def test_release__order_without_a_line__is_refused(world: World) -> None:
    order = world.accepted()
    with reverts(errors.NoLoan(order)):
        world.release(order)


# Committed


def test_i11__committed_reserve__is_backed_by_cash_until_drawn(world: World) -> None:
    """I-11 what is reserved on a committed line lies in the ledger, whatever else the funder spends."""
    line = world.publish(committed=True, commitment_bps=50, fee_bps=100)
    world.deposit("supplier", 500_00)
    bank = world.cash("bank")
    order = world.accepted(line)
    # 0.5 % of the reserve is the supplier's to pay.
    assert (aside(world, order), world.cash("supplier")) == (MOST, 50_00)
    assert world.cash("bank") == bank - MOST + 450_00
    world.drain("bank")
    assert drawable(world, order) == 80_000_00
    world.draw(order, 80_000_00)
    assert (aside(world, order), world.cash("supplier"), world.cash("bank")) == (
        10_000_00,
        50_00 + 79_200_00,
        800_00,
    )
    world.attest(order, 1, phase=Phase.RELEASED, released=0)
    world.draw(order, 10_000_00, 1)
    assert aside(world, order) == 0


def test_committed__funder_or_supplier_short_at_acceptance__is_refused(world: World) -> None:
    line = world.publish(committed=True, commitment_bps=50)
    with reverts(errors.InsufficientCash(USD, world.ids["supplier"], 0, 450_00)):
        world.accept(line=line)
    world.deposit("supplier", 450_00)
    world.withdraw("bank", world.cash("bank") - MOST + 1)
    with reverts(errors.InsufficientCash(USD, world.ids["bank"], MOST - 1, MOST)):
        world.accept(line=line)
    world.deposit("bank", 1)
    world.accept(line=line)


@pytest.mark.parametrize("how", ["release", "settle", "lapse", "repay", "recourse"])
def test_committed__draws_closed__undrawn_cash_goes_back_to_the_funder(world: World, how: str) -> None:
    line = world.publish(committed=True)
    order = world.accepted(line, settle_on=0)
    world.draw(order, 30_000_00)
    bank = world.cash("bank")
    paid = 0
    if how == "release":
        world.release(order)
    elif how == "settle":
        world.attest(order, 1, phase=Phase.RELEASED, released=10_000_00)
        paid = 10_000_00
    elif how == "lapse":
        world.evm.advance(126 * DAY)
        world.lapse(order)
    elif how == "repay":
        world.repay(order, 1_000_00)
        paid = 1_000_00
    else:
        world.evm.advance(130 * DAY)
        world.recourse(order)
        paid = 30_000_00
    assert (aside(world, order), world.cash("bank") - bank) == (0, 60_000_00 + paid)


def test_committed__undrawn_and_lapsed__cash_goes_back(world: World) -> None:
    line = world.publish(committed=True)
    order = world.accepted(line)
    bank = world.cash("bank")
    world.evm.advance(126 * DAY)
    world.lapse(order)
    assert (aside(world, order), world.cash("bank") - bank, world.used(line)) == (0, MOST, 0)


def test_committed__strangers_repayment__may_be_drawn_again(world: World) -> None:
    """I-11, P31: draws stay open, so what is repaid of the principal lies ready again."""
    line = world.publish(committed=True)
    order = world.accepted(line)
    world.draw(order, 80_000_00)
    world.evm.advance(9 * DAY)
    bank = world.cash("bank")
    world.repay(order, 20_160_00, "buyer2")
    assert (aside(world, order), world.cash("bank") - bank) == (30_000_00, 160_00)
    world.drain("bank")
    world.draw(order, 20_000_00, 1)
    assert aside(world, order) == 10_000_00


def test_committed__funder__cannot_let_go_before_expiry(world: World) -> None:
    order = world.accepted(world.publish(committed=True))
    with reverts(errors.NotReleasable(order)):
        world.release(order, "bank")
    world.evm.advance(120 * DAY)
    with reverts(errors.NotReleasable(order)):
        world.release(order, "bank")
    world.evm.advance(1)
    world.release(order, "bank")
    assert aside(world, order) == 0


def test_publish__commitment_of_a_line__never_changes(world: World) -> None:
    line = world.publish(committed=True)
    with reverts(errors.InvalidTerms()):
        world.publish(line=line)
    assert world.publish(line=line, committed=True, rate_bps=1) == line


def test_publish__limit_of_the_key__binds(world: World) -> None:
    world.give_key("bank", SPARE, 16, 999)
    for limit, refusal in ((1000, errors.KeyLimitExceeded(SPARE.address, 1000, 999)), (999, None)):
        terms = world.line_terms(limit=limit)
        call = CreditLines.publish(terms, SPARE.sign(world.at["CreditLines"], terms))
        if refusal is None:
            world.send("CreditLines", call)
        else:
            with reverts(refusal):
                world.send("CreditLines", call)


# How long


@pytest.mark.parametrize(("expiry_days", "tenor"), [(90, 0), (60, 30), (1, 89)])
def test_accept__longest_days_of_the_line__bind_expiry_and_tenor(
    world: World, expiry_days: int, tenor: int
) -> None:
    line = world.publish(longest_days=90)
    expiry = world.evm.now + expiry_days * DAY
    latest = world.evm.now + 90 * DAY
    with reverts(errors.LifeTooLong(line, latest + 1, latest)):
        world.accepted(line, expiry=expiry + 1, tenor_days=tenor)
    world.accepted(line, expiry=expiry, tenor_days=tenor)


# Moved


def test_i12__undrawn_reserve__moves_to_another_line(world: World) -> None:
    """I-12 one receivable, one line at any time: what it leaves is free in the same call."""
    old, new = world.publish(), world.publish("bank2", advance_released=8500)
    order = world.accepted(old)
    done = world.move_reserve(order, old, new)
    assert done.one(LineUsed) == LineUsed(old, 0)
    assert done.one(Reserved) == Reserved(order, new, 1, 85_000_00, 85_000_00)
    assert (world.used(old), world.used(new)) == (0, 85_000_00)
    assert (world.position(order).line, world.loan(order).line) == (new, new)
    bank2 = world.cash("bank2")
    world.draw(order, 80_000_00)
    assert bank2 - world.cash("bank2") == 80_000_00
    with reverts(errors.AlreadyDrawn(order)):
        world.move_reserve(order, new, old)


def test_move__order_without_a_line__gets_one(world: World) -> None:
    line = world.publish()
    order = world.accepted()
    world.move_reserve(order, 0, line)
    assert world.used(line) == MOST
    world.draw(order, 80_000_00)


def test_move__committed_lines__cash_moves_along(world: World) -> None:
    old, new = world.publish(committed=True), world.publish("bank2", committed=True)
    order = world.accepted(old)
    banks = world.cash("bank"), world.cash("bank2")
    world.move_reserve(order, old, new)
    assert (world.cash("bank") - banks[0], world.cash("bank2") - banks[1]) == (MOST, -MOST)
    assert aside(world, order) == MOST


def test_move__new_line_refuses__the_old_reserve_stays(world: World) -> None:
    old = world.publish()
    order = world.accepted(old)
    refused: list[tuple[dict[str, Any], object]] = [
        ({"limit": MOST - 1}, errors.LimitExceeded(2, MOST, MOST - 1)),
        ({"order_cap": FACE - 1}, errors.OrderCapExceeded(FACE, FACE - 1)),
        ({"currency": JPY}, errors.CurrencyDiffers(USD, JPY)),
        ({"buyer_lanes": 1}, errors.NotEligible(5, 1, 1)),
        ({"longest_days": 119}, errors.LifeTooLong(6, world.evm.now + 120 * DAY, world.evm.now + 119 * DAY)),
    ]
    for changes, refusal in refused:
        new = world.publish("bank2", **changes)
        with reverts(refusal):
            world.move_reserve(order, old, new)
    with reverts(errors.UnknownLine(99, 1)):
        world.move_reserve(order, old, 99)
    assert (world.used(old), world.position(order).line) == (MOST, old)


def test_move__to_a_version_no_longer_on_offer__is_refused(world: World) -> None:
    old, new = world.publish(), world.publish("bank2")
    order = world.accepted(old)
    world.publish("bank2", line=new, rate_bps=900)
    with reverts(errors.UnknownLine(new, 1)):
        world.move_reserve(order, old, new)
    world.move_reserve(order, old, new, version=2)
    assert world.position(order).version == 2


def test_p16__move_that_names_another_reserve__is_stale(world: World) -> None:
    """P16: what was signed for an earlier state does nothing later."""
    first, second, third = world.publish(), world.publish("bank2"), world.publish("bank2")
    order = world.accepted(first)
    stale = ReserveMove(order, first, 1, third, 1, 7, world.evm.now + DAY)
    signed = world.sign("supplier", "CreditLines", stale)
    world.move_reserve(order, first, second)
    with reverts(errors.NotReservedOn(order, first, 1)):
        world.send("CreditLines", CreditLines.move_reserve(stale, signed))
    with reverts(errors.NotReservedOn(order, second, 2)):
        world.move_reserve(order, second, third, from_version=2)


def test_i20__move_done_and_taken_back__is_not_done_again(world: World) -> None:
    """I-20: the reserve lies where the move found it, and still the same signature moves nothing (and costs no fee)."""
    first, second = world.publish(), world.publish("bank2", committed=True, commitment_bps=50)
    order = world.accepted(first)
    world.deposit("supplier", 5_000_00)
    there = ReserveMove(order, first, 1, second, 1, 7, world.evm.now + DAY)
    signed = world.sign("supplier", "CreditLines", there)
    world.send("CreditLines", CreditLines.move_reserve(there, signed))
    world.move_reserve(order, second, first)
    before = world.cash("supplier")
    with reverts(errors.NonceUsed(world.ids["supplier"], 7)):
        world.send("CreditLines", CreditLines.move_reserve(there, signed))
    assert (world.cash("supplier"), world.position(order).line) == (before, first)


def test_move__only_by_the_supplier_while_draws_are_open(world: World) -> None:
    old, new = world.publish(), world.publish("bank2")
    order = world.accepted(old)
    with reverts(errors.NotSignedBy(world.ids["supplier"])):
        world.move_reserve(order, old, new, "supplier2")
    with reverts(errors.SignatureExpired(world.evm.now - 1)):
        world.move_reserve(order, old, new, deadline=world.evm.now - 1)
    world.release(order)
    with reverts(errors.DrawsClosed(order)):
        world.move_reserve(order, old, new)
    expired = world.accepted(old)
    world.evm.advance(121 * DAY)
    with reverts(errors.DrawsClosed(expired)):
        world.move_reserve(expired, old, new)


def test_move__held_disputed_or_late_order__is_refused(world: World) -> None:
    """Another bank's standing offer is for orders in order."""
    old, new = world.publish(), world.publish("bank2")
    held, disputed, late = (world.accepted(old) for _ in range(3))
    world.attest(held, 1, phase=Phase.SHIPPED, released=0, hold=True)
    dispute(world, disputed, 1)
    world.drain("buyer")
    world.attest(late, 1, released=1_00)
    for order in (held, disputed, late):
        with reverts(errors.DrawsClosed(order)):
            world.move_reserve(order, old, new)
    world.attest(held, 2, phase=Phase.SHIPPED, released=0)
    world.move_reserve(held, old, new)


def test_move__due_and_unpaid_without_a_word_of_it__is_refused(world: World) -> None:
    """A frozen buyer is never late, and nobody may have asked for what fell due."""
    new = world.publish("bank2")
    silent = world.accepted(expiry=world.evm.now + 365 * DAY, tenor_days=30)
    frozen = world.accepted(expiry=world.evm.now + 365 * DAY)
    world.govern("CashLedger", CashLedger.freeze(USD, world.ids["buyer"], True))
    world.attest(silent, 1)
    due = world.position(silent).due
    world.evm.set_time(due - 1)
    with world.evm.branch():
        world.move_reserve(silent, 0, new)
        world.draw(silent, 1)
        world.evm.set_time(due)
        assert (drawable(world, silent), world.loan(silent).draws_closed) == (0, True)
        with reverts(errors.DrawsClosed(silent)):
            world.draw(silent, 1, 1)
    world.evm.set_time(due)
    world.attest(frozen, 1)
    for order in (silent, frozen):
        with reverts(errors.DrawsClosed(order)):
            world.move_reserve(order, 0, new)


def test_move__new_funder_out_of_standing__is_refused(world: World) -> None:
    old, new = world.publish(), world.publish("bank2")
    order = world.accepted(old)
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids["bank2"], Status.SUSPENDED))
    with reverts(errors.NotInGoodStanding(world.ids["bank2"])):
        world.move_reserve(order, old, new)


# Offers


def test_offer__eligible_order__says_what_acceptance_and_draw_then_give(world: World) -> None:
    line = world.publish(committed=True, commitment_bps=50)
    short = Offer(line, 1, errors.InsufficientCash.SELECTOR, True, MOST, 80_000_00, 450_00)
    # The supplier lacks the fee.
    assert world.view("CreditLines", CreditLines.offer(line, wish(world))) == short
    world.deposit("supplier", 450_00)
    assert world.view("CreditLines", CreditLines.offer(line, wish(world))) == replace(short, refusal=bytes(4))
    order = world.accepted(line)
    assert (world.used(line), drawable(world, order), world.cash("supplier")) == (MOST, 80_000_00, 0)


@pytest.mark.parametrize(
    ("line_changes", "order_changes", "error"),
    [
        ({}, {"face": 500_000_01}, "OrderCapExceeded"),
        ({"limit": MOST - 1}, {}, "LimitExceeded"),
        ({"currency": JPY}, {}, "CurrencyDiffers"),
        ({"supplier_lanes": 1}, {}, "NotEligible"),
        ({"longest_days": 119}, {}, "LifeTooLong"),
        ({"longest_days": 150}, {"tenor_days": 31}, "LifeTooLong"),
        ({"expiry": 1_700_000_001}, {}, "LineExpired"),
    ],
)
def test_offer__refused__for_the_reason_that_acceptance_gives(
    world: World, line_changes: dict[str, Any], order_changes: dict[str, Any], error: str
) -> None:
    line_changes = dict(line_changes)
    if "expiry" in line_changes:
        line_changes["expiry"] = world.evm.now + 1
    line = world.publish(**line_changes)
    world.evm.advance(2)
    offer = world.view("CreditLines", CreditLines.offer(line, wish(world, **order_changes)))
    assert offer.refusal == getattr(errors, error).SELECTOR
    with reverts(getattr(errors, error)):
        world.accepted(line, **order_changes)


def test_offer__parties_unfit_or_line_unknown_or_funder_short__says_so(world: World) -> None:
    line = world.publish(committed=True)

    def refusal(line: int, **changes: Any) -> bytes:
        return bytes(world.view("CreditLines", CreditLines.offer(line, wish(world, **changes))).refusal)

    assert refusal(line) == bytes(4)
    assert refusal(line, supplier=world.ids["bank2"]) == errors.NotInGoodStanding.SELECTOR
    assert refusal(line, buyer=99) == errors.NotInGoodStanding.SELECTOR
    assert refusal(7) == errors.UnknownLine.SELECTOR
    world.withdraw("bank", world.cash("bank") - MOST + 1)
    assert refusal(line) == errors.InsufficientCash.SELECTOR
    world.deposit("bank", 1)
    world.govern("CashLedger", CashLedger.freeze(USD, world.ids["bank"], True))
    assert refusal(line) == errors.AccountFrozen.SELECTOR
    with reverts(errors.AccountFrozen):
        world.accept(line=line)
    both = TrustedNetwork.renew(world.ids["bank"], 2 | 4, 1, world.evm.now + DAY)
    world.govern("TrustedNetwork", both)
    assert refusal(line, supplier=world.ids["bank"]) == errors.FunderIsSupplier.SELECTOR


def test_offers__page_by_page__are_those_of_each_line(world: World) -> None:
    lines = [world.publish(), world.publish("bank2", limit=1), world.publish("bank2", currency=JPY)]
    asked = wish(world)
    each = [world.view("CreditLines", CreditLines.offer(line, asked)) for line in lines]
    assert list(world.view("CreditLines", CreditLines.offers(1, 9, asked))) == each
    assert list(world.view("CreditLines", CreditLines.offers(2, 1, asked))) == each[1:2]
    assert list(world.view("CreditLines", CreditLines.offers(4, 1, asked))) == []


def test_reserve_account__is_nobodys_other_account(world: World) -> None:
    order = world.accepted(world.publish())
    expected = keccak(
        b"\0" * 31 + b"\x40" + order.to_bytes(32, "big") + b"\0" * 31 + b"\x07" + b"reserve".ljust(32, b"\0")
    )
    assert world.view("CreditLines", CreditLines.reserve_account_of(order)) == int.from_bytes(expected, "big")
