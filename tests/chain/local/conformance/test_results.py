"""Every method, called for real in its variants, answers in the form that the execution API describes."""

from __future__ import annotations

import pytest

from tests.chain.local.conformance import account_asks, block_asks
from tests.chain.local.conformance.asking import Ask, answer_to, faults_of
from tests.chain.local.conformance.prepared import Prepared

READING = [
    *block_asks.BLOCKS,
    *block_asks.TRANSACTIONS,
    *block_asks.LOGS,
    *account_asks.ACCOUNTS,
    *account_asks.CALLS,
    *account_asks.FEES,
    *account_asks.IDENTITY,
]


@pytest.mark.parametrize("ask", READING, ids=lambda ask: ask.title)
def test_reading__a_variant__is_answered_in_the_form_described(prepared: Prepared, ask: Ask) -> None:
    assert faults_of(ask, answer_to(ask, prepared)) == []
