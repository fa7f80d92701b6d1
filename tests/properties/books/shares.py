"""Who holds a receivable, and the shares cut out of it (I-07, I-08, R1)."""

from __future__ import annotations

from dataclasses import dataclass

from tests.properties.books.arithmetic import MOST_SHARES
from tests.properties.books.network import FUNDER, ON_MEMBER, ON_NETWORK, SUPPLIER
from tests.properties.books.orders import Order, Share
from tests.properties.books.refusals import Refusals
from tests.properties.books.undertakings import UndertakingBook


@dataclass
class ShareBook(UndertakingBook):
    """One rule for both: the holder itself, nothing released, no principal, to a member that may hold."""

    def _ask_movable(self, no: Refusals, order: Order, leaf: Order | Share, holder: str) -> None:
        no.when(order.is_closed, "OrderClosed")
        no.when(order.released or leaf.paid, "AlreadyReleased")
        no.when(order.disputed, "UnderDispute")
        no.when(leaf is order and self.lent(order), "PrincipalOutstanding")
        no.when(holder != leaf.holder, "NotSignedBy")
        self.ask_standing(no, holder, 0)
        is_halted = self.is_halted(ON_NETWORK, 0) or self.is_halted(ON_MEMBER, holder)
        no.when(is_halted, "NewBusinessHalted")
        no.when((order.currency, holder) in self.frozen, "AccountFrozen")

    def _ask_receiver(self, no: Refusals, order: Order, name: str) -> None:
        no.when(name == order.buyer, "PartiesNotDistinct")
        if not self.has_standing(name, FUNDER):
            self.ask_standing(no, name, SUPPLIER)

    def assign(self, order: Order, leaf: Order | Share, holder: str, to: str, claim: int) -> None:
        """The whole leaf; what was reserved was reserved for the former holder."""
        no = Refusals()
        self._ask_movable(no, order, leaf, holder)
        no.when(claim != leaf.open, "ClaimDiffers")
        no.when(to == holder, "PartiesNotDistinct")
        self._ask_receiver(no, order, to)
        no.stand()
        if leaf is order:
            self.end_draws(order)
        leaf.holder = to

    def split(self, order: Order, holder: str, first: int, parts: list[tuple[str, int]]) -> None:
        """Shares of the face; the order keeps the rest, and its reserve shrinks with it (R10)."""
        no = Refusals()
        self._ask_movable(no, order, order, holder)
        count, given = len(order.shares), sum(face for _, face in parts)
        no.when(order.lapsed, "OrderLapsed")
        no.when(order.loan and order.loan.draws, "PrincipalOutstanding")
        no.when(not parts or count + len(parts) > MOST_SHARES, "SharesOutOfRange")
        no.when(first != count + 1, "ShareOutOfOrder")
        no.when(any(face == 0 for _, face in parts), "FaceOutOfRange")
        for name, _ in parts:
            self._ask_receiver(no, order, name)
        no.when(given >= order.claim, "SharesExceedClaim")
        no.stand()
        order.face -= given
        for number, (name, face) in enumerate(parts, start=first):
            order.shares.append(Share(order.id | number, name, face))
        self.fit_reserve(order)

    def settle_share(self, order: Order, share: Share) -> None:
        """What was set aside for a share, to its holder; anyone."""
        amount = self.of(order.currency, share.id)
        no = Refusals()
        no.when(amount == 0, "NothingDue")
        no.stand()
        self.move(order.currency, share.id, share.holder, amount)
