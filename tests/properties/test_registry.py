"""The registry itself: enough properties, every invariant, each able to fail, and the page that lists them current."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import fields
from functools import cache
from itertools import chain
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.defects import other_figures, other_outcomes
from tests.properties.list import README, page_with, section
from tests.properties.machine import TradeMachine
from tests.properties.registry import PROPERTIES, Property, concerns
from tests.properties.step import Step

KEPT_OF_A_KIND = 4
OF_A_KIND = 30

Kind = tuple[object, ...]


def shape(event: Any) -> Kind:
    """An event's name, and which of its figures are nought: a payment to the lender is not one to the holder."""
    return (type(event).__name__, *(bool(getattr(event, one.name)) for one in fields(event)))


def kind_of(step: Step) -> Kind:
    """What was tried, what became of it, and what it told."""
    hint = (step.facts.get("how"), step.facts.get("flaw"), "key" in step.facts)
    return (step.verb, str(step.refused_by), hint, frozenset(map(shape, step.events)))


class Recorder(TradeMachine):
    """Keeps steps of every kind instead of looking at them."""

    kept: ClassVar[list[Step]] = []
    kinds: ClassVar[Counter[Kind]] = Counter()

    def look(self, taken: Step) -> None:
        """A copy, since the books go on."""
        super().look(taken)
        kind = kind_of(taken)
        self.kinds[kind] += 1
        if self.kinds[kind] <= KEPT_OF_A_KIND:
            self.kept.append(deepcopy(taken))


@cache
def recorded() -> tuple[Step, ...]:
    """The same histories every time."""
    run_state_machine_as_test(
        Recorder,
        settings=settings(
            max_examples=300,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    return tuple(Recorder.kept)


def holds(one: Property, step: Step) -> bool:
    """Whether the property has nothing against this step."""
    try:
        if concerns(one, step):
            one.check(step)
    except AssertionError:
        return False
    return True


def sees(one: Property, lie: Step) -> bool:
    """Whether the property speaks against the lie; one that it cannot read at all it has not seen."""
    try:
        return not holds(one, lie)
    except (KeyError, IndexError, ValueError):
        return False


def spread(steps: list[Step]) -> list[Step]:
    """One step of every kind of a verb, the eventful ones first."""
    by_kind = {kind_of(step): step for step in steps}
    by_verb: dict[tuple[str, bool], list[Step]] = {}
    for step in sorted(by_kind.values(), key=lambda one: -len(one.events)):
        by_verb.setdefault((step.verb, step.is_done), []).append(step)
    return [step for kind in by_verb.values() for step in kind[:: max(1, len(kind) // OF_A_KIND)]]


def test_properties__count__sixty_or_more() -> None:
    """I-01 to I-30: at least sixty properties, each with its invariant and a sentence."""
    assert len(PROPERTIES) >= 60
    assert all(one.invariants and one.says for one in PROPERTIES.values())


@pytest.mark.deep  # minutes long, and some properties speak of steps that short histories seldom reach
@pytest.mark.parametrize("name", sorted(PROPERTIES))
def test_properties__planted_defect__is_seen(name: str) -> None:
    """I-01 to I-30: a property that sees none of thousands of small lies about real steps proves nothing."""
    one = PROPERTIES[name]
    verbs = {verb.removesuffix("!") for verb in one.on}
    steps = [step for step in recorded() if not verbs or step.verb in verbs]
    assert all(holds(one, step) for step in steps)
    some = spread(steps)
    lies = chain.from_iterable([*map(other_outcomes, steps), *map(other_figures, some)])
    assert any(sees(one, lie) for lie in lies)


def test_properties__readme__lists_them_all() -> None:
    """I-01 to I-30: contracts/README.md says what is proved; `python -m tests.properties.list` writes it."""
    text = README.read_text(encoding="utf-8")
    assert page_with(section(), text) == text
