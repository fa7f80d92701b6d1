"""The model that z3 proves things about is what the EVM computes: 10,000 random cases of each rule, and the edges."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from tests.agreement.library_probe import AMOUNT_MOST, LibraryProbe, numbers
from tests.proofs import model
from tests.proofs.arithmetic import Integers
from tests.proofs.model import ACCRUED_MOST, Loan

COUNT = 10_000
EDGES = (0, 1, AMOUNT_MOST - 1, AMOUNT_MOST)
EXACT = Integers()


@pytest.fixture(scope="module")
def probe() -> LibraryProbe:
    return LibraryProbe()


def loans() -> Iterator[tuple[int, ...]]:
    edges = product(
        (0, ACCRUED_MOST), (1, AMOUNT_MOST), (1, 2**16 - 1), (0, 2**16 - 1), (0, 5), (6, 2**32 - 1)
    )
    for accrued, principal, bps, late, since, until in edges:
        for maturity in (0, since, until - 1, until, 2**32 - 1):
            yield accrued, principal, bps, late, since, until, maturity, 360
    fields = [
        numbers(seed, COUNT, most)
        for seed, most in enumerate((ACCRUED_MOST, AMOUNT_MOST, 2**16 - 1, 2**16 - 1))
    ]
    times = [numbers(seed, COUNT, 2**32 - 1) for seed in (11, 12, 13)]
    for accrued, principal, bps, late, one, other, maturity in zip(*fields, *times, strict=True):
        yield accrued, principal, bps, late, min(one, other), max(one, other), maturity, 365


def accrued_by_model(case: tuple[int, ...]) -> Any:
    accrued, principal, bps, late, since, until, maturity, basis = case
    loan = Loan(accrued, principal, bps, late, since, maturity)
    if maturity >= until:
        return model.accrue_up(EXACT, accrued, principal, bps, until - since, basis)
    return model.accrue_across_up(Early(), loan, until, basis)


class Early(Integers):
    """Both branches of a choice are calculated here; the one that the EVM never enters may go below zero."""

    def step(self, value: int) -> int:
        return value


def test_model__interest__is_the_evms(probe: LibraryProbe) -> None:
    """I-13: the proofs are about what runs."""
    cases = list(loans())
    assert [accrued_by_model(case) for case in cases] == probe.ask("accrue", cases)
    accrued = [0, 1, model.MILLION, ACCRUED_MOST, *numbers(21, COUNT, ACCRUED_MOST)]
    assert [model.due_up(EXACT, one) for one in accrued] == probe.ask("due", accrued)
    pairs = list(zip(accrued, [0, 1, 1, AMOUNT_MOST, *numbers(22, COUNT)], strict=True))
    assert [model.after_payment(EXACT, *pair) for pair in pairs] == probe.ask("afterPayment", pairs)


def test_model__waterfall__is_the_evms(probe: LibraryProbe) -> None:
    """I-14, I-17: the proofs are about what runs."""
    triples = [
        *product(EDGES, EDGES, EDGES),
        *zip(*(numbers(seed, COUNT) for seed in (31, 32, 33)), strict=True),
    ]
    assert [model.split(EXACT, *case) for case in triples] == probe.ask("split", triples)
    orders = [
        (face or 1, claim % ((face or 1) + 1), part % ((face or 1) + 1)) for face, claim, part in triples
    ]
    ours = [model.delivered_down(EXACT, *case) for case in orders]
    assert ours == probe.ask("delivered", [(case[0], *case, 0) for case in orders])
    shares = [(value, bps % 2**16) for value, bps, _ in triples]
    both = [(model.share_down(EXACT, *case), model.share_up(EXACT, *case)) for case in shares]
    assert both == probe.ask("shares", shares)


def test_model__payout__is_the_evms(probe: LibraryProbe) -> None:
    """I-23: the proofs are about what runs."""
    sums, lows, spans, parts = (numbers(seed, COUNT) for seed in (41, 42, 43, 44))
    cases = [
        (total, low + part % (span + 1), low, low + span + 1)
        for total, low, span, part in zip(sums, lows, spans, parts, strict=True)
    ]
    assert [model.payout_linear(EXACT, *case) for case in cases] == probe.ask("payout", cases)
