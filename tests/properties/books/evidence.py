"""Committees by jurisdiction, and the states they attest (I-17 to I-20)."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.properties.books.network import ACTIVE, SUSPENDED
from tests.properties.books.orders import Order
from tests.properties.books.refusals import Refusals
from tests.properties.books.shares import ShareBook

GRACE_S = 2 * 3600


@dataclass
class Committee:
    """The present committee of one jurisdiction; seats in the order of their indices."""

    jurisdiction: int
    threshold: int
    treasury: str
    seats: tuple[str, ...]
    status: dict[str, int] = field(default_factory=dict)
    reserves: list[str] = field(default_factory=list)  # not asked yet, in their order
    former: tuple[
        str, ...
    ] = ()  # those of the version before, in the order of their indices, who still count
    former_threshold: int = 0
    grace_until: int = 0
    size: int = 0

    def __post_init__(self) -> None:
        self.size = len(self.seats)

    def is_active(self, name: str) -> bool:
        """Whether this member's signature counts."""
        return self.status.get(name, ACTIVE) == ACTIVE and name in self.seats

    @property
    def minority(self) -> int:
        """Seats that may set a hold."""
        return -(-self.size // 3)

    def in_grace(self, now: int) -> tuple[str, ...]:
        """Seats of the version before that count now: suspension bites inside the grace."""
        return self.former if now <= self.grace_until else ()

    def is_former_quorum(self, now: int, signers: tuple[str, ...]) -> bool:
        """Whether all these are of the version before, in its order, and enough for it."""
        known = self.in_grace(now)
        places = [known.index(name) for name in signers if name in known]
        is_theirs = len(places) == len(signers) and places == sorted(set(places))
        return bool(signers) and is_theirs and len(signers) >= self.former_threshold

    def call_reserves(self) -> None:
        """They move up in their order until k seats count again."""
        while len(self.active) < self.threshold and self.reserves:
            self.seats = (*self.seats, self.reserves.pop(0))

    @property
    def active(self) -> tuple[str, ...]:
        """Seats that count, ascending."""
        return tuple(name for name in self.seats if self.is_active(name))


@dataclass(frozen=True)
class State:
    """The content of an attestation."""

    jurisdiction: int
    seq: int
    phase: int
    hold: bool
    refused: bool
    released: int
    duty: int


@dataclass
class EvidenceBook(ShareBook):
    """Who may attest, and what an attestation does."""

    committees: dict[int, Committee] = field(default_factory=dict)
    proven: set[tuple[str, int, int]] = field(
        default_factory=set
    )  # seat, order and number of an equivocation

    def seat(self, committee: Committee) -> None:
        """A new version of a committee: all former seats end, but for two hours in which they count among themselves."""
        before = self.committees.get(committee.jurisdiction)
        if before is not None:
            committee.former, committee.former_threshold = before.active, before.threshold
            committee.grace_until = self.now + GRACE_S
        self.committees[committee.jurisdiction] = committee

    def name_reserves(self, jurisdiction: int, names: tuple[str, ...]) -> None:
        """A governance act: who moves up where fewer than k seats count; in place of all who were named before."""
        committee = self.committees[jurisdiction]
        no = Refusals()
        no.when(set(names) & set(committee.seats) or len(set(names)) < len(names), "InvalidCommittee")
        no.stand()
        committee.reserves = list(names)
        committee.call_reserves()

    def counts(self, name: str) -> bool:
        """Whether a seat's signature counts now, in its version or by grace."""
        every = self.committees.values()
        return any(one.is_active(name) or name in one.in_grace(self.now) for one in every)

    def suspend_seat(self, name: str) -> None:
        """A governance act; bites at once, also inside the grace."""
        no = Refusals()
        no.when(not self.counts(name), "SeatNotActive")
        no.stand()
        for committee in self.committees.values():
            if committee.is_active(name):
                committee.status[name] = SUSPENDED
            committee.former = tuple(one for one in committee.former if one != name)
            committee.call_reserves()

    def ask_signers(
        self, no: Refusals, jurisdiction: int, signers: tuple[str, ...], needed: int | None = None
    ) -> None:
        """I-17: so many distinct active seats of this jurisdiction, in ascending order; else a quorum by grace."""
        committee = self.committees[jurisdiction]
        if needed is None:
            needed = committee.threshold
            if committee.is_former_quorum(self.now, signers):
                return
        no.when(not signers, "InvalidSignatureLength")
        no.when(any(not committee.is_active(name) for name in signers), "SeatNotActive")
        known = [committee.seats.index(name) for name in signers if name in committee.seats]
        no.when(known != sorted(set(known)), "SeatsNotAscending")
        no.when(len(signers) < needed, "TooFewSignatures")

    def attest(self, order: Order, state: State, signers: tuple[str, ...]) -> None:
        """Take over a state and pay what became payable."""
        no = Refusals()
        self.ask_signers(no, state.jurisdiction, signers)
        self._ask_news(no, order, state)
        no.stand()
        self._apply(order, state, signers)

    def attest_batch(
        self, jurisdiction: int, items: tuple[tuple[Order, State], ...], signers: tuple[str, ...]
    ) -> None:
        """The same for several states; one that adds nothing is passed over in silence."""
        no = Refusals()
        self.ask_signers(no, jurisdiction, signers)
        no.when(any(state.jurisdiction != jurisdiction for _, state in items), "BatchOfManyJurisdictions")
        no.stand()
        for order, state in items:
            news = Refusals()
            self._ask_news(news, order, state)
            if not news.any:
                self._apply(order, state, signers)

    def ask_hold(self, order: Order, jurisdiction: int, seq: int, signers: tuple[str, ...]) -> None:
        """A third of the seats, rounded up, stops payment of the state that the order has."""
        no = Refusals()
        self.ask_signers(no, jurisdiction, signers, self.committees[jurisdiction].minority)
        no.when(order.is_closed, "OrderClosed")
        no.when(jurisdiction != order.jurisdiction, "WrongJurisdiction")
        no.when(seq != order.seq, "StaleSequence")
        no.when(order.hold, "OnHold")
        no.stand()
        self.count_late(order)
        order.hold = True

    def prove_equivocation(self, name: str, order: Order, seq: int, *, is_contradiction: bool) -> None:
        """I-21: two contents for one (order, seq) suspend the seat, once."""
        no = Refusals()
        no.when(not is_contradiction, "NoContradiction")
        no.when(not self.counts(name), "SeatNotActive")
        no.when((name, order.id, seq) in self.proven, "AlreadyProven")
        no.stand()
        self.proven.add((name, order.id, seq))
        self.suspend_seat(name)

    def _ask_news(self, no: Refusals, order: Order, state: State) -> None:
        no.when(order.is_closed, "OrderClosed")
        no.when(state.jurisdiction != order.jurisdiction, "WrongJurisdiction")
        no.when(state.seq <= order.seq, "StaleSequence")
        no.when(not 1 <= state.phase <= 4, "PhaseNotAttestable")

    def _apply(self, order: Order, state: State, signers: tuple[str, ...]) -> None:
        self._take(order, state)
        order.evidence.append((state.seq, frozenset(signers)))
        if state.refused and not order.lapsed:
            self.reduce_undelivered(order, order.refused_part)
        self.lock(order)
        self.call_guarantor(order)
        self.pay(order)

    def _take(self, order: Order, state: State) -> None:
        self.count_late(order)
        was_held = order.hold
        order.seq = state.seq
        order.phase, order.hold, order.released = state.phase, state.hold, min(state.released, order.whole)
        order.most_released = max(order.most_released, order.released)
        if order.duty_cap:
            order.duty_demanded, order.treasury = state.duty, self.committees[state.jurisdiction].treasury
        if order.released == order.whole:
            self.set_due(order)
        if was_held and not state.hold and order.due and order.due < self.now:
            self.move_due(order, self.now)
