"""OrderDesk: what changes an order after its acceptance.

Source: contracts/src/OrderChanges.sol, contracts/src/Disputes.sol.
"""

from __future__ import annotations

from settlement.chain.bindings.order_desk import Amended, Arrived, Cancelled, Credited, Disputed, Resolved
from settlement.store.projecting.orders import close_draws, late_unless_said, order_of
from settlement.store.projecting.text import hex_text
from settlement.store.projection import EventPlace, Projection


def amended(projection: Projection, event: Amended, _place: EventPlace) -> None:
    """New terms take the place of the old ones."""
    order, terms = order_of(projection, event.order), event.terms
    order.amendments = event.version
    order.face_minor = terms.face
    order.document_root = hex_text(terms.document)
    order.settle_on = int(terms.settle_on)
    order.tenor_days = terms.tenor_days
    order.late_bps = terms.late_bps
    order.duty_cap_minor = terms.duty_cap
    if not terms.duty_cap:
        order.duty_demanded_minor = 0
    order.expiry_at = terms.expiry
    order.arbiter = terms.arbiter


def cancelled(projection: Projection, event: Cancelled, _place: EventPlace) -> None:
    """The whole claim is given up; Closed follows."""
    order = order_of(projection, event.order)
    order.reduced_minor += event.reduced
    close_draws(projection, order)
    late_unless_said(order)


def credited(projection: Projection, event: Credited, _place: EventPlace) -> None:
    """The claim falls by a credit note."""
    order = order_of(projection, event.order)
    order.reduced_minor += event.amount
    if order.face_minor - order.reduced_minor == order.paid_minor:
        close_draws(projection, order)
    late_unless_said(order)


def disputed(projection: Projection, event: Disputed, _place: EventPlace) -> None:
    """A part of the claim is withheld."""
    order = order_of(projection, event.order)
    order.disputed_minor = event.amount
    order.dispute_until_at = event.until
    order.disputes = event.index + 1
    late_unless_said(order)


def resolved(projection: Projection, event: Resolved, _place: EventPlace) -> None:
    """The dispute is over; what was upheld is no longer claimed."""
    order = order_of(projection, event.order)
    order.disputed_minor = 0
    order.reduced_minor += event.upheld
    if event.upheld and order.face_minor - order.reduced_minor == order.paid_minor:
        close_draws(projection, order)
    late_unless_said(order)


def arrived(projection: Projection, event: Arrived, _place: EventPlace) -> None:
    """The carrier says that the goods are there."""
    order_of(projection, event.order).arrived_at = event.arrived_at
