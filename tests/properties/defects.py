"""Small lies about one step: what a defect in the contracts would have left behind. Every property must see some of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from tests.properties.step import Step

NUDGES = (1, -1, 1 << 90, -400_000_000)
OTHER_ERRORS = (None, "OnHold", "NotInGoodStanding", "Panic")


def other_outcomes(step: Step) -> Iterator[Step]:
    """The step done where it was refused, or refused, or refused otherwise."""
    for error in OTHER_ERRORS:
        if error != step.refused_by:
            yield replace(step, refused_by=error)


def other_figures(step: Step) -> Iterator[Step]:
    """The step with one figure changed: in the chain after it, in its events, or in the views."""
    for seen in _nudged(step.after):
        yield replace(step, after=seen)
    for place, event in enumerate(step.events):
        yield replace(step, events=(*step.events[:place], *step.events[place + 1 :]))
        yield replace(step, events=(*step.events, event))
        for other in _nudged(event):
            yield replace(step, events=(*step.events[:place], other, *step.events[place + 1 :]))
    if step.told is not None:
        for told in _nudged(step.told):
            yield replace(step, told=told)
    for key, fact in step.facts.items():
        if isinstance(fact, dict):
            for part in fact:
                yield replace(
                    step, facts={**step.facts, key: {one: fact[one] for one in fact if one != part}}
                )
        elif isinstance(fact, int):
            yield from (replace(step, facts={**step.facts, key: other}) for other in _nudged(fact))
    interest, principal = step.owed_before
    for owed in ((interest + 1, principal), (0, 0)):
        yield replace(step, owed_before=owed)


def _nudged(thing: Any) -> Iterator[Any]:
    """The same thing with one figure in it changed, however deep."""
    if isinstance(thing, bool):
        yield not thing
    elif isinstance(thing, int):
        yield from (thing + nudge for nudge in NUDGES)
        yield from (thing ^ 1 << bit for bit in (0, 3, 4, 16, 24, 48))
    elif isinstance(thing, dict):
        for key, value in thing.items():
            for other in _nudged(value):
                yield {**thing, key: other}
    elif isinstance(thing, tuple):
        for place, value in enumerate(thing):
            for other in _nudged(value):
                yield (*thing[:place], other, *thing[place + 1 :])
    elif is_dataclass(thing) and not isinstance(thing, type):
        for field in fields(thing):
            for other in _nudged(getattr(thing, field.name)):
                yield replace(thing, **{field.name: other})
