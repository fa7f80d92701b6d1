"""What the chain says, as tables: thrown away and rebuilt at will, never edited by hand.

Every row carries the block of its last change. Keys derive from contract identity. Enumerations are the
contracts' numbers (``settlement.chain.bindings.enums``); 256-bit ids are ``0x`` and 64 hex digits.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Index, MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from settlement.store.columns import (
    NAMING,
    amount,
    bound_amounts,
    digits,
    document,
    whole,
)

METADATA = MetaData(naming_convention=NAMING)


class ProjectionTable(SQLModel, registry=registry(metadata=METADATA)):
    """Base of the projection's tables: ``block_number`` is the block of the row's last change."""

    metadata = METADATA

    block_number: int = whole(default=0)


class Member(ProjectionTable, table=True):
    """A member of the network; ``lei`` is the 20-byte hash of its LEI."""

    __tablename__ = "member"

    member: int = whole(key=True)
    lei: str = Field(unique=True)
    account: str = Field(index=True)
    jurisdiction: int = whole()
    roles: int = whole()
    lane: int = whole()
    valid_until_at: int = whole()
    status: int = whole()


class MemberKey(ProjectionTable, table=True):
    """A signing key; the address is checksummed."""

    __tablename__ = "member_key"

    key: str = Field(primary_key=True)
    member: int = whole(index=True)
    scopes: int = whole()
    limit_minor: int = amount()
    status: int = whole()


class ListedCurrency(ProjectionTable, table=True):
    """A currency of the ledger: ISO 4217 number, its token and the token's units per minor unit."""

    __tablename__ = "currency"

    currency: int = whole(key=True)
    token: str
    exponent: int = whole()
    scale: int = digits()


class AccountBalance(ProjectionTable, table=True):
    """One ledger account: a member's free cash, a hold (of an order, a share, an undertaking) or a pool's capital."""

    __tablename__ = "account_balance"
    __table_args__ = (CheckConstraint("kind IN ('member', 'order', 'pool')", name="kind"),)

    currency: int = whole(key=True)
    account: str = Field(primary_key=True)
    balance_minor: int = amount(0)
    kind: str


class Receivable(ProjectionTable, table=True):
    """An accepted order."""

    __tablename__ = "receivable"

    order: str = Field(primary_key=True)
    buyer: int = whole(index=True)
    supplier: int = whole(index=True)
    holder: int = whole(index=True)
    line: int = whole(index=True)
    version: int = whole()
    currency: int = whole()
    jurisdiction: int = whole(index=True)
    phase: int = whole()
    settle_on: int = whole()
    fund_by: int = whole()
    hold: bool = Field(default=False)
    refused: bool = Field(default=False)
    tenor_days: int = whole()
    late_bps: int = whole()
    due_at: int = whole(default=0)
    expiry_at: int = whole()
    seq: int = whole(default=0)
    face_minor: int = amount()
    reduced_minor: int = amount(0)
    paid_minor: int = amount(0)
    released_minor: int = amount(0)
    duty_cap_minor: int = amount(0)
    duty_paid_minor: int = amount(0)
    duty_demanded_minor: int = amount(0)
    late_accrued: int = digits()
    late_since_at: int = whole(default=0)
    lapsed: bool = Field(default=False)
    draws_closed: bool = Field(default=False)
    settlements: int = whole(default=0)
    disputed_minor: int = amount(0)
    dispute_until_at: int = whole(default=0)
    disputes: int = whole(default=0)
    amendments: int = whole(default=0)
    arbiter: int = whole(default=0)
    arrived_at: int = whole(default=0)
    number: str
    year: int = whole()
    document_root: str
    terms_hash: str
    accepted_at: int = whole()


class Share(ProjectionTable, table=True):
    """A share of a split order, whose own row keeps the rest of the face; state and dates are the order's."""

    __tablename__ = "share"

    share: str = Field(primary_key=True)
    order: str = Field(index=True)
    number: int = whole()
    holder: int = whole(index=True)
    face_minor: int = amount()
    reduced_minor: int = amount(0)
    paid_minor: int = amount(0)
    settlements: int = whole(default=0)


class Undertaking(ProjectionTable, table=True):
    """The cash a guarantor locked for an order in a ledger account of its own, and what the buyer owes it."""

    __tablename__ = "undertaking"

    order: str = Field(primary_key=True)
    account: str
    guarantor: int = whole()
    left_minor: int = amount()
    claim_minor: int = amount(0)
    expiry_at: int = whole()


