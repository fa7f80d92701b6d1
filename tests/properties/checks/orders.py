"""I-05 to I-09, I-14, I-15, I-17: orders, receivables and what is paid under them."""

from __future__ import annotations

from dataclasses import replace

from settlement.chain.bindings.receivables import Closed, Lapsed, Recorded, Reversed, Settled
from settlement.chain.bindings.settlement_desk import ShareSettled
from tests.properties.books.arithmetic import ACCEPTED, AT_ACCEPTANCE, CLOSED, ON_ARRIVAL
from tests.properties.registry import proves
from tests.properties.seen import DRAWS_CLOSED, HOLD, LAPSED, LATE
from tests.properties.step import Step

ENDING = ("cancel", "credit", "dispute", "resolve", "arbitrate", "dismiss", "arrive")
PAYING = ("attest", "settle", "lapse", *ENDING)


@proves("I-05", "an order that is known is never accepted again, whatever else it says")
def known_orders_are_refused(step: Step) -> None:
    if step.verb == "accept" and step.order is not None and step.order.id in step.before.orders:
        assert step.refused_by is not None


@proves("I-05", "acceptance makes exactly one order, in phase accepted, held by its supplier", on=("accept",))
def acceptance_makes_one_order(step: Step) -> None:
    assert step.order is not None
    assert set(step.after.orders) - set(step.before.orders) == {step.order.id}
    made = step.after.orders[step.order.id]
    assert (made.phase, made.paid, made.reduced, made.released, made.seq) == (ACCEPTED, 0, 0, 0, 0)
    assert made.holder == step.ids[step.order.supplier]


@proves("I-06", "the accepted terms are those that were signed", on=("accept",))
def accepted_terms_are_the_signed_ones(step: Step) -> None:
    assert step.order is not None
    signed, made = step.facts["signed"], step.after.orders[step.order.id]
    line, version = (
        (step.order.line.id, step.order.version.number) if step.order.line and step.order.version else (0, 0)
    )
    terms = (signed.tenor_days, signed.late_bps, signed.settle_on, signed.fund_by, signed.duty_cap)
    head = (signed.face, signed.buyer, line, version, signed.expiry, signed.jurisdiction, signed.currency)
    assert made.signed == (*head, *terms)


@proves("I-06", "terms fixed at acceptance never change but by an amendment, the line by its reserve's move")
def accepted_terms_stay(step: Step) -> None:
    amended = step.order.id if step.order is not None and step.verb in {"amend", "move_reserve"} else None
    for id_, before in step.before.orders.items():
        assert step.after.orders[id_].signed == before.signed or id_ == amended


@proves("I-07", "face = paid + reduced + open, and none of them is negative")
def face_is_paid_reduced_and_open(step: Step) -> None:
    for seen in step.after.orders.values():
        assert seen.paid + seen.reduced <= seen.face
    for id_, order in step.book.orders.items():
        assert step.after.orders[id_].open == order.open


@proves("I-07", "paid and reduced are what the rules say, to the unit")
def sums_are_the_books(step: Step) -> None:
    for id_, order in step.book.orders.items():
        seen = step.after.orders[id_]
        assert (seen.face, seen.paid, seen.reduced) == (order.face, order.paid, order.reduced)


@proves("I-07", "paid and reduced never fall")
def sums_never_fall(step: Step) -> None:
    for id_, before in step.before.orders.items():
        after = step.after.orders[id_]
        assert after.paid >= before.paid
        assert after.reduced >= before.reduced


@proves("I-08", "the holder of a receivable is the one the books say; only an assignment changes it")
def holders_are_the_books(step: Step) -> None:
    for id_, order in step.book.orders.items():
        assert step.after.orders[id_].holder == step.ids[order.holder]
    for id_, before in step.before.orders.items():
        assert step.after.orders[id_].holder == before.holder or step.verb == "assign"


@proves("I-09", "nothing of a closed order changes any more")
def closed_orders_stay(step: Step) -> None:
    for id_, before in step.before.orders.items():
        if before.phase == CLOSED:
            assert step.after.orders[id_] == before


@proves("I-09 I-07", "a closed order has nothing open, no late charge and an empty hold")
def closed_orders_are_whole(step: Step) -> None:
    for id_, seen in step.after.orders.items():
        if seen.phase == CLOSED:
            assert seen.open == 0
            assert not seen.flags & LATE
            assert step.after.cash[seen.currency, id_] == 0


