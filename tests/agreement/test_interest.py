"""Interest in Python, on the EVM, and by QuantLib."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise, product

import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from settlement.errors import InputRefused
from settlement.interest import ACCRUED_MOST, MILLION, YEAR_DAYS, accrue, accrue_up, after_payment, due_up
from tests.agreement.library_probe import AMOUNT_MOST, LibraryProbe, numbers

DAY = 86_400
TIME_MOST = 2**32 - 1
COUNT = 10_000
AMOUNTS = st.integers(0, AMOUNT_MOST)
RATES = st.integers(0, 2**16 - 1)


@pytest.fixture(scope="module")
def probe() -> LibraryProbe:
    return LibraryProbe()


def random_cases() -> Iterator[tuple[int, ...]]:
    dice = random.Random(7)
    accrued = numbers(1, COUNT, ACCRUED_MOST)
    principals = numbers(2, COUNT)
    rates, margins = numbers(3, COUNT, 2**16 - 1), numbers(4, COUNT, 2**16 - 1)
    for case in zip(accrued, principals, rates, margins, strict=True):
        since, now, maturity = (dice.randrange(1 << dice.randint(1, 32)) for _ in range(3))
        yield (*case, min(since, now), max(since, now), maturity, dice.randrange(2))


def edge_cases() -> Iterator[tuple[int, ...]]:
    for accrued, principal, rate in product((0, 1, ACCRUED_MOST), (0, 1, AMOUNT_MOST), (0, 1, 2**16 - 1)):
        for since, now in ((0, 0), (0, TIME_MOST), (1_000, 1_001)):
            for maturity in (0, since, now, max(0, now - 1), TIME_MOST):
                for day_count in (0, 1):
                    yield accrued, principal, rate, rate, since, now, maturity, day_count


def test_accrue__random_and_edge_cases__same_on_the_evm(probe: LibraryProbe) -> None:
    """I-13: twin and contract agree, at the word's end too."""
    cases = [*edge_cases(), *random_cases()]
    on_chain = probe.ask("accrue", [(*case[:7], YEAR_DAYS[case[7]]) for case in cases])
    assert len(cases) > COUNT
    assert [accrue(*case) for case in cases] == on_chain


def test_due_and_after_payment__random_and_edge_cases__same_on_the_evm(probe: LibraryProbe) -> None:
    edges = [0, 1, MILLION - 1, MILLION, MILLION + 1, ACCRUED_MOST]
    accrued = [*edges, *numbers(5, COUNT, ACCRUED_MOST)]
    assert [due_up(one) for one in accrued] == probe.ask("due", accrued)
    paid = [0, 1, 0, 1, 2, due_up(ACCRUED_MOST), *numbers(6, COUNT)]
    pairs = list(zip(accrued, paid, strict=True))
    assert [after_payment(*pair) for pair in pairs] == probe.ask("afterPayment", pairs)


QUANTLIB = {0: QuantLib.Actual360, 1: QuantLib.Actual365Fixed}


@given(
    start=st.integers(36_526, 73_000),
    days=st.integers(0, 3_660),
    principal=AMOUNTS,
    rate_bps=RATES,
    day_count=st.sampled_from([0, 1]),
)
def test_accrue__whole_days__is_quantlibs_year_fraction(
    start: int, days: int, principal: int, rate_bps: int, day_count: int
) -> None:
    """QuantLib says which part of a year passed; the rest is exact arithmetic, rounded up once."""
    first = QuantLib.Date(start)
    last = first + days
    counter = QUANTLIB[day_count]()
    passed = Fraction(counter.dayCount(first, last), YEAR_DAYS[day_count])
    assert abs(float(passed) - counter.yearFraction(first, last)) < 1e-12
    exact = Fraction(principal * rate_bps, 10_000) * passed * MILLION
    accrued = accrue(0, principal, rate_bps, 0, 0, days * DAY, days * DAY, day_count)
    assert accrued == min(-(-exact.numerator // exact.denominator), ACCRUED_MOST)


@pytest.mark.parametrize("day_count", [0, 1])
def test_accrue__45_days_of_the_first_trade__is_quantlibs_amount(day_count: int) -> None:
    rate = QuantLib.InterestRate(0.08, QUANTLIB[day_count](), QuantLib.Simple, QuantLib.Annual)
    first = QuantLib.Date(2, 3, 2026)
    theirs = 6_000_000 * (rate.compoundFactor(first, first + 45) - 1)
    ours = due_up(accrue(0, 6_000_000, 800, 0, 0, 45 * DAY, 90 * DAY, day_count))
    # Theirs is a float; ours is rounded up to the minor unit.
    assert -1e-6 < ours - theirs < 1


def test_p12__year_end_and_leap_day__count_actual_days(probe: LibraryProbe) -> None:
    leap = QuantLib.Date(1, 3, 2028) - QuantLib.Date(1, 2, 2028)
    assert leap == 29
    for day_count, days in product((0, 1), (29, 365, 366)):
        ours = accrue(0, 10**9, 500, 0, 0, days * DAY, days * DAY, day_count)
        assert ours == -(-(10**9 * 500 * days * 100) // YEAR_DAYS[day_count])


@given(principal=AMOUNTS, rate_bps=RATES, cuts=st.lists(st.integers(0, TIME_MOST), min_size=2, max_size=40))
def test_accrue__time_cut_into_steps__adds_less_than_one_minor_unit(
    principal: int, rate_bps: int, cuts: list[int]
) -> None:
    """I-13: cutting time into steps adds less than one minor unit in all; interest never falls by itself."""
    times = sorted(cuts)
    stepped = 0
    for since, now in pairwise(times):
        later = accrue(stepped, principal, rate_bps, 0, since, now, TIME_MOST, 0)
        assert later >= stepped
        stepped = later
    whole = accrue(0, principal, rate_bps, 0, times[0], times[-1], TIME_MOST, 0)
    assert whole <= stepped <= whole + len(times) < whole + MILLION


@given(principal=AMOUNTS, rate_bps=RATES, late_bps=RATES, at=st.integers(0, 100), turn=st.integers(0, 100))
def test_accrue__across_maturity__margin_counts_from_there(
    principal: int, rate_bps: int, late_bps: int, at: int, turn: int
) -> None:
    now = at * DAY
    both = accrue(0, principal, rate_bps, late_bps, 0, now, turn * DAY, 1)
    late_s = max(0, at - turn) * DAY
    margin = accrue_up(0, principal, late_bps, late_s, 365)
    plain = accrue_up(0, principal, rate_bps, now, 365)
    assert plain + margin <= both + 2
    assert both <= min(plain + margin, ACCRUED_MOST) + 2


def test_accrue__a_hundred_years_of_the_largest_loan__stays_in_its_word() -> None:
    """I-13: never overflows in 100 years, at any rate that a word holds."""
    century_s = 100 * 366 * DAY
    accrued = accrue(0, AMOUNT_MOST, 2**16 - 1, 2**16 - 1, 0, century_s, 0, 0)
    assert accrued <= ACCRUED_MOST
    assert due_up(accrue(0, AMOUNT_MOST, 3_650, 0, 0, century_s, century_s, 0)) < 2**88 // MILLION


def test_accrue__time_backwards_or_unknown_day_count__is_refused() -> None:
    with pytest.raises(InputRefused, match="backwards"):
        accrue(0, 1, 1, 0, 2, 1, 5, 0)
    with pytest.raises(InputRefused, match="day count 2"):
        accrue(0, 1, 1, 0, 1, 2, 5, 2)
