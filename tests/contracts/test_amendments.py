"""Amendments: new terms by all whose claim they touch, before any release (I-06, P16, D09)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.credit_lines import Accrued, CreditLines, ReserveChanged
from settlement.chain.bindings.enums import FundBy, HaltOn, Phase, SettleOn, Status
from settlement.chain.bindings.order_desk import Amended, OrderDesk
from settlement.chain.bindings.receivables import Funded, Settled
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts import changes
from tests.contracts.changes import ALL, FACE, amend, amendment, changes_of, send_amendment
from tests.contracts.harness import reverts, signer
from tests.contracts.world import DAY, World

SIGN_ORDER = 1


def test_amend__all_terms__are_the_orders_from_now_on(world: World) -> None:
    """I-06 an amendment is a new version, signed by both."""
    order = world.accepted()
    wanted = amendment(
        world,
        order,
        face=80_000_00,
        settle_on=SettleOn.RELEASE,
        tenor_days=30,
        late_bps=7,
        duty_cap=500,
        expiry=world.evm.now + 300 * DAY,
        arbiter=world.ids["arbiter"],
    )
    before = world.position(order)
    done = send_amendment(world, wanted)
    assert done.one(Amended) == Amended(order, 1, wanted)
    after = world.position(order)
    assert after == replace(
        before,
        face=80_000_00,
        settle_on=SettleOn.RELEASE,
        tenor_days=30,
        late_bps=7,
        duty_cap=500,
        expiry=wanted.expiry,
    )
    state = changes_of(world, order)
    assert (state.amendments, state.arbiter) == (1, world.ids["arbiter"])
    world.attest(order, 1, phase=Phase.RELEASED, released=80_000_00, duty=700)
    world.evm.advance(30 * DAY)
    done = world.settle(order)
    assert done.one(Settled).face == 80_000_00
    assert world.cash("treasury") == 500


def test_amend__duty_cap_taken_away__takes_no_duty(world: World) -> None:
    order = world.accepted(duty_cap=500)
    amend(world, order, duty_cap=0)
    assert world.attest(order, 1, duty=500).one(Settled).to_customs == 0
    assert world.position(order).duty_cap == 0


@pytest.mark.parametrize("signers", [("buyer",), ("supplier",)])
def test_i06__one_party_alone__changes_nothing(world: World, signers: tuple[str, ...]) -> None:
    """I-06 accepted terms never change by one hand."""
    order = world.accepted()
    before = world.position(order)
    with reverts(errors.KeyNotValid):
        amend(world, order, signers, face=1)
    signed = amendment(world, order, face=1)
    swapped = changes.consents(world, signed, ("buyer", "supplier"))
    swapped = replace(swapped, buyer=swapped.supplier, supplier=swapped.buyer)
    with reverts(errors.RoleMissing):
        world.send("Receivables", OrderDesk.amend(signed, swapped))
    other = replace(swapped, buyer=world.sign("buyer2", "Receivables", signed), supplier=swapped.buyer)
    with reverts(errors.NotSignedBy(world.ids["buyer"])):
        world.send("Receivables", OrderDesk.amend(signed, other))
    ours = changes.consents(world, signed, ("buyer",))
    other = replace(ours, supplier=world.sign("supplier2", "Receivables", signed))
    with reverts(errors.NotSignedBy(world.ids["supplier"])):
        world.send("Receivables", OrderDesk.amend(signed, other))
    assert world.position(order) == before


def test_i06__lender_with_a_reserve_or_a_loan__must_sign(world: World) -> None:
    """I-06 signed by all whose claim it touches."""
    order = world.accepted(world.publish())
    with reverts(errors.KeyNotValid):
        amend(world, order, face=90_000_00)
    amend(world, order, ALL, face=90_000_00)
    world.draw(order, 1)
    world.repay(order, 1)
    # The supplier's repayment closed the draws; nothing of the lender's is left in it.
    amend(world, order, face=80_000_00)


def test_amend__funder_of_another_line__is_no_consent(world: World) -> None:
    order = world.accepted(world.publish())
    signed = amendment(world, order, face=90_000_00)
    given = changes.consents(world, signed, ALL)
    given = replace(given, funder=world.sign("bank2", "Receivables", signed))
    with reverts(errors.NotSignedBy(world.ids["bank"])):
        world.send("Receivables", OrderDesk.amend(signed, given))


def test_p16__amendment_that_names_an_older_version__is_refused(world: World) -> None:
    """P16: of two amendments signed for one version, one counts; the same one counts once."""
    order = world.accepted()
    first, second = amendment(world, order, face=90_000_00), amendment(world, order, face=80_000_00)
    send_amendment(world, first)
    for stale in (first, second):
        with reverts(errors.VersionSuperseded(order, 0, 1)):
            send_amendment(world, stale)
    send_amendment(world, replace(second, version=1))
    assert (world.position(order).face, changes_of(world, order).amendments) == (80_000_00, 2)
    with reverts(errors.VersionSuperseded(order, 3, 2)):
        amend(world, order, version=3)


def test_p16__after_release_payment_or_close__is_too_late(world: World) -> None:
    """P16: a signed amendment that waited finds the order as it is."""
    released = world.accepted()
    world.attest(released, 1, phase=Phase.SHIPPED, released=1)
    taken_back = world.accepted(tenor_days=10)
    world.attest(taken_back, 1)
    world.attest(taken_back, 2, phase=Phase.SHIPPED, released=0)
    paid = world.accepted()
    world.attest(paid, 1, released=10_000_00)
    world.attest(paid, 2, phase=Phase.SHIPPED, released=0)
    duty_paid = world.accepted(tenor_days=10, duty_cap=100)
    world.attest(duty_paid, 1, released=0, duty=100)
    world.attest(duty_paid, 2, phase=Phase.SHIPPED, released=0, duty=100)
    for order in (released, taken_back, paid, duty_paid):
        with reverts(errors.NotAmendable(order)):
            amend(world, order, late_bps=1)
    closed = world.accepted()
    signed = amendment(world, closed, late_bps=1)
    world.attest(closed, 1)
    with reverts(errors.OrderClosed(closed)):
        send_amendment(world, signed)


def test_amend__late_or_refused__is_too_late(world: World) -> None:
    late = world.accepted()
    world.drain("buyer")
    world.attest(late, 1)
    world.evm.advance(DAY)
    world.attest(late, 2, phase=Phase.SHIPPED, released=0)
    with reverts(errors.NotAmendable(late)):
        amend(world, late, late_bps=1)


def test_amend__under_dispute__waits(world: World) -> None:
    order = world.accepted()
    changes.dispute(world, order, 1)
    with reverts(errors.UnderDispute(order)):
        amend(world, order, late_bps=1)
    changes.resolve(world, order, 0)
    amend(world, order, late_bps=1)


# The reserve, tested again


def test_amend__larger_face__takes_headroom_and_is_refused_beyond_it(world: World) -> None:
    """I-11 sum of uses within the limit."""
    line = world.publish(limit=100_000_00, order_cap=110_000_00)
    order = world.accepted(line)
    assert world.used(line) == 90_000_00
    with reverts(errors.OrderCapExceeded(110_000_01, 110_000_00)):
        amend(world, order, ALL, face=110_000_01)
    amend(world, order, ALL, face=110_000_00)
    assert world.used(line) == 99_000_00
    other = world.accepted(line, face=1_000_00)
    assert world.used(line) == 99_900_00
    with reverts(errors.LimitExceeded(line, 180_00, 100_00)):
        amend(world, other, ALL, face=1_200_00)
    done = amend(world, order, ALL, face=50_000_00)
    assert done.one(ReserveChanged) == ReserveChanged(order, line, 45_000_00, 45_900_00)


def test_amend__limit_lowered_to_the_use__takes_smaller_faces_only(world: World) -> None:
    line = world.publish()
    order = world.accepted(line)
    world.publish(line=line, limit=90_000_00)
    with reverts(errors.LimitExceeded(line, 1, 0)):
        amend(world, order, ALL, face=FACE + 2)
    amend(world, order, ALL, face=50_000_00)
    assert world.used(line) == 45_000_00


def test_amend__drawn_loan__keeps_its_use_within_the_new_claim(world: World) -> None:
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 40_000_00)
    amend(world, order, ALL, face=50_000_00)
    assert world.used(line) == 45_000_00
    world.repay(order, 10_000_00)
    assert world.used(line) == world.loan(order).principal


def test_d09__face_below_the_loan__is_refused_until_it_is_repaid(world: World) -> None:
    """D09: order changed after the draw so that the face falls below the loan."""
    order = world.accepted(world.publish())
    world.draw(order, 45_000_01)
    with reverts(errors.AdvanceExceeded(order, 45_000_01, 45_000_00)):
        amend(world, order, ALL, face=50_000_00)
    world.repay(order, 1, "bank2")
    amend(world, order, ALL, face=50_000_00)


def test_d09__loan_whose_draws_are_closed__is_counted_as_well(world: World) -> None:
    """D09: also where the reserve is gone and the loan is not."""
    order = world.accepted(world.publish())
    world.draw(order, 45_000_02)
    world.repay(order, 1)
    with reverts(errors.AdvanceExceeded(order, 45_000_01, 45_000_00)):
        amend(world, order, ALL, face=50_000_00)


def test_amend__expiry_already_past__interest_counts_under_the_old_one_first(world: World) -> None:
    """I-13 interest never falls unpaid."""
    order = world.accepted(world.publish(grace_days=0))
    world.draw(order, 36_000_00)
    world.evm.set_time(world.position(order).expiry + 10 * DAY)
    before = world.outstanding(order)[0]
    done = amend(world, order, ALL, expiry=world.evm.now + 50 * DAY)
    assert -(-done.one(Accrued).accrued // 10**6) == before == world.outstanding(order)[0]
    assert world.loan(order).maturity == world.evm.now + 50 * DAY
    world.evm.advance(10 * DAY)
    assert world.outstanding(order)[0] == before + 80_00


def test_amend__terms_out_of_range__are_refused(world: World) -> None:
    order = world.accepted()
    now = world.evm.now
    changes.credit(world, order, 10_000_00)
    refused: tuple[tuple[dict[str, Any], object], ...] = (
        ({"face": 10_000_00}, errors.FaceOutOfRange(10_000_00)),
        ({"expiry": now}, errors.OrderExpired(now)),
        ({"expiry": now + 730 * DAY + 1}, errors.ExpiryTooFar(now + 730 * DAY + 1, now + 730 * DAY)),
        ({"tenor_days": 366}, errors.TenorTooLong(366, 365)),
        ({"arbiter": world.ids["bank"]}, errors.RoleMissing(world.ids["bank"], 128)),
        ({"deadline": now - 1}, errors.SignatureExpired(now - 1)),
        ({"order": order + 1024}, errors.UnknownOrder(order + 1024)),
    )
    for wanted, refusal in refused:
        signed = replace(amendment(world, order), **wanted)
        with reverts(refusal):
            send_amendment(world, signed)
    amend(world, order, face=10_000_01, expiry=now + 730 * DAY, tenor_days=365)


def test_amend__a_party_as_arbiter__is_refused(world: World) -> None:
    order = world.accepted()
    buyer = world.ids["buyer"]
    world.govern("TrustedNetwork", TrustedNetwork.renew(buyer, 1 | 128, 1, world.evm.now + DAY))
    with reverts(errors.PartyOfOrder(buyer)):
        amend(world, order, arbiter=buyer)


def test_amend__suspended_party__changes_nothing(world: World) -> None:
    """I-28: new terms are new business."""
    order = world.accepted()
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids["supplier"], Status.SUSPENDED))
    with reverts(errors.NotInGoodStanding(world.ids["supplier"])):
        amend(world, order, late_bps=1)


def test_p36__halted__new_terms_wait_and_what_was_agreed_on_goes_on(world: World) -> None:
    """P36, I-30: an amendment is new business; reductions, disputes and their ends are not."""
    orders = [world.accepted() for _ in range(4)]
    world.govern("TrustedNetwork", TrustedNetwork.halt(HaltOn.NETWORK, 0))
    with reverts(errors.NewBusinessHalted):
        amend(world, orders[0], face=FACE + 1)
    changes.cancel(world, orders[1])
    changes.credit(world, orders[2], 1)
    changes.dispute(world, orders[3], 1)
    changes.resolve(world, orders[3], 1)
    world.govern("TrustedNetwork", TrustedNetwork.lift_halt(HaltOn.NETWORK, 0))
    amend(world, orders[0], face=FACE + 1)


def test_i11__committed_line__its_cash_follows_the_claim(world: World) -> None:
    """I-11 a committed reserve is backed by held cash, also after the claim changed, drawn or not."""
    line = world.publish(committed=True)
    order, bank = world.accepted(line), world.cash("bank")
    account = world.view("CreditLines", CreditLines.reserve_account_of(order))
    assert world.cash(account) == 90_000_00
    amend(world, order, ALL, face=120_000_00)
    assert (world.cash(account), world.cash("bank")) == (108_000_00, bank - 18_000_00)
    world.draw(order, 40_000_00)
    amend(world, order, ALL, face=80_000_00)
    assert (world.cash(account), world.cash("bank"), world.used(line)) == (
        32_000_00,
        bank + 18_000_00,
        72_000_00,
    )
    changes.credit(world, order, 40_000_00, ALL)
    # Never below what is lent (R10).
    assert (world.cash(account), world.used(line)) == (0, 40_000_00)
    other = world.accepted(line)
    changes.cancel(world, other, ALL)
    assert (world.cash("bank"), world.used(line)) == (bank + 50_000_00, 40_000_00)


def test_amend__life_beyond_what_the_line_takes__is_refused(world: World) -> None:
    line, now = world.publish(longest_days=150), world.evm.now
    order = world.accepted(line, expiry=now + 100 * DAY)
    latest = now + 150 * DAY
    with reverts(errors.LifeTooLong(line, latest + 1, latest)):
        amend(world, order, ALL, expiry=latest + 1)
    with reverts(errors.LifeTooLong(line, latest + DAY, latest)):
        amend(world, order, ALL, tenor_days=51)
    amend(world, order, ALL, tenor_days=50)


# Locked cash


def test_amend__funded_at_acceptance__the_hold_follows_the_face(world: World) -> None:
    order, before = world.accepted(fund_by=FundBy.ACCEPTED), world.cash("buyer")
    amend(world, order, face=80_000_00)
    assert (world.cash(order), world.cash("buyer")) == (80_000_00, before + 20_000_00)
    assert amend(world, order, face=130_000_00).one(Funded).amount == 50_000_00
    assert world.cash(order) == 130_000_00
    world.drain("buyer")
    with reverts(errors.BuyerShort(1, 0)):
        amend(world, order, face=130_000_01)
    assert world.attest(order, 1, released=130_000_00).one(Settled).face == 130_000_00


def test_amend__locked_at_shipment__gives_back_what_is_too_much(world: World) -> None:
    order, before = world.accepted(fund_by=FundBy.SHIPPED), world.cash("buyer")
    world.attest(order, 1, phase=Phase.SHIPPED, released=0)
    amend(world, order, face=80_000_00)
    assert (world.cash(order), world.cash("buyer")) == (80_000_00, before - 80_000_00)
    amend(world, order, face=90_000_00)
    assert world.cash(order) == 80_000_00
    assert world.attest(order, 2).one(Settled).face == 90_000_00


def test_amend__key_with_a_small_limit__locks_no_more_than_it_may(world: World) -> None:
    order, clerk = world.accepted(fund_by=FundBy.ACCEPTED), signer(30)
    world.give_key("buyer", clerk, SIGN_ORDER, 10_000_00)
    world.accounts["buyer"] = clerk
    with reverts(errors.KeyLimitExceeded(clerk.address, 10_000_01, 10_000_00)):
        amend(world, order, face=FACE + 10_000_01)
    amend(world, order, face=FACE + 10_000_00)


def test_amend__drawable__follows_the_new_face(world: World) -> None:
    order = world.accepted(world.publish())
    amend(world, order, ALL, face=200_000_00)
    assert world.view("CreditLines", CreditLines.drawable_of(order)) == 160_000_00
