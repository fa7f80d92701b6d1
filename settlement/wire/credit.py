"""Lines and loans."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from settlement.wire.model import Answer, BasisPoints, CurrencyCode, Instant, LineNumber, Wish
from settlement.wire.order import AmountBody, MinorText
from settlement.wire.words import DayCountWord, LaneWord

Lanes = Annotated[list[LaneWord], Field(min_length=1, max_length=3)]

RepaymentSource = Literal["settlement", "repayment", "recourse", "cover"]


def _usual_lanes() -> list[LaneWord]:
    return ["green", "standard"]


class LineWish(Wish):
    """Terms a funder offers: a new line, or with ``line`` a new version of one.

    Units:  ``limit`` and ``order_cap`` in minor units of ``currency``; advances in basis points of the face.
    """

    line: LineNumber | None = None
    currency: CurrencyCode
    limit: MinorText
    order_cap: MinorText
    rate_bps: BasisPoints
    late_bps: BasisPoints = 0
    fee_bps: BasisPoints = 0
    advance_accepted_bps: BasisPoints
    advance_shipped_bps: BasisPoints
    advance_released_bps: BasisPoints
    day_count: DayCountWord = "act/360"
    grace_days: Annotated[int, Field(strict=True, ge=0, le=255)] = 10
    recourse: Annotated[bool, Field(strict=True)] = False
    buyer_lanes: Lanes = Field(default_factory=_usual_lanes)
    supplier_lanes: Lanes = Field(default_factory=_usual_lanes)
    expires_at: Instant


class Line(Answer):
    """A funder's line: the whole limit, what is used of it, what was lost on it, and its current terms.

    ``longest_days`` bounds an order's life from acceptance to its latest due date; 0 does not.
    """

    id: int
    version: int
    funder: int
    limit: AmountBody
    used: AmountBody
    lost: AmountBody
    order_cap: AmountBody
    rate_bps: int
    late_bps: int
    fee_bps: int
    advance_accepted_bps: int
    advance_shipped_bps: int
    advance_released_bps: int
    day_count: DayCountWord
    grace_days: int
    recourse: bool
    buyer_lanes: list[LaneWord]
    supplier_lanes: list[LaneWord]
    is_committed: bool
    commitment_bps: int
    longest_days: int
    expires_at: Instant


class DrawWish(Wish):
    """How much the supplier wants to draw now; the fee is taken out of it."""

    amount: AmountBody


class RepaymentWish(Wish):
    """How much the caller repays from its free cash; at most what is outstanding is taken."""

    amount: AmountBody


class Drawing(Answer):
    """One draw."""

    index: int
    amount: AmountBody
    fee: AmountBody
    drawn_at: Instant
    hash: str | None


class RepaymentMade(Answer):
    """One payment on the loan, by whom and from where: ``payer`` is the buyer of a settlement, the insurer of a cover."""

    source: RepaymentSource
    payer: int
    interest: AmountBody
    principal: AmountBody
    repaid_at: Instant


class Loan(Answer):
    """The loan of an order; its id is the order's. ``interest_due`` is what is due now, rounded up (R7)."""

    id: str
    line: int
    version: int
    funder: int
    principal: AmountBody
    interest_due: AmountBody
    interest_paid: AmountBody
    drawn: AmountBody
    drawable: AmountBody
    due_from_supplier: AmountBody
    maturity_at: Instant | None
    draws_closed: bool
    reason: str | None
    draws: list[Drawing]
    repayments: list[RepaymentMade]