class Line(ProjectionTable, table=True):
    """A funder's line as it stands: the terms of its current version are in ``line_version``.

    Units:  ``lost_minor`` is principal written off and not recovered since.
    """

    __tablename__ = "line"

    line: int = whole(key=True)
    funder: int = whole(index=True)
    currency: int = whole()
    limit_minor: int = amount()
    used_minor: int = amount(0)
    order_cap_minor: int = amount()
    version: int = whole()
    committed: bool = Field(default=False)
    lost_minor: int = amount(0)


class LineVersion(ProjectionTable, table=True):
    """The terms of one version of a line; they never change."""

    __tablename__ = "line_version"

    line: int = whole(key=True)
    version: int = whole(key=True)
    limit_minor: int = amount()
    order_cap_minor: int = amount()
    rate_bps: int = whole()
    late_bps: int = whole()
    fee_bps: int = whole()
    advance_accepted_bps: int = whole()
    advance_shipped_bps: int = whole()
    advance_released_bps: int = whole()
    day_count: int = whole()
    grace_days: int = whole()
    recourse: bool
    buyer_lanes: int = whole()
    supplier_lanes: int = whole()
    committed: bool = Field(default=False)
    commitment_bps: int = whole(default=0)
    longest_days: int = whole(default=0)
    expiry_at: int = whole()
    published_at: int = whole()


class Loan(ProjectionTable, table=True):
    """The loan of an order: there from the reserve on, drawn or not.

    Units:  ``accrued_millionths`` is interest in millionths of a minor unit up to ``since_at``.
    """

    __tablename__ = "loan"

    order: str = Field(primary_key=True)
    line: int = whole(index=True)
    version: int = whole()
    reserved_minor: int = amount(0)
    principal_minor: int = amount(0)
    accrued_millionths: int = digits()
    since_at: int = whole(default=0)
    draws: int = whole(default=0)
    drawn_minor: int = amount(0)
    fee_minor: int = amount(0)
    interest_paid_minor: int = amount(0)
    draws_closed: bool = Field(default=False)
    repayments: int = whole(default=0)
    written_off: bool = Field(default=False)


class Draw(ProjectionTable, table=True):
    """One draw; ``index`` counts the order's draws from 0."""

    __tablename__ = "draw"

    order: str = Field(primary_key=True)
    index: int = whole(key=True)
    amount_minor: int = amount()
    fee_minor: int = amount()
    drawn_at: int = whole()
    tx_hash: str


class Repayment(ProjectionTable, table=True):
    """Interest and principal paid on a loan; ``source`` 0 settlement, 1 repayment, 2 recourse, 3 cover."""

    __tablename__ = "repayment"

    order: str = Field(primary_key=True)
    n: int = whole(key=True)
    source: int = whole()
    payer: int = whole()
    interest_minor: int = amount()
    principal_minor: int = amount()
    repaid_at: int = whole()
    tx_hash: str


class Attestation(ProjectionTable, table=True):
    """One recorded customs state of an order."""

    __tablename__ = "attestation"

    order: str = Field(primary_key=True)
    seq: int = whole(key=True)
    phase: int = whole(default=0)
    hold: bool = Field(default=False)
    refused: bool = Field(default=False)
    released_minor: int = amount(0)
    duty_minor: int = amount(0)
    digest: str = Field(default="")
    declarations: str = Field(default="")
    messages: str = Field(default="")
    seat_bitmap: int = digits()
    event_at: int = whole(default=0)
    recorded_at: int = whole()
    tx_hash: str


class Settlement(ProjectionTable, table=True):
    """One payment under an order; ``number`` counts them from 1."""

    __tablename__ = "settlement"

    order: str = Field(primary_key=True)
    number: int = whole(key=True)
    face_minor: int = amount()
    late_minor: int = amount()
    to_funder_minor: int = amount()
    to_holder_minor: int = amount()
    to_customs_minor: int = amount()
    buyer_debited_minor: int = amount()
    settled_at: int = whole()
    tx_hash: str


class Committee(ProjectionTable, table=True):
    """One version of a jurisdiction's customs committee; the highest version sits.

    Until ``grace_until_at`` signatures of the version before still count; 0 for the first.
    """

    __tablename__ = "committee"

    jurisdiction: int = whole(key=True)
    version: int = whole(key=True)
    threshold: int = whole()
    treasury: int = whole()
    grace_until_at: int = whole(default=0)


