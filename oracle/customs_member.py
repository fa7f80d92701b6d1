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
from oracle.view import (
    Item,
    OrderView,
    Received,
    read_envelopes,
    read_item,
    received_of,
    state_on_wire,
    view_of,
)
from settlement import typed_data
from settlement.errors import HanseError
from settlement.ids import OrderId, id_from_text, id_text
from settlement.wire.client import HanseClient, Refused

log = structlog.get_logger(__name__)


@dataclass
class CustomsMember:
    """One seat. ``step`` does all there is to do now; it may be called at any time and repeats nothing needlessly."""

    name: str
    key: SigningKey
    inbox: Inbox
    book: SignedBook
    api: HanseClient
    _items: list[Item] = field(default_factory=list)
    _unplaced: set[str] = field(default_factory=set)
    _pending: set[OrderId] = field(default_factory=set)
    _bases: dict[OrderId, dict[str, Any]] = field(default_factory=dict)
    _handed: dict[OrderId, tuple[int, int]] = field(default_factory=dict)
    _trouble: dict[str, str] = field(default_factory=dict)

    def step(self) -> None:
        """Sign and hand in every state that is newer than what is on chain; an order stays pending until its own is."""
        fresh = [read_item(one) for one in self.inbox.all()[len(self._items) :]]
        self._items += fresh
        self._unplaced |= {one.declaration for one in fresh if one.declaration}
        if not self._unplaced and not self._pending:
            return
        received = received_of(self._items)
        if self._unplaced:
            self._place(received)
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
            "handed_in": {id_text(order): seq for order, (seq, _) in dict(self._handed).items()},
            "trouble": dict(self._trouble),
        }

    def _place(self, received: Received) -> None:
        """Find the orders that declarations belong to, by a link or by an order's signed terms.

        A declaration of no order yet stays unplaced and is looked up again: the order may be accepted after the
        first message about it came.
        """
        linked = {link.declaration for link in received.links}
        if self._unplaced - linked - self._declared():
            self._learn_orders()
        by_link = [(link.declaration, link.order) for link in received.links]
        by_terms = [
            (term["number"], order) for order, basis in self._bases.items() for term in basis["declarations"]
        ]
        for number, order in by_link + by_terms:
            if number in self._unplaced:
                self._pending.add(order)
        self._unplaced -= {number for number, _ in by_link + by_terms}

    def _declared(self) -> set[str]:
        return {term["number"] for basis in self._bases.values() for term in basis["declarations"]}

    def _learn_orders(self) -> None:
        for row in self.api.items("/v1/orders"):
            order = OrderId(id_from_text(row["id"]))
            if order in self._bases or row["phase"] == "draft":
                continue
            try:
                self._bases[order] = self._basis(order)
                self._trouble.pop(row["id"], None)
            except Refused as refused:
                # An order whose document is not kept here must not keep the others from being read.
                self._trouble[row["id"]] = str(refused)

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
