"""What the parties change after acceptance: amendment, cancellation, credit note, dispute, arrival (R1, R4, R10, R11)."""

from __future__ import annotations

from dataclasses import dataclass

from tests.properties.books.arithmetic import AT_ACCEPTANCE, DAY, DECISION_S, ON_ARRIVAL, RELEASED
from tests.properties.books.network import ARBITER, BUYER, CARRIER, FUNDER, SUPPLIER
from tests.properties.books.orders import Order
from tests.properties.books.refusals import Refusals
from tests.properties.books.settlement import SettlementBook


@dataclass(frozen=True)
class NewTerms:
    """All terms that an amendment may change, whole."""

    version: int
    face: int
    settle_on: int
    tenor_s: int
    late_bps: int
    duty_cap: int
    expiry: int
    arbiter: str | None


@dataclass
class ChangesBook(SettlementBook):
    """Every change is signed by all whose claim it touches (docs/decisions/0021)."""

    def is_reserved(self, order: Order) -> bool:
        """Whether the line keeps headroom for more draws."""
        return order.loan is not None and order.loan.is_open and not order.is_touched

    def ask_parties(self, no: Refusals, order: Order) -> None:
        """Buyer, supplier and another holder sign, each in good standing."""
        self.ask_standing(no, order.buyer, BUYER)
        self.ask_standing(no, order.supplier, SUPPLIER)
        self.ask_standing(no, order.holder, 0)

    def ask_funder(self, no: Refusals, order: Order) -> None:
        """Its lender signs, in good standing."""
        if order.line is not None:
            self.ask_standing(no, order.line.funder, FUNDER)

    def lent(self, order: Order) -> int:
        """Principal out."""
        return order.loan.principal if order.loan else 0

    def amend(self, order: Order, new: NewTerms) -> None:
        """New terms before any release; the reserve is tested again and locked cash follows the face."""
        no = Refusals()
        no.when(order.shares, "OrderIsSplit")
        no.when(order.is_closed, "OrderClosed")
        no.when(order.disputed, "UnderDispute")
        no.when(new.version != order.amendments, "VersionSuperseded")
        is_under_way = order.phase >= RELEASED or order.released or order.paid or order.due or order.duty_paid
        no.when(is_under_way or order.lapsed or order.late is not None, "NotAmendable")
        no.when(new.face <= order.reduced, "FaceOutOfRange")
        no.when(new.expiry <= self.now, "OrderExpired")
        no.when(new.expiry > self.now + 730 * DAY, "ExpiryTooFar")
        no.when(new.tenor_s > 365 * DAY, "TenorTooLong")
        if new.arbiter is not None:
            self.ask_standing(no, new.arbiter, ARBITER)
            self.ask_outsider(no, order, new.arbiter)
        self.ask_parties(no, order)
        self.ask_open(no, order.currency, order.buyer, order.supplier)
        if self.is_reserved(order) or self.lent(order):
            self.ask_funder(no, order)
            self._ask_larger_reserve(no, order, new)
        missing = max(0, new.face - order.reduced - self.held(order)) if order.fund_by == AT_ACCEPTANCE else 0
        no.when(missing > self.free(order), "BuyerShort")
        no.stand()
        self._take_terms(order, new)
        self.move(order.currency, order.buyer, order.id, missing)
        if not missing:
            self.give_back(order, 0)

    def _ask_larger_reserve(self, no: Refusals, order: Order, new: NewTerms) -> None:
        line, version, face = order.line, order.version, new.face
        assert line is not None
        assert version is not None
        claim = face - order.reduced
        no.when(claim > order.claim and face > version.order_cap, "OrderCapExceeded")
        no.when(self.lent(order) > version.most(claim), "AdvanceExceeded")
        is_long = version.longest_s and new.expiry + new.tenor_s > self.now + version.longest_s
        no.when(is_long, "LifeTooLong")
        if self.is_reserved(order):
            more = max(self.lent(order), version.most(claim)) - order.use
            no.when(more > 0 and self.used(line) + more > line.limit, "LimitExceeded")
            if line.committed:
                self.ask_payer(no, order.currency, line.funder, max(0, more))

    def _take_terms(self, order: Order, new: NewTerms) -> None:
        if order.loan and self.now > order.base:
            self.accrue(order)
        order.face, order.settle_on, order.tenor_s = new.face, new.settle_on, new.tenor_s
        order.late_bps, order.expiry, order.arbiter = new.late_bps, new.expiry, new.arbiter
        order.duty_cap = new.duty_cap
        if not new.duty_cap:
            order.duty_demanded, order.treasury = 0, ""
        order.amendments += 1
        self.fit_reserve(order)

    def cancel(self, order: Order, version: int) -> None:
        """The whole claim is given up; nothing was paid, nothing is lent."""
        no = Refusals()
        no.when(order.shares, "OrderIsSplit")
        no.when(order.is_closed, "OrderClosed")
        no.when(version != order.amendments, "VersionSuperseded")
        no.when(order.paid, "AlreadyPaid")
        no.when(order.disputed, "UnderDispute")
        no.when(self.lent(order), "LoanOutstanding")
        self.ask_parties(no, order)
        if self.is_reserved(order):
            self.ask_funder(no, order)
        no.stand()
        self.reduce(order, order.claim)
        order.late, order.late_since = (None, 0) if order.late is None else (0, self.now)
        self.pay(order)

    def credit(self, order: Order, amount: int) -> None:
        """R4: at most what is neither paid nor disputed; excess falls due from the supplier (R11)."""
        no = Refusals()
        no.when(order.shares, "OrderIsSplit")
        no.when(order.is_closed, "OrderClosed")
        no.when(not 0 < amount <= order.open - order.disputed, "CreditOutOfRange")
        self.ask_standing(no, order.buyer, BUYER)
        self.ask_standing(no, order.holder, 0)
        if self.lent(order):
            self.ask_funder(no, order)
        no.stand()
        self.count_late(order)
        self.reduce(order, amount)
        self.give_back(order, 0)
        self.pay(order)

    def dispute(self, order: Order, amount: int, index: int) -> None:
        """The buyer withholds a part, and funds it as far as the hold lacks it."""
        locked = min(amount, max(0, order.open - self.held(order)))
        no = Refusals()
        no.when(order.shares, "OrderIsSplit")
        no.when(order.is_closed, "OrderClosed")
        no.when(order.disputed, "UnderDispute")
        no.when(index != order.disputes, "DisputeIndexUsed")
        no.when(not 0 < amount <= order.open, "DisputeOutOfRange")
        self.ask_standing(no, order.buyer, BUYER)
        no.when(locked > self.free(order), "BuyerShort")
        no.stand()
        self.count_late(order)
        order.disputed, order.until = amount, self.now + DECISION_S
        order.disputes += 1
        self.move(order.currency, order.buyer, order.id, locked)
        self.pay(order)

    def _ask_dispute(self, no: Refusals, order: Order, upheld: int, index: int) -> None:
        no.when(order.is_closed, "OrderClosed")
        no.when(order.shares, "OrderIsSplit")
        no.when(not order.disputed, "NotDisputed")
        no.when(index != order.disputes - 1, "DisputeIndexUsed")
        no.when(upheld > order.disputed, "DisputeOutOfRange")

    def resolve(self, order: Order, upheld: int, index: int) -> None:
        """The parties agree; the lender too where it costs security."""
        no = Refusals()
        self._ask_dispute(no, order, upheld, index)
        self.ask_parties(no, order)
        if upheld and self.lent(order):
            self.ask_funder(no, order)
        no.stand()
        self._end(order, upheld)

    def arbitrate(self, order: Order, upheld: int, index: int, arbiter: str) -> None:
        """The arbiter decides within its time."""
        no = Refusals()
        self._ask_dispute(no, order, upheld, index)
        no.when(self.now > order.until, "DecisionOverdue")
        self.ask_standing(no, arbiter, ARBITER)
        self.ask_outsider(no, order, arbiter)
        no.when(order.arbiter not in {None, arbiter}, "NotSignedBy")
        no.stand()
        self._end(order, upheld)

    def dismiss(self, order: Order) -> None:
        """Anyone, after the deadline, in the supplier's favour."""
        no = Refusals()
        no.when(order.is_closed, "OrderClosed")
        no.when(order.shares, "OrderIsSplit")
        no.when(not order.disputed, "NotDisputed")
        no.when(self.now <= order.until, "NotExpired")
        no.stand()
        self._end(order, 0)

    def _end(self, order: Order, upheld: int) -> None:
        self.count_late(order)
        order.disputed = 0
        self.reduce(order, upheld)
        self.give_back(order, upheld)
        self.pay(order)

    def arrive(self, order: Order, carrier: str, arrived_at: int) -> None:
        """The carrier's word, once: the second half of the condition (docs/decisions/0023)."""
        no = Refusals()
        no.when(order.is_closed, "OrderClosed")
        no.when(order.settle_on != ON_ARRIVAL or order.arrived_at, "ArrivalNotAwaited")
        no.when(not 0 < arrived_at <= self.now, "ArrivedOutOfTime")
        self.ask_standing(no, carrier, CARRIER)
        self.ask_outsider(no, order, carrier)
        no.stand()
        order.arrived_at = arrived_at
        if order.lapsed or order.released == order.whole:
            self.set_due(order)
        # Shares are paid, and the guarantor of a short buyer is called, by the settlement that comes next.
        is_short = self.payable(order) > self.spendable(order) + self.free(order)
        if not order.shares and not (order.guarantee and is_short):
            self.pay(order)

    def ask_outsider(self, no: Refusals, order: Order, name: str) -> None:
        """Who judges has no part in the order."""
        parties = {order.buyer, order.supplier, order.holder, order.line.funder if order.line else ""}
        no.when(name in parties, "PartyOfOrder")

    def reduce(self, order: Order, amount: int) -> None:
        """The claim falls; with nothing left to claim draws end."""
        order.reduced += amount
        if amount and not order.open:
            self.end_draws(order)
        self.fit_reserve(order)

    def give_back(self, order: Order, least: int) -> None:
        """The hold keeps no more than is open."""
        excess = max(least, self.held(order) - order.open)
        self.move(order.currency, order.id, order.buyer, excess)
