"""Orders as receivables."""

from __future__ import annotations

from settlement.chain.bindings.receivables import PayableNowAnswer, Receivables
from settlement.chain.bindings.structs import Acceptance, Guarantee, Position, PurchaseOrder
from settlement.chain.gateways.gateway import Gateway
from settlement.chain.wanted import Kind, Wanted
from settlement.ids import OrderId, id_text


class ReceivablesGateway(Gateway):
    """The Receivables contract."""

    def accept(
        self,
        order: OrderId,
        terms: PurchaseOrder,
        acceptance: Acceptance,
        buyer_signature: bytes,
        supplier_signature: bytes,
    ) -> Wanted:
        """Mint the receivable both parties signed; ``acceptance.order`` is the terms' hash."""
        call = Receivables.accept(terms, acceptance, buyer_signature, supplier_signature)
        key = f"{id_text(order)}:0x{acceptance.order.hex()}:{acceptance.line}:{acceptance.version}"
        return Wanted(Kind.ACCEPT, key, self.address, call.data, subject=id_text(order))

    def settle(self, order: OrderId, occasion: str) -> Wanted:
        """Pay what is payable."""
        key = id_text(order)
        return Wanted(
            Kind.SETTLE, key, self.address, Receivables.settle(order).data, occasion=occasion, subject=key
        )

    def lapse(self, order: OrderId, occasion: str = "") -> Wanted:
        """Reduce the undelivered part of an expired order."""
        key = id_text(order)
        return Wanted(
            Kind.LAPSE, key, self.address, Receivables.lapse(order).data, occasion=occasion, subject=key
        )

    def dismiss(self, order: OrderId, occasion: str = "") -> Wanted:
        """End a dispute that nobody decided in time."""
        key = id_text(order)
        return Wanted(
            Kind.DISMISS, key, self.address, Receivables.dismiss(order).data, occasion=occasion, subject=key
        )

    def return_undertaking(self, order: OrderId, occasion: str = "") -> Wanted:
        """Give a guarantor back what is left of an undertaking that is over."""
        key, call = id_text(order), Receivables.return_undertaking(order)
        return Wanted(Kind.RETURN_UNDERTAKING, key, self.address, call.data, occasion=occasion, subject=key)

    def refund_guarantor(self, order: OrderId, occasion: str = "") -> Wanted:
        """Take from the buyer what it owes its guarantor."""
        key, call = id_text(order), Receivables.refund_guarantor(order)
        return Wanted(Kind.REFUND_GUARANTOR, key, self.address, call.data, occasion=occasion, subject=key)

    def guarantee(self, order: OrderId, *, block: str | int = "latest") -> Guarantee:
        """The undertaking behind an order; guarantor 0 when there never was one. Units: minor units, unix seconds."""
        return self._ask(Receivables.guarantee_of(order), block)

    def position(self, order: OrderId, *, block: str | int = "latest") -> Position:
        """The order as stored; phase NONE when there is none. Units: minor units, unix seconds."""
        return self._ask(Receivables.position_of(order), block)

    def payable(self, order: OrderId, *, block: str | int = "pending") -> PayableNowAnswer:
        """What is payable at the block's time, and what the buyer could pay of it. Units: minor units."""
        return self._ask(Receivables.payable_now(order), block)

    def lapse_at(self, order: OrderId, *, block: str | int = "latest") -> int:
        """The time after which the order may lapse. Units: unix seconds."""
        return self._ask(Receivables.lapse_at(order), block)

    def fingerprint(self, buyer_lei: bytes, supplier_lei: bytes, number: str, year: int) -> OrderId:
        """The id of an order, as the contract computes it. Shapes: LEI hashes of 20 bytes."""
        return OrderId(self._ask(Receivables.fingerprint(buyer_lei, supplier_lei, number, year), "latest"))

    def terms_hash(self, terms: PurchaseOrder) -> bytes:
        """The EIP-712 struct hash of the terms. Shapes: 32 bytes."""
        return self._ask(Receivables.terms_hash(terms), "latest")
