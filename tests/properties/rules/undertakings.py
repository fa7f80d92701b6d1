"""Undertakings: given, displaced, called by settlements, refunded, taken back."""

from __future__ import annotations

from hypothesis.stateful import precondition, rule

from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import Undertaking
from tests.properties.books import Guarantee, Order
from tests.properties.books.arithmetic import DAY, ON_ARRIVAL
from tests.properties.market import BANKS
from tests.properties.rules.base import Act
from tests.properties.rules.cash import CashRules
from tests.properties.rules.dice import DICE, Dice
from tests.properties.rules.evidence import EvidenceRules
from tests.properties.rules.orders import OrderRules


class UndertakingRules(OrderRules, EvidenceRules, CashRules):
    """Who stands behind a buyer."""

    def is_backed(self, order: Order) -> bool:
        """Whether there was ever an undertaking."""
        return order.guarantee is not None

    def is_covered(self, order: Order) -> bool:
        """Whether cash stands behind it."""
        return order.guarantee is not None and order.guarantee.left > 0

    def is_returnable(self, order: Order) -> bool:
        """Whether cash stands behind nothing any more."""
        known = order.guarantee
        return known is not None and known.left > 0 and (order.is_closed or known.expiry <= self.book.now)

    def owes_guarantor(self, order: Order) -> bool:
        """Whether a guarantor paid for the buyer."""
        return order.guarantee is not None and order.guarantee.claim > 0

    @precondition(lambda self: self.any_order(lambda order: not order.is_closed))
    @rule(dice=DICE)
    def undertake(self, dice: Dice) -> None:
        """A bank's cash behind an order; a second one that is larger, smaller, longer or shorter."""
        self.undertake_for(dice, self.pick(dice, lambda one: not one.is_closed))

    def undertake_for(self, dice: Dice, order: Order) -> None:
        """One bank for one order."""
        name = dice.of([*BANKS, *BANKS, *BANKS, "supplier2"], "guarantor")
        most = min(order.whole_open + 1, self.book.of(order.currency, name))
        present = order.guarantee.left if order.guarantee else 0
        amount = dice.of([most, (most + 1) // 2, present + 1, present, most + 400_000, 0], "amount")
        expiry = self.book.now + dice.of([30, 200, 1, 30, 0], "days") * DAY
        given = Guarantee(name, amount, expiry)
        number = self.market.ids[name]
        owed = order.guarantee.claim if order.guarantee else 0
        most_owed = dice.of([owed, owed, amount, max(0, owed - 1)], "most owed")
        struct = Undertaking(order.id, number, amount, most_owed, expiry, self.nonce(), self.book.now + DAY)
        act = Act(
            "undertake",
            "Receivables",
            ((name, struct),),
            lambda by: Receivables.undertake(struct, by),
            order,
            {"guarantor": name},
        )
        self.do(dice, act, lambda: self.book.undertake(order, given, most_owed))

    def can_be_called(self, order: Order) -> bool:
        """Whether a delivery could call a guarantor."""
        return (
            self.can_deliver(order) and order.open > 0 and order.settle_on != ON_ARRIVAL and not order.tenor_s
        )

    @precondition(lambda self: self.any_order(self.can_be_called))
    @rule(dice=DICE)
    def fall_short(self, dice: Dice) -> None:
        """A buyer takes its cash out before the goods come."""
        order = self.pick(dice, self.can_be_called)
        if order.guarantee is None or not order.guarantee.left:
            self.undertake_for(dice, order)
        self.withdraw(dice, order.buyer, order.currency, dice.of((1, 1, 2), "part"))
        self.deliver_one(dice, order)
        if self.owes_guarantor(order) and dice.of((True, False), "refunded"):
            self.refund(dice, order)

    @precondition(lambda self: self.any_order(lambda _: True))
    @rule(dice=DICE)
    def return_undertaking(self, dice: Dice) -> None:
        """Anyone, too early or in time."""
        is_likely = self.is_returnable if self.any_order(self.is_returnable) else self.is_covered
        order = self.pick(dice, is_likely)
        if not order.is_closed and not self.is_covered(order) and dice.of((True, False), "given first"):
            self.undertake_for(dice, order)
        if order.guarantee is not None:
            self.maybe_wait(dice, order.guarantee.expiry - dice.of((0, 0, 1), "seconds early"))
        call = Receivables.return_undertaking(order.id)
        self.step(
            "return_undertaking",
            lambda: self.market.send("Receivables", call),
            lambda: self.book.return_undertaking(order),
            order,
        )

    @precondition(lambda self: self.any_order(self.is_backed))
    @rule(dice=DICE)
    def refund_guarantor(self, dice: Dice) -> None:
        """Anyone, out of the buyer's cash; sometimes while more is due."""
        self.refund(dice, self.pick(dice, self.owes_guarantor))

    def refund(self, dice: Dice, order: Order) -> None:
        """The guarantor of one order."""
        if order.guarantee is not None and order.guarantee.claim and dice.of((True, False), "buyer has cash"):
            self.deposit(order.buyer, order.currency, order.guarantee.claim * 2)
            if self.can_settle(order):
                self.settle_one(order)
        call = Receivables.refund_guarantor(order.id)
        self.step(
            "refund_guarantor",
            lambda: self.market.send("Receivables", call),
            lambda: self.book.refund_guarantor(order),
            order,
        )
