"""Receivables.split, and how an order of several leaves is paid, short, late, refused, lapsed and closed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.credit_lines import Repaid, ReserveChanged
from settlement.chain.bindings.enums import FundBy, Phase, SettleOn
from settlement.chain.bindings.receivables import Closed, Receivables, Settled, Transfer, Unpaid
from settlement.chain.bindings.settlement_desk import SharePaid, ShareReduced, ShareSettled
from settlement.chain.bindings.share_desk import ShareIssued
from settlement.chain.bindings.structs import Cancellation
from settlement.waterfall import pro_rata_down
from tests.contracts.changes import amend, arrive, cancel, consents, credit, dispute
from tests.contracts.harness import NOBODY, Outcome, reverts
from tests.contracts.holdings import assign, shares, split, split_of
from tests.contracts.world import DAY, USD, World

FACE = 100_000_00
# 10, 20, 5 and 1.01 thousands; the order keeps the rest.
FOUR = [("supplier2", 10_000_00), ("bank2", 20_000_00), ("supplier2", 5_000_00), ("supplier", 1_010_00)]
GIVEN = sum(face for _, face in FOUR)
MOST = [("supplier2", 1_000_00 + n) for n in range(8)]


def leaves(world: World, order: int) -> list[tuple[int, int, int]]:
    """Face, reduced and paid of the order's own leaf and of its shares."""
    own = world.position(order)
    found = [(own.face, own.reduced, own.paid)]
    return found + [(one.face, one.reduced, one.paid) for one in shares(world, order)]


def cash_of(world: World, *names: str) -> dict[str, int]:
    return {name: world.cash(name) for name in names}


def test_i07__split_order__faces_of_its_leaves_sum_to_its_own(world: World) -> None:
    """I-07: shares are cut out of the face; the order stays a leaf with the rest."""
    order = world.accepted()
    done = split(world, order, FOUR)
    assert leaves(world, order) == [(FACE - GIVEN, 0, 0), *((face, 0, 0) for _, face in FOUR)]
    assert [one.holder for one in shares(world, order)] == [world.ids[name] for name, _ in FOUR]
    issued = [(one.share, one.holder, one.face) for one in done.every(ShareIssued)]
    assert issued == [(order | n, world.ids[name], face) for n, (name, face) in enumerate(FOUR, start=1)]
    minted = [
        Transfer(NOBODY, world.key(name).address, order | n) for n, (name, _) in enumerate(FOUR, start=1)
    ]
    assert done.every(Transfer) == minted
    for n, (name, _) in enumerate(FOUR, start=1):
        assert world.view("Receivables", Receivables.owner_of(order | n)) == world.key(name).address
    balance = world.view("Receivables", Receivables.balance_of(world.key("supplier2").address))
    assert balance == 2


def test_p40__eight_shares__are_the_most(world: World) -> None:
    """P40: eight at the bound, nine past it, at once or one after the other; none is refused as well."""
    order, other = world.accepted(), world.accepted()
    with reverts(errors.SharesOutOfRange(9, 8)):
        split(world, order, [*MOST, ("bank", 1)])
    with reverts(errors.SharesOutOfRange(0, 8)):
        split(world, order, [])
    split(world, order, MOST)
    with reverts(errors.SharesOutOfRange(9, 8)):
        split(world, order, [("bank", 1)], first=9)
    split(world, other, MOST[:7])
    with reverts(errors.SharesOutOfRange(9, 8)):
        split(world, other, MOST[:2], first=8)
    split(world, other, MOST[:1], first=8)
    assert len(shares(world, order)) == len(shares(world, other)) == 8


def test_p40__eight_shares__are_settled_in_one_attestation(world: World) -> None:
    """P40: four are paid at once, the others' money is set aside for anyone to hand over."""
    order = world.accepted()
    split(world, order, MOST)
    free = cash_of(world, "supplier", "supplier2")
    done = world.attest(order, 1)
    assert [one.is_aside for one in done.every(ShareSettled)] == [False] * 4 + [True] * 4
    at_once, later = MOST[:4], MOST[4:]
    assert world.cash("supplier2") - free["supplier2"] == sum(face for _, face in at_once)
    assert world.cash("supplier") - free["supplier"] == FACE - sum(face for _, face in MOST)
    assert [one.aside for one in shares(world, order)] == [0] * 4 + [face for _, face in later]
    assert all(one.is_closed for one in shares(world, order))
    for n, (_, face) in enumerate(later, start=5):
        paid = world.settle(order | n)
        assert paid.one(SharePaid) == SharePaid(order | n, world.ids["supplier2"], face)
        with reverts(errors.NothingDue(order | n)):
            world.settle(order | n)
    assert world.cash("supplier2") - free["supplier2"] == sum(face for _, face in MOST)


