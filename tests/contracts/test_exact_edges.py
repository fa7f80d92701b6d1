"""Bounds and rests that a single moment or a single unit shows."""

from __future__ import annotations

import base64
import json

from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.credit_lines import Accrued, CreditLines, Repaid, ReserveChanged
from settlement.chain.bindings.enums import HaltOn, Phase, SettleOn
from settlement.chain.bindings.order_desk import Arrived, OrderDesk
from settlement.chain.bindings.receivables import Closed, DueSet, Receivables, Settled
from settlement.chain.bindings.structs import Cancellation, Wish
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.changes import ALL, arrive, consents, credit, credit_note
from tests.contracts.committee import ask_hold, hold_request
from tests.contracts.harness import reverts, signer
from tests.contracts.holdings import assign, split, undertake
from tests.contracts.odd_tokens import odd_token
from tests.contracts.world import BUYER, CARRIER, DAY, JPY, USD, World

FACE = 100_000_00
EUR = 978
ELSEWHERE = 528
SIGN_ORDER = 1


def test_tenor__hold_lifted_at_the_due_date_itself__moves_nothing(world: World) -> None:
    order = world.accepted(tenor_days=10)
    world.attest(order, 1)
    due = world.position(order).due
    world.attest(order, 2, hold=True)
    world.evm.set_time(due)
    done = world.attest(order, 3)
    assert not done.every(DueSet)
    assert done.one(Settled).face == FACE


def test_tenor__state_told_after_the_due_date_without_a_hold__moves_nothing(world: World) -> None:
    """I-13: only a hold that is lifted moves the due date; a late buyer stays late from it on."""
    order = world.accepted(tenor_days=10)
    world.drain("buyer")
    world.attest(order, 1)
    due = world.position(order).due
    world.evm.set_time(due + DAY)
    done = world.attest(order, 2)
    assert not done.every(DueSet)
    assert world.position(order).due == due


def test_duty__told_before_a_lapse__is_still_capped_and_taken_after_it(world: World) -> None:
    """I-14: a lapse pays nothing of the duty here, and forgets neither cap nor demand."""
    order = world.accepted(duty_cap=500)
    world.attest(order, 1, phase=Phase.SHIPPED, released=40_000_00, duty=300)
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
    world.lapse(order)
    position = world.position(order)
    assert (position.duty_cap, position.duty_demanded) == (500, 300)
    done = world.attest(order, 2, released=40_000_00, duty=300)
    assert (done.one(Settled).face, done.one(Settled).to_customs) == (40_000_00, 300)


def test_unpaid__order_of_one_unit__bears_its_late_charge(world: World) -> None:
    order = world.accepted(face=1, late_bps=10_000)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(30 * DAY)
    world.deposit("buyer", 5)
    done = world.settle(order)
    assert (done.one(Settled).face, done.one(Settled).late) == (1, 1)
    assert done.one(Closed) == Closed(order)


def test_unpaid__all_credited_away__takes_no_late_charge(world: World) -> None:
    """I-13, I-19: the late charge dies with the claim, also where the buyer could pay it."""
    order = world.accepted(late_bps=10_000)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(30 * DAY)
    world.deposit("buyer", FACE)
    done = credit(world, order, FACE)
    assert done.one(Closed) == Closed(order)
    assert not done.every(Settled)
    assert world.cash("buyer") == FACE


def test_unpaid__charge_of_a_millionth__costs_a_unit_and_is_over(world: World) -> None:
    order = world.accepted(face=1, late_bps=1)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(1)
    assert world.position(order).late_accrued == 0
    world.deposit("buyer", 2)
    done = world.settle(order)
    assert (done.one(Settled).face, done.one(Settled).late) == (1, 1)
    assert done.one(Closed) == Closed(order)


