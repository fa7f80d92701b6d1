"""I-06, I-07, I-09 to I-11, I-17 where the parties change an order."""

from __future__ import annotations

from settlement.chain.bindings.order_desk import Disputed, Resolved
from tests.properties.books.arithmetic import CLOSED
from tests.properties.registry import proves
from tests.properties.step import Step

ENDS = ("resolve", "arbitrate", "dismiss")


@proves(
    "I-06",
    "an amendment is signed by buyer, supplier, holder, and the lender while it has a reserve or a loan",
    on=("amend",),
)
def amendments_are_signed_by_all(step: Step) -> None:
    assert step.order is not None
    before, signers = step.before.orders[step.order.id], set(step.facts["parts"].values())
    signing = {step.ids[name] for name in signers}
    assert {before.buyer, before.holder} <= signing
    loan = step.before.loans[step.order.id]
    is_lent = before.line and (loan.principal or not (loan.is_closed or before.flags & 16))
    assert not is_lent or step.before.lines[before.line].funder in signing


@proves(
    "I-06",
    "only unreleased, unpaid, undisputed orders are amended, and only in the version that was signed",
    on=("amend",),
)
def amendments_come_before_releases(step: Step) -> None:
    assert step.order is not None
    before, after = step.before.orders[step.order.id], step.after.orders[step.order.id]
    assert (before.released, before.paid, before.due, before.disputed) == (0, 0, 0, 0)
    assert before.phase < 3
    assert step.facts["struct"].version == before.amendments == after.amendments - 1


@proves(
    "I-06 I-09",
    "the terms after an amendment are those that were signed, and parties and line stay",
    on=("amend",),
)
def amended_terms_are_the_signed_ones(step: Step) -> None:
    assert step.order is not None
    before, after = step.before.orders[step.order.id], step.after.orders[step.order.id]
    new = step.facts["struct"]
    assert (after.face, after.expiry, after.tenor_days) == (new.face, new.expiry, new.tenor_days)
    assert (after.late_bps, after.settle_on, after.duty_cap) == (new.late_bps, new.settle_on, new.duty_cap)
    assert (after.arbiter, after.buyer, after.holder) == (new.arbiter, before.buyer, before.holder)
    assert (after.line, after.version, after.currency) == (before.line, before.version, before.currency)


@proves(
    "I-11 I-10",
    "an amended order's loan stays within what its line ever lends of the new claim",
    on=("amend",),
)
def amended_loans_stay_covered(step: Step) -> None:
    order = step.order
    assert order is not None
    after = step.after.orders[order.id]
    if order.version is not None:
        assert step.after.loans[order.id].principal <= order.version.most(after.face - after.reduced)


@proves(
    "I-09 I-05",
    "a cancelled order was unpaid and without a loan, is closed, and gave the buyer its hold back",
    on=("cancel",),
)
def cancelled_orders_are_over(step: Step) -> None:
    order = step.order
    assert order is not None
    before, after = step.before.orders[order.id], step.after.orders[order.id]
    assert (before.paid, step.before.loans[order.id].principal, after.phase) == (0, 0, CLOSED)
    assert after.reduced == after.face
    assert step.after.cash[order.currency, order.id] == 0


@proves(
    "I-07",
    "a credit note reduces the claim by its amount, at most what is neither paid nor disputed",
    on=("credit",),
)
def credit_notes_reduce_the_open_part(step: Step) -> None:
    assert step.order is not None
    before, after = step.before.orders[step.order.id], step.after.orders[step.order.id]
    amount = step.facts["struct"].amount
    assert after.reduced - before.reduced == amount
    assert 0 < amount <= before.open - before.disputed


@proves("I-07", "what is disputed is at most what is open, and the order's hold has its cash")
def disputes_are_funded(step: Step) -> None:
    for id_, seen in step.after.orders.items():
        assert seen.disputed <= seen.open
        assert step.after.cash[seen.currency, id_] >= seen.disputed


@proves("I-17 I-19", "nothing of a disputed amount is paid while the dispute stands")
def disputes_withhold(step: Step) -> None:
    for id_, before in step.before.orders.items():
        after = step.after.orders[id_]
        if before.disputed and after.disputed:
            assert after.paid <= max(before.paid, after.face - after.reduced - after.disputed)


@proves("I-07", "disputed amounts, deadlines, arbiters and counts are what the books say")
def disputes_are_the_books(step: Step) -> None:
    for id_, order in step.book.orders.items():
        seen = step.after.orders[id_]
        assert (seen.disputed, seen.until, seen.disputes) == (order.disputed, order.until, order.disputes)
        assert (seen.amendments, seen.arrived_at) == (order.amendments, order.arrived_at)
        assert seen.arbiter == (step.ids[order.arbiter] if order.arbiter else 0)


@proves("I-10", "a dispute is told with its number and closes the draws while it stands", on=("dispute",))
def disputes_close_draws(step: Step) -> None:
    assert step.order is not None
    assert step.told is not None
    (told,) = step.every(Disputed)
    assert told.index == step.before.orders[step.order.id].disputes
    assert told.amount == step.facts["amount"]
    assert step.told.drawable == 0


@proves(
    "I-07 I-09",
    "a dispute ends once, reduces the claim by what is upheld and no more, and its cash serves or returns",
    on=ENDS,
)
def disputes_end_whole(step: Step) -> None:
    assert step.order is not None
    before, after = step.before.orders[step.order.id], step.after.orders[step.order.id]
    (told,) = step.every(Resolved)
    assert before.disputed >= told.upheld == after.reduced - before.reduced
    assert after.disputed == 0
    assert told.index == before.disputes - 1
    if step.verb == "dismiss":
        assert told.upheld == 0
        assert step.after.at > before.until


@proves(
    "I-02", "who decides a dispute or signs an arrival is no party of the order", on=("arbitrate", "arrive")
)
def judges_are_outsiders(step: Step) -> None:
    order = step.order
    assert order is not None
    parties = {order.buyer, order.supplier, order.holder, order.line.funder if order.line else ""}
    assert step.facts["judge"] not in parties


@proves("I-17", "an order on arrival is paid only with a quorum's clearance and a carrier's word")
def arrivals_need_both(step: Step) -> None:
    for id_, before in step.before.orders.items():
        after = step.after.orders[id_]
        if after.paid > before.paid and after.settle_on == 2:
            assert after.arrived_at
            assert after.phase >= 4
