"""I-10 to I-16: lines, loans, interest, recourse."""

from __future__ import annotations

from settlement.chain.bindings.credit_lines import Repaid
from tests.properties.books.arithmetic import ceil_div, due_up
from tests.properties.registry import proves
from tests.properties.seen import DRAWS_CLOSED, HOLD, LATE
from tests.properties.step import Step

OF_LOANS = ("draw", "repay", "recourse")


@proves(
    "I-10", "at a draw principal is within the phase's advance of what is open, rounded down", on=("draw",)
)
def draws_stay_within_the_advance(step: Step) -> None:
    order = step.order
    assert order is not None
    assert order.version is not None
    seen = step.after.orders[order.id]
    most = (seen.open - order.disputed) * order.version.advance(seen.phase) // 10_000
    assert step.after.loans[order.id].principal <= most


@proves(
    "I-10",
    "nothing is drawn under a hold, on a late buyer, after the first payment, repayment or expiry",
    on=("draw",),
)
def draws_need_an_open_reserve(step: Step) -> None:
    assert step.order is not None
    seen, loan = step.before.orders[step.order.id], step.before.loans[step.order.id]
    assert not seen.flags & (HOLD | LATE | DRAWS_CLOSED)
    assert seen.paid == 0
    assert not loan.is_closed
    assert step.after.at <= seen.expiry


@proves("I-09 I-10", "closed draws never open again")
def closed_draws_stay_closed(step: Step) -> None:
    for id_, before in step.before.loans.items():
        assert step.after.loans[id_].is_closed or not before.is_closed
        kept = step.before.orders[id_].flags & DRAWS_CLOSED
        assert step.after.orders[id_].flags & DRAWS_CLOSED == kept or not kept


@proves(
    "I-10 I-14",
    "a draw moves its amount less the fee, rounded up, from the funder to the supplier",
    on=("draw",),
)
def draws_pay_the_supplier(step: Step) -> None:
    order = step.order
    assert order is not None
    assert order.line is not None
    assert order.version is not None
    amount = step.facts["amount"]
    paid = amount - ceil_div(amount * order.version.fee_bps, 10_000)
    assert step.change(order.currency, order.supplier) == paid
    assert (
        step.change(order.currency, order.line.funder) + step.change(order.currency, order.reserve_account)
        == -paid
    )
    before, after = step.before.loans[order.id], step.after.loans[order.id]
    assert (after.principal - before.principal, after.draws - before.draws) == (amount, 1)


@proves(
    "I-11", "at a reserve the sum of uses is within the line's limit", on=("accept", "amend", "move_reserve")
)
def reserves_stay_within_the_limit(step: Step) -> None:
    assert step.order is not None
    if step.order.line is not None:
        number = step.order.line.id
        line = step.after.lines[number]
        assert line.used <= line.limit or line.used <= step.before.lines[number].used


@proves("I-11", "a line's sum of uses is that of its orders by R10, to the unit")
def uses_are_the_books(step: Step) -> None:
    for line in step.book.lines.values():
        seen = step.after.lines[line.id]
        assert seen.used == step.book.used(line)
        assert (seen.limit, seen.lost, seen.committed) == (line.limit, line.lost, line.committed)


@proves("I-11", "a line's sum of uses rises only where an order is accepted, amended or moved to it")
def uses_rise_by_reserves(step: Step) -> None:
    for number, before in step.before.lines.items():
        if step.verb not in {"accept", "amend", "move_reserve"}:
            assert step.after.lines[number].used <= before.used


@proves("I-06", "a line's published versions never change; a new one comes beside them")
def published_versions_stay(step: Step) -> None:
    for number, before in step.before.lines.items():
        after = step.after.lines[number]
        assert after.terms[: len(before.terms)] == before.terms
        assert all(after.terms)
        assert (after.funder, after.currency) == (before.funder, before.currency)


@proves(
    "I-12",
    "a receivable has one line and one version, once drawn for good, and a loan only where it names one",
)
def receivables_secure_one_line(step: Step) -> None:
    for id_, seen in step.after.orders.items():
        loan = step.after.loans[id_]
        assert seen.line or not (loan.principal or loan.draws or loan.use)
        before = step.before.orders.get(id_)
        is_same = before is None or (seen.line, seen.version) == (before.line, before.version)
        is_moved = step.verb == "move_reserve" and step.order is not None and step.order.id == id_
        assert is_same or (is_moved and not loan.draws)


@proves("I-10 I-13", "principal and interest are what the rules say, to the millionth")
def loans_are_the_books(step: Step) -> None:
    for id_, order in step.book.orders.items():
        seen, loan = step.after.loans[id_], order.loan
        if loan is not None and seen.draws:
            assert (seen.principal, seen.accrued, seen.draws) == (loan.principal, loan.accrued, loan.draws)
            assert seen.since == loan.since or not loan.principal


@proves("I-13", "interest never falls without a payment")
def interest_falls_by_payment(step: Step) -> None:
    told = {event.order for event in step.every(Repaid)}
    for id_, before in step.before.loans.items():
        assert step.after.loans[id_].accrued >= before.accrued or id_ in told


@proves("I-13", "cutting time into steps adds less than a millionth a step, so less than a minor unit in all")
def steps_add_less_than_a_unit(step: Step) -> None:
    for id_, order in step.book.orders.items():
        loan = order.loan
        if loan is not None and loan.draws:
            surplus = step.after.loans[id_].accrued - loan.exact
            assert 0 <= surplus <= min(loan.steps, 10**6)


