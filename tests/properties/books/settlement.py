"""Acceptance, what is payable, what a settlement pays, and the lapse (R2-R6, R8, R12, R14, R15)."""

from __future__ import annotations

from dataclasses import dataclass

from tests.properties.books.arithmetic import (
    AT_ACCEPTANCE,
    AT_ONCE,
    AT_RELEASE,
    AT_SHIPMENT,
    CLOSED,
    DAY,
    HOLD_GRACE_S,
    LATE_BASIS,
    POSTING_GRACE_S,
    RELEASED,
    SHIPPED,
    accrual,
    due_up,
)
from tests.properties.books.cash import Account
from tests.properties.books.credit import CreditBook
from tests.properties.books.network import BUYER, SUPPLIER
from tests.properties.books.orders import Line, Loan, Order, Version
from tests.properties.books.refusals import Refusals


@dataclass
class SettlementBook(CreditBook):
    """The verbs of an order."""

    def free(self, order: Order) -> int:
        """What the buyer has free."""
        return self.free_of(order.currency, order.buyer)

    def is_frozen(self, order: Order) -> bool:
        """Whether the buyer's cash stands still."""
        return (order.currency, order.buyer) in self.frozen

    def holds(self) -> list[tuple[int, int]]:
        """All accounts that are nobody's free cash, with their currency."""
        reserves = [(one.reserve_account, one.currency) for one in self.orders.values() if one.line]
        shares = [(share.id, one.currency) for one in self.orders.values() for share in one.shares]
        backed = [(one.undertaking_account, one.currency) for one in self.orders.values() if one.guarantee]
        own = [(order.id, order.currency) for order in self.orders.values()]
        return [*own, *reserves, *shares, *backed]

    def held(self, order: Order) -> int:
        """What the order's hold has."""
        return self.of(order.currency, order.id)

    def spendable(self, order: Order) -> int:
        """What of the hold may be paid: all but the disputed part (R5)."""
        return max(0, self.held(order) - order.disputed)

    def accept(self, order: Order) -> None:
        """R10 for the reserve, fundBy for the buyer's cash."""
        no = Refusals()
        no.when(order.buyer == order.supplier, "PartiesNotDistinct")
        no.when(order.id in self.orders, "AlreadyAccepted")
        no.when(order.face == 0, "FaceOutOfRange")
        no.when(order.expiry <= self.now, "OrderExpired")
        no.when(order.expiry > self.now + 730 * DAY, "ExpiryTooFar")
        no.when(order.tenor_s > 365 * DAY, "TenorTooLong")
        self.ask_standing(no, order.buyer, BUYER)
        self.ask_standing(no, order.supplier, SUPPLIER)
        self.ask_open(
            no, order.currency, order.buyer, order.supplier, *([order.line.funder] if order.line else [])
        )
        self.ask_reserve(no, order, order.line, order.version)
        is_locking = order.fund_by == AT_ACCEPTANCE
        no.when(is_locking and self.free(order) < order.face, "BuyerShort")
        no.stand()
        if is_locking:
            self.move(order.currency, order.buyer, order.id, order.face)
            order.is_locked = True
        order.holder = order.supplier
        order.loan = Loan() if order.line else None
        self.set_aside(order)
        self.orders[order.id] = order

    def move_reserve(self, order: Order, line: Line, version: Version, source: tuple[int, int]) -> None:
        """Another line's standing offer takes the place of an undrawn reserve, which is freed first."""
        no = Refusals()
        present = (order.line.id, order.version.number) if order.line and order.version else (0, 0)
        no.when(source != present, "NotReservedOn")
        no.when(order.loan is not None and order.loan.draws, "AlreadyDrawn")
        is_over = order.is_closed or self.now > order.expiry or order.is_touched or order.late is not None
        no.when(is_over or order.hold or order.disputed or order.is_due(self.now), "DrawsClosed")
        no.when((order.loan and not order.loan.is_open), "DrawsClosed")
        self.ask_standing(no, order.supplier, SUPPLIER)
        self.ask_standing(no, order.buyer, BUYER)
        self.ask_open(no, order.currency, order.supplier, order.buyer, line.funder)
        self.ask_reserve(no, order, line, version)
        no.stand()
        if order.line is not None and order.line.committed:
            rest = self.of(order.currency, order.reserve_account)
            self.move(order.currency, order.reserve_account, order.line.funder, rest)
        order.line, order.version, order.loan = line, version, Loan()
        self.set_aside(order)

    def settle(self, order: Order) -> None:
        """Anyone, when due."""
        late, duty, payable = (
            self._charge(order, self.late_now(order)),
            self._duty_due(order),
            self.payable(order),
        )
        has_any = self._moves_any(order, late, duty)
        is_news = order.late is None and payable > 0 and not self.is_frozen(order)
        is_nothing = payable + late + duty == 0
        no = Refusals()
        no.when(order.is_closed, "OrderClosed")
        no.when(order.hold, "OnHold")
        no.when(is_nothing, "NothingDue")
        is_idle = not is_nothing and not (has_any or is_news)
        no.when(is_idle, "BuyerShort")
        no.when(is_idle and self.is_frozen(order), "NothingDue")
        no.stand()
        self.count_late(order)
        self.call_guarantor(order)
        self.pay(order)

    def _moves_any(self, order: Order, late: int, duty: int) -> bool:
        """Whether there is cash for it; among leaves the last units may round to nothing."""
        dues = self.payables(order)
        cash = self.spendable(order) + self.free(order) + self.callable(order)
        face = min(sum(dues), cash)
        # Duty is never paid out of the hold.
        has_duty = duty > 0 and self.free(order) > 0 and cash > sum(dues) + late
        return any(face * due // sum(dues) for due in dues if due) or (late > 0 and cash > face) or has_duty

    def lapse(self, order: Order) -> None:
        """Anyone, after expiry and posting grace."""
        no = Refusals()
        no.when(order.is_closed, "OrderClosed")
        grace = POSTING_GRACE_S + (HOLD_GRACE_S if order.hold else 0)
        no.when(self.now <= order.expiry + grace, "NotExpired")
        is_over = order.lapsed and not any(order.undelivered) and not self._is_moot(order)
        no.when(is_over, "NothingDue")
        no.stand()
        self.count_late(order)
        self.reduce_undelivered(order, order.undelivered)
        if self._is_moot(order):
            order.late = 0
        self.call_guarantor(order)
        self.pay(order)

    def recourse(self, order: Order) -> None:
        """Anyone, from the supplier."""
        self.take_recourse(order, self.supplier_owes(order))

    def supplier_owes(self, order: Order) -> int:
        """R11."""
        return self.due_from_supplier(order, self.payable(order), sum(self.dues(order)))

    def payable(self, order: Order) -> int:
        """The sum of Y over the leaves."""
        return sum(self.payables(order))

    def payables(self, order: Order) -> list[int]:
        """Y of R3, of each leaf."""
        return self.dues(order) if order.is_met else [0 for _ in order.leaves]

    def dues(self, order: Order) -> list[int]:
        """The same once the condition is met: nothing before the due date, nor after the close."""
        is_early = order.tenor_s and (not order.due or self.now < order.due)
        if order.is_closed or is_early:
            return [0 for _ in order.leaves]
        own = max(0, order.delivered - order.disputed - order.paid)
        return [own, *(max(0, order.delivered_of(share) - share.paid) for share in order.shares)]

    def callable(self, order: Order) -> int:
        """R5: what a guarantor pays of the face where hold and buyer lack it, until its undertaking ends."""
        backing = order.guarantee
        if backing is None or self.now >= backing.expiry:
            return 0
        return min(backing.left, max(0, self.payable(order) - self.spendable(order) - self.free(order)))

    def call_guarantor(self, order: Order) -> None:
        """R13: what it pays goes through the order's hold, and the buyer owes it."""
        called = self.callable(order)
        if order.guarantee is not None and called:
            order.guarantee.left -= called
            order.guarantee.claim += called
            self.move(order.currency, order.undertaking_account, order.id, called)

    def pay(self, order: Order) -> None:
        """R5, R6, R8, R12: face, late charge, duty; the lender first; the hold before free cash."""
        late_due = self._charge(order, order.late or 0)
        dues, duty_due = self.payables(order), self._duty_due(order)
        face_due = sum(dues)
        held = self.spendable(order)
        cash = held + self.free(order)
        face = min(face_due, cash)
        late = min(late_due, cash - face)
        from_hold = min(held, face + late)
        duty = min(duty_due, self.free(order) - (face + late - from_hold))
        # R5: each leaf its part, rounded down; of the late charge the order's own leaf has the remainder.
        faces = [face * due // face_due if face_due else 0 for due in dues]
        lates = [late * one.claim // order.whole_claim if late else 0 for one in order.leaves]
        lates[0] = late - sum(lates[1:])
        face = sum(faces)
        self._divide(order, [one + other for one, other in zip(faces, lates, strict=True)])
        if duty:
            self.move(order.currency, order.buyer, order.treasury, duty)
        order.settlements += bool(face + late + duty)
        order.paid += faces[0]
        for share, part, charge in zip(order.shares, faces[1:], lates[1:], strict=True):
            share.paid += part
            share.settlements += bool(part + charge)
        order.duty_paid += duty
        left = max(0, (order.late or 0) - late * 10**6) if order.whole_claim else 0
        # What a frozen buyer cannot pay does not make it late.
        is_short = face_due > face and not (order.late is None and self.is_frozen(order))
        # Whose default it is must not be forgotten under a hold.
        stays_late = order.hold and order.late is not None and order.whole_open > 0
        if is_short or left or stays_late:
            order.late, order.late_since = left, self.now
            order.late_frozen = self.seconds_frozen(order.currency, order.buyer)
        else:
            order.late, order.late_since = None, 0
            if order.whole_open == 0:
                order.phase = CLOSED
                self.move(order.currency, order.id, order.buyer, self.held(order))

    def _divide(self, order: Order, amounts: list[int]) -> None:
        """R8: the lender, then the holder, then the shares, the first four at once; each out of the hold first."""
        own, *others = amounts
        from_hold, to_funder = self.spendable(order), 0
        if own:
            order.is_touched = True
            to_funder = self.collect(order, own)
        funder = order.line.funder if order.line else ""
        parts: list[tuple[Account, int]] = [(funder, to_funder), (order.holder, own - to_funder)]
        for place, (share, amount) in enumerate(zip(order.shares, others, strict=True)):
            parts.append((share.holder if place < AT_ONCE else share.id, amount))
        for name, part in parts:
            first = min(part, from_hold)
            self.move(order.currency, order.id, name, first)
            self.move(order.currency, order.buyer, name, part - first)
            from_hold -= first

    def _charge(self, order: Order, late: int) -> int:
        """R6: like the face, only while the condition is met; none where nothing is claimed any more."""
        return due_up(late) if order.is_met and order.whole_claim else 0

    def _is_moot(self, order: Order) -> bool:
        """Whether a late charge waits for a condition that nothing is left open to bring about."""
        is_waiting = not order.hold and not order.is_met
        return order.late is not None and is_waiting and order.whole_open == 0

    def _duty_due(self, order: Order) -> int:
        """R12 before the cash is asked."""
        if not order.is_met or order.is_closed or not order.treasury:
            return 0
        return max(0, min(order.duty_demanded, order.duty_cap) - order.duty_paid)

    def count_late(self, order: Order) -> None:
        """R6 up to now, on what was payable."""
        if order.late is not None:
            order.late, order.late_since = self.late_now(order), self.now
            order.late_frozen = self.seconds_frozen(order.currency, order.buyer)

    def late_now(self, order: Order) -> int:
        """Late charge up to now, millionths; none for the time in which the buyer's cash was frozen."""
        if order.late is None:
            return 0
        frozen = self.seconds_frozen(order.currency, order.buyer) - order.late_frozen
        seconds = self.now - order.late_since - frozen
        return order.late + accrual(self.payable(order), order.late_bps, seconds, LATE_BASIS)

    def reduce_undelivered(self, order: Order, cuts: list[int]) -> None:
        """R4: each leaf's cut, draws closed, and W clamped to what is open; cash beyond that is free."""
        self.end_draws(order)
        for leaf, cut in zip(order.leaves, cuts, strict=True):
            leaf.reduced += cut
        order.lapsed = True
        order.disputed = min(order.disputed, order.open)
        surplus = max(0, self.held(order) - order.whole_open)
        self.move(order.currency, order.id, order.buyer, surplus)
        self.set_due(order)

    def set_due(self, order: Order) -> None:
        """One due date, once the ordered value is complete or cut."""
        if order.tenor_s and not order.due and order.whole_open and not order.waits_for_arrival:
            self.move_due(order, self.now + order.tenor_s)

    def move_due(self, order: Order, due: int) -> None:
        """Interest that ran past the old base is counted before."""
        if order.loan and self.now > order.base:
            self.accrue(order)
        order.due = due

    def lock(self, order: Order) -> None:
        """FundBy shipped or released: what the buyer has, never more."""
        at = {AT_SHIPMENT: SHIPPED, AT_RELEASE: RELEASED}.get(order.fund_by)
        if at is None or order.is_locked or order.phase < at:
            return
        order.is_locked = True
        missing = max(0, order.whole_open - self.held(order))
        self.move(order.currency, order.buyer, order.id, min(self.free(order), missing))