def test_unpaid__buyer_that_paid_up__is_not_charged_for_the_time_before_a_new_part(world: World) -> None:
    order = world.accepted(late_bps=1000)
    world.drain("buyer")
    world.attest(order, 1, released=40_000_00)
    world.evm.advance(73 * DAY)
    world.deposit("buyer", 40_800_00)
    assert world.settle(order).one(Settled).late == 800_00
    world.evm.advance(DAY)
    assert world.view("Receivables", OrderDesk.late_of(order)) == 0
    world.deposit("buyer", 61_000_00)
    done = world.attest(order, 2)
    assert (done.one(Settled).face, done.one(Settled).late) == (60_000_00, 0)
    assert done.one(Closed) == Closed(order)


def test_consents__keys_that_may_move_no_cash__sign_what_moves_none(world: World) -> None:
    """The limit of a key is for cash; a note or an end costs none."""
    order = world.accepted()
    assign(world, order, "bank2")
    for index, actor in enumerate(("buyer", "supplier", "bank2"), start=40):
        world.give_key(actor, signer(index), SIGN_ORDER, 0)
        world.accounts[actor] = signer(index)
    note = credit_note(world, order, 1_00)
    by_both = consents(world, note, ("buyer", "bank2"), holder="bank2")
    world.send("Receivables", OrderDesk.credit(note, by_both))
    end = Cancellation(order=order, version=0, deadline=world.evm.now + DAY)
    by_all = consents(world, end, ("buyer", "supplier", "bank2"), holder="bank2")
    world.send("Receivables", OrderDesk.cancel(end, by_all))
    assert world.position(order).phase == Phase.CLOSED


def test_cancel__order_that_its_supplier_holds__needs_no_third_signature(world: World) -> None:
    order = world.accepted()
    end = Cancellation(order=order, version=0, deadline=world.evm.now + DAY)
    by_both = consents(world, end, ("buyer", "supplier"), holder="nobody")
    world.send("Receivables", OrderDesk.cancel(end, by_both))
    assert world.position(order).phase == Phase.CLOSED


def test_share__of_an_order_that_goes_its_way__is_neither_held_nor_lapsed(world: World) -> None:
    order = world.accepted()
    split(world, order, [("bank2", 20_000_00)])
    share = world.position(order | 1)
    assert (share.hold, share.lapsed) == (False, False)


def test_i30__halt_of_a_member_that_is_lifted__leaves_that_of_a_currency(world: World) -> None:
    """I-30: each halt ends by itself."""
    for on, subject in ((HaltOn.MEMBER, world.ids["buyer"]), (HaltOn.CURRENCY, JPY)):
        world.govern("TrustedNetwork", TrustedNetwork.halt(on, subject))
    world.govern("TrustedNetwork", TrustedNetwork.lift_halt(HaltOn.MEMBER, world.ids["buyer"]))
    assert world.accepted()
    with reverts(errors.NewBusinessHalted):
        world.accepted(currency=JPY)


def test_hold__in_a_jurisdiction_without_a_committee__is_refused_before_any_signature(world: World) -> None:
    order = world.accepted(jurisdiction=ELSEWHERE)
    with reverts(errors.NoCommittee(ELSEWHERE)):
        ask_hold(world, hold_request(world, order, 0, jurisdiction=ELSEWHERE), ())


def test_i15__loan_repaid_before__the_holder_has_all_of_the_payment(world: World) -> None:
    """I-15, I-16: a lender to whom nothing is owed gets nothing."""
    order = world.accepted(world.publish())
    world.draw(order, 60_000_00)
    world.repay(order, 60_000_00)
    assert world.outstanding(order) == (0, 0)
    before = world.cash("supplier")
    done = world.attest(order, 1)
    assert done.one(Settled) == Settled(order, 1, FACE, 0, 0, FACE, 0)
    assert world.cash("supplier") - before == FACE


def test_lapse__with_a_loan_out__tells_what_accrued_and_no_repayment(world: World) -> None:
    order = world.accepted(world.publish())
    world.draw(order, 60_000_00)
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
    done = world.lapse(order)
    assert [one.order for one in done.every(Accrued)] == [order]
    assert not done.every(Repaid)


