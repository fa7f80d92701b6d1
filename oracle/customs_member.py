"""A customs committee member: folds its own inbox, signs the whole state, hands the signature in.

It signs only what it has received itself. It keeps what it signed before the signature leaves (I-21), and signs the same
content again with a later deadline when the first one passed unused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import structlog

from oracle.inbox import Inbox
from oracle.key_file import SigningKey
from oracle.network import SigningDomain, business_time, deadline_on_grid, signing_domain
from oracle.signed_book import SignedBook
from oracle.view import OrderView, Received, read_envelopes, state_on_wire, view_of
from settlement import typed_data
from settlement.errors import HanseError
from settlement.ids import OrderId, id_from_text, id_text
from settlement.wire.client import HanseClient

log = structlog.get_logger(__name__)


@dataclass
class CustomsMember:
    """One seat. ``step`` does all there is to do now; it may be called at any time and repeats nothing needlessly."""

    name: str
    key: SigningKey
    inbox: Inbox
    book: SignedBook
    api: HanseClient
    _seen: int = 0
    _pending: set[OrderId] = field(default_factory=set)
    _bases: dict[OrderId, dict[str, Any]] = field(default_factory=dict)
    _handed: dict[OrderId, tuple[int, int]] = field(default_factory=dict)
    _trouble: dict[str, str] = field(default_factory=dict)

    def step(self) -> None:
        """Sign and hand in every state that is newer than what is on chain; an order stays pending until its own is."""
        envelopes = self.inbox.all()
        if len(envelopes) == self._seen and not self._pending:
            return
        received = read_envelopes(envelopes)
        if len(envelopes) > self._seen:
            self._pending |= self._orders_of(received)
            self._seen = len(envelopes)
        if not self._pending:
            return
        domain = signing_domain(self.api, "ClearanceOracle")
        now_at = business_time(self.api)
        for order in sorted(self._pending):
            try:
                self._attend(order, received, domain, now_at)
                self._trouble.pop(id_text(order), None)
            except HanseError as refused:
                # One order's conflict must not silence the others; it stays visible in the view.
                self._trouble[id_text(order)] = str(refused)
                log.warning(
                    "attestation_not_handed_in", member=self.name, order=id_text(order), reason=str(refused)
                )

    def describe(self) -> dict[str, Any]:
        """What this member has seen and done, for people who look into a split committee."""
        received = read_envelopes(self.inbox.all())
        return {
            "member": self.name,
            "key": self.key.address,
            "messages": [
                {"id": event.message_id, "kind": event.kind, "declaration": event.declaration_number}
                for event in received.events
            ],
            "links": [
                {"order": id_text(link.order), "declaration": link.declaration} for link in received.links
            ],
            "unreadable": [{"sha256": sha256, "reason": reason} for sha256, reason in received.unreadable],
            "handed_in": {id_text(order): seq for order, (seq, _) in self._handed.items()},
            "trouble": dict(self._trouble),
        }

    def _orders_of(self, received: Received) -> set[OrderId]:
        """Orders that a link names, and orders whose signed terms name a declaration that was heard of."""
        linked = {link.order for link in received.links}
        known = {link.declaration for link in received.links}
        heard = {event.declaration_number for event in received.events} - known
        if heard - self._declared():
            self._learn_orders()
        by_terms = {
            order
            for order, basis in self._bases.items()
            if heard & {term["number"] for term in basis["declarations"]}
        }
        return linked | by_terms

    def _declared(self) -> set[str]:
        return {term["number"] for basis in self._bases.values() for term in basis["declarations"]}

    def _learn_orders(self) -> None:
        for row in self.api.items("/v1/orders"):
            order = OrderId(id_from_text(row["id"]))
            if order not in self._bases and row["phase"] != "draft":
                self._bases[order] = self._basis(order)

    def _basis(self, order: OrderId) -> dict[str, Any]:
        return self.api.get(f"/v1/orders/{id_text(order)}/basis")

    def _attend(self, order: OrderId, received: Received, domain: SigningDomain, now_at: int) -> None:
        basis = self._bases[order] = self._basis(order)
        view = view_of(order, basis["jurisdiction"], received, basis)
        if basis["phase"] == "draft":
            return
        if view.seq <= basis["seq"] or basis["phase"] in {"settled", "closed", "refused"}:
            self._pending.discard(order)
            return
        deadline_at = deadline_on_grid(now_at)
        if self._handed.get(order) != (view.seq, deadline_at):
            self._hand_in(order, view, domain, deadline_at)
            self._handed[order] = (view.seq, deadline_at)

    def _hand_in(self, order: OrderId, view: OrderView, domain: SigningDomain, deadline_at: int) -> None:
        state = state_on_wire(view.content, deadline_at)
        self.book.enter(f"{id_text(order)}-{view.seq}", view.content_hash, state)
        typed = typed_data.typed_message(
            "Attestation", domain.chain_id, domain.contract, {**view.content, "deadline": deadline_at}
        )
        signature = "0x" + typed_data.sign(typed, self.key.secret).hex()
        self.api.post("/v1/clearance/attestations", {"state": state, "signature": signature})
        log.info("attestation_handed_in", member=self.name, order=id_text(order), seq=view.seq)
