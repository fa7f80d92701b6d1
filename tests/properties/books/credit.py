"""Lines, loans and what falls due from whom (R7-R11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from tests.properties.books.arithmetic import DAY, WHOLE_BPS, accrual, ceil_div, due_up
from tests.properties.books.keys import KeyBook
from tests.properties.books.network import BUYER, FUNDER, SUPPLIER
from tests.properties.books.orders import Line, Order, Version
from tests.properties.books.refusals import Refusals, Refused

MOST_DRAWS = 63


@dataclass
class CreditBook(KeyBook):
    """All lines, and the orders that use them."""

    lines: dict[int, Line] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)

    def used(self, line: Line) -> int:
        """R10: the sum of uses."""
        return sum(order.use for order in self.orders.values() if order.line is line)

    def publish(self, line: Line | None, opened: Line, version: Version) -> None:
        """A new line, or the next version of one: limit and terms for what comes."""
        no = Refusals()
        self.ask_standing(no, opened.funder, FUNDER)
        self.ask_open(no, opened.currency, opened.funder)
        is_foreign = line is not None and (line.funder, line.currency) != (opened.funder, opened.currency)
        no.when(is_foreign, "UnknownLine")
        no.when(opened.limit == 0 or version.order_cap == 0, "InvalidTerms")
        no.when(version.commitment_bps and not opened.committed, "InvalidTerms")
        no.when(line is not None and line.committed != opened.committed, "InvalidTerms")
        no.when(line is not None and opened.limit < self.used(line), "LimitExceeded")
        no.stand()
        if line is None:
            self.lines[opened.id] = opened
        else:
            line.limit = opened.limit
            line.versions.append(version)

    def ask_reserve(self, no: Refusals, order: Order, line: Line | None, version: Version | None) -> None:
        """Whether the line takes the order on (R10, I-11); its own former use is free by then."""
        if line is None or version is None:
            return
        most = version.most(order.claim)
        no.when(version is not line.standing, "UnknownLine")
        no.when(self.now > version.expiry, "LineExpired")
        no.when(order.supplier == line.funder, "FunderIsSupplier")
        no.when(order.currency != line.currency, "CurrencyDiffers")
        no.when(order.claim > version.order_cap, "OrderCapExceeded")
        is_long = version.longest_s and order.expiry + order.tenor_s > self.now + version.longest_s
        no.when(is_long, "LifeTooLong")
        self.ask_standing(no, line.funder, FUNDER)
        own = order.use if order.line is line and order.id in self.orders else 0
        no.when(self.used(line) - own + most > line.limit, "LimitExceeded")
        if line.committed:
            freed = (
                self.of(order.currency, order.reserve_account)
                if order.line and order.line.funder == line.funder
                else 0
            )
            self.ask_payer(no, order.currency, line.funder, max(0, most - freed))
            self.ask_payer(no, order.currency, order.supplier, self.commitment_fee(order, version))

    def commitment_fee(self, order: Order, version: Version) -> int:
        """What the supplier pays for a committed reserve, rounded up."""
        return ceil_div(version.most(order.claim) * version.commitment_bps, WHOLE_BPS)

    def set_aside(self, order: Order) -> None:
        """I-11: a committed reserve is cash that the funder cannot use otherwise; the supplier pays for it now."""
        if order.line is None or order.version is None or not order.line.committed:
            return
        fee = self.commitment_fee(order, order.version)
        self.move(order.currency, order.line.funder, order.reserve_account, order.version.most(order.claim))
        self.move(order.currency, order.supplier, order.line.funder, fee)

    def fit_reserve(self, order: Order) -> None:
        """The claim changed: what is set aside follows the use of the line."""
        line, loan = order.line, order.loan
        if line is None or loan is None or not line.committed or not loan.is_open:
            return
        lacks = order.use - loan.principal - self.of(order.currency, order.reserve_account)
        self.move(order.currency, line.funder, order.reserve_account, max(0, lacks))
        self.move(order.currency, order.reserve_account, line.funder, max(0, -lacks))

    def free_reserve(self, order: Order) -> None:
        """What is set aside and will not be drawn any more is the funder's again."""
        if order.line is not None and order.line.committed and order.loan and not order.loan.is_open:
            rest = self.of(order.currency, order.reserve_account)
            self.move(order.currency, order.reserve_account, order.line.funder, rest)

    def release(self, order: Order, member: str) -> None:
        """The supplier, the funder where it is not committed, anyone after expiry; draws close for good."""
        if order.line is None or order.loan is None:
            raise Refused("NoLoan")
        no = Refusals()
        no.when(order.is_closed or order.is_touched or not order.loan.is_open, "DrawsClosed")
        if self.now <= order.expiry:
            no.when(member not in {order.line.funder, order.holder}, "NotSignedBy")
            no.when(member == order.line.funder and order.line.committed, "NotReleasable")
        no.stand()
        self.accrue(order)
        order.loan.is_open = False
        self.free_reserve(order)

    def write_off(self, order: Order, funder: str) -> None:
        """The funder, after maturity: the principal is a loss; the lien stays, interest stands still (I-16)."""
        if order.line is None or order.version is None or order.loan is None:
            raise Refused("NoLoan")
        no = Refusals()
        no.when(self.now < order.base + order.version.grace_s, "NotMatured")
        no.when(funder != order.line.funder, "NotSignedBy")
        no.when(order.loan.principal == 0 or order.loan.written_off, "NoLoan")
        no.stand()
        self.accrue(order)
        order.loan.written_off, order.loan.is_open = True, False
        order.line.lost += order.loan.principal
        self.free_reserve(order)

    def is_drawable(self, order: Order) -> bool:
        """Whether draws are open at all."""
        if order.loan is None or not order.loan.is_open or order.loan.draws >= MOST_DRAWS:
            return False
        is_over = order.is_closed or self.now > order.expiry or order.disputed or order.is_due(self.now)
        return not (is_over or order.is_touched or order.late is not None or order.hold)

    def draw(self, order: Order, amount: int, index: int) -> None:
        """R9; fee out of the amount, rounded up."""
        line, version, loan = order.line, order.version, order.loan
        if line is None or version is None or loan is None:
            raise Refused("NoLoan")
        no = Refusals()
        self.ask_standing(no, order.supplier, SUPPLIER)
        self.ask_standing(no, order.buyer, BUYER)
        self.ask_standing(no, line.funder, FUNDER)
        self.ask_open(no, order.currency, order.supplier, order.buyer, line.funder)
        no.when(order.holder != order.supplier, "NotSignedBy")
        no.when(index != loan.draws, "DrawIndexUsed")
        no.when(not self.is_drawable(order), "DrawsClosed")
        no.when(amount > self.advance_left(order), "AdvanceExceeded")
        no.when(amount == 0, "InvalidTerms")
        fee = ceil_div(amount * version.fee_bps, WHOLE_BPS)
        payer = self.lends_from(order, line)
        self.ask_payer(no, order.currency, payer, amount if line.committed else amount - fee)
        no.stand()
        self.move(order.currency, payer, order.supplier, amount - fee)
        if line.committed:
            self.move(order.currency, payer, line.funder, fee)
        self.accrue(order)
        loan.principal += amount
        loan.draws += 1

    def lends_from(self, order: Order, line: Line) -> str | int:
        """Cash set aside where the line is committed, else the funder's free cash."""
        return order.reserve_account if line.committed else line.funder

    def advance_left(self, order: Order) -> int:
        """R9: what the phase still allows."""
        if order.version is None or order.loan is None:
            return 0
        base = order.claim - order.paid - order.disputed
        return max(0, base * order.version.advance(order.phase) // WHOLE_BPS - order.loan.principal)

    def drawable(self, order: Order) -> int:
        """What a draw could take now."""
        line = order.line
        if line is None or not self.is_drawable(order):
            return 0
        parties = ((order.supplier, SUPPLIER), (order.buyer, BUYER), (line.funder, FUNDER))
        no = Refusals()
        for name, role in parties:
            self.ask_standing(no, name, role)
        self.ask_open(no, order.currency, *(name for name, _ in parties))
        if no.any:
            return 0
        return min(self.advance_left(order), self.free_of(order.currency, self.lends_from(order, line)))

    def outstanding(self, order: Order) -> tuple[int, int]:
        """Interest due and principal now."""
        if order.loan is None:
            return 0, 0
        return due_up(self.accrued_now(order)), order.loan.principal

    def repay(self, order: Order, payer: str, amount: int) -> None:
        """Anyone; the supplier's own repayment closes its draws."""
        taken = min(amount, sum(self.outstanding(order)))
        if order.line is None or taken == 0:
            raise Refused("NoLoan")
        no = Refusals()
        self.ask_payer(no, order.currency, payer, taken)
        no.stand()
        closes = payer == order.holder
        # What may be drawn again on a committed line must lie there again (I-11).
        is_kept = order.line.committed and order.loan is not None and order.loan.is_open and not closes
        kept = max(0, taken - self.outstanding(order)[0]) if is_kept else 0
        self.move(order.currency, payer, order.line.funder, taken - kept)
        self.move(order.currency, payer, order.reserve_account, kept)
        self.book(order, taken, closes=closes)
        self.fit_reserve(order)

    def due_from_supplier(self, order: Order, payable: int, due: int) -> int:
        """R11 at once, all of it at maturity without performance or with recourse; ``due``: payable but for a hold."""
        if order.line is None or order.version is None or order.loan is None or order.loan.principal == 0:
            return 0
        interest, principal = self.outstanding(order)
        is_mature = self.now >= order.base + order.version.grace_s
        # Under a dispute, or a hold since the buyer's default, it is not known yet whose the missing payment is.
        is_open = order.disputed or (order.hold and order.late is not None and due)
        if is_mature and (order.version.recourse or (payable == 0 and not is_open)):
            return interest + principal
        excess = max(0, principal - order.version.most(order.claim - order.paid))
        return interest + excess if excess else 0

    def take_recourse(self, order: Order, due: int) -> None:
        """From the supplier's free cash."""
        if due == 0 or order.line is None:
            raise Refused("NothingDueFromSupplier", *(["NoLoan"] if order.line is None else []))
        amount = min(due, self.free_of(order.currency, order.supplier))
        if amount == 0:
            raise Refused("SupplierShort")
        self.move(order.currency, order.supplier, order.line.funder, amount)
        self.book(order, amount, closes=True)

    def collect(self, order: Order, amount: int) -> int:
        """What the lender takes of a payment under the order: all it can (I-15); draws close."""
        if order.loan is None:
            return 0
        taken = min(amount, sum(self.outstanding(order)))
        self.book(order, taken, closes=True)
        return taken

    def book(self, order: Order, amount: int, *, closes: bool) -> None:
        """R8: interest, then principal."""
        loan = order.loan
        assert loan is not None
        self.accrue(order)
        interest = min(amount, due_up(loan.accrued))
        loan.accrued = max(0, loan.accrued - interest * 10**6)
        loan.principal -= amount - interest
        if loan.written_off and order.line is not None:
            order.line.lost -= amount - interest
        loan.is_open = loan.is_open and not closes
        loan.exact, loan.steps = Fraction(loan.accrued), 0
        self.free_reserve(order)

    def end_draws(self, order: Order) -> None:
        """R10: with draws closed the line counts the principal only."""
        if order.loan is not None:
            if not order.is_touched:
                self.accrue(order)
            order.loan.is_open = False
            self.free_reserve(order)
        order.is_touched = True

    def accrue(self, order: Order) -> None:
        """Count interest up to now; beside it the exact sum, to see what rounding added (I-13)."""
        loan = order.loan
        assert loan is not None
        if order.version is not None and loan.principal:
            for bps, seconds in self._stretches(order):
                exact = Fraction(
                    loan.principal * bps * seconds * 10**6, WHOLE_BPS * order.version.basis * DAY
                )
                loan.exact += exact
                loan.steps += 1
        loan.accrued, loan.since = self.accrued_now(order), self.now

    def accrued_now(self, order: Order) -> int:
        """Interest up to now in millionths, with the late margin after maturity (R7)."""
        loan, version = order.loan, order.version
        assert loan is not None
        assert version is not None
        parts = self._stretches(order)
        return loan.accrued + sum(
            accrual(loan.principal, bps, seconds, version.basis) for bps, seconds in parts
        )

    def _stretches(self, order: Order) -> tuple[tuple[int, int], tuple[int, int]]:
        loan, version = order.loan, order.version
        assert loan is not None
        assert version is not None
        if loan.written_off:
            return (0, 0), (0, 0)
        turn = min(max(order.base + version.grace_s, loan.since), self.now)
        return (version.rate_bps, turn - loan.since), (version.rate_bps + version.late_bps, self.now - turn)
