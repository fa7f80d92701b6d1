"""Amendments, cancellations, credit notes, disputes with their ends, arrivals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eth_utils.crypto import keccak
from hypothesis.stateful import precondition, rule

from settlement.chain.abi import Call
from settlement.chain.bindings.enums import SettleOn
from settlement.chain.bindings.order_desk import OrderDesk
from settlement.chain.bindings.structs import (
    Amendment,
    Arrival,
    Cancellation,
    Consents,
    CreditNote,
    Dispute,
    DisputeEnd,
)
from tests.properties.books import Order
from tests.properties.books.arithmetic import DAY, ON_ARRIVAL, RELEASED
from tests.properties.books.changes import NewTerms
from tests.properties.rules.base import Act, Base
from tests.properties.rules.dice import DICE, Dice

HASH = keccak(text="what was changed")
ARBITERS = ("arbiter", "arbiter2")
UNREAD = b"\x00"


class ChangeRules(Base):
    """What the parties may change between them, and what they may not."""

    def consents(
        self, struct: object, parts: dict[str, str], call: Callable[..., Call[Any]]
    ) -> tuple[tuple[tuple[str, object], ...], Callable[..., Call[Any]]]:
        """Who signs, and the call made of the signatures; parts that nobody asks for are left unread."""
        names = list(parts)

        def made(*signatures: bytes) -> Call[Any]:
            given = dict(zip(names, signatures, strict=True))
            filled = [given.get(part, UNREAD) for part in ("buyer", "supplier", "holder", "funder")]
            return call(struct, Consents(*filled))

        return tuple((parts[name], struct) for name in names), made

    def parts(self, order: Order, *, is_lender_asked: object) -> dict[str, str]:
        """Buyer, supplier, another holder, and the lender where it is asked."""
        found = {"buyer": order.buyer, "supplier": order.supplier}
        if order.holder != order.supplier:
            found["holder"] = order.holder
        if is_lender_asked and order.line is not None:
            found["funder"] = order.line.funder
        return found

    def by_all(
        self,
        dice: Dice,
        verb: str,
        order: Order,
        struct: object,
        parts: dict[str, str],
        call: Callable[..., Call[Any]],
        model: Callable[[], None],
    ) -> None:
        """One struct signed by several."""
        signed, made = self.consents(struct, parts, call)
        self.do(
            dice, Act(verb, "Receivables", signed, made, order, {"parts": parts, "struct": struct}), model
        )

    def can_amend(self, order: Order) -> bool:
        """Whether nothing has happened yet."""
        is_fresh = not (order.released or order.paid or order.due or order.lapsed or order.disputed)
        return is_fresh and order.phase < RELEASED

    @precondition(lambda self: self.any_order(self.can_amend))
    @rule(dice=DICE)
    def amend(self, dice: Dice) -> None:
        """Other terms: a larger or smaller face, another date, another condition."""
        order = self.pick(dice, self.can_amend)
        face, book = order.face, self.book
        new = NewTerms(
            version=order.amendments + dice.of([0] * 7 + [1], "version ahead"),
            face=dice.of([face, face + 1000, max(1, face // 2), 90_001, order.reduced], "face"),
            settle_on=dice.of([0, 1, 2], "settle on"),
            tenor_s=dice.of([order.tenor_s, 0, 30 * DAY], "tenor"),
            late_bps=dice.of([order.late_bps, 2500], "late"),
            duty_cap=dice.of([order.duty_cap, 0, 700], "cap"),
            expiry=dice.of([order.expiry, book.now + 60 * DAY, book.now], "expiry"),
            arbiter=dice.of([None, None, "arbiter", order.buyer], "arbiter"),
        )
        struct = Amendment(
            order=order.id,
            version=new.version,
            face=new.face,
            document=HASH,
            settle_on=SettleOn(new.settle_on),
            tenor_days=new.tenor_s // DAY,
            late_bps=new.late_bps,
            duty_cap=new.duty_cap,
            expiry=new.expiry,
            arbiter=self.market.ids[new.arbiter] if new.arbiter else 0,
            deadline=book.now + DAY,
        )
        parts = self.parts(order, is_lender_asked=book.is_reserved(order) or book.lent(order))
        self.by_all(dice, "amend", order, struct, parts, OrderDesk.amend, lambda: book.amend(order, new))

    @precondition(lambda self: self.any_order(self.can_amend))
    @rule(dice=DICE)
    def cancel(self, dice: Dice) -> None:
        """The order is given up."""
        order = self.pick(dice, lambda one: not (one.paid or one.is_closed or self.book.lent(one)))
        version = order.amendments + dice.of([0] * 5 + [1], "version ahead")
        struct = Cancellation(order.id, version, self.book.now + DAY)
        parts = self.parts(order, is_lender_asked=self.book.is_reserved(order))
        self.by_all(
            dice, "cancel", order, struct, parts, OrderDesk.cancel, lambda: self.book.cancel(order, version)
        )

    @precondition(lambda self: self.any_order(lambda order: not order.is_closed))
    @rule(dice=DICE)
    def credit(self, dice: Dice) -> None:
        """A part of the claim is given up."""
        order = self.pick(dice, lambda one: one.open > one.disputed)
        most = order.open - order.disputed
        amount = dice.of([1, (most + 1) // 2, most, most + 1, 0], "amount")
        struct = CreditNote(order.id, amount, HASH, self.nonce(), self.book.now + DAY)
        parts = {"buyer": order.buyer, "holder": order.holder}
        if self.book.lent(order) and order.line is not None:
            parts["funder"] = order.line.funder
        self.by_all(
            dice, "credit", order, struct, parts, OrderDesk.credit, lambda: self.book.credit(order, amount)
        )

    @precondition(lambda self: self.any_order(lambda order: not order.is_closed))
    @rule(dice=DICE)
    def dispute(self, dice: Dice) -> None:
        """The buyer withholds all, half, or more than is open."""
        order = self.pick(dice, lambda one: one.open > 0 and not one.disputed and self.book.free(one) > 0)
        most = min(order.open, self.book.free(order))
        amount = dice.of([(most + 1) // 2, most, 1, order.open, order.open + 1, 0], "amount")
        index = order.disputes + dice.of([0] * 7 + [1], "index ahead")
        struct = Dispute(order.id, index, amount, HASH, self.book.now + DAY)
        act = Act(
            "dispute",
            "Receivables",
            ((order.buyer, struct),),
            lambda by: OrderDesk.dispute(struct, by),
            order,
            {"amount": amount},
        )
        self.do(dice, act, lambda: self.book.dispute(order, amount, index))

    def disputed(self, order: Order) -> bool:
        """Whether there is something to decide."""
        return order.disputed > 0

    @precondition(lambda self: self.any_order(self.disputed))
    @rule(dice=DICE)
    def resolve(self, dice: Dice) -> None:
        """The parties agree on how much was right."""
        order = self.pick(dice, self.disputed)
        upheld, index = self._decided(dice, order)
        struct = DisputeEnd(order.id, index, upheld, self.book.now + DAY)
        parts = self.parts(order, is_lender_asked=upheld and self.book.lent(order))
        self.by_all(
            dice, "resolve", order, struct, parts, OrderDesk.resolve,
            lambda: self.book.resolve(order, upheld, index),
        )  # fmt: skip

    @precondition(lambda self: self.any_order(self.disputed))
    @rule(dice=DICE)
    def arbitrate(self, dice: Dice) -> None:
        """An arbiter decides; sometimes it is none."""
        order = self.pick(dice, self.disputed)
        upheld, index = self._decided(dice, order)
        arbiter = dice.of([*ARBITERS, *ARBITERS, order.buyer, "carrier"], "arbiter")
        struct = DisputeEnd(order.id, index, upheld, self.book.now + DAY)
        act = Act(
            "arbitrate",
            "Receivables",
            ((arbiter, struct),),
            lambda by: OrderDesk.arbitrate(struct, by),
            order,
            {"judge": arbiter},
        )
        self.do(dice, act, lambda: self.book.arbitrate(order, upheld, index, arbiter))

    def _decided(self, dice: Dice, order: Order) -> tuple[int, int]:
        most = order.disputed
        upheld = dice.of([0, (most + 1) // 2, most, most + 1], "upheld")
        return upheld, max(0, order.disputes - 1) + dice.of([0] * 7 + [1], "index ahead")

    @precondition(lambda self: self.any_order(self.disputed))
    @rule(dice=DICE)
    def dismiss(self, dice: Dice) -> None:
        """Anyone, once nobody has decided in time."""
        order = self.pick(dice, lambda one: one.disputed > 0 and self.book.now > one.until)
        self.maybe_wait(dice, order.until + 1)
        call = OrderDesk.dismiss(order.id)
        self.step(
            "dismiss",
            lambda: self.market.send("Receivables", call),
            lambda: self.book.dismiss(order),
            order,
        )

    @precondition(lambda self: self.any_order(lambda order: order.settle_on == ON_ARRIVAL))
    @rule(dice=DICE)
    def arrive(self, dice: Dice) -> None:
        """The carrier says that the goods are there."""
        order = self.pick(dice, lambda one: one.waits_for_arrival and not one.is_closed)
        carrier = dice.of(["carrier"] * 4 + [order.supplier, "arbiter"], "carrier")
        at = self.book.now - dice.of([0, 0, DAY, -1], "ago")
        struct = Arrival(order.id, at, HASH, self.book.now + DAY)
        act = Act(
            "arrive",
            "Receivables",
            ((carrier, struct),),
            lambda by: OrderDesk.arrive(struct, by),
            order,
            {"judge": carrier},
        )
        self.do(dice, act, lambda: self.book.arrive(order, carrier, at))
