"""Payouts of every kind in Python and on the EVM."""

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
from settlement.payout import (
    MOST_STEPS,
    Kind,
    is_stairs,
    linear_payout,
    payout_at,
    payout_without_data,
    stepped_payout,
    threshold_payout,
)
from tests.agreement.library_probe import AMOUNT_MOST, LibraryProbe

Stairs = tuple[int, int, int, int, tuple[int, ...], tuple[int, ...]]

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


def flat_cases(count: int) -> Iterator[tuple[int, int, int, int]]:
    """(sum, index, attach, share without data) of every magnitude, and every edge."""
    for sum_minor, attach in product((0, 1, 99, AMOUNT_MOST), (1, 2, 330, INDEX_MOST)):
        for index, bps in product(
            (0, attach - 1, attach, min(attach + 1, INDEX_MOST)), (0, 1, 9_999, 10_000)
        ):
            yield sum_minor, index, attach, bps
    dice = random.Random(13)
    for _ in range(count):
        attach = dice.randrange(1, 1 << dice.randint(1, 64))
        index = dice.choice((attach, attach - 1, dice.randrange(1 << dice.randint(1, 64))))
        yield dice.randrange(1 << dice.randint(1, 56)), index, attach, dice.randint(0, 10_000)


def test_o12__thresholds_and_days_without_data__same_on_the_evm() -> None:
    """I-23: the sum at attach, nothing below; a share of it, rounded down, without data."""
    cases = list(flat_cases(ON_CHAIN))
    mine = [
        (threshold_payout(sum_minor, index, attach), payout_without_data(sum_minor, bps))
        for sum_minor, index, attach, bps in cases
    ]
    assert mine == LibraryProbe().ask("flat", cases)
    for (sum_minor, index, attach, bps), (whole, share) in zip(cases, mine, strict=True):
        assert whole == (sum_minor if index >= attach else 0)
        assert 0 <= sum_minor * bps - share * 10_000 < 10_000


def sound_stairs(dice: random.Random) -> Stairs:
    """An index, and steps that a contract takes."""
    count = dice.randint(1, MOST_STEPS)
    step_at = tuple(sorted(dice.sample(range(1, 1 << dice.randint(5, 62)), count)))
    step_pays = tuple(sorted(dice.sample(range(1, 1 << dice.randint(5, 56)), count)))
    near = dice.choice(step_at) + dice.choice((-1, 0, 1))
    index = dice.choice((near, dice.randrange(1 << 64)))
    return index, step_pays[-1], step_at[0], step_at[-1], step_at, step_pays


def broken_stairs(dice: random.Random) -> Stairs:
    """Steps of which something may be wrong."""
    index, sum_minor, attach, exhaust, step_at, step_pays = sound_stairs(dice)
    at, pays, which = list(step_at), list(step_pays), dice.randrange(len(step_at))
    match dice.randrange(9):
        case 0:
            sum_minor = max(0, sum_minor + dice.choice((-1, 1)))
        case 1:
            attach += 1
        case 2:
            exhaust -= 1
        case 3:
            at[which] = at[max(0, which - 1)]
        case 4:
            pays[which] = pays[max(0, which - 1)]
        case 5:
            pays[0] = 0
        case 6:
            pays.pop()
        case 7:
            at, pays = [], []
        case 8:
            at, pays = [*range(1, 10)], [*range(1, 10)]
            sum_minor, attach, exhaust = 9, 1, 9
    return index, sum_minor, attach, exhaust, tuple(at), tuple(pays)


def test_o12__steps_10000_random_inputs__same_on_the_evm() -> None:
    """I-23: at most the sum, monotone, exact at attach and exhaust; unsound steps are known on both sides."""
    dice = random.Random(14)
    cases = [sound_stairs(dice) for _ in range(ON_CHAIN)] + [broken_stairs(dice) for _ in range(2_000)]
    answers = LibraryProbe().ask("stairs", cases)
    for (index, sum_minor, attach, exhaust, step_at, step_pays), answer in zip(cases, answers, strict=True):
        is_sound = is_stairs(sum_minor, attach, exhaust, step_at, step_pays)
        payout = stepped_payout(index, step_at, step_pays) if is_sound else 0
        assert answer == (payout, int(is_sound))
        if is_sound:
            assert 0 <= payout <= sum_minor
            assert stepped_payout(index + 1, step_at, step_pays) >= payout
            assert stepped_payout(attach - 1, step_at, step_pays) == 0
            assert stepped_payout(attach, step_at, step_pays) == step_pays[0]
            assert stepped_payout(exhaust, step_at, step_pays) == sum_minor
    assert 500 < sum(sound == 0 for _, sound in answers) < 2_000


def test_payout_at__each_kind__takes_its_own_rule() -> None:
    class Terms:
        sum, attach, exhaust, step_at, step_pays = 100, 10, 20, (10, 20), (30, 100)

        def __init__(self, kind: int) -> None:
            self.kind = kind

    assert [payout_at(Terms(Kind.LINEAR), index) for index in (9, 10, 15, 20)] == [0, 0, 50, 100]
    assert [payout_at(Terms(Kind.THRESHOLD), index) for index in (9, 10, 15, 20)] == [0, 100, 100, 100]
    assert [payout_at(Terms(Kind.STEPPED), index) for index in (9, 10, 19, 20)] == [0, 30, 30, 100]
