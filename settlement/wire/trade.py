"""Orders as the API carries them: terms beside the document, phases, amounts, offers, receivables."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from settlement.wire.act import Act
from settlement.wire.model import (
    Answer,
    BasisPoints,
    Count,
    HexId,
    Instant,
    Jurisdiction,
    LineNumber,
    MemberNumber,
    Version,
    Wish,
)
from settlement.wire.order import AmountBody, MinorText
from settlement.wire.words import FundByWord, SettleOnWord

LinePosition = Annotated[int, Field(strict=True, ge=1, le=5_000)]
OrderPhase = Literal["draft", "accepted", "shipped", "released", "cleared", "settled", "closed", "refused"]


class DeclarationTerm(Wish):
    """A customs declaration that the signed terms name; ``lines`` are positions from 1, none means the whole order."""

    number: Annotated[str, Field(min_length=1, max_length=35)]
    lines: Annotated[list[LinePosition], Field(max_length=5_000)] = Field(default_factory=list)


class OrderTerms(Wish):
    """What both sign beside the document, which gives number, year, currency and face."""

    buyer: MemberNumber
    supplier: MemberNumber
    settle_on: Annotated[
        SettleOnWord,
        Field(
            description="which state of the goods makes released value payable. With `release`, only duty demanded up to "
            "the release is paid, for an order paid in full is closed; `clearance`, or a tenor, keeps it open for the duty"
        ),
    ] = "release"
    fund_by: FundByWord = "never"
    tenor_days: Annotated[int, Field(strict=True, ge=0, le=365)] = 0
    late_bps: BasisPoints = 0
    duty_cap: MinorText = "0"
    jurisdiction: Jurisdiction
    expires_at: Instant
    declarations: Annotated[list[DeclarationTerm], Field(max_length=100)] = Field(default_factory=list)


class OrderWish(Wish):
    """A JSON order and its terms. Order files (UBL) go as multipart: ``file`` and ``terms``."""

    terms: OrderTerms
    document: dict[str, Any]


class AcceptanceWish(Wish):
    """The supplier's acceptance on an eligible line, or on none (both left out)."""

    line: LineNumber | None = None
    version: Version | None = None


class Evidence(Answer):
    """One transaction that did something to the order; ``gas_used`` while its receipt can be read."""

    verb: Literal["accept", "draw", "attest", "settle", "repay", "recourse", "lapse"]
    hash: str
    transaction: str | None = None
    block: int | None = None
    gas_used: int | None = None


class Funding(Answer):
    """The line an order was reserved on."""

    line: int
    version: int
    funder: int


class Settlement(Answer):
    """Cash paid under an order; ``number`` counts from 1. R15: debited = to_funder + to_holder + to_customs."""

    order: str
    number: int
    face: AmountBody
    late: AmountBody
    to_funder: AmountBody
    to_holder: AmountBody
    to_customs: AmountBody
    buyer_debited: AmountBody
    settled_at: Instant
    hash: str | None


class Order(Answer):
    """One order from draft to settled.

    What was lent on it is null to all but its supplier, its holder and its funder: ``drawn``, ``fees``, ``outstanding``,
    ``interest_paid``, ``recovered_from_supplier``, ``funding``, ``maturity_at``; so are the loan's rows of ``evidence``.
    """

    id: HexId
    number: str
    year: int
    phase: OrderPhase
    hold: bool
    refused: bool
    buyer: int
    supplier: int
    holder: int | None
    settle_on: SettleOnWord
    fund_by: FundByWord
    tenor_days: int
    late_bps: int
    jurisdiction: int
    expires_at: Instant
    due_at: Instant | None
    accepted_at: Instant | None
    maturity_at: Instant | None
    face: AmountBody
    open: AmountBody
    paid: AmountBody
    reduced: AmountBody
    released: AmountBody
    duty_cap: AmountBody
    duty_paid: AmountBody
    drawn: AmountBody | None
    fees: AmountBody | None
    outstanding: AmountBody | None
    interest_paid: AmountBody | None
    recovered_from_supplier: AmountBody | None
    funding: Funding | None
    seq: int
    document_root: str | None
    terms_hash: str | None
    source: str | None
    document_sha256: str | None
    settlements: list[Settlement]
    evidence: list[Evidence]
    acts: list[Act]
    reason: str | None


class OrderSummary(Answer):
    """A row of the list of orders."""

    id: HexId
    number: str
    phase: OrderPhase
    buyer: int
    supplier: int
    face: AmountBody
    open: AmountBody
    paid: AmountBody


class Offer(Answer):
    """A line that would lend on this order.

    ``is_committed`` false: pre-approved, not committed. True: its cash is set aside at the acceptance, for a
    ``commitment_fee`` that the supplier pays then.
    """

    line: int
    version: int
    funder: int
    rate_bps: int
    fee_bps: int
    drawable_accepted: AmountBody
    drawable_shipped: AmountBody
    drawable_released: AmountBody
    headroom: AmountBody
    cost_estimate: AmountBody
    estimate_days: int
    is_committed: bool
    commitment_fee: AmountBody


class BasisLine(Answer):
    """One line as customs fold it: quantity and its share of the face."""

    position: int
    id: str
    quantity: str
    unit: str
    value: AmountBody


class Basis(Answer):
    """What a customs member needs to fold messages into the state of an order."""

    order: HexId
    number: str
    jurisdiction: int
    phase: OrderPhase
    seq: int
    face: AmountBody
    duty_cap: AmountBody
    settle_on: SettleOnWord
    expires_at: Instant
    accepted_at: Instant | None
    lines: list[BasisLine]
    declarations: list[DeclarationTerm]


class ProofStep(Answer):
    """The other child's hash on the way up."""

    hash: str
    is_left: bool


class FieldProof(Answer):
    """One field of the order, provable against the root on chain without the others."""

    order: HexId
    root: str
    field: str
    value: str
    salt: str
    siblings: list[ProofStep]


class Receivable(Answer):
    """The right to be paid, as the contract keeps it."""

    id: HexId
    buyer: int
    supplier: int
    holder: int
    phase: OrderPhase
    hold: bool
    face: AmountBody
    paid: AmountBody
    reduced: AmountBody
    open: AmountBody
    released: AmountBody
    due_at: Instant | None
    seq: Count
