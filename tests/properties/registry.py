"""The list of checked properties: each a function over one step, with the invariants it proves and one line to say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.properties.step import Step

Check = Callable[[Step], None]


@dataclass(frozen=True)
class Property:
    """``on`` names the verbs after whose success it is looked at, or with ``!`` after whose refusal; empty: always."""

    invariants: tuple[str, ...]
    says: str
    on: frozenset[str]
    check: Check

    @property
    def name(self) -> str:
        """As the tests call it."""
        return self.check.__name__


class PropertyBroken(AssertionError):
    """A property does not hold after a step."""


PROPERTIES: dict[str, Property] = {}
CHECKED: Counter[str] = Counter()


def proves(invariants: str, says: str, on: tuple[str, ...] = ()) -> Callable[[Check], Check]:
    """Enter a function in the list."""

    def enter(check: Check) -> Check:
        if check.__name__ in PROPERTIES:
            raise ValueError(f"there are two properties {check.__name__}")
        PROPERTIES[check.__name__] = Property(tuple(invariants.split()), says, frozenset(on), check)
        return check

    return enter


def concerns(one: Property, step: Step) -> bool:
    """Whether a property says anything about this step."""
    return not one.on or (step.verb if step.is_done else f"{step.verb}!") in one.on


def check_all(step: Step) -> None:
    """Look at every property that concerns this step.

    Raises: PropertyBroken, naming the first that fails.
    """
    for one in PROPERTIES.values():
        if not concerns(one, step):
            continue
        CHECKED[one.name] += 1
        try:
            one.check(step)
        except AssertionError as broken:
            told = f"{one.name} ({', '.join(one.invariants)}) after {step.verb}, refused by {step.refused_by}"
            raise PropertyBroken(f"{told}: {one.says}\n{broken}") from broken
