"""Receivables handed on, cut into shares, and what was set aside for shares."""

from __future__ import annotations

from hypothesis.stateful import precondition, rule

from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import Assignment, Split
from tests.properties.books import Order, Share
from tests.properties.books.arithmetic import AT_ONCE, DAY, MOST_SHARES
from tests.properties.rules.base import Act
from tests.properties.rules.cash import CashRules
from tests.properties.rules.dice import DICE, Dice
from tests.properties.rules.evidence import EvidenceRules
from tests.properties.rules.orders import OrderRules

RECEIVERS = ("supplier2", "bank2", "trader", "supplier", "bank", "buyer")


class ShareRules(OrderRules, EvidenceRules, CashRules):
    """Who holds what of an order."""

    def can_move(self, order: Order) -> bool:
        """Whether a leaf may change hands."""
        is_fresh = not (order.is_closed or order.released or order.disputed)
        return is_fresh and not self.book.lent(order)

    def can_split(self, order: Order) -> bool:
        """Whether a share may be cut out."""
        is_undrawn = order.loan is None or order.loan.draws == 0
        return self.can_move(order) and is_undrawn and order.claim > 1 and len(order.shares) < MOST_SHARES

    @precondition(lambda self: self.any_order(self.can_move))
    @rule(dice=DICE)
    def assign(self, dice: Dice) -> None:
        """The holder of an order or a share hands it on."""
        order = self.pick(dice, self.can_move)
        leaves: list[Order | Share] = [*order.shares, order]
        leaf = dice.of(leaves, "leaf")
        holder = dice.of([leaf.holder] * 7 + [order.buyer], "holder")
        to = dice.of(RECEIVERS, "to")
        claim = leaf.open + dice.of([0] * 7 + [1], "more")
        ids = self.market.ids
        struct = Assignment(leaf.id, ids[holder], ids[to], claim, self.nonce(), self.book.now + DAY)
        act = Act(
            "assign",
            "Receivables",
            ((holder, struct),),
            lambda by: Receivables.assign(struct, by),
            order,
            {"leaf": leaf.id, "holder": holder},
        )
        self.do(dice, act, lambda: self.book.assign(order, leaf, holder, to, claim))

    @precondition(lambda self: self.any_order(self.can_split))
    @rule(dice=DICE)
    def split(self, dice: Dice) -> None:
        """The holder cuts some shares out of its claim, sometimes more than there is."""
        order = self.pick(dice, self.can_split)
        count = dice.of([1, 6, 2, 6, 3, 8, 0], "count")
        most = max(1, order.claim // (count + 1))
        part = dice.of([most, 1, (most + 1) // 2, most, order.claim, 0], "part")
        parts = [(dice.of(RECEIVERS[:5], "receiver"), part) for _ in range(count)]
        parts = [(name if name != order.buyer else "supplier2", face) for name, face in parts]
        first = len(order.shares) + 1 + dice.of([0] * 7 + [1], "ahead")
        holder = dice.of([order.holder] * 7 + ["supplier2"], "holder")
        ids = self.market.ids
        names, faces = tuple(ids[name] for name, _ in parts), tuple(face for _, face in parts)
        struct = Split(order.id, ids[holder], first, names, faces, self.book.now + DAY)
        act = Act(
            "split",
            "Receivables",
            ((holder, struct),),
            lambda by: Receivables.split(struct, by),
            order,
            {"leaf": order.id, "holder": holder},
        )
        self.do(dice, act, lambda: self.book.split(order, holder, first, parts))

    @precondition(lambda self: self.any_order(lambda order: order.shares))
    @rule(dice=DICE)
    def settle_share(self, dice: Dice) -> None:
        """Anyone hands over what was set aside."""
        book = self.book
        waiting = [
            one for one in book.orders.values() if any(book.of(one.currency, s.id) for s in one.shares)
        ]
        split = [one for one in book.orders.values() if one.shares]
        many = [one for one in split if len(one.shares) > AT_ONCE and self.can_deliver(one)]
        order = dice.of(waiting or many or split, "order")
        if not waiting and dice.of((True, True, False), "paid before"):
            self.deposit(order.buyer, order.currency, max(1, order.whole_open))
            self.deliver_one(dice, order)
            self.wait_until(order.due)
            if self.can_settle(order):
                self.settle_one(order)
        share = max(order.shares, key=lambda one: book.of(order.currency, one.id))
        self.step(
            "settle_share",
            lambda: self.market.settle(share.id),
            lambda: book.settle_share(order, share),
            order,
            payers=(share.id,),
        )