class CommitteeSeat(ProjectionTable, table=True):
    """One seat of a committee version, in the order its signatures are given."""

    __tablename__ = "committee_seat"

    jurisdiction: int = whole(key=True)
    version: int = whole(key=True)
    seat: int = whole(key=True)
    key: str = Field(index=True)
    member: int = whole(index=True)
    suspended: bool = Field(default=False)


class ObserverSet(ProjectionTable, table=True):
    """One version of the index observers; the highest version sits."""

    __tablename__ = "observer_set"

    version: int = whole(key=True)
    threshold: int = whole()


class ObserverSeat(ProjectionTable, table=True):
    """One observer's key."""

    __tablename__ = "observer_seat"

    version: int = whole(key=True)
    seat: int = whole(key=True)
    key: str


class IndexBucket(ProjectionTable, table=True):
    """The index of one bucket (peril, place, day), named by its hash; ``version`` is that of its observers.

    ``state`` is how it was decided, by IndexState of the contracts, 0 before; held and fixed: people chose the value.
    """

    __tablename__ = "index_bucket"

    bucket: str = Field(primary_key=True)
    version: int = whole(default=0)
    state: int = whole(default=0)
    fixed: bool = Field(default=False)
    median: int = digits()
    observations: int = whole(default=0)


class Observation(ProjectionTable, table=True):
    """One observer's reading; readings of an older version of the observers no longer count."""

    __tablename__ = "observation"

    bucket: str = Field(primary_key=True)
    version: int = whole(key=True)
    observer: str = Field(primary_key=True)
    value: int = digits()
    observed_at: int = whole()
    recorded_at: int = whole()
    tx_hash: str


class Pool(ProjectionTable, table=True):
    """An insurer's capital in one currency, and what is locked for its policies."""

    __tablename__ = "pool"

    pool: str = Field(primary_key=True)
    insurer: int = whole(index=True)
    currency: int = whole()
    capital_minor: int = amount(0)
    locked_minor: int = amount(0)


class Policy(ProjectionTable, table=True):
    """A policy of parametric cover; ``settled`` once paid or expired. ``steps`` reads ``at:pays,at:pays``."""

    __tablename__ = "policy"

    policy: str = Field(primary_key=True)
    order: str = Field(index=True)
    insurer: int = whole(index=True)
    insured: int = whole(index=True)
    currency: int = whole()
    sum_minor: int = amount()
    premium_minor: int = amount()
    payout_minor: int = amount(0)
    peril: int = whole()
    place: str
    first_day: int = whole()
    last_day: int = whole()
    kind: int = whole(default=0)
    attach: int = digits()
    exhaust: int = digits()
    steps: str = Field(default="")
    no_data_bps: int = whole(default=0)
    waiting_days: int = whole()
    nonce: int = digits()
    deadline_at: int = whole()
    bought_at: int = whole()
    settled: bool = Field(default=False)
    terms_hash: str


class CoverPayout(ProjectionTable, table=True):
    """The one payout of a policy, to the order's lender first."""

    __tablename__ = "cover_payout"

    policy: str = Field(primary_key=True)
    bucket: str
    index_value: int = digits()
    payout_minor: int = amount()
    to_loss_payee_minor: int = amount()
    to_insured_minor: int = amount()
    paid_at: int = whole()
    tx_hash: str


class Outbox(ProjectionTable, table=True):
    """What happened, in order, for events, webhooks and the live stream; ``sequence`` counts per order from 1."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_order_sequence", "order", "sequence"),)

    position: int = whole(key=True)
    order: str | None = Field(default=None)
    sequence: int = whole()
    type: str
    body: Any = document()
    block_hash: str
    occurred_at: int = whole()
    tx_hash: str


PROJECTION_TABLES: tuple[type[ProjectionTable], ...] = (
    Member,
    MemberKey,
    ListedCurrency,
    AccountBalance,
    Receivable,
    Share,
    Undertaking,
    Line,
    LineVersion,
    Loan,
    Draw,
    Repayment,
    Attestation,
    Settlement,
    Committee,
    CommitteeSeat,
    ObserverSet,
    ObserverSeat,
    IndexBucket,
    Observation,
    Pool,
    Policy,
    CoverPayout,
    Outbox,
)
"""All of the projection: what `rebuild` makes anew and `state_hash` covers."""

bound_amounts(METADATA)
