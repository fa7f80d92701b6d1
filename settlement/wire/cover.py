"""Parametric cover: pools, policies, observations."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from settlement.wire.model import Answer, Day, HexId, IndexValue, Instant, MemberNumber, SignatureText, Wish
from settlement.wire.order import AmountBody, MinorText

PERIL_LIMIT: Final = 1 << 16

Place = Annotated[str, Field(pattern=r"^[A-Z]{2}[A-Z2-9]{3}$", description="UN/LOCODE")]
Peril = Annotated[
    int, Field(strict=True, ge=1, lt=PERIL_LIMIT, description="1 port closed, 2 wind, 3 quake, 4 delay")
]


class PoolWish(Wish):
    """Free cash the insurer moves into its pool's capital."""

    amount: AmountBody


class Pool(Answer):
    """An insurer's capital in one currency; what is locked stands behind policies."""

    id: HexId
    insurer: int
    capital: AmountBody
    locked: AmountBody


class PolicyWish(Wish):
    """Terms that insurer and insured both sign.

    Units:  ``sum`` and ``premium`` in minor units of the order's currency; ``attach`` and ``exhaust`` in index units.
    """

    insurer: MemberNumber
    insured: MemberNumber
    order: HexId
    sum: MinorText
    premium: MinorText
    peril: Peril
    place: Place
    first_day: Day
    last_day: Day
    attach: IndexValue
    exhaust: IndexValue
    waiting_days: Annotated[int, Field(strict=True, ge=1, le=365)] = 1


class Payout(Answer):
    """What a policy paid: to the lender first, then to the insured (I-25)."""

    index: int
    payout: AmountBody
    to_loss_payee: AmountBody
    to_insured: AmountBody
    hash: str | None


class Policy(Answer):
    """A policy as bought."""

    id: HexId
    order: HexId
    insurer: int
    insured: int
    sum: AmountBody
    premium: AmountBody
    peril: int
    place: str
    first_day: int
    last_day: int
    attach: int
    exhaust: int
    is_settled: bool
    is_triggered: bool
    paid: Payout | None


class ObservationWish(Wish):
    """One observer's signed reading for a peril, place and day."""

    peril: Peril
    place: Place
    day: Day
    value: IndexValue
    observed_at: Instant
    deadline_at: Instant
    signature: SignatureText


class Observation(Answer):
    """One reading on chain."""

    observer: str
    value: int
    observed_at: Instant


class Bucket(Answer):
    """All readings for one peril, place and day; ``median`` once fixed."""

    id: HexId
    peril: int | None
    place: str | None
    day: int | None
    is_fixed: bool
    median: int | None
    observations: list[Observation]
