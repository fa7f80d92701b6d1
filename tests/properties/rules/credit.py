"""Lines, draws, repayments and recourse."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import Draw, Repayment, ReserveMove, ReserveRelease, WriteOff
from tests.properties.books import Order
from tests.properties.books.arithmetic import DAY
from tests.properties.books.keys import DRAW, PAY
from tests.properties.market import BANKS, CURRENCIES, SUPPLIERS, line_of, version_of
from tests.properties.rules.base import Act, Base
from tests.properties.rules.dice import DICE, Dice

MOST_LINES, MOST_VERSIONS = 7, 3


class CreditRules(Base):
    """What is lent and how it comes back."""

    @rule(dice=DICE)
    def publish(self, dice: Dice) -> None:
        """A new line, or the next version of one with another limit and other terms."""
        line = dice.of([None, *self.book.lines.values()], "line")
        if len(self.book.lines) >= MOST_LINES and line is None:
            return
        if line is not None and len(line.versions) >= MOST_VERSIONS:
            return
        funder = dice.of([line.funder] * 4 + list(BANKS) if line else BANKS, "funder")
        terms = self.market.line_terms(
            funder,
            line=line.id if line else 0,
            currency=line.currency if line else dice.of(CURRENCIES, "currency"),
            limit=dice.of([1, 30_000, 150_000, 0], "limit"),
            order_cap=dice.of([90_000, 20_000], "order cap"),
            fee_bps=dice.of([0, 33, 10_000], "fee"),
            advance_shipped=dice.of([10_000, 8_500], "advance"),
            recourse=dice.of((False, True), "recourse"),
            committed=dice.of([line.committed if line else False] * 3 + [True], "committed"),
            commitment_bps=dice.of([0, 0, 50], "commitment fee"),
            longest_days=dice.of([0, 0, 40], "longest days"),
            expiry=self.book.now + dice.of([1, 400], "expiry") * DAY,
        )
        number = len(line.versions) + 1 if line else 1
        opened, version = line_of(self.market, len(self.book.lines) + 1, terms), version_of(number, terms)
        act = Act("publish", "CreditLines", ((funder, terms),), lambda by: CreditLines.publish(terms, by))
        self.do(dice, act, lambda: self.book.publish(line, opened, version))

    def can_draw(self, order: Order) -> bool:
        """Whether the phase leaves something."""
        return self.book.is_drawable(order) and self.book.advance_left(order) > 0

    @precondition(lambda self: self.any_order(self.can_draw))
    @rule(dice=DICE)
    def draw(self, dice: Dice) -> None:
        """All that may be drawn, half of it, one unit more, nothing; now and then with a stale index."""
        order = self.pick(dice, self.can_draw)
        most = self.book.advance_left(order) if order.loan else 5
        amount = dice.of([most, most, (most + 1) // 2, most + 1, 0], "amount")
        index = order.loan.draws if order.loan else 0
        index += dice.of([0] * 8 + [1], "index ahead")
        signed = Draw(order.id, index, amount, self.book.now + DAY)
        facts = {"amount": amount}
        act = Act(
            "draw",
            "CreditLines",
            ((order.supplier, signed),),
            lambda by: Receivables.draw(signed, by),
            order,
            facts,
            (DRAW, amount),
        )
        self.do(dice, act, lambda: self.book.draw(order, amount, index))

    def has_loan(self, order: Order) -> bool:
        """Whether something is owed."""
        return bool(order.loan and order.loan.principal)

    @precondition(lambda self: self.any_order(self.has_loan))
    @rule(
        dice=DICE,
        payer=st.sampled_from([*SUPPLIERS, "buyer2"]),
        amount=st.one_of(st.integers(0, 3), st.integers(0, 80_000)),
    )
    def repay(self, dice: Dice, payer: str, amount: int) -> None:
        """Anyone, any part, dust too."""
        order = self.pick(dice, self.has_loan)
        signed = Repayment(order.id, self.market.ids[payer], amount, self.nonce(), self.book.now + DAY)
        facts = {"payer": payer, "amount": amount}
        needs = (PAY, min(amount, sum(self.book.outstanding(order))))
        act = Act(
            "repay",
            "CreditLines",
            ((payer, signed),),
            lambda by: CreditLines.repay(signed, by),
            order,
            facts,
            needs,
        )
        self.do(dice, act, lambda: self.book.repay(order, payer, amount))

    @precondition(lambda self: self.any_order(self.has_loan))
    @rule(dice=DICE)
    def recourse(self, dice: Dice) -> None:
        """Anyone."""
        order = self.pick(dice, lambda one: self.book.supplier_owes(one) > 0)
        if order.version is not None and not self.book.supplier_owes(order):
            self.maybe_wait(dice, order.base + order.version.grace_s)
        owed = self.book.supplier_owes(order)
        self.step(
            "recourse",
            lambda: self.market.recourse(order.id),
            lambda: self.book.recourse(order),
            order,
            owed=owed,
        )

    def has_reserve(self, order: Order) -> bool:
        """Whether the line still keeps headroom."""
        is_open = order.loan is not None and order.loan.is_open and not order.is_touched
        return is_open and not order.is_closed

    @precondition(lambda self: self.any_order(self.has_reserve))
    @rule(dice=DICE)
    def release(self, dice: Dice) -> None:
        """Who may let a reserve go, and who may not."""
        order = self.pick(dice, self.has_reserve)
        funder = order.line.funder if order.line else "bank"
        member = dice.of([order.supplier, order.supplier, funder, order.buyer], "member")
        signed = ReserveRelease(order.id, self.market.ids[member], self.book.now + DAY)
        is_free = self.book.now > order.expiry
        act = Act(
            "release",
            "CreditLines",
            () if is_free else ((member, signed),),
            lambda by=b"": CreditLines.release(signed, by),
            order,
        )
        self.do(dice, act, lambda: self.book.release(order, member))

    def is_undrawn(self, order: Order) -> bool:
        """Whether another line may take the order over."""
        is_fresh = not order.is_closed and not order.is_touched and self.book.now <= order.expiry
        return is_fresh and (order.loan is None or (order.loan.is_open and not order.loan.draws))

    @precondition(lambda self: self.any_order(self.is_undrawn))
    @rule(dice=DICE)
    def move_reserve(self, dice: Dice) -> None:
        """Another line, or a newer version of the same."""
        order = self.pick(dice, self.is_undrawn)
        same = [line for line in self.book.lines.values() if line.currency == order.currency]
        line = dice.of([*same, *same, *self.book.lines.values()], "line")
        version = dice.of([line.standing] * 4 + [line.versions[0]], "version")
        source = (order.line.id, order.version.number) if order.line and order.version else (0, 0)
        source = dice.of([source] * 6 + [(line.id, 1)], "source")
        signed = ReserveMove(order.id, *source, line.id, version.number, self.nonce(), self.book.now + DAY)
        act = Act(
            "move_reserve",
            "CreditLines",
            ((order.supplier, signed),),
            lambda by: CreditLines.move_reserve(signed, by),
            order,
            {"former": order.line},
        )
        self.do(dice, act, lambda: self.book.move_reserve(order, line, version, source))

    @precondition(lambda self: self.any_order(self.has_loan))
    @rule(dice=DICE)
    def write_off(self, dice: Dice) -> None:
        """The funder gives a loan up, too early, in time, or twice."""
        order = self.pick(dice, lambda one: self.has_loan(one) and self.is_mature(one))
        funder = order.line.funder if order.line else "bank"
        member = dice.of([funder] * 5 + list(BANKS), "funder")
        if order.version is not None:
            self.maybe_wait(dice, order.base + order.version.grace_s)
        signed = WriteOff(order.id, self.market.ids[member], self.book.now + DAY)
        act = Act(
            "write_off",
            "CreditLines",
            ((member, signed),),
            lambda by: CreditLines.write_off(signed, by),
            order,
        )
        self.do(dice, act, lambda: self.book.write_off(order, member))

    def is_mature(self, order: Order) -> bool:
        """Whether the loan is due."""
        return order.version is not None and self.book.now >= order.base + order.version.grace_s
