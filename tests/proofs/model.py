"""The contracts' arithmetic, R1-R12, written once for integers and for z3's unknowns.

Each rule that stands in an `unchecked` block marks its intermediate results with `step`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.proofs.arithmetic import Arithmetic, above, least

DAY_S = 86_400
MILLION = 10**6
WHOLE_BPS = 10_000
ACCRUED_MOST = 2**88 - 1
BASES = (360, 365)


def accrue_up(at: Arithmetic, accrued: Any, principal: Any, bps: Any, elapsed: Any, basis: int) -> Any:
    """R7, Interest.accrueUp."""
    year = basis * DAY_S
    product = at.step(at.step(principal * bps) * elapsed)
    number = at.step(at.step(at.step(product * 100) + year) - 1)
    total = at.step(accrued + at.floor(number, year))
    return at.choose(total > ACCRUED_MOST, ACCRUED_MOST, total)


class Loan(NamedTuple):
    """What interest needs to know of a loan and of its line."""

    accrued: Any
    principal: Any
    bps: Any
    late_bps: Any
    since: Any
    maturity: Any


def turn_of(at: Arithmetic, loan: Loan) -> Any:
    """When the late margin begins to count within a span that ends after maturity."""
    return at.choose(loan.maturity < loan.since, loan.since, loan.maturity)


def accrue_across_up(at: Arithmetic, loan: Loan, until: Any, basis: int) -> Any:
    """R7 over a maturity, Interest.accrueAcrossUp."""
    plain = accrue_up(at, loan.accrued, loan.principal, loan.bps, until - loan.since, basis)
    turn = turn_of(at, loan)
    before = accrue_up(at, loan.accrued, loan.principal, loan.bps, turn - loan.since, basis)
    late = accrue_up(at, before, loan.principal, loan.bps + loan.late_bps, until - turn, basis)
    return at.choose(loan.maturity >= until, plain, late)


def due_up(at: Arithmetic, accrued: Any) -> Any:
    """Interest.dueUp."""
    return at.floor(at.step(at.step(accrued + MILLION) - 1), MILLION)


def after_payment(at: Arithmetic, accrued: Any, paid: Any) -> Any:
    """R7 of a payment, Interest.afterPayment."""
    settled = at.step(paid * MILLION)
    return at.choose(accrued > settled, accrued - settled, 0)


def delivered_down(at: Arithmetic, face: Any, claim: Any, released: Any) -> Any:
    """R2 before a lapse, Waterfall.deliveredDown."""
    return at.choose(released == face, claim, at.floor(at.step(claim * released), face))


def share_down(at: Arithmetic, value: Any, bps: Any) -> Any:
    """Waterfall.shareDown."""
    return at.floor(at.step(value * bps), WHOLE_BPS)


def share_up(at: Arithmetic, value: Any, bps: Any) -> Any:
    """Waterfall.shareUp."""
    return at.floor(at.step(at.step(at.step(value * bps) + WHOLE_BPS) - 1), WHOLE_BPS)


def split(at: Arithmetic, payment: Any, interest: Any, principal: Any) -> tuple[Any, Any]:
    """R8, Waterfall.split: to interest, to principal; the rest is the holder's."""
    to_interest = least(at, payment, interest)
    return to_interest, least(at, at.step(payment - to_interest), principal)


class Paid(NamedTuple):
    """One settlement: what is paid, and where it comes from."""

    face: Any
    late: Any
    duty: Any
    from_hold: Any


def pay(at: Arithmetic, face: Any, late: Any, duty: Any, held: Any, free: Any) -> Paid:
    """R5, R6 and R12, OrderSettlement._compute and _move: the hold before free cash, duty from free cash only."""
    cash = at.step(held + free)
    to_face = least(at, face, cash)
    to_late = least(at, late, at.step(cash - to_face))
    to_duty = least(at, duty, least(at, free, at.step(at.step(cash - to_face) - to_late)))
    return Paid(to_face, to_late, to_duty, least(at, held, at.step(to_face + to_late)))


def cut_by_lapse(at: Arithmetic, claim: Any, delivered: Any, paid: Any) -> Any:
    """R4, OrderBook._undelivered."""
    return claim - at.choose(delivered > paid, delivered, paid)


def advance_left(at: Arithmetic, claim: Any, paid: Any, bps: Any, principal: Any) -> Any:
    """R9, LoanBook._advanceLeft."""
    return above(at, share_down(at, claim - paid, bps), principal)


def use_after(at: Arithmetic, used: Any, use: Any, principal: Any) -> Any:
    """R10 once draws are closed, LoanBook._bookPayment: the loan's use falls to its principal, the line's sum with it."""
    return at.step(at.step(used - use) + principal)


def excess(at: Arithmetic, claim: Any, paid: Any, most_bps: Any, principal: Any) -> Any:
    """R11, LoanBook._dueFromSupplier."""
    return above(at, principal, share_down(at, claim - paid, most_bps))


def payout_linear(at: Arithmetic, total: Any, index: Any, attach: Any, exhaust: Any) -> Any:
    """Payout.linear between attach and exhaust."""
    return at.floor(at.step(total * at.step(index - attach)), at.step(exhaust - attach))


def pro_rata(at: Arithmetic, cash: Any, claims: list[Any]) -> list[Any]:
    """R5 where cash is short: each claim's floor of its share; the remainder stays with the buyer."""
    total = sum(claims)
    return [at.floor(cash * claim, total) for claim in claims]
