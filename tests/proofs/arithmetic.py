"""Two ways to calculate with one text: plain integers, and z3's unbounded unknowns with the facts that bind them.

The model in `model.py` is written once. On integers it is compared with the EVM; on unknowns z3 proves its bounds. So
what is proved is what runs, up to the width of the machine's words, which `fits` proves never matters.
"""

from __future__ import annotations

from typing import Any, Protocol

import z3

WORD = 2**256
PATIENCE_MS = 30_000


class Undecided(Exception):
    """z3 gave up: neither proved nor refuted."""


class Arithmetic(Protocol):
    """What a rule needs beyond + - * and comparisons. Values are `int` or z3's integer terms, hence Any."""

    def floor(self, number: Any, divisor: Any) -> Any: ...

    def choose(self, condition: Any, yes: Any, no: Any) -> Any: ...

    def step(self, value: Any) -> Any: ...


def least(at: Arithmetic, a: Any, b: Any) -> Any:
    """The smaller one."""
    return at.choose(a < b, a, b)


def above(at: Arithmetic, a: Any, b: Any) -> Any:
    """What `a` has more than `b`, or nothing."""
    return at.choose(a > b, a - b, 0)


class Integers:
    """Python's own integers."""

    def floor(self, number: int, divisor: int) -> int:
        """The quotient rounded down, as the EVM divides."""
        return number // divisor

    def choose(self, condition: bool, yes: int, no: int) -> int:
        """One of both."""
        return yes if condition else no

    def step(self, value: int) -> int:
        """An intermediate result of an `unchecked` block; the EVM would wrap where this leaves its word."""
        assert 0 <= value < WORD, f"the EVM would wrap {value}"
        return value


class Unknowns:
    """Integers of which only facts are known."""

    def __init__(self) -> None:
        self._facts: list[Any] = []
        self._steps: list[Any] = []

    def number(self, name: str, bits: int = 56) -> Any:
        """Any integer of so many bits."""
        unknown = z3.Int(name)
        self.given(unknown >= 0, unknown < 2**bits)
        return unknown

    def numbers(self, names: str, bits: int = 56) -> list[Any]:
        """Several of one width."""
        return [self.number(name, bits) for name in names.split()]

    def given(self, *facts: Any) -> None:
        """What may be taken for granted from here on."""
        self._facts += facts

    def lemma(self, *claims: Any) -> None:
        """What z3 proves more easily alone, and does not find by itself within a larger proof."""
        assert self.proves(*claims)
        self.given(*claims)

    def floor(self, number: Any, divisor: Any) -> Any:
        """A quotient by what defines it: division itself is beyond z3 where the divisor is unknown."""
        quotient = z3.FreshInt("quotient")
        self.given(quotient * divisor <= number, number < quotient * divisor + divisor)
        return quotient

    def choose(self, condition: Any, yes: Any, no: Any) -> Any:
        """One of both, whichever holds."""
        return z3.If(condition, yes, no)

    def step(self, value: Any) -> Any:
        """An intermediate result that must fit a word."""
        self._steps.append(value)
        return value

    def proves(self, *claims: Any) -> bool:
        """Whether the claims follow from the facts; False when z3 knows a case against them.

        Raises: Undecided when it knows neither.
        """
        assert self._check() != z3.unsat, "the facts contradict each other: anything follows from them"
        return all(self._follows(claim) for claim in claims)

    def fits(self) -> bool:
        """Whether no step ever leaves 256 bits, above or below."""
        assert self._steps, "the rule takes no step that could wrap"
        return all(self._follows(z3.And(step >= 0, step < WORD)) for step in self._steps)

    def _follows(self, claim: Any) -> bool:
        answer = self._check(z3.Not(claim))
        if answer == z3.unknown:
            raise Undecided(f"z3 finds neither proof nor counterexample: {claim}")
        return bool(answer == z3.unsat)

    def _check(self, *more: Any) -> Any:
        solver = z3.Solver()
        solver.set("timeout", PATIENCE_MS)
        solver.add(*self._facts, *more)
        return solver.check()
