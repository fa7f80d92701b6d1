"""What is due under an order and who gets what of a payment: the Python twin of the contracts' arithmetic. Pure.

Source: CONTRACTS.md R2, R3, R5, R8, R12; contracts/src/lib/Waterfall.sol and OrderSettlement.sol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from settlement.money import ceil_ratio, floor_share

WHOLE_BPS = 10_000


def delivered_down(
    whole_minor: int, face_minor: int, claim_minor: int, released_minor: int, *, is_lapsed: bool
) -> int:
    """What is due by delivery: the claim's released share; the fraction stays with the buyer (R2).

    After a lapse the claim is the delivered part already; a release taken back since is not paid.

    Units:  minor units; ``whole_minor`` is the order's face before any split, ``face_minor`` this leaf's, and
            ``claim_minor`` that less what was reduced.
    Holds:  I-17.
    """
    if is_lapsed:
        return min(claim_minor, floor_share(face_minor, released_minor, whole_minor))
    return floor_share(claim_minor, released_minor, whole_minor)


def pro_rata_down(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Parts of an amount by weight; what rounding leaves is in none of them (R5).

    Units:  minor units.
    """
    whole = sum(weights)
    return [floor_share(amount_minor, weight, whole) if whole else 0 for weight in weights]


def payable(delivered_minor: int, paid_minor: int, *, is_met: bool) -> int:
    """What may be paid now: nothing under a hold, before the condition or before the due date (R3).

    Holds:  I-19.
    """
    return max(0, delivered_minor - paid_minor) if is_met else 0


def duty_due(demanded_minor: int, cap_minor: int, paid_minor: int) -> int:
    """Duty still to be taken: what is demanded, within what the buyer signed, less what was paid (R12)."""
    return max(0, min(demanded_minor, cap_minor) - paid_minor)


@dataclass(frozen=True)
class Payment:
    """One settlement of a buyer; what is missing stays unpaid.

    Units:  minor units. ``from_hold`` and ``from_free`` are where face and late charge come from.
    """

    face_minor: int
    late_minor: int
    duty_minor: int
    from_hold_minor: int
    from_free_minor: int


def pay(face_minor: int, late_minor: int, duty_minor: int, held_minor: int, free_minor: int) -> Payment:
    """Pay face, then late charge, from the order's hold, then free cash; duty from free cash only (R5, R6, R12).

    Holds:  I-14.
    """
    cash = held_minor + free_minor
    face = min(face_minor, cash)
    late = min(late_minor, cash - face)
    from_hold = min(held_minor, face + late)
    from_free = face + late - from_hold
    return Payment(face, late, min(duty_minor, free_minor - from_free), from_hold, from_free)


@dataclass(frozen=True)
class Shares:
    """How one payment is split.

    Units:  minor units.
    """

    interest_minor: int
    principal_minor: int
    holder_minor: int


def split(payment_minor: int, interest_minor: int, principal_minor: int) -> Shares:
    """Lender's interest, then its principal, the rest to the holder (R8).

    Holds:  I-14 (the shares add up to the payment), I-15 (the holder comes last).
    Source: contracts/src/lib/Waterfall.sol, split.
    """
    to_interest = min(payment_minor, interest_minor)
    to_principal = min(payment_minor - to_interest, principal_minor)
    return Shares(to_interest, to_principal, payment_minor - to_interest - to_principal)


def share_down(value_minor: int, bps: int) -> int:
    """A share in basis points, rounded down: advances."""
    return floor_share(value_minor, bps, WHOLE_BPS)


def share_up(value_minor: int, bps: int) -> int:
    """A share in basis points, rounded up: fees."""
    return ceil_ratio(value_minor * bps, WHOLE_BPS)
