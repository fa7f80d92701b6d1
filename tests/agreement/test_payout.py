"""Linear payouts in Python and on the EVM."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.errors import InputRefused
from settlement.payout import linear_payout
from tests.agreement.library_probe import AMOUNT_MOST, LibraryProbe

VOLUME, ON_CHAIN = 200_000, 10_000
INDEX_MOST = 2**64 - 1
ROOT = Path(__file__).resolve().parents[2]


def random_cases(count: int) -> Iterator[tuple[int, int, int, int]]:
    """(sum, index, attach, exhaust) of every magnitude, half of the indices between attach and exhaust."""
    dice = random.Random(12)
    for _ in range(count):
        attach = dice.randrange(1, 1 << dice.randint(1, 63))
        exhaust = attach + dice.randrange(1, 1 << dice.randint(1, 63))
        index = dice.choice((dice.randint(attach, exhaust), dice.randrange(1 << dice.randint(1, 64))))
        yield dice.randrange(1 << dice.randint(1, 56)), index, attach, exhaust


def edge_cases() -> Iterator[tuple[int, int, int, int]]:
    for sum_minor, (attach, exhaust) in product(
        (0, 1, 99, AMOUNT_MOST), ((0, 1), (1, 2), (330, 500), (1, INDEX_MOST), (INDEX_MOST - 1, INDEX_MOST))
    ):
        for index in {0, max(0, attach - 1), attach, attach + 1, exhaust - 1, exhaust, INDEX_MOST}:
            yield sum_minor, index, attach, exhaust


def test_o12__payouts_200000_random_inputs__rounded_down_monotone_exact_at_the_ends() -> None:
    """I-23: at most the sum, monotone in the index, one rounding direction."""
    for sum_minor, index, attach, exhaust in [*edge_cases(), *random_cases(VOLUME)]:
        payout = linear_payout(sum_minor, index, attach, exhaust)
        assert 0 <= payout <= sum_minor
        assert linear_payout(sum_minor, index + 1, attach, exhaust) >= payout
        assert linear_payout(sum_minor, attach, attach, exhaust) == 0
        assert linear_payout(sum_minor, exhaust, attach, exhaust) == sum_minor
        if attach <= index < exhaust:
            # Between, the exact share is the payout and less than one unit more.
            assert 0 <= sum_minor * (index - attach) - payout * (exhaust - attach) < exhaust - attach
        else:
            assert payout == (0 if index < attach else sum_minor)


def test_o12__payouts_10000_random_inputs__same_on_the_evm() -> None:
    """I-23: twin and contract agree."""
    cases = [*edge_cases(), *random_cases(ON_CHAIN)]
    assert [linear_payout(*case) for case in cases] == LibraryProbe().ask("payout", cases)


@given(
    sum_minor=st.integers(0, AMOUNT_MOST),
    ends=st.lists(st.integers(0, INDEX_MOST), min_size=2, max_size=2, unique=True),
    index=st.integers(0, INDEX_MOST),
)
def test_payout__any_input__is_the_floor_of_the_exact_share(
    sum_minor: int, ends: list[int], index: int
) -> None:
    """I-23: nothing below attach, the sum at exhaust, linear between."""
    attach, exhaust = sorted(ends)
    share = min(max(Fraction(index - attach, exhaust - attach), Fraction(0)), Fraction(1))
    exact = sum_minor * share
    assert linear_payout(sum_minor, index, attach, exhaust) == exact.numerator // exact.denominator


def test_payout__exhaust_not_above_attach__is_refused() -> None:
    for exhaust in (329, 330):
        with pytest.raises(InputRefused, match="above attach"):
            linear_payout(100, 400, 330, exhaust)


def test_o13__from_reading_to_payout__no_float_in_the_sources() -> None:
    """A float conversion is a cent off for 4 in 100 amounts: 2^53 + 1 goes through unchanged instead."""
    assert linear_payout(2**53 + 1, 5, 1, 5) == 2**53 + 1
    assert linear_payout(2**55 + 3, 2, 1, 3) == (2**55 + 3) // 2
    for path in (ROOT / "settlement" / "payout.py", ROOT / "settlement" / "interest.py"):
        assert "float" not in path.read_text()
    for path in sorted((ROOT / "oracle").glob("*.py")):
        assert "float" not in path.read_text(), path.name
