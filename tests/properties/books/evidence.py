"""Committees by jurisdiction, and the states they attest (I-17 to I-20)."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.properties.books.network import ACTIVE, SUSPENDED
from tests.properties.books.orders import Order
from tests.properties.books.refusals import Refusals
from tests.properties.books.shares import ShareBook


@dataclass
class Committee:
    """The present committee of one jurisdiction; seats in the order of their indices."""

    jurisdiction: int
    threshold: int
    treasury: str
    seats: tuple[str, ...]
    status: dict[str, int] = field(default_factory=dict)

    def is_active(self, name: str) -> bool:
        """Whether this member's signature counts."""
        return self.status.get(name, ACTIVE) == ACTIVE and name in self.seats

    @property
    def minority(self) -> int:
        """Seats that may set a hold."""
        return -(-len(self.seats) // 3)

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

    def seat(self, committee: Committee) -> None:
        """A new version of a committee: all former seats end."""
        self.committees[committee.jurisdiction] = committee

    def suspend_seat(self, name: str) -> None:
        """A governance act; bites at once."""
        for committee in self.committees.values():
            if name in committee.seats:
                committee.status[name] = SUSPENDED

    def ask_signers(self, no: Refusals, jurisdiction: int, signers: tuple[str, ...], needed: int) -> None:
        """I-17: so many distinct active seats of this jurisdiction, in ascending order."""
        committee = self.committees[jurisdiction]
        no.when(not signers, "InvalidSignatureLength")
        no.when(any(not committee.is_active(name) for name in signers), "SeatNotActive")
        known = [committee.seats.index(name) for name in signers if name in committee.seats]
        no.when(known != sorted(set(known)), "SeatsNotAscending")
        no.when(len(signers) < needed, "TooFewSignatures")

    def attest(self, order: Order, state: State, signers: tuple[str, ...]) -> None:
        """Take over a state and pay what became payable."""
        no = Refusals()
        self.ask_signers(no, state.jurisdiction, signers, self.committees[state.jurisdiction].threshold)
        self._ask_news(no, order, state)
        no.stand()
        self._apply(order, state, signers)

    def attest_batch(
        self, jurisdiction: int, items: tuple[tuple[Order, State], ...], signers: tuple[str, ...]
    ) -> None:
        """The same for several states; one that adds nothing is passed over in silence."""
        no = Refusals()
        self.ask_signers(no, jurisdiction, signers, self.committees[jurisdiction].threshold)
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

    def prove_equivocation(self, name: str, *, is_contradiction: bool) -> None:
        """I-21: two contents for one (order, seq) suspend the seat."""
        no = Refusals()
        no.when(not is_contradiction, "NoContradiction")
        no.when(not any(one.is_active(name) for one in self.committees.values()), "SeatNotActive")
        no.stand()
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
