"""When signatures are enough, in Python and on the EVM."""

from __future__ import annotations

import random
from itertools import product

import pytest

from settlement.quorum import MOST_SEATS, add_ascending, is_sound
from tests.agreement.library_probe import LibraryProbe

COUNT = 10_000
INDEX_MOST = 255


@pytest.fixture(scope="module")
def probe() -> LibraryProbe:
    return LibraryProbe("QuorumProbe")


def test_sound__all_small_committees_and_random_ones__same_on_the_evm(probe: LibraryProbe) -> None:
    """I-17: k of n is taken only where 2k > n; exhaustive past the largest committee, random beyond."""
    dice = random.Random(17)
    cases = list(product(range(2 * MOST_SEATS + 2), repeat=2))
    cases += [
        (dice.randrange(1 << dice.randint(1, 128)), dice.randrange(1 << dice.randint(1, 128)))
        for _ in range(COUNT)
    ]
    ours = [is_sound(*case) for case in cases]
    assert ours == probe.ask("isSound", cases)
    assert 0 < sum(ours) < len(ours)
    assert is_sound(1, 1)
    assert not is_sound(0, 0)
    assert is_sound(9, 16)
    assert not is_sound(8, 16)
    assert not is_sound(9, 17)


def test_ascending__random_seats_and_edges__same_on_the_evm(probe: LibraryProbe) -> None:
    """I-17: no seat counts twice."""
    dice = random.Random(18)
    edges = [(bitmap, index) for bitmap in (0, 1, 2, 2**255, 2**256 - 1) for index in (0, 1, 2, INDEX_MOST)]
    cases = edges + [(dice.randrange(1 << dice.randint(1, 17)), dice.randint(0, 17)) for _ in range(COUNT)]
    ours = [add_ascending(*case) for case in cases]
    assert ours == probe.ask("addAscending", cases)
    for (bitmap, index), after in zip(cases, ours, strict=True):
        assert after == 0 or (after.bit_count() == bitmap.bit_count() + 1 and after >> index == 1)
        assert (after == 0) == (bitmap >> index != 0)
