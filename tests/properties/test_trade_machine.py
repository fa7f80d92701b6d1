"""Random histories of the whole trade, compared with books kept in Python after every step."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.machine import TradeMachine
from tests.properties.registry import CHECKED, PROPERTIES
from tests.properties.rules.base import STEPS

# Shrinking takes minutes: a broken history is printed as it came, verb by verb with every choice.
COMMON: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.generate,),
    "database": None,
}
# The same histories every time, so that a change is blamed for what it broke; the deep run looks for others. Hypothesis
# draws now and then a number that stands in the modules loaded: where others are loaded, histories differ.
QUICK = settings(max_examples=400, stateful_step_count=50, derandomize=True, **COMMON)
DEEP = settings(max_examples=500, stateful_step_count=60, **COMMON)
DEEP_STEPS = 100_000
MOST_ROUNDS = 3


def test_trade__random_histories__every_property_holds_after_every_step() -> None:
    """I-01 to I-30 as tests/properties/checks say them; a property that was never looked at fails here."""
    CHECKED.clear()
    for number in range(MOST_ROUNDS):
        # The seldom ones need luck: another round of histories looks on, and each must have been looked at.
        run_state_machine_as_test(seed(number)(type(f"Round{number}", (TradeMachine,), {})), settings=QUICK)
        if not _never_looked_at():
            break
    assert _never_looked_at() == []


def _never_looked_at() -> list[str]:
    return [name for name in PROPERTIES if not CHECKED[name]]


@pytest.mark.deep
def test_trade__a_hundred_thousand_steps__every_property_holds(
    record_property: Callable[[str, object], None],
) -> None:
    """The same for longer, each round with other histories."""
    STEPS["taken"] = 0
    begun = monotonic()
    while STEPS["taken"] < DEEP_STEPS:
        former = STEPS["taken"]
        run_state_machine_as_test(TradeMachine, settings=DEEP)
        assert STEPS["taken"] > former
    record_property("steps", STEPS["taken"])
    record_property("seconds", round(monotonic() - begun))
    assert _never_looked_at() == []