def test_i11__credit_note_after_a_repayment__takes_no_headroom_again(world: World) -> None:
    """I-11, R10: draws closed with the first repayment; a smaller claim does not open them."""
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 60_000_00)
    world.repay(order, 10_000_00)
    assert world.used(line) == 50_000_00
    done = credit(world, order, 10_000_00, ALL)
    assert not done.every(ReserveChanged)
    assert world.used(line) == 50_000_00


def test_arrival__order_without_a_line__may_be_told_by_any_carrier_that_is_no_party(world: World) -> None:
    """P05: an order without a lender has no lender among its parties, not even the first member."""
    assert world.ids["buyer"] == 1
    both = TrustedNetwork.renew(1, BUYER | CARRIER, 1, world.evm.now + 365 * DAY)
    world.govern("TrustedNetwork", both)
    parties = {"buyer": world.ids["buyer2"], "supplier": world.ids["supplier2"]}
    order = world.accepted(settle_on=SettleOn.ARRIVAL, **parties)
    assert arrive(world, order, "buyer").one(Arrived).carrier == 1


def test_offer__longest_days_of_the_line__bind_to_the_second(world: World) -> None:
    line = world.publish(longest_days=90)
    for past, refusal in ((0, bytes(4)), (1, errors.LifeTooLong.SELECTOR)):
        expiry = world.evm.now + 60 * DAY + past
        wish = Wish(world.ids["buyer"], world.ids["supplier"], USD, FACE, expiry, 30)
        assert world.view("CreditLines", CreditLines.offer(line, wish)).refusal == refusal


def test_publish__line_that_ends_at_once__is_refused_and_a_second_later_taken(world: World) -> None:
    with reverts(errors.InvalidTerms()):
        world.publish(expiry=world.evm.now)
    line = world.publish(expiry=world.evm.now + 1)
    assert world.view("CreditLines", CreditLines.terms_of(line, 1)).expiry == world.evm.now + 1


def test_token_uri__currency_without_a_symbol__is_drawn_all_the_same(world: World) -> None:
    token = world.evm.deploy(odd_token(), signer(30).address, "TestCash")
    world.govern("CashLedger", CashLedger.list(EUR, 2, token))
    order = world.accepted(currency=EUR)
    _, _, body = str(world.view("Receivables", Receivables.token_uri(order))).partition(",")
    traits = {one["trait_type"]: one["value"] for one in json.loads(base64.b64decode(body))["attributes"]}
    assert (traits["Currency code"], traits["Face"]) == (EUR, "100000.00")


def test_draw__at_the_last_second_of_the_order__is_paid_and_a_second_later_refused(world: World) -> None:
    order = world.accepted(world.publish())
    expiry = world.position(order).expiry
    world.evm.set_time(expiry)
    world.draw(order, 1_00)
    world.evm.set_time(expiry + 1)
    with reverts(errors.DrawsClosed(order)):
        world.draw(order, 1_00, index=1)


def test_undertake__larger_but_not_up_to_the_last_day_with_its_tenor__is_refused(world: World) -> None:
    """P02: the order may be paid until its tenor and the posting grace are over."""
    order = world.accepted(tenor_days=30)
    undertake(world, order, 1_00, "bank2", expiry=2**32 - 1)
    last = world.position(order).expiry + (30 + 5) * DAY
    with reverts(errors.UndertakingTaken(order, 1_00)):
        undertake(world, order, 2_00, "bank", expiry=last - 1)
    undertake(world, order, 2_00, "bank", expiry=last)


def test_halt__of_one_member__is_not_its_neighbours(world: World) -> None:
    """I-30: ids that differ in their last bit have halts of their own."""
    members = set(world.ids.values())
    even = next(number for number in sorted(members) if number % 2 == 0 and number + 1 in members)
    world.govern("TrustedNetwork", TrustedNetwork.halt(HaltOn.MEMBER, even))
    for other in members - {even}:
        assert world.view("TrustedNetwork", TrustedNetwork.halt_of(HaltOn.MEMBER, other)) == 0
