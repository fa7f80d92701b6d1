"""Shares of a cover pool in Python and on the EVM, and what nobody can do to their price."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from settlement.pool_shares import VIRTUAL, shares_for_down, worth_down
from tests.agreement.library_probe import AMOUNT_MOST, LibraryProbe

SHARES_MOST = (1 << 88) - 1
AMOUNTS = st.integers(0, AMOUNT_MOST)
TOTALS = st.integers(0, SHARES_MOST)


def price(capital_minor: int, total: int) -> Fraction:
    """What one share is worth, exactly."""
    return Fraction(capital_minor + 1, total + VIRTUAL)


def test_shares__10000_random_inputs_and_edges__same_on_the_evm() -> None:
    dice = random.Random(27)
    edges = product((0, 1, AMOUNT_MOST), (0, 1, AMOUNT_MOST), (0, 1, VIRTUAL, SHARES_MOST))
    cases = [
        *edges,
        *(
            (
                dice.randrange(1 << dice.randint(1, 56)),
                dice.randrange(1 << dice.randint(1, 56)),
                dice.randrange(1 << dice.randint(1, 88)),
            )
            for _ in range(10_000)
        ),
    ]
    assert [(shares_for_down(*case), worth_down(*case)) for case in cases] == LibraryProbe().ask(
        "pool", cases
    )


@given(amount=AMOUNTS, capital=AMOUNTS, total=TOTALS)
def test_i27__entry_of_any_amount__price_never_falls(amount: int, capital: int, total: int) -> None:
    """I-27: who enters pays at least the price."""
    shares = shares_for_down(amount, capital, total)
    assert price(capital + amount, total + shares) >= price(capital, total)


@given(capital=AMOUNTS, total=TOTALS, part=st.fractions(0, 1))
def test_i27__exit_of_any_part__price_never_falls(capital: int, total: int, part: Fraction) -> None:
    """I-27: who leaves gets at most the price, and never more than there is."""
    shares = total * part.numerator // part.denominator
    amount = worth_down(shares, capital, total)
    assert amount <= capital
    assert price(capital - amount, total - shares) >= price(capital, total)


@given(
    first=st.integers(1, 10**6),
    gift=st.integers(0, 10**13),
    later=st.integers(1, 10**13),
)
def test_p28__first_depositor_who_inflates_the_price__loses_more_than_the_next(
    first: int, gift: int, later: int
) -> None:
    """A gift raises the price for the virtual shares too: the giver never gains, the next loses at most a share."""
    held = shares_for_down(first, 0, 0)
    bought = shares_for_down(later, first + gift, held)
    capital, total = first + gift + later, held + bought
    back = worth_down(held, capital, total)
    assert back <= first + gift
    # The next one loses less than a share and a unit, and a share is a millionth of what is first paid in.
    share = Fraction(first + gift + 1, first * 10**6 + 10**6)
    assert later - worth_down(bought, capital, total) <= share + 1
    assert gift == 0 or first + gift - back >= gift * VIRTUAL // (held + VIRTUAL) - price(capital, total) - 1