@proves("I-13", "after a hundred years of silence interest still fits its field", on=OF_LOANS)
def interest_fits_for_a_century(step: Step) -> None:
    assert step.order is not None
    loan, order = step.after.loans[step.order.id], step.order
    assert order.version is not None
    rate = order.version.rate_bps + order.version.late_bps
    century = ceil_div(loan.principal * rate * 36_525 * 10**6, 10_000 * order.version.basis)
    assert loan.accrued + century < 1 << 88


@proves(
    "I-14",
    "what a payer or the supplier loses to a loan is what its lender gains and what is owed less",
    on=("repay", "recourse"),
)
def repayments_balance(step: Step) -> None:
    order = step.order
    assert order is not None
    assert order.line is not None
    assert step.told is not None
    payer = step.facts.get("payer", order.supplier)
    amount = step.change(order.currency, order.line.funder) + step.change(
        order.currency, order.reserve_account
    )
    assert amount == -step.change(order.currency, payer) > 0
    assert amount == sum(step.owed_before) - step.told.interest - step.told.principal


@proves("I-15", "principal falls only once the interest due is paid (R8)")
def interest_is_served_first(step: Step) -> None:
    for id_, before in step.before.loans.items():
        after = step.after.loans[id_]
        if after.principal < before.principal:
            assert due_up(after.accrued) == 0


@proves("I-16", "nobody pays a lender more than it is owed", on=OF_LOANS)
def lenders_are_not_overpaid(step: Step) -> None:
    for event in step.every(Repaid):
        assert event.interest + event.principal <= sum(step.owed_before)


@proves(
    "I-16",
    "recourse takes at most what falls to the supplier: the excess, or all of it at maturity",
    on=("recourse",),
)
def recourse_takes_what_is_due(step: Step) -> None:
    assert step.order is not None
    taken = -step.change(step.order.currency, step.order.supplier)
    assert 0 < taken <= step.facts["owed"]
    assert step.after.orders[step.order.id].paid == step.before.orders[step.order.id].paid


@proves(
    "I-13",
    "every loan falls due: its maturity is at most two years, a tenor, and the grace after acceptance",
    on=("draw",),
)
def loans_fall_due(step: Step) -> None:
    order = step.order
    assert order is not None
    assert order.version is not None
    assert order.base + order.version.grace_s <= step.after.at + (730 + 365 + 255) * 86_400


@proves(
    "I-10 I-13", "the views of a loan say what the books say: outstanding, drawable, due from the supplier"
)
def loan_views_are_the_books(step: Step) -> None:
    if step.told is None or step.order is None or step.order.line is None:
        return
    told, book, order = step.told, step.book, step.order
    assert (told.interest, told.principal) == book.outstanding(order)
    assert told.drawable == book.drawable(order)
    assert told.due_from_supplier == book.supplier_owes(order)


@proves("I-11", "a committed reserve is backed, to the unit, by cash held for this order alone")
def committed_reserves_are_backed(step: Step) -> None:
    for order in step.book.orders.values():
        if order.line is None or order.loan is None:
            continue
        held = step.after.cash[order.currency, order.reserve_account]
        is_backed = order.line.committed and order.loan.is_open
        assert held == (order.use - step.after.loans[order.id].principal if is_backed else 0)


@proves(
    "I-16",
    "a write-off comes after maturity, by the line's funder, and moves no cash but the reserve's",
    on=("write_off",),
)
def write_offs_move_no_cash(step: Step) -> None:
    order = step.order
    assert order is not None
    assert order.line is not None
    assert order.version is not None
    assert step.after.at >= order.base + order.version.grace_s
    own = {(order.currency, order.line.funder), (order.currency, order.reserve_account)}
    assert all(amount == step.before.cash[key] for key, amount in step.after.cash.items() if key not in own)
    before, after = step.before.lines[order.line.id], step.after.lines[order.line.id]
    loan = step.after.loans[order.id]
    assert after.lost - before.lost == loan.principal > 0
    assert (loan.use, loan.is_closed) == (0, True)


@proves(
    "I-16",
    "what comes in after a write-off is taken from the loss, unit by unit; nothing else changes the loss",
)
def recoveries_lower_the_loss(step: Step) -> None:
    for number, line in step.book.lines.items():
        owed = sum(
            step.after.loans[order.id].principal
            for order in step.book.orders.values()
            if order.line is line and order.loan and order.loan.written_off
        )
        assert step.after.lines[number].lost == owed


@proves("I-16 I-13", "interest on what was written off stands still, and the lien stays")
def written_off_interest_stands(step: Step) -> None:
    for id_, order in step.book.orders.items():
        if order.loan and order.loan.written_off and id_ in step.before.loans and step.verb != "write_off":
            before, after = step.before.loans[id_], step.after.loans[id_]
            assert after.accrued <= before.accrued
            assert after.principal <= before.principal
            assert step.after.orders[id_].line == step.before.orders[id_].line


@proves(
    "I-11", "a released reserve leaves the line its principal alone, and draws stay closed", on=("release",)
)
def releases_free_the_line(step: Step) -> None:
    order = step.order
    assert order is not None
    assert order.line is not None
    loan = step.after.loans[order.id]
    assert loan.is_closed
    assert loan.use == loan.principal == step.before.loans[order.id].principal
    assert step.after.lines[order.line.id].used <= step.before.lines[order.line.id].used


@proves(
    "I-11 I-12",
    "a moved reserve frees the former line in the same call and is within the new one's limit",
    on=("move_reserve",),
)
def moved_reserves_free_the_former_line(step: Step) -> None:
    order = step.order
    assert order is not None
    assert order.line is not None
    former = step.facts["former"]
    if former is not None and former is not order.line:
        assert step.after.lines[former.id].used < step.before.lines[former.id].used or order.use == 0
    assert step.after.lines[order.line.id].used <= step.after.lines[order.line.id].limit
