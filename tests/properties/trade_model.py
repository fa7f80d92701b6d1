"""The trade kept in plain Python by the rules R1-R10, R12 and R15 of the contracts, to compare with them.

Written from the rules, not from the Solidity: one order has one loan and one use of its line from the start.
"""

from __future__ import annotations

from dataclasses import dataclass, field

DAY = 86_400
ACCEPTED, SHIPPED, RELEASED, CLEARED, CLOSED = 1, 2, 3, 4, 5
ON_RELEASE, ON_CLEARANCE = 0, 1
NEVER, AT_ACCEPTANCE, AT_SHIPMENT, AT_RELEASE = 0, 1, 2, 3
POSTING_GRACE_S = 5 * DAY
TREASURY = "treasury"


class Refused(Exception):
    """The contracts must revert with the error of this name."""


def ceil_div(a: int, b: int) -> int:
    """Rounded up."""
    return -(-a // b)


def due_up(millionths: int) -> int:
    """Whole minor units due."""
    return ceil_div(millionths, 10**6)


def accrual(principal: int, bps: int, seconds: int, basis: int) -> int:
    """R7, in millionths of a minor unit, rounded up."""
    return ceil_div(principal * bps * seconds * 10**6, 10_000 * basis * DAY)


@dataclass
class Line:
    """One version of a funder's offer; the machine publishes no second one."""

    id: int
    funder: str
    currency: int
    limit: int
    order_cap: int
    rate_bps: int
    late_bps: int
    fee_bps: int
    advances: dict[int, int]
    basis: int
    grace_s: int
    recourse: bool
    used: int = 0

    def most(self, claim: int) -> int:
        """What is ever lent of a claim."""
        return claim * max(self.advances.values()) // 10_000


@dataclass
class Loan:
    """What the order owes its lender, and what it uses of the line."""

    use: int
    principal: int = 0
    accrued: int = 0
    since: int = 0
    draws: int = 0
    is_open: bool = True


@dataclass
class Order:
    """One order of the model."""

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
    line: Line | None
    loan: Loan | None
    phase: int = ACCEPTED
    hold: bool = False
    lapsed: bool = False
    is_locked: bool = False
    is_touched: bool = False  # something was paid on the claim, or it lapsed
    reduced: int = 0
    paid: int = 0
    released: int = 0
    seq: int = 0
    due: int = 0
    duty_demanded: int = 0
    duty_paid: int = 0
    late: int | None = None  # millionths, None while the buyer is not late
    late_since: int = 0
    late_paid: int = 0

    @property
    def claim(self) -> int:
        """E."""
        return self.face - self.reduced

    @property
    def base(self) -> int:
        """Maturity without the grace."""
        return self.due or self.expiry

    @property
    def delivered(self) -> int:
        """D of R2."""
        if self.lapsed:
            return min(self.claim, self.released)
        return self.claim * self.released // self.face

    @property
    def is_met(self) -> bool:
        """Whether the order's condition is, now."""
        return not self.hold and self.phase >= (RELEASED if self.settle_on == ON_RELEASE else CLEARED)


@dataclass
class Book:
    """All accounts, lines and orders."""

    now: int
    cash: dict[tuple[int, str | int], int]
    outside: dict[int, int] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def move(self, currency: int, source: str | int, target: str | int, amount: int) -> None:
        """Cash from one account to another."""
        if amount > self.cash.get((currency, source), 0):
            raise Refused("InsufficientCash")
        self.cash[currency, source] = self.cash.get((currency, source), 0) - amount
        self.cash[currency, target] = self.cash.get((currency, target), 0) + amount

    def free(self, order: Order) -> int:
        """What the buyer has free."""
        return self.cash.get((order.currency, order.buyer), 0)

    def held(self, order: Order) -> int:
        """What the order's hold has."""
        return self.cash.get((order.currency, order.id), 0)

    # Orders

    def accept(self, order: Order) -> None:
        """R10 for the reserve, fundBy for the buyer's cash."""
        use = order.line.most(order.face) if order.line else 0
        if order.line:
            if order.currency != order.line.currency:
                raise Refused("CurrencyDiffers")
            if order.face > order.line.order_cap:
                raise Refused("OrderCapExceeded")
            if order.line.used + use > order.line.limit:
                raise Refused("LimitExceeded")
        if order.fund_by == AT_ACCEPTANCE:
            if self.free(order) < order.face:
                raise Refused("BuyerShort")
            self.move(order.currency, order.buyer, order.id, order.face)
            order.is_locked = True
        if order.line:
            order.loan = Loan(use)
            order.line.used += use
        self.orders[order.id] = order

    def attest(
        self, order: Order, *, phase: int, hold: bool, refused: bool, released: int, duty: int
    ) -> None:
        """Take over a state and pay what became payable."""
        if order.phase == CLOSED:
            raise Refused("OrderClosed")
        self._count_late(order)
        was_held = order.hold
        order.seq += 1
        order.phase, order.hold, order.released = phase, hold, min(released, order.face)
        if order.duty_cap:
            order.duty_demanded = duty
        if order.released == order.face:
            self._set_due(order)
        if was_held and not hold and order.due and order.due < self.now:
            self._move_due(order, self.now)
        if refused and not order.lapsed:
            self._reduce(order)
        self._lock(order)
        self._settle(order)

    def settle(self, order: Order) -> None:
        """Anyone, when due."""
        if order.phase == CLOSED:
            raise Refused("OrderClosed")
        if order.hold:
            raise Refused("OnHold")
        late, duty = self._charge(order, self.late_now(order)), self._duty_due(order)
        if self.payable(order) + late + duty == 0:
            raise Refused("NothingDue")
        # Duty is never paid out of the hold.
        has_any = self.free(order) > 0 or (self.held(order) > 0 and self.payable(order) + late > 0)
        is_news = order.late is None and self.payable(order) > 0
        if not (has_any or is_news):
            raise Refused("BuyerShort")
        self._count_late(order)
        self._settle(order)

    def lapse(self, order: Order) -> None:
        """Anyone, after expiry and posting grace."""
        if order.phase == CLOSED:
            raise Refused("OrderClosed")
        if self.now <= order.expiry + POSTING_GRACE_S:
            raise Refused("NotExpired")
        if order.lapsed and order.hold:
            raise Refused("OnHold")
        if order.lapsed and self.undelivered(order) == 0:
            raise Refused("NothingDue")
        self._count_late(order)
        self._reduce(order)
        self._settle(order)

    def payable(self, order: Order) -> int:
        """Y of R3."""
        if not order.is_met:
            return 0
        if order.tenor_s and (not order.due or self.now < order.due):
            return 0
        return max(0, order.delivered - order.paid)

    def _settle(self, order: Order) -> None:
        """R5, R6, R8, R12: face, late charge, duty; the lender first; the hold before free cash."""
        late_due = self._charge(order, order.late or 0)
        face_due, duty_due = self.payable(order), self._duty_due(order)
        cash = self.held(order) + self.free(order)
        face = min(face_due, cash)
        late = min(late_due, cash - face)
        from_hold = min(self.held(order), face + late)
        duty = min(duty_due, self.free(order) - (face + late - from_hold))
        to_funder = 0
        if face + late:
            order.is_touched = True
            to_funder = self._collect(order, face + late)
        parts = [
            (order.line.funder if order.line else "", to_funder),
            (order.supplier, face + late - to_funder),
        ]
        for name, amount in parts:
            first = min(amount, from_hold)
            if amount:
                self.move(order.currency, order.id, name, first)
                self.move(order.currency, order.buyer, name, amount - first)
            from_hold -= first
        if duty:
            self.move(order.currency, order.buyer, TREASURY, duty)
        order.paid += face
        order.late_paid += late
        order.duty_paid += duty
        left = max(0, (order.late or 0) - late * 10**6) if order.claim else 0
        if face_due > face or left:
            order.late, order.late_since = left, self.now
        else:
            order.late, order.late_since = None, 0
            if order.claim == order.paid:
                order.phase = CLOSED
                self.move(order.currency, order.id, order.buyer, self.held(order))

    def _charge(self, order: Order, late: int) -> int:
        """R6: like the face, only while the condition is met; none where nothing is claimed any more."""
        return due_up(late) if order.is_met and order.claim else 0

    def _duty_due(self, order: Order) -> int:
        """R12 before the cash is asked."""
        if not order.is_met:
            return 0
        return max(0, min(order.duty_demanded, order.duty_cap) - order.duty_paid)

    def _count_late(self, order: Order) -> None:
        """R6 up to now, on what was payable."""
        if order.late is not None:
            order.late, order.late_since = self.late_now(order), self.now

    def late_now(self, order: Order) -> int:
        """Late charge up to now, millionths."""
        if order.late is None:
            return 0
        return order.late + accrual(self.payable(order), order.late_bps, self.now - order.late_since, 365)

    def _reduce(self, order: Order) -> None:
        """R4, lapse."""
        if order.loan and not order.is_touched:
            self._accrue(order)
        self._close_draws(order)
        order.is_touched = True
        order.reduced += self.undelivered(order)
        order.lapsed = True
        self._set_due(order)

    def undelivered(self, order: Order) -> int:
        """What a lapse cuts (R4)."""
        return order.claim - max(order.paid, order.delivered)

    def _set_due(self, order: Order) -> None:
        if order.tenor_s and not order.due and order.claim != order.paid:
            self._move_due(order, self.now + order.tenor_s)

    def _move_due(self, order: Order, due: int) -> None:
        # Before the base date the old due date and the new one count alike.
        if order.loan and self.now > order.base:
            self._accrue(order)
        order.due = due

    def _lock(self, order: Order) -> None:
        at = {AT_SHIPMENT: SHIPPED, AT_RELEASE: RELEASED}.get(order.fund_by)
        if at is None or order.is_locked or order.phase < at:
            return
        order.is_locked = True
        amount = min(self.free(order), order.claim - order.paid)
        self.move(order.currency, order.buyer, order.id, amount)

    # Loans

    def draw(self, order: Order, amount: int) -> None:
        """R9; fee out of the amount, rounded up."""
        if order.line is None or order.loan is None:
            raise Refused("NoLoan")
        is_over = order.phase == CLOSED or self.now > order.expiry
        closed = is_over or order.is_touched or order.late is not None
        if order.hold or closed or not order.loan.is_open:
            raise Refused("DrawsClosed")
        if amount > self.drawable(order):
            raise Refused("AdvanceExceeded")
        if amount == 0:
            raise Refused("InvalidTerms")
        fee = ceil_div(amount * order.line.fee_bps, 10_000)
        self.move(order.currency, order.line.funder, order.supplier, amount - fee)
        self._accrue(order)
        order.loan.principal += amount
        order.loan.draws += 1

    def drawable(self, order: Order) -> int:
        """What the phase still allows."""
        assert order.line is not None
        assert order.loan is not None
        rate = order.line.advances[min(order.phase, RELEASED)]
        return max(0, (order.claim - order.paid) * rate // 10_000 - order.loan.principal)

    def outstanding(self, order: Order) -> tuple[int, int]:
        """Interest due and principal now."""
        if order.loan is None:
            return 0, 0
        return due_up(self._accrued_now(order)), order.loan.principal

    def repay(self, order: Order, payer: str, amount: int) -> None:
        """Anyone; the supplier's own repayment closes its draws."""
        taken = min(amount, sum(self.outstanding(order)))
        if order.line is None or taken == 0:
            raise Refused("NoLoan")
        self.move(order.currency, payer, order.line.funder, taken)
        self._book(order, taken, closes=payer == order.supplier)

    def due_from_supplier(self, order: Order) -> int:
        """R11 at once, all of it at maturity without performance or with recourse."""
        if order.line is None or order.loan is None or order.loan.principal == 0:
            return 0
        interest, principal = self.outstanding(order)
        is_mature = self.now >= order.base + order.line.grace_s
        if is_mature and (order.line.recourse or self.payable(order) == 0):
            return interest + principal
        excess = max(0, principal - order.line.most(order.claim - order.paid))
        return interest + excess if excess else 0

    def recourse(self, order: Order) -> None:
        """From the supplier's free cash."""
        due = self.due_from_supplier(order)
        if due == 0 or order.line is None:
            raise Refused("NothingDueFromSupplier")
        amount = min(due, self.cash.get((order.currency, order.supplier), 0))
        if amount == 0:
            raise Refused("SupplierShort")
        self.move(order.currency, order.supplier, order.line.funder, amount)
        self._book(order, amount, closes=True)

    def _collect(self, order: Order, amount: int) -> int:
        if order.loan is None:
            return 0
        taken = min(amount, sum(self.outstanding(order)))
        self._book(order, taken, closes=True)
        return taken

    def _book(self, order: Order, amount: int, *, closes: bool) -> None:
        """R8."""
        assert order.loan is not None
        self._accrue(order)
        interest = min(amount, due_up(order.loan.accrued))
        order.loan.accrued = max(0, order.loan.accrued - interest * 10**6)
        order.loan.principal -= amount - interest
        if closes or not order.loan.is_open:
            self._close_draws(order)

    def _close_draws(self, order: Order) -> None:
        """R10: with draws closed the line counts the principal only."""
        if order.loan is None or order.line is None:
            return
        order.loan.is_open = False
        order.line.used += order.loan.principal - order.loan.use
        order.loan.use = order.loan.principal

    def _accrue(self, order: Order) -> None:
        assert order.loan is not None
        order.loan.accrued, order.loan.since = self._accrued_now(order), self.now

    def _accrued_now(self, order: Order) -> int:
        loan, line = order.loan, order.line
        assert loan is not None
        assert line is not None
        turn = min(max(order.base + line.grace_s, loan.since), self.now)
        before = accrual(loan.principal, line.rate_bps, turn - loan.since, line.basis)
        after = accrual(loan.principal, line.rate_bps + line.late_bps, self.now - turn, line.basis)
        return loan.accrued + before + after
