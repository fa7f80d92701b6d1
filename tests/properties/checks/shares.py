"""I-07, I-08, I-14: the leaves of a split order, and who holds them."""

from __future__ import annotations

from settlement.chain.bindings.credit_lines import ReserveChanged
from settlement.chain.bindings.settlement_desk import SharePaid, ShareSettled
from settlement.chain.bindings.share_desk import Assigned, ShareIssued
from tests.properties.books.arithmetic import AT_ONCE, CLOSED
from tests.properties.checks.orders import PAYING
from tests.properties.registry import proves
from tests.properties.seen import DRAWS_CLOSED
from tests.properties.step import Step


@proves("I-07", "the faces of all leaves sum to the order's, whatever was cut out of it")
def leaves_sum_to_the_face(step: Step) -> None:
    for id_, order in step.book.orders.items():
        seen = step.after.orders[id_]
        shares = sum(step.after.shares[share.id].face for share in order.shares)
        assert seen.face + shares == seen.whole
        assert bool(seen.before_split) == bool(order.shares)


@proves("I-07 I-08", "holder, face, reduced, paid and settlements of every share are what the books say")
def leaves_are_the_books(step: Step) -> None:
    for order in step.book.orders.values():
        for share in order.shares:
            seen = step.after.shares[share.id]
            figures = (seen.holder, seen.face, seen.reduced, seen.paid, seen.settlements)
            known = (step.ids[share.holder], share.face, share.reduced, share.paid, share.settlements)
            assert figures == known
            assert step.after.orders[order.id].phase != CLOSED or seen.open == 0


@proves("I-07", "a share's face never changes, what of it is paid or reduced never falls")
def shares_sums_never_fall(step: Step) -> None:
    for id_, before in step.before.shares.items():
        after = step.after.shares[id_]
        assert after.face == before.face >= after.paid + after.reduced
        assert after.paid >= before.paid
        assert after.reduced >= before.reduced


@proves("I-17", "a share is paid at most its part of what was delivered, rounded down", on=PAYING)
def shares_stay_within_delivered(step: Step) -> None:
    assert step.order is not None
    order = step.after.orders[step.order.id]
    for share in step.order.shares:
        before, after = step.before.shares[share.id], step.after.shares[share.id]
        assert after.paid <= max(before.paid, order.delivered_of(after))


@proves("I-14", "a share's payment is told, and what is told is what was paid on it", on=PAYING)
def share_payments_are_told(step: Step) -> None:
    assert step.order is not None
    told = {event.share: event for event in step.every(ShareSettled)}
    assert len(told) == len(step.every(ShareSettled))
    assert set(told) <= {share.id for share in step.order.shares}
    for share in step.order.shares:
        paid = step.after.shares[share.id].paid - step.before.shares[share.id].paid
        assert paid == (told[share.id].face if share.id in told else 0)


@proves("I-04 I-14", "the first four shares are paid at once, the others' money is set aside", on=PAYING)
def later_shares_are_set_aside(step: Step) -> None:
    order = step.order
    assert order is not None
    for number, share in enumerate(order.shares):
        got = sum(one.face + one.late for one in step.every(ShareSettled) if one.share == share.id)
        is_aside = number >= AT_ONCE
        assert step.change(order.currency, share.id) == (got if is_aside else 0)
        assert is_aside or not got or step.change(order.currency, share.holder) >= got
        flags = [one.is_aside for one in step.every(ShareSettled) if one.share == share.id]
        assert all(flag == is_aside for flag in flags)


@proves("I-04", "what was set aside for a share reaches its holder whole", on=("settle_share",))
def set_aside_shares_reach_their_holder(step: Step) -> None:
    order = step.order
    assert order is not None
    (told,) = step.every(SharePaid)
    key = (order.currency, told.share)
    assert step.after.cash[key] == 0
    assert step.before.cash[key] == told.amount > 0
    holder = next(share.holder for share in order.shares if share.id == told.share)
    assert step.change(order.currency, holder) == told.amount
    assert told.holder == step.ids[holder]


@proves(
    "I-08",
    "a receivable changes hands with nothing released and nothing lent, for its whole claim, and draws end",
    on=("assign",),
)
def assignments_hand_on_the_whole_claim(step: Step) -> None:
    order = step.order
    assert order is not None
    before, leaf = step.before.orders[order.id], step.facts["leaf"]
    known = before if leaf == order.id else step.before.shares[leaf]
    after = step.after.orders[order.id] if leaf == order.id else step.after.shares[leaf]
    (told,) = step.every(Assigned)
    assert (told.order, told.former_holder, told.holder) == (leaf, known.holder, after.holder)
    assert told.claim == known.face - known.reduced
    assert before.released == known.paid == 0
    assert after.holder not in {known.holder, before.buyer}
    if leaf == order.id:
        assert step.before.loans[leaf].principal == 0
        assert after.flags & DRAWS_CLOSED


@proves(
    "I-08 I-02",
    "who hands a receivable on is its holder, in good standing and not frozen",
    on=("assign", "split"),
)
def holders_hand_on(step: Step) -> None:
    order, name = step.order, step.facts["holder"]
    assert order is not None
    known = step.before.orders if step.facts["leaf"] == order.id else step.before.shares
    assert known[step.facts["leaf"]].holder == step.ids[name]
    assert (order.currency, name) not in step.before.frozen
    assert step.before.members[name] & 0x7F == 1


@proves(
    "I-07 I-10",
    "a split tells its shares, leaves a claim to the order, and its line no larger use",
    on=("split",),
)
def splits_cut_the_face(step: Step) -> None:
    order = step.order
    assert order is not None
    before, after = step.before.orders[order.id], step.after.orders[order.id]
    told = step.every(ShareIssued)
    assert [one.share for one in told] == sorted(set(step.after.shares) - set(step.before.shares))
    assert before.face - after.face == sum(one.face for one in told)
    assert after.face > after.reduced
    assert all(one.face for one in told)
    loan = step.after.loans[order.id]
    assert loan.principal == loan.draws == 0
    if before.line:
        assert step.after.lines[before.line].used <= step.before.lines[before.line].used
        assert len(step.every(ReserveChanged)) <= 1
