"""Committees by jurisdiction, and the states they attest (I-17 to I-20)."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.properties.books.changes import ChangesBook
from tests.properties.books.network import ACTIVE, SUSPENDED
from tests.properties.books.orders import Order
from tests.properties.books.refusals import Refusals


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
class EvidenceBook(ChangesBook):
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

    def ask_quorum(self, no: Refusals, state: State, signers: tuple[str, ...]) -> None:
        """I-17: k distinct active seats of this jurisdiction, in ascending order."""
        committee = self.committees[state.jurisdiction]
        no.when(not signers, "InvalidSignatureLength")
        no.when(any(not committee.is_active(name) for name in signers), "SeatNotActive")
        known = [committee.seats.index(name) for name in signers if name in committee.seats]
        no.when(known != sorted(set(known)), "SeatsNotAscending")
        no.when(len(signers) < committee.threshold, "TooFewSignatures")

    def attest(self, order: Order, state: State, signers: tuple[str, ...]) -> None:
        """Take over a state and pay what became payable."""
        no = Refusals()
        self.ask_quorum(no, state, signers)
        no.when(order.is_closed, "OrderClosed")
        no.when(state.jurisdiction != order.jurisdiction, "WrongJurisdiction")
        no.when(state.seq <= order.seq, "StaleSequence")
        no.when(not 1 <= state.phase <= 4, "PhaseNotAttestable")
        no.stand()
        self._take(order, state)
        order.evidence.append((state.seq, frozenset(signers)))
        if state.refused and not order.lapsed:
            self.reduce_undelivered(order, order.refused_part)
        self.lock(order)
        self.pay(order)

    def _take(self, order: Order, state: State) -> None:
        self.count_late(order)
        was_held = order.hold
        order.seq = state.seq
        order.phase, order.hold, order.released = state.phase, state.hold, min(state.released, order.face)
        order.most_released = max(order.most_released, order.released)
        if order.duty_cap:
            order.duty_demanded, order.treasury = state.duty, self.committees[state.jurisdiction].treasury
        if order.released == order.face:
            self.set_due(order)
        if was_held and not state.hold and order.due and order.due < self.now:
            self.move_due(order, self.now)
