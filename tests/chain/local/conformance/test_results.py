"""Every method, called for real in its variants, answers in the form that the execution API describes."""

from __future__ import annotations

import pytest

from tests.chain.local.conformance import (
    account_asks,
    block_asks,
    effect_asks,
    sending_asks,
    simulation_asks,
    trace_asks,
    verb_asks,
)
from tests.chain.local.conformance.asking import Ask, answer_to, faults_of
from tests.chain.local.conformance.prepared import Prepared

READING = [
    *block_asks.BLOCKS,
    *block_asks.TRANSACTIONS,
    *block_asks.LOGS,
    *account_asks.ACCOUNTS,
    *account_asks.CALLS,
    *simulation_asks.SIMULATIONS,
    *account_asks.FEES,
    *account_asks.IDENTITY,
    *trace_asks.TRACES,
    *trace_asks.FILTERS,
    *sending_asks.POOL,
]
CHANGING = [
    *verb_asks.VIEWS,
    *verb_asks.TIME,
    *verb_asks.MINING,
    *verb_asks.ACCOUNTS,
    *verb_asks.HEADERS,
    *effect_asks.EFFECTS,
    *sending_asks.SENDING,
    *sending_asks.SIGNING,
    *sending_asks.DROPS,
    *verb_asks.STATES,
]


@pytest.mark.parametrize("ask", READING, ids=lambda ask: ask.title)
def test_reading__a_variant__is_answered_in_the_form_described(prepared: Prepared, ask: Ask) -> None:
    assert faults_of(ask, answer_to(ask, prepared)) == []


@pytest.mark.parametrize("ask", CHANGING, ids=lambda ask: ask.title)
def test_verbs__a_variant__is_answered_in_the_form_described(changing: Prepared, ask: Ask) -> None:
    assert faults_of(ask, answer_to(ask, changing)) == []
