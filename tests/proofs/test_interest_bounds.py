"""Interest, proved for every loan by z3 over unbounded integers (R6, R7). Each proof refutes a planted mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.proofs import model
from tests.proofs.arithmetic import Arithmetic, Unknowns, least
from tests.proofs.model import ACCRUED_MOST, BASES, DAY_S, MILLION, Loan

Rule = Callable[..., Any]


def accrue_down(at: Arithmetic, accrued: Any, principal: Any, bps: Any, elapsed: Any, basis: int) -> Any:
    """Planted: rounds down."""
    return least(at, accrued + at.floor(principal * bps * elapsed * 100, basis * DAY_S), ACCRUED_MOST)


def accrue_wrapping(at: Arithmetic, accrued: Any, principal: Any, bps: Any, elapsed: Any, basis: int) -> Any:
    """Planted: the word is cut instead of standing still at its end."""
    total = accrued + at.floor(principal * bps * elapsed * 100 + basis * DAY_S - 1, basis * DAY_S)
    return at.choose(total > ACCRUED_MOST, total - ACCRUED_MOST - 1, total)


def accrue_whole_units(
    at: Arithmetic, accrued: Any, principal: Any, bps: Any, elapsed: Any, basis: int
) -> Any:
    """Planted: every count rounds up to a whole minor unit."""
    year = basis * DAY_S * WHOLE
    return least(at, accrued + MILLION * at.floor(principal * bps * elapsed + year - 1, year), ACCRUED_MOST)


WHOLE = 10_000


def is_ceiling(rule: Rule, basis: int) -> bool:
    at = Unknowns()
    accrued, principal = at.number("accrued", 88), at.number("principal")
    bps, elapsed = at.number("bps", 17), at.number("elapsed", 32)
    added = rule(at, accrued, principal, bps, elapsed, basis) - accrued
    at.given(accrued + added < ACCRUED_MOST)
    exact, year = principal * bps * elapsed * 100, basis * DAY_S
    return at.proves(added * year >= exact, added * year < exact + year)


@pytest.mark.parametrize("basis", BASES)
def test_r7__accrual__is_the_ceiling_in_millionths(basis: int) -> None:
    """I-13: never less than exact, never a millionth more."""
    assert is_ceiling(model.accrue_up, basis)
    assert not is_ceiling(accrue_down, basis)


def is_monotone(rule: Rule, basis: int) -> bool:
    at = Unknowns()
    accrued, principal = at.number("accrued", 88), at.number("principal")
    bps, sooner, later = at.number("bps", 17), at.number("sooner", 32), at.number("later", 32)
    at.given(sooner <= later)
    at.lemma(principal * bps * sooner <= principal * bps * later)
    first = rule(at, accrued, principal, bps, sooner, basis)
    second = rule(at, accrued, principal, bps, later, basis)
    return at.proves(first >= accrued, second >= first, second <= ACCRUED_MOST)


@pytest.mark.parametrize("basis", BASES)
def test_r7__accrual__never_falls_and_stays_in_its_word(basis: int) -> None:
    """I-13: interest never falls without payment and never overflows, in any time."""
    assert is_monotone(model.accrue_up, basis)
    assert not is_monotone(accrue_wrapping, basis)


STEPS_MOST = MILLION


def one_more_step_adds_a_millionth(rule: Rule, basis: int) -> bool:
    """The induction's step: what n cuts added in all is below n millionths, so with one more below n + 1."""
    at = Unknowns()
    rate, before, after = at.number("rate", 73), at.number("before", 32), at.number("after", 32)
    steps = at.number("steps", 32)
    at.given(steps < STEPS_MOST)
    stepped = at.number("stepped", 88)
    whole = rule(at, 0, rate, 1, before, basis)
    at.given(stepped >= whole, stepped <= whole + steps, stepped < ACCRUED_MOST // 2)
    cut = rule(at, stepped, rate, 1, after, basis)
    uncut = rule(at, 0, rate, 1, before + after, basis)
    at.given(cut < ACCRUED_MOST, uncut < ACCRUED_MOST)
    return at.proves(cut >= uncut, cut <= uncut + steps + 1)


@pytest.mark.parametrize("basis", BASES)
def test_i13__time_cut_into_a_million_steps__adds_less_than_a_minor_unit(basis: int) -> None:
    """I-13: each cut adds at most a millionth, so fewer than a million cuts add less than one minor unit in all."""
    assert one_more_step_adds_a_millionth(model.accrue_up, basis)
    assert not one_more_step_adds_a_millionth(accrue_whole_units, basis)


def turn_without_bound(at: Arithmetic, loan: Loan) -> Any:
    """Planted: a maturity before the last count is taken as it is."""
    return loan.maturity


def turn_lies_in_the_span(rule: Rule) -> bool:
    at = Unknowns()
    since, until, maturity = at.numbers("since until maturity", 32)
    at.given(since <= until, maturity < until)
    turn = rule(at, Loan(0, 0, 0, 0, since, maturity))
    return at.proves(turn - since >= 0, until - turn >= 0)


def test_r7__maturity_anywhere__cuts_the_span_into_two_that_are_not_negative() -> None:
    """I-13: the two differences of `accrueAcrossUp` cannot wrap."""
    assert turn_lies_in_the_span(model.turn_of)
    assert not turn_lies_in_the_span(turn_without_bound)


def due_is_ceiling(rule: Rule) -> bool:
    at = Unknowns()
    accrued = at.number("accrued", 88)
    due = rule(at, accrued)
    return at.proves(due * MILLION >= accrued, due * MILLION < accrued + MILLION)


def test_r7__due__is_the_ceiling_in_minor_units() -> None:
    assert due_is_ceiling(model.due_up)
    assert not due_is_ceiling(lambda at, accrued: at.floor(accrued, MILLION))


def keep_all_but_due(at: Arithmetic, accrued: Any, paid: Any) -> Any:
    """Planted: the part of a unit that was rounded up stays accrued, and is paid twice."""
    return at.choose(accrued >= paid * MILLION, accrued - paid * MILLION, accrued)


def payment_lowers_due_by_itself(rule: Rule) -> bool:
    at = Unknowns()
    accrued, paid = at.number("accrued", 88), at.number("paid", 88)
    due = model.due_up(at, accrued)
    at.given(paid <= due)
    left = rule(at, accrued, paid)
    return at.proves(left >= 0, left <= accrued, model.due_up(at, left) == due - paid)


def test_r7__payment_of_what_is_due_or_less__lowers_what_is_due_by_just_that() -> None:
    """I-13: nobody gains by paying in parts; the whole leaves nothing."""
    assert payment_lowers_due_by_itself(model.after_payment)
    assert not payment_lowers_due_by_itself(keep_all_but_due)


def interest_fits(rate_bits: int, principal_bits: int) -> bool:
    at = Unknowns()
    accrued, principal = at.number("accrued", 88), at.number("principal", principal_bits)
    bps, elapsed = at.number("bps", rate_bits), at.number("elapsed", 32)
    model.accrue_up(at, accrued, principal, bps, elapsed, 360)
    model.due_up(at, accrued)
    model.after_payment(at, accrued, at.number("paid", 56))
    return at.fits()


def test_interest__fields_of_their_widths__no_step_leaves_256_bits() -> None:
    """I-13: principal 56 bits, rate and margin 17 together, time 32; with words of 160 bits it would wrap."""
    assert interest_fits(17, 56)
    assert not interest_fits(160, 160)
