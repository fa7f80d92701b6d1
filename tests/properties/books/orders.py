"""One order as the books know it: what was signed, what was attested, what was paid (R1-R6, R12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.properties.books.arithmetic import (
    ACCEPTED,
    CLEARED,
    CLOSED,
    ON_ARRIVAL,
    ON_RELEASE,
    RELEASED,
    WHOLE_BPS,
)


@dataclass(repr=False)
class Version:
    """One version of a funder's offer; it never changes (I-06)."""

    number: int
    order_cap: int
    rate_bps: int
    late_bps: int
    fee_bps: int
    advances: dict[int, int]
    basis: int
    grace_s: int
    recourse: bool
    expiry: int
    commitment_bps: int = 0
    longest_s: int = 0

    def __repr__(self) -> str:
        return f"<version {self.number}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    def most(self, claim: int) -> int:
        """What is ever lent of a claim."""
        return claim * max(self.advances.values()) // WHOLE_BPS

    def advance(self, phase: int) -> int:
        """Basis points of the claim in a phase."""
        return self.advances[min(phase, RELEASED)]


@dataclass(repr=False)
class Line:
    """A funder's line over all its versions."""

    id: int
    funder: str
    currency: int
    limit: int
    versions: list[Version]
    committed: bool = False
    lost: int = 0

    def __repr__(self) -> str:
        return f"<line {self.id}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    @property
    def standing(self) -> Version:
        """The version on the table."""
        return self.versions[-1]


@dataclass
class Loan:
    """What the order owes its lender, and whether more may be drawn."""

    principal: int = 0
    accrued: int = 0
    since: int = 0
    draws: int = 0
    is_open: bool = True
    written_off: bool = False
    exact: Fraction = Fraction(0)
    steps: int = 0


@dataclass
class Share:
    """A leaf that was cut out of an order's face."""

    id: int
    holder: str
    face: int
    reduced: int = 0
    paid: int = 0
    settlements: int = 0

    @property
    def claim(self) -> int:
        """E of this leaf."""
        return self.face - self.reduced

    @property
    def open(self) -> int:
        """What of it is neither paid nor reduced (R1)."""
        return self.claim - self.paid


@dataclass
class Guarantee:
    """Cash that a guarantor locked behind an order, and what it paid for the buyer (R13)."""

    guarantor: str
    left: int
    expiry: int
    claim: int = 0


@dataclass(repr=False)
class Order:
    """One order, its receivable and its loan; of a split order the sums are those of its own leaf."""

    id: int
    buyer: str
    supplier: str
    currency: int
    face: int
    settle_on: int
    fund_by: int
    tenor_s: int
    late_bps: int
    duty_cap: int
    expiry: int
    jurisdiction: int
    line: Line | None = None
    version: Version | None = None
    loan: Loan | None = None
    holder: str = ""
    phase: int = ACCEPTED
    hold: bool = False
    lapsed: bool = False
    is_locked: bool = False
    is_touched: bool = False  # something was paid on the claim, or it lapsed
    reduced: int = 0
    paid: int = 0
    disputed: int = 0
    until: int = 0
    disputes: int = 0
    amendments: int = 0
    arbiter: str | None = None
    arrived_at: int = 0
    released: int = 0
    most_released: int = 0
    seq: int = 0
    settlements: int = 0
    due: int = 0
    duty_demanded: int = 0
    duty_paid: int = 0
    treasury: str = ""
    late: int | None = None  # millionths, None while the buyer is not late
    late_since: int = 0
    late_frozen: int = 0
    evidence: list[tuple[int, frozenset[str]]] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    guarantee: Guarantee | None = None

    def __repr__(self) -> str:
        return f"<order {self.id % 10_000} of {self.face}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    @cached_property
    def reserve_account(self) -> int:
        """The ledger's account of cash set aside for the order's undrawn reserve."""
        return int.from_bytes(keccak(encode(["string", "uint256"], ["reserve", self.id])), "big")

    @cached_property
    def undertaking_account(self) -> int:
        """The ledger's account of a guarantor's cash behind the order."""
        return int.from_bytes(keccak(encode(["string", "uint256"], ["undertaking", self.id])), "big")

    @property
    def claim(self) -> int:
        """E."""
        return self.face - self.reduced

    @property
    def open(self) -> int:
        """What is neither paid nor reduced (R1)."""
        return self.face - self.reduced - self.paid

    @property
    def leaves(self) -> tuple[Order | Share, ...]:
        """The order's own leaf, then its shares."""
        return (self, *self.shares)

    @property
    def whole(self) -> int:
        """F0 (R1)."""
        return sum(leaf.face for leaf in self.leaves)

    @property
    def whole_claim(self) -> int:
        """E of all leaves."""
        return sum(leaf.claim for leaf in self.leaves)

    @property
    def whole_open(self) -> int:
        """What is open in all leaves."""
        return sum(leaf.open for leaf in self.leaves)

    @property
    def is_closed(self) -> bool:
        """I-09."""
        return self.phase == CLOSED

    @property
    def base(self) -> int:
        """Maturity without the grace."""
        return self.due or self.expiry

    @property
    def delivered(self) -> int:
        """D of R2 for the order's own leaf."""
        return self.delivered_of(self)

    def delivered_of(self, leaf: Order | Share) -> int:
        """D of R2; after a lapse E is the delivered part already."""
        if self.lapsed:
            return min(leaf.claim, leaf.face * self.released // self.whole)
        return leaf.claim * self.released // self.whole

    @property
    def undelivered(self) -> list[int]:
        """What a lapse cuts of each leaf (R4): of goods cleared on their way that never came, all unpaid."""
        return [leaf.open for leaf in self.leaves] if self.waits_for_arrival else self.refused_part

    @property
    def refused_part(self) -> list[int]:
        """What a refusal cuts of each leaf: of the claim what is neither delivered nor paid."""
        return [leaf.claim - max(leaf.paid, self.delivered_of(leaf)) for leaf in self.leaves]

    @property
    def is_met(self) -> bool:
        """Whether the order's condition is, now."""
        at = RELEASED if self.settle_on == ON_RELEASE else CLEARED
        return not self.hold and self.phase >= at and not self.waits_for_arrival

    @property
    def waits_for_arrival(self) -> bool:
        """Whether a carrier's word is the missing half of the condition."""
        return self.settle_on == ON_ARRIVAL and not self.arrived_at

    def is_due(self, now: int) -> bool:
        """Whether something of it is due, though nobody may have said yet that it is unpaid."""
        if self.tenor_s:
            return bool(self.due and now >= self.due)
        return self.is_met and self.delivered > self.paid + self.disputed

    @property
    def use(self) -> int:
        """R10: what the order takes of its line."""
        if self.loan is None or self.version is None:
            return 0
        if not self.loan.is_open:
            return 0 if self.loan.written_off else self.loan.principal
        return max(self.loan.principal, self.version.most(self.claim))
