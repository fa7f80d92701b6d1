"""What a policy pays at an index, by its kind: the Python twin of the contract's library."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from itertools import pairwise
from typing import Final, Protocol

from settlement.errors import InputRefused
from settlement.money import floor_share

MOST_STEPS: Final = 8
WHOLE_BPS: Final = 10_000


class Kind(IntEnum):
    """How the payout grows with the index; PayoutKind of the contracts."""

    LINEAR = 0
    THRESHOLD = 1
    STEPPED = 2


class PayoutTerms(Protocol):
    """What of a policy's terms decides the payout: a Policy of the bindings, or anything of its shape."""

    @property
    def sum(self) -> int:
        """Most that is paid, minor units."""

    @property
    def kind(self) -> int:
        """Linear, threshold or stepped."""

    @property
    def attach(self) -> int:
        """Index from which it pays."""

    @property
    def exhaust(self) -> int:
        """Index at which it pays the sum."""

    @property
    def step_at(self) -> Sequence[int]:
        """Stepped: the indices."""

    @property
    def step_pays(self) -> Sequence[int]:
        """Stepped: what each pays, minor units."""


def payout_at(terms: PayoutTerms, index: int) -> int:
    """What a policy pays at an index.

    Units:  minor units of the policy's currency; index units of the peril.
    Holds:  I-23 (at most the sum, monotone, rounded down: the remainder stays with the pool).
    Raises: InputRefused for terms that no contract takes.
    Source: contracts/src/DisruptionCover.sol, _payoutAt; contracts/src/lib/Payout.sol.
    """
    if terms.kind == Kind.THRESHOLD:
        return threshold_payout(terms.sum, index, terms.attach)
    if terms.kind == Kind.STEPPED:
        return stepped_payout(index, terms.step_at, terms.step_pays)
    return linear_payout(terms.sum, index, terms.attach, terms.exhaust)


def linear_payout(sum_minor: int, index: int, attach: int, exhaust: int) -> int:
    """Nothing below attach, the sum at exhaust, linear between, rounded down.

    Units:  minor units; index units of the peril.
    Holds:  I-23.
    Raises: InputRefused unless exhaust is above attach.
    """
    if exhaust <= attach:
        raise InputRefused(f"exhaust {exhaust} must be above attach {attach}", field="exhaust")
    if index < attach:
        return 0
    if index >= exhaust:
        return sum_minor
    return floor_share(sum_minor, index - attach, exhaust - attach)


def threshold_payout(sum_minor: int, index: int, attach: int) -> int:
    """The sum at attach and above, nothing below. Holds: I-23."""
    return 0 if index < attach else sum_minor


def stepped_payout(index: int, step_at: Sequence[int], step_pays: Sequence[int]) -> int:
    """What the highest step pays that the index reaches; nothing below the first. Holds: I-23."""
    return max((pays for at, pays in zip(step_at, step_pays, strict=True) if at <= index), default=0)


def payout_without_data(sum_minor: int, no_data_bps: int) -> int:
    """Share of the sum for a day that the observers signed as without data, rounded down (O11)."""
    return floor_share(sum_minor, no_data_bps, WHOLE_BPS)


def is_stairs(
    sum_minor: int, attach: int, exhaust: int, step_at: Sequence[int], step_pays: Sequence[int]
) -> bool:
    """Whether 1 to 8 steps rise in both columns, from attach to exhaust and to the sum."""
    if not 1 <= len(step_at) <= MOST_STEPS or len(step_at) != len(step_pays):
        return False
    ends = (step_at[0], step_at[-1], step_pays[-1])
    columns = (step_at, (0, *step_pays))
    rising = all(low < high for column in columns for low, high in pairwise(column))
    return rising and ends == (attach, exhaust, sum_minor)