def test_split__lists_of_two_lengths_or_empty_faces__are_refused(world: World) -> None:
    order = world.accepted()
    with reverts(errors.SharesOutOfRange(2, 8)):
        split(world, order, FOUR[:2], faces=(1,))
    with reverts(errors.FaceOutOfRange(0)):
        split(world, order, [("supplier2", 1), ("bank2", 0)])


def test_split__all_of_the_claim__leaves_nothing_to_the_order(world: World) -> None:
    order = world.accepted()
    with reverts(errors.SharesExceedClaim(FACE, FACE)):
        split(world, order, [("supplier2", FACE)])
    with reverts(errors.SharesExceedClaim(FACE + 1, FACE)):
        split(world, order, [("supplier2", FACE), ("bank2", 1)])
    split(world, order, [("supplier2", FACE - 1)])
    assert leaves(world, order) == [(1, 0, 0), (FACE - 1, 0, 0)]


def test_split__of_a_share__is_refused(world: World) -> None:
    """Depth one: a share has no number of its own to cut from."""
    order = world.accepted()
    split(world, order, FOUR)
    with reverts(errors.IsShare(order | 1)):
        split(world, order | 1, [("bank", 1)], holder="supplier2")


def test_split__again__goes_on_counting_and_the_same_signature_is_spent(world: World) -> None:
    """P31: a signed split makes its shares once, whoever sends it again."""
    order = world.accepted()
    first = split_of(world, order, FOUR[:1])
    signed = world.sign("supplier", "Receivables", first)
    world.send("Receivables", Receivables.split(first, signed))
    with reverts(errors.ShareOutOfOrder(1, 2)):
        world.send("Receivables", Receivables.split(first, signed))
    split(world, order, FOUR[1:2], first=2)
    assert leaves(world, order)[0][0] == FACE - 30_000_00


def test_split__by_anyone_but_the_holder__is_refused(world: World) -> None:
    order = world.accepted()
    with reverts(errors.NotSignedBy(world.ids["supplier2"])):
        split(world, order, FOUR, holder="supplier2")
    signed = split_of(world, order, FOUR)
    with reverts(errors.NotSignedBy(world.ids["supplier"])):
        world.send("Receivables", Receivables.split(signed, b""), world.key("buyer"))
    expired = split_of(world, order, FOUR, deadline=world.evm.now - 1)
    with reverts(errors.SignatureExpired(world.evm.now - 1)):
        world.send("Receivables", Receivables.split(expired, b""), world.key("supplier"))
    world.send("Receivables", Receivables.split(signed, b""), world.key("supplier"))


def test_split__after_a_draw_or_release__is_refused(world: World) -> None:
    """I-08 never from under a loan: not even once it is repaid, since its use counted the whole face."""
    order, other = world.accepted(world.publish()), world.accepted()
    world.draw(order, 1_00)
    with reverts(errors.PrincipalOutstanding(order, 1_00)):
        split(world, order, FOUR)
    world.repay(order, 2_00, "buyer")
    with reverts(errors.PrincipalOutstanding(order, 0)):
        split(world, order, FOUR)
    world.attest(other, 1, phase=Phase.SHIPPED, released=1)
    with reverts(errors.AlreadyReleased(other)):
        split(world, other, FOUR)


def test_p09__split_order__frees_the_headroom_of_its_shares(world: World) -> None:
    """P09: the line's use shrinks in the same call (R10), what the order keeps can still be drawn on."""
    line = world.publish()
    order = world.accepted(line)
    done = split(world, order, FOUR)
    kept = (FACE - GIVEN) * 9 // 10
    assert done.one(ReserveChanged) == ReserveChanged(order, line, kept, kept)
    assert world.used(line) == kept
    most = (FACE - GIVEN) * 8 // 10
    with reverts(errors.AdvanceExceeded(order, most + 1, most)):
        world.draw(order, most + 1)
    world.draw(order, most)
    with reverts(errors.NoLoan(order | 1)):
        world.draw(order | 1, 1, actor="supplier2")
    world.attest(order, 1)
    assert world.used(line) == 0


