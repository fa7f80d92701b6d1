"""Acceptance, settlement and lapse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis.stateful import initialize, precondition, rule

from settlement.chain.bindings.enums import FundBy, SettleOn
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import Acceptance, PurchaseOrder
from settlement.ids import fingerprint
from tests.contracts.harness.signers import struct_hash
from tests.contracts.world import COUNTRY
from tests.properties.books import Line, Order
from tests.properties.books.arithmetic import DAY, POSTING_GRACE_S
from tests.properties.market import BUYERS, CURRENCIES, OTHER_COUNTRY, SUPPLIERS
from tests.properties.rules.base import Act, Base
from tests.properties.rules.dice import DICE, Dice

MOST_ORDERS = 6
SETTLE_ON = tuple(SettleOn)
FACES = (*range(1, 21), *range(1000, 100_000, 77))


class OrderRules(Base):
    """What becomes an order, and what is paid under it."""

    @initialize(dice=DICE)
    def first(self, dice: Dice) -> None:
        """Three orders to begin with."""
        for _ in range(3):
            self.accept(dice)
        self.begin(dice)

    def begin(self, dice: Dice) -> None:
        """What else a history begins with."""

    @precondition(lambda self: len(self.book.orders) < MOST_ORDERS)
    @rule(dice=DICE)
    def accept(self, dice: Dice) -> None:
        """A new order of any kind, on a line or on none."""
        line = dice.of([*self.book.lines.values(), None], "line")
        buyer, supplier = (dice.of(names, "party") for names in (BUYERS, SUPPLIERS))
        currency = dice.of(CURRENCIES, "currency") if line is None else line.currency
        signed = self.market.order(
            buyer=self.market.ids[buyer],
            supplier=self.market.ids[supplier],
            currency=currency,
            **self._terms(dice),
        )
        self._accept(dice, signed, line)

    def _terms(self, dice: Dice) -> dict[str, Any]:
        return {
            "face": dice.of(FACES, "face"),
            "settle_on": dice.of(SETTLE_ON, "settle_on"),
            "fund_by": dice.of([FundBy.NEVER] * 3 + list(FundBy), "fund_by"),
            "tenor_days": dice.of([0, 0, 0, 1, 30], "tenor"),
            "late_bps": dice.of([0, 1, 2500], "late"),
            "duty_cap": dice.of([0, 0, 1, 5000], "cap"),
            "jurisdiction": dice.of([COUNTRY, COUNTRY, OTHER_COUNTRY], "country"),
            "expiry": self.book.now + dice.of([1, 30, 120], "expiry") * DAY,
        }

    def _accept(self, dice: Dice, signed: PurchaseOrder, line: Line | None) -> None:
        market = self.market
        buyer, supplier = market.actor_of(signed.buyer), market.actor_of(signed.supplier)
        number = line.standing.number if line else 0
        acceptance = Acceptance(struct_hash(signed), line.id if line else 0, number, self.book.now + DAY)
        order = Order(
            id=fingerprint(f"LEI OF {buyer}", f"LEI OF {supplier}", signed.number, signed.year),
            buyer=buyer,
            supplier=supplier,
            currency=signed.currency,
            face=signed.face,
            settle_on=signed.settle_on,
            fund_by=signed.fund_by,
            tenor_s=signed.tenor_days * DAY,
            late_bps=signed.late_bps,
            duty_cap=signed.duty_cap,
            expiry=signed.expiry,
            jurisdiction=signed.jurisdiction,
            line=line,
            version=line.standing if line else None,
        )
        act = Act(
            "accept",
            "Receivables",
            ((buyer, signed), (supplier, acceptance)),
            lambda by_buyer, by_supplier: Receivables.accept(signed, acceptance, by_buyer, by_supplier),
            order,
            {"signed": signed},
        )
        if self.do(dice, act, lambda: self.book.accept(order)) is not None:
            self.signed_orders[order.id] = signed

    @precondition(lambda self: self.signed_orders and self.book.now % 3 == 0)
    @rule(dice=DICE)
    def accept_again(self, dice: Dice) -> None:
        """The same order reference with other terms is the same order (I-05)."""
        known = dice.of(list(self.book.orders.values()), "known")
        if known.id not in self.signed_orders:
            return
        signed = replace(self.signed_orders[known.id], deadline=self.book.now + DAY, **self._terms(dice))
        lines = [line for line in self.book.lines.values() if line.currency == signed.currency]
        self._accept(dice, signed, dice.of([None, *lines], "line"))

    def can_settle(self, order: Order) -> bool:
        """Whether something is due."""
        return not order.is_closed and (order.late is not None or self.book.payable(order) > 0)

    def falls_due(self, order: Order) -> bool:
        """Whether something is due, or will be on its date."""
        return self.can_settle(order) or (not order.is_closed and order.due > self.book.now)

    @precondition(lambda self: self.any_order(self.falls_due))
    @rule(dice=DICE)
    def settle(self, dice: Dice) -> None:
        """Anyone."""
        order = self.pick(dice, self.falls_due)
        self.maybe_wait(dice, order.due)
        self.settle_one(order)

    def settle_one(self, order: Order) -> None:
        """Anyone has this order settled."""
        self.step("settle", lambda: self.market.settle(order.id), lambda: self.book.settle(order), order)

    @precondition(lambda self: self.any_order(lambda order: not order.is_closed))
    @rule(dice=DICE)
    def lapse(self, dice: Dice) -> None:
        """Anyone, after expiry."""
        order = self.pick(dice, lambda one: not one.is_closed and any(one.undelivered))
        self.maybe_wait(dice, order.expiry + POSTING_GRACE_S + 1)
        self.step("lapse", lambda: self.market.lapse(order.id), lambda: self.book.lapse(order), order)