@proves("I-09", "an order that closes says so once, in the step in which it closes")
def closing_is_told(step: Step) -> None:
    closed = {id_ for id_, seen in step.after.orders.items() if seen.phase == CLOSED}
    closed -= {id_ for id_, seen in step.before.orders.items() if seen.phase == CLOSED}
    assert sorted(event.order for event in step.every(Closed)) == sorted(closed)


@proves(
    "I-17 I-19", "phase, hold, lapse and due date are what the attested states and the rules make of them"
)
def states_are_the_books(step: Step) -> None:
    for id_, order in step.book.orders.items():
        seen = step.after.orders[id_]
        assert (seen.phase, bool(seen.flags & HOLD), bool(seen.flags & LAPSED)) == (
            order.phase,
            order.hold,
            order.lapsed,
        )
        assert (seen.released, seen.seq, seen.due) == (order.released, order.seq, order.due)


@proves("I-13", "the one due date is set once and moves only later")
def due_dates_move_later(step: Step) -> None:
    for id_, before in step.before.orders.items():
        assert step.after.orders[id_].due >= before.due


@proves("I-17", "paid is within the highest value that quorums released")
def paid_is_within_released(step: Step) -> None:
    for id_, order in step.book.orders.items():
        assert step.after.orders[id_].paid <= order.most_released <= order.whole


@proves("I-17", "a payment brings paid to at most the delivered share of the claim, rounded down", on=PAYING)
def payments_stay_within_delivered(step: Step) -> None:
    assert step.order is not None
    before, after = step.before.orders[step.order.id], step.after.orders[step.order.id]
    assert after.paid <= max(before.paid, after.delivered - after.disputed)


@proves(
    "I-17",
    "nothing is paid on the face before the signed condition is met, nor before the due date",
    on=PAYING,
)
def payments_wait_for_the_condition(step: Step) -> None:
    assert step.order is not None
    before, after = step.before.orders[step.order.id], step.after.orders[step.order.id]
    if after.paid > before.paid:
        assert after.phase >= (3 if after.settle_on == 0 else 4)
        assert not after.tenor_days or 0 < after.due <= step.after.at


@proves("I-19", "neither face nor late charge nor duty is paid in a step that ends under a hold")
def holds_stop_payment(step: Step) -> None:
    for id_, after in step.after.orders.items():
        before = step.before.orders.get(id_)
        if before is None or not after.flags & HOLD:
            continue
        told = [event for event in step.events if isinstance(event, Recorded | Settled)]
        told = [event for event in told if event.order == id_]
        states = [place for place, event in enumerate(told) if isinstance(event, Recorded)]
        # A batch may pay by one state of an order and hold it by the next, which is the one that counts.
        assert not any(isinstance(event, Settled) for event in told[states[-1] if states else 0 :])
        if len(states) < 2:
            assert (after.paid, after.duty_paid) == (before.paid, before.duty_paid)


@proves(
    "I-14",
    "what the buyer and the hold lose in a settlement is what lender, holder and customs gain",
    on=PAYING,
)
def settlements_balance(step: Step) -> None:
    order = step.order
    assert order is not None
    settled = step.every(Settled)
    assert len(settled) <= 1
    moved = sum(event.face + event.late + event.to_customs for event in settled)
    funder = order.line.funder if order.line else ""
    payees: set[str | int] = {order.holder, order.treasury, funder, order.reserve_account}
    payees |= {name for share in order.shares for name in (share.holder, share.id)}
    moved += sum(event.face + event.late for event in step.every(ShareSettled))
    payees -= {order.buyer, ""}
    payers: set[str | int] = {order.buyer, order.id, order.undertaking_account}
    kept = sum(event.to_holder for event in settled) if order.holder == order.buyer else 0
    lost = -sum(step.change(order.currency, name) for name in payers)
    assert lost == sum(step.change(order.currency, name) for name in payees) == moved - kept


@proves("I-14", "a settlement's parts: face + late = lender + holder, and paid rises by the face", on=PAYING)
def settlements_say_what_they_paid(step: Step) -> None:
    assert step.order is not None
    before, after = step.before.orders[step.order.id], step.after.orders[step.order.id]
    settled = step.every(Settled)
    for event in settled:
        assert event.to_funder + event.to_holder == event.face + event.late
        assert event.number == after.settlements == before.settlements + 1
    assert after.paid - before.paid == sum(event.face for event in settled)
    assert after.duty_paid - before.duty_paid == sum(event.to_customs for event in settled)


@proves(
    "I-15", "the holder gets nothing of a payment that leaves the lender interest or principal", on=PAYING
)
def lenders_come_first(step: Step) -> None:
    assert step.told is not None
    for event in step.every(Settled):
        if event.to_holder:
            assert (step.told.interest, step.told.principal) == (0, 0)


