"""Lines, loans, draws and what falls due on them."""

from __future__ import annotations

from settlement.chain.bindings.credit_lines import CreditLines, OutstandingOfAnswer, UsageOfAnswer
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import Draw, LineTerms, Loan, Repayment, ReserveRelease
from settlement.chain.gateways.gateway import Gateway
from settlement.chain.wanted import Kind, Wanted
from settlement.ids import LineId, MemberId, OrderId, id_text


class LinesGateway(Gateway):
    """The lines and loans that Receivables keeps: what CreditLines, its module, is asked for, and its own draws."""

    def publish(self, terms: LineTerms, signature: bytes) -> Wanted:
        """Open a line (``terms.line`` 0) or publish a new version of one."""
        call = CreditLines.publish(terms, signature)
        subject = str(terms.line) if terms.line else None
        return Wanted(
            Kind.PUBLISH_LINE, f"{terms.funder}:{terms.nonce}", self.address, call.data, subject=subject
        )

    def draw(self, request: Draw, signature: bytes) -> Wanted:
        """Draw on an order's loan."""
        order = id_text(request.order)
        key = f"{order}:{request.index}:{request.amount}"
        call = Receivables.draw(request, signature)
        return Wanted(Kind.DRAW, key, self.address, call.data, subject=order)

    def repay(self, repayment: Repayment, signature: bytes) -> Wanted:
        """Repay out of the payer's free cash."""
        call = CreditLines.repay(repayment, signature)
        key = f"{repayment.payer}:{repayment.nonce}"
        return Wanted(Kind.REPAY, key, self.address, call.data, subject=id_text(repayment.order))

    def recourse(self, order: OrderId, occasion: str) -> Wanted:
        """Take from the supplier what falls to it."""
        key = id_text(order)
        call = CreditLines.recourse(order)
        return Wanted(Kind.RECOURSE, key, self.address, call.data, occasion=occasion, subject=key)

    def release(self, order: OrderId, occasion: str = "") -> Wanted:
        """Free an expired order's reserve; before the expiry supplier or funder must sign for it."""
        key, call = id_text(order), CreditLines.release(ReserveRelease(order, 0, 0), b"")
        return Wanted(Kind.RELEASE_RESERVE, key, self.address, call.data, occasion=occasion, subject=key)

    def loan(self, order: OrderId, *, block: str | int = "latest") -> Loan:
        """The loan as stored. Units: minor units; ``accrued`` millionths of one; unix seconds."""
        return self._ask(CreditLines.loan_of(order), block)

    def outstanding(self, order: OrderId, *, block: str | int = "pending") -> OutstandingOfAnswer:
        """Interest due at the block's time, and principal. Units: minor units."""
        return self._ask(CreditLines.outstanding_of(order), block)

    def drawable(self, order: OrderId, *, block: str | int = "pending") -> int:
        """Most the supplier may draw at the block's time. Units: minor units."""
        return self._ask(CreditLines.drawable_of(order), block)

    def due_from_supplier(self, order: OrderId, *, block: str | int = "pending") -> int:
        """What recourse would take if the supplier had it. Units: minor units."""
        return self._ask(CreditLines.due_from_supplier(order), block)

    def terms(self, line: LineId, version: int, *, block: str | int = "latest") -> LineTerms:
        """The terms of one version."""
        return self._ask(CreditLines.terms_of(line, version), block)

    def usage(self, line: LineId, *, block: str | int = "latest") -> UsageOfAnswer:
        """Limit, use and current version. Units: minor units."""
        return self._ask(CreditLines.usage_of(line), block)

    def count(self, *, block: str | int = "latest") -> int:
        """How many lines there are."""
        return self._ask(CreditLines.line_count(), block)

    def is_nonce_used(self, member: MemberId, nonce: int, *, block: str | int = "latest") -> bool:
        """Whether an act of this contract with that nonce was done."""
        return self._ask(CreditLines.is_nonce_used(member, nonce), block)
