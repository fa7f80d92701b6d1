"""A guarantor's cash behind an order: given, displaced, taken back, refunded by the buyer (R5, R13)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.properties.books.arithmetic import DAY, POSTING_GRACE_S, due_up
from tests.properties.books.changes import ChangesBook
from tests.properties.books.network import FUNDER
from tests.properties.books.orders import Guarantee, Order
from tests.properties.books.refusals import Refusals


@dataclass
class UndertakingBook(ChangesBook):
    """What a guarantor may do; what it pays is in the settlement. A change of the parties does not call it."""

    def undertake(self, order: Order, given: Guarantee, most_owed: int) -> None:
        """A larger one takes the place of one in force, unless that buys a guarantor out of its word (P02).

        What the buyer owes the former guarantor the newcomer pays first, and is owed it (R13).
        """
        former, name = order.guarantee, given.guarantor
        no = Refusals()
        no.when(order.is_closed, "OrderClosed")
        no.when(given.left == 0, "FaceOutOfRange")
        no.when(given.expiry <= self.now, "OrderExpired")
        self.ask_standing(no, name, FUNDER)
        self.ask_open(no, 0, name)
        no.when(name == order.buyer, "GuarantorIsBuyer")
        no.when(former is not None and self._is_firm(order, former, given), "UndertakingTaken")
        no.when((order.currency, name) in self.frozen, "AccountFrozen")
        owed = former.claim if former is not None else 0
        is_own = former is not None and former.guarantor == name
        own = former.left if former is not None and is_own else 0
        no.when(owed > most_owed, "UndertakingTaken")
        needed = given.left - owed if is_own else given.left
        no.when(needed > self.of(order.currency, name) + own, "InsufficientCash")
        no.stand()
        if former is not None:
            self.move(order.currency, order.undertaking_account, former.guarantor, former.left)
            self.move(order.currency, name, former.guarantor, owed)
        order.guarantee = replace(given, left=given.left - owed, claim=owed)
        self.move(order.currency, name, order.undertaking_account, order.guarantee.left)

    def _is_firm(self, order: Order, former: Guarantee, given: Guarantee) -> bool:
        last = order.expiry + order.tenor_s // DAY * DAY + POSTING_GRACE_S
        is_in_force = former.left > 0 and self.now < former.expiry
        is_less = given.left <= former.left + former.claim or given.expiry < min(former.expiry, last)
        return given.left <= former.claim or (is_in_force and is_less)

    def return_undertaking(self, order: Order) -> None:
        """Anyone: cash behind nothing any more is the guarantor's again."""
        known = order.guarantee
        no = Refusals()
        no.when(known is None or known.left == 0, "NothingUndertaken")
        no.when(known is not None and self.now < known.expiry and not order.is_closed, "UndertakingInForce")
        no.stand()
        assert known is not None
        self.move(order.currency, order.undertaking_account, known.guarantor, known.left)
        known.left = 0

    def refund_guarantor(self, order: Order) -> None:
        """R13: after the open Y and the late charge, as far as the buyer can."""
        known = order.guarantee
        claim = known.claim if known is not None else 0
        amount = min(claim, self.free(order))
        no = Refusals()
        no.when(claim == 0, "NothingUndertaken")
        is_early = self.payable(order) + due_up(self.late_now(order)) > 0
        no.when(claim and (is_early or amount == 0), "BuyerShort")
        no.stand()
        assert known is not None
        known.claim -= amount
        self.move(order.currency, order.buyer, known.guarantor, amount)