def test_i15__split_order_with_a_loan__lender_has_a_claim_on_the_orders_own_leaf_only(world: World) -> None:
    """I-15: the lender first in its leaf; tier-2 suppliers are paid in full beside it."""
    order = world.accepted(world.publish())
    split(world, order, FOUR)
    world.draw(order, 50_000_00)
    world.evm.advance(30 * DAY)
    interest, principal = world.outstanding(order)
    free = cash_of(world, "bank", "supplier", "supplier2", "bank2", "buyer")
    done = world.attest(order, 1)
    gained = {name: world.cash(name) - before for name, before in free.items()}
    assert gained == {
        "bank": interest + principal,
        "supplier": FACE - GIVEN - interest - principal + 1_010_00,
        "supplier2": 15_000_00,
        "bank2": 20_000_00,
        "buyer": -FACE,
    }
    assert done.one(Repaid).principal == principal
    told = done.one(Settled)
    assert (told.face, told.to_funder, told.to_holder) == (
        FACE - GIVEN,
        interest + principal,
        FACE - GIVEN - interest - principal,
    )
    assert done.one(Closed) == Closed(order)


def test_i14__part_released__each_leaf_has_its_own_part_rounded_down(world: World) -> None:
    """I-14 debits of the buyer are credits of the others; I-07 in every leaf; the rest comes with the last release."""
    order = world.accepted()
    split(world, order, FOUR)
    faces = [FACE - GIVEN, *(face for _, face in FOUR)]
    released = 33_333_33
    free = world.cash("buyer")
    done = world.attest(order, 1, released=released)
    parts = [face * released // FACE for face in faces]
    assert [paid for _, _, paid in leaves(world, order)] == parts
    assert free - world.cash("buyer") == sum(parts) < released
    assert not done.every(Closed)
    world.attest(order, 2)
    assert leaves(world, order) == [(face, 0, face) for face in faces]
    assert free - world.cash("buyer") == FACE


@pytest.mark.parametrize("left", [1, 12_345_67, 99_999_99])
def test_i14__short_buyer__leaves_are_paid_in_proportion(world: World, left: int) -> None:
    """I-14: q = floor(Q x Y / sum of Y); what rounding leaves stays with the buyer, and is paid once cash comes."""
    order = world.accepted(tenor_days=0)
    split(world, order, FOUR)
    world.withdraw("buyer", world.cash("buyer") - left)
    faces = [FACE - GIVEN, *(face for _, face in FOUR)]
    parts = pro_rata_down(left, faces)
    done = world.attest(order, 1)
    assert [paid for _, _, paid in leaves(world, order)] == parts
    assert world.cash("buyer") == left - sum(parts) < len(faces)
    assert done.one(Unpaid).remaining == FACE - sum(parts)
    world.deposit("buyer", FACE)
    world.settle(order)
    assert leaves(world, order) == [(face, 0, face) for face in faces]


def test_i15__late_charge__follows_the_claims(world: World) -> None:
    """I-14, I-15: each share has its part of the late charge, the order's own leaf the rest."""
    order = world.accepted(late_bps=1000)
    split(world, order, FOUR)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(73 * DAY)
    charge = world.view("Receivables", Receivables.late_of(order))
    assert charge == FACE // 50
    world.deposit("buyer", FACE + charge)
    free = cash_of(world, "supplier", "supplier2", "bank2")
    done = world.settle(order)
    faces = [face for _, face in FOUR]
    parts = [charge * face // FACE for face in faces]
    assert [one.late for one in done.every(ShareSettled)] == parts
    assert done.one(Settled).late == charge - sum(parts)
    gained = {name: world.cash(name) - before for name, before in free.items()}
    assert gained["bank2"] == faces[1] + parts[1]
    assert gained["supplier2"] == faces[0] + faces[2] + parts[0] + parts[2]
    assert sum(gained.values()) == FACE + charge
    assert world.cash("buyer") == 0
    assert done.one(Closed) == Closed(order)


def test_i14__funded_order__hold_pays_first_across_leaves(world: World) -> None:
    """I-14: hold, then free cash; what the hold has left at the close goes back."""
    order = world.accepted(fund_by=FundBy.ACCEPTED)
    split(world, order, FOUR)
    free = cash_of(world, "buyer", "bank2")
    world.attest(order, 1, released=50_000_00)
    assert world.cash("bank2") - free["bank2"] == 10_000_00
    assert world.cash(order) == 50_000_00
    world.attest(order, 2, refused=True, released=50_000_00)
    assert world.position(order).phase == Phase.CLOSED
    assert world.cash(order) == 0
    assert world.cash("buyer") - free["buyer"] == 50_000_00


def test_lock__split_order__is_for_all_its_leaves(world: World) -> None:
    order = world.accepted(fund_by=FundBy.SHIPPED)
    split(world, order, FOUR)
    world.attest(order, 1, phase=Phase.SHIPPED, released=0)
    assert world.cash(order) == FACE


def test_i07__refused_and_lapsed__each_leaf_gives_up_what_was_not_delivered(world: World) -> None:
    """I-07 face = paid + reduced + open for every leaf, whichever way the rest is given up."""
    faces = [FACE - GIVEN, *(face for _, face in FOUR)]
    released = 33_333_33
    for refused in (True, False):
        with world.evm.branch():
            order = world.accepted()
            split(world, order, FOUR)
            if refused:
                done = world.attest(order, 1, released=released, refused=True)
            else:
                world.attest(order, 1, released=released)
                world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
                done = world.lapse(order)
            parts = [face * released // FACE for face in faces]
            wanted = [(face, face - part, part) for face, part in zip(faces, parts, strict=True)]
            assert leaves(world, order) == wanted
            cuts = [one.reduced for one in done.every(ShareReduced)]
            assert cuts == [face - part for face, part in zip(faces[1:], parts[1:], strict=True)]
            assert done.one(Closed) == Closed(order)


def test_i17__release_taken_back_after_a_lapse__pays_no_leaf_more(world: World) -> None:
    """I-17: after a lapse a leaf is owed at most its part of what is released now."""
    order = world.accepted(settle_on=SettleOn.CLEARANCE)
    split(world, order, FOUR)
    world.attest(order, 1, phase=Phase.RELEASED, released=60_000_00, refused=True)
    world.attest(order, 2, phase=Phase.CLEARED, released=30_000_00, refused=True)
    faces = [FACE - GIVEN, *(face for _, face in FOUR)]
    assert [paid for _, _, paid in leaves(world, order)] == [face * 3 // 10 for face in faces]
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
    done = world.lapse(order)
    assert done.one(Closed) == Closed(order)
    for face, reduced, paid in leaves(world, order):
        assert face == reduced + paid


def test_due_date__order_whose_own_leaf_is_small__is_set_for_its_shares(world: World) -> None:
    order = world.accepted(tenor_days=30)
    split(world, order, [("supplier2", FACE - 1)])
    free = world.cash("supplier2")
    world.attest(order, 1)
    due = world.position(order).due
    assert due == world.evm.now + 30 * DAY
    world.evm.set_time(due - 1)
    with reverts(errors.NothingDue(order)):
        world.settle(order)
    world.evm.set_time(due)
    world.settle(order)
    assert world.cash("supplier2") - free == FACE - 1


def test_i19__hold__pays_no_leaf(world: World) -> None:
    """I-19 no payment while a hold is on, neither at the attestation nor by anyone."""
    order = world.accepted()
    split(world, order, FOUR)
    world.attest(order, 1, hold=True)
    with reverts(errors.OnHold(order)):
        world.settle(order)
    assert all(paid == 0 for _, _, paid in leaves(world, order))
    world.attest(order, 2)
    assert all(face == paid for face, _, paid in leaves(world, order))


def test_duty__split_order__is_taken_after_all_leaves(world: World) -> None:
    order = world.accepted(duty_cap=500_00)
    split(world, order, FOUR)
    world.withdraw("buyer", world.cash("buyer") - FACE - 200_00)
    before = world.cash("treasury")
    done = world.attest(order, 1, duty=500_00)
    assert done.one(Settled).to_customs == 200_00
    assert world.cash("treasury") - before == 200_00
    assert all(face == paid for face, _, paid in leaves(world, order))


def test_share__is_no_order__for_attestations_and_lapses(world: World) -> None:
    order = world.accepted()
    split(world, order, FOUR)
    share = order | 1
    with reverts(errors.IsShare(share)):
        world.attest(share, 1)
    with reverts(errors.IsShare(share)):
        world.lapse(share)
    with reverts(errors.UnknownOrder(order | 5)):
        world.settle(order | 5)
    with reverts(errors.NothingDue(share)):
        world.settle(share)


def test_share__shows_the_state_of_its_order(world: World) -> None:
    order = world.accepted(tenor_days=10)
    split(world, order, FOUR)
    world.attest(order, 1, phase=Phase.RELEASED, hold=True, released=FACE)
    whole, share = world.position(order), world.position(order | 2)
    assert (share.phase, share.hold, share.released) == (Phase.RELEASED, True, FACE)
    assert (share.expiry, share.buyer, share.line, share.due) == (whole.expiry, whole.buyer, 0, whole.due)
    assert (share.face, share.holder) == (20_000_00, world.ids["bank2"])


def test_i08__share__is_assigned_like_a_receivable(world: World) -> None:
    """I-08: the whole order keeps its line; after the first release no share moves either."""
    line = world.publish()
    order = world.accepted(line)
    split(world, order, FOUR)
    used = world.used(line)
    assign(world, order | 2, "bank", "bank2")
    assert world.used(line) == used
    assert not world.position(order).draws_closed
    assert world.view("Receivables", Receivables.owner_of(order | 2)) == world.key("bank").address
    free = cash_of(world, "bank", "bank2")
    world.attest(order, 1, released=50_000_00)
    with reverts(errors.AlreadyReleased(order | 1)):
        assign(world, order | 1, "bank", "supplier2")
    world.attest(order, 2)
    assert {name: world.cash(name) - before for name, before in free.items()} == {
        "bank": 20_000_00,
        "bank2": 0,
    }


def test_i14__frozen_buyer__pays_the_leaves_from_the_hold_and_is_not_late(world: World) -> None:
    """I-14: what the hold has is divided like any short cash; a freeze makes nobody late."""
    order = world.accepted(fund_by=FundBy.SHIPPED)
    split(world, order, FOUR)
    world.withdraw("buyer", world.cash("buyer") - 50_000_00)
    world.attest(order, 1, phase=Phase.SHIPPED, released=0)
    assert world.cash(order) == 50_000_00
    world.deposit("buyer", FACE)
    world.govern("CashLedger", CashLedger.freeze(USD, world.ids["buyer"], True))
    done = world.attest(order, 2)
    faces = [FACE - GIVEN, *(face for _, face in FOUR)]
    assert [paid for _, _, paid in leaves(world, order)] == pro_rata_down(50_000_00, faces)
    assert not done.every(Unpaid)
    world.govern("CashLedger", CashLedger.freeze(USD, world.ids["buyer"], False))
    world.settle(order)
    assert leaves(world, order) == [(face, 0, face) for face in faces]
    assert world.cash(order) == 0


def test_split_order__changes_of_its_claim__are_refused(world: World) -> None:
    """I-06: a change would have to say of which leaf; it is made before the split, and the split counts with it."""
    order = world.accepted()
    credit(world, order, 5_000_00)
    split(world, order, FOUR)
    assert leaves(world, order)[0] == (FACE - GIVEN, 5_000_00, 0)
    changes: tuple[Callable[[], Outcome[None]], ...] = (
        lambda: credit(world, order, 1, nonce=2),
        lambda: amend(world, order, face=FACE + 1),
        lambda: cancel(world, order),
        lambda: dispute(world, order, 1),
    )
    for change in changes:
        with reverts(errors.OrderIsSplit(order)):
            change()
    free = world.cash("buyer")
    world.attest(order, 1)
    assert free - world.cash("buyer") == FACE - 5_000_00
    assert world.position(order).phase == Phase.CLOSED


def test_i08__disputed_order__is_neither_split_nor_assigned(world: World) -> None:
    """I-08: what is withheld is nobody's to sell."""
    order = world.accepted()
    dispute(world, order, 1_00)
    with reverts(errors.UnderDispute(order)):
        split(world, order, FOUR)
    with reverts(errors.UnderDispute(order)):
        assign(world, order, "supplier2")


def test_arrival__split_order__is_paid_once_the_goods_are_there(world: World) -> None:
    order = world.accepted(settle_on=SettleOn.ARRIVAL)
    split(world, order, FOUR)
    world.attest(order, 1)
    assert all(paid == 0 for _, _, paid in leaves(world, order))
    arrive(world, order)
    world.settle(order)
    assert all(face == paid for face, _, paid in leaves(world, order))


def test_arrival__split_order_that_never_comes__lapses_in_every_leaf(world: World) -> None:
    order = world.accepted(settle_on=SettleOn.ARRIVAL)
    split(world, order, FOUR)
    world.attest(order, 1)
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
    world.lapse(order)
    assert all(face == reduced for face, reduced, _ in leaves(world, order))
    assert world.position(order).phase == Phase.CLOSED


def test_cancel__assigned_order__needs_its_supplier_and_its_holder(world: World) -> None:
    """I-06: who sold the goods still signs changes, and who holds the claim now."""
    order = world.accepted()
    assign(world, order, "supplier2")
    with reverts(errors.NotSignedBy(world.ids["supplier2"])):
        cancel(world, order)
    cancellation = Cancellation(order=order, version=0, deadline=world.evm.now + DAY)
    by_all = consents(world, cancellation, ("buyer", "supplier", "supplier2"), holder="supplier2")
    world.send("Receivables", Receivables.cancel(cancellation, by_all))
    assert world.position(order).phase == Phase.CLOSED