@proves("I-15", "the lender takes at most what was outstanding before the payment", on=PAYING)
def lenders_take_no_more_than_is_owed(step: Step) -> None:
    for event in step.every(Settled):
        assert event.to_funder <= sum(step.owed_before)


@proves(
    "I-14",
    "a buyer that leaves face unpaid has neither free cash nor a hold left but what rounding over leaves kept",
    on=PAYING,
)
def short_buyers_paid_all_they_had(step: Step) -> None:
    assert step.order is not None
    assert step.told is not None
    # Shares are paid, and a guarantor is called, by the settlement that comes after the carrier's word.
    is_waiting = step.verb == "arrive" and (step.order.shares or step.order.guarantee)
    if step.told.payable and not is_waiting:
        currency = step.order.currency
        disputed = step.after.orders[step.order.id].disputed
        kept = step.after.cash[currency, step.order.id] - disputed
        if (currency, step.order.buyer) not in step.after.frozen:
            kept += step.after.cash[currency, step.order.buyer]
        # Rounding leaves less than one unit a leaf (R5).
        assert 0 <= kept <= len(step.order.shares)


@proves("I-14", "duty paid is within the signed cap and the highest demand")
def duty_stays_within_its_cap(step: Step) -> None:
    for id_, order in step.book.orders.items():
        seen = step.after.orders[id_]
        assert seen.duty_paid <= seen.duty_cap
        assert (seen.duty_paid, seen.duty_demanded) == (order.duty_paid, order.duty_demanded)


@proves("I-14", "duty is taken only once face and late charge are paid, and never out of the hold", on=PAYING)
def duty_comes_last(step: Step) -> None:
    assert step.order is not None
    assert step.told is not None
    for event in step.every(Settled):
        if event.to_customs:
            assert step.told.payable == 0
            assert -step.change(step.order.currency, step.order.buyer) >= event.to_customs or (
                step.before.cash[step.order.currency, step.order.id] > 0
            )


@proves("I-13 I-19", "the late charge is what the rules say, to the millionth, and dies with the claim")
def late_charges_are_the_books(step: Step) -> None:
    for id_, order in step.book.orders.items():
        seen = step.after.orders[id_]
        assert (seen.late_accrued, seen.late_since) == (order.late or 0, order.late_since)
        assert bool(seen.flags & LATE) == (order.late is not None)


@proves("I-07", "a lapse reduces exactly what is neither delivered nor paid", on=("lapse",))
def lapses_cut_the_undelivered(step: Step) -> None:
    assert step.order is not None
    before, after = step.before.orders[step.order.id], step.after.orders[step.order.id]
    # Goods that were cleared on their way and never came are not delivered.
    is_missing = before.settle_on == ON_ARRIVAL and not before.arrived_at
    cut = before.open - (0 if is_missing else max(0, before.delivered - before.paid))
    assert after.reduced - before.reduced == cut
    assert [event.reduced for event in step.every(Lapsed)] == [cut]
    assert after.flags & DRAWS_CLOSED


@proves(
    "I-17",
    "a release taken back below what was paid is told as reversed, and nothing is clawed back",
    on=("attest",),
)
def reversals_are_told(step: Step) -> None:
    assert step.order is not None
    before, after = step.before.orders[step.order.id], step.after.orders[step.order.id]
    delivered = replace(before, released=after.released).delivered
    is_taken_back = after.released < before.released and delivered < before.paid
    assert bool(step.every(Reversed)) == is_taken_back
    assert after.paid >= before.paid


@proves(
    "I-02",
    "cash locked at acceptance is the whole face, and a hold empties only by payment or at the close",
    on=("accept", "attest", "settle"),
)
def holds_serve_their_order(step: Step) -> None:
    order = step.order
    assert order is not None
    held = step.after.cash[order.currency, order.id]
    if step.verb == "accept":
        assert held == (order.face if order.fund_by == AT_ACCEPTANCE else 0)
    lost = -step.change(order.currency, order.id)
    paid = sum(event.face + event.late for event in step.every(Settled))
    paid += sum(event.face + event.late for event in step.every(ShareSettled))
    is_cut = step.verb == "attest" and step.facts["state"].refused
    assert lost <= paid or is_cut or step.after.orders[order.id].phase == CLOSED


@proves("I-07 I-13", "the views of an order say what the books say: payable, late charge")
def order_views_are_the_books(step: Step) -> None:
    if step.told is not None and step.order is not None:
        order = step.order
        assert step.told.payable == step.book.payable(order)
        assert step.told.late == -(-step.book.late_now(order) // 10**6)
