"""ShareDesk and SettlementDesk: holders, shares of orders, undertakings.

Source: contracts/src/ShareDesk.sol, contracts/src/ShareSettlement.sol, contracts/src/Undertakings.sol.
"""

from __future__ import annotations

from settlement.chain.bindings.settlement_desk import (
    GuarantorRefunded,
    SharePaid,
    ShareReduced,
    ShareSettled,
    Undertaken,
    UndertakingCalled,
    UndertakingReturned,
)
from settlement.chain.bindings.share_desk import Assigned, ShareIssued
from settlement.ids import id_text, share_number, undertaking_account
from settlement.store.projecting.orders import close_draws
from settlement.store.projection import EventPlace, Projection
from settlement.store.tables_projection import Receivable, Share, Undertaking


def assigned(projection: Projection, event: Assigned, _place: EventPlace) -> None:
    """An order or a share has another holder; an order's draws close with it."""
    if share_number(event.order):
        _share(projection, event.order).holder = event.holder
        return
    order = projection.get(Receivable, id_text(event.order))
    order.holder = event.holder
    close_draws(projection, order)


def share_issued(projection: Projection, event: ShareIssued, _place: EventPlace) -> None:
    """A share is cut out of the order's face."""
    projection.get(Receivable, id_text(event.order)).face_minor -= event.face
    projection.add(
        Share(
            share=id_text(event.share),
            order=id_text(event.order),
            number=share_number(event.share),
            holder=event.holder,
            face_minor=event.face,
        )
    )


def share_settled(projection: Projection, event: ShareSettled, _place: EventPlace) -> None:
    """The buyer paid under the share; what is set aside stands in the share's account by Moved."""
    share = _share(projection, event.share)
    share.paid_minor += event.face
    share.settlements = event.number


def share_paid(projection: Projection, event: SharePaid, _place: EventPlace) -> None:
    """What was set aside reaches the holder by Moved: goes to the outbox alone."""
    _share(projection, event.share)


def share_reduced(projection: Projection, event: ShareReduced, _place: EventPlace) -> None:
    """The undelivered part of the share is no longer claimed."""
    _share(projection, event.share).reduced_minor += event.reduced


def undertaken(projection: Projection, event: Undertaken, _place: EventPlace) -> None:
    """A guarantor's cash stands behind the order, in the place of any former one."""
    order = id_text(event.order)
    row = projection.find(Undertaking, order)
    if row is None:
        account = id_text(undertaking_account(event.order))
        row = projection.add(
            Undertaking(order=order, account=account, guarantor=0, left_minor=0, expiry_at=0)
        )
    row.guarantor = event.guarantor
    row.left_minor = event.amount
    row.claim_minor = 0
    row.expiry_at = event.expiry


def undertaking_called(projection: Projection, event: UndertakingCalled, _place: EventPlace) -> None:
    """It paid for the buyer, which owes that to the guarantor now."""
    row = projection.get(Undertaking, id_text(event.order))
    row.left_minor -= event.amount
    row.claim_minor = event.claim


def undertaking_returned(projection: Projection, event: UndertakingReturned, _place: EventPlace) -> None:
    """What was left of it went back."""
    projection.get(Undertaking, id_text(event.order)).left_minor -= event.amount


def guarantor_refunded(projection: Projection, event: GuarantorRefunded, _place: EventPlace) -> None:
    """The buyer paid its guarantor."""
    projection.get(Undertaking, id_text(event.order)).claim_minor -= event.amount


def _share(projection: Projection, share: int) -> Share:
    return projection.get(Share, id_text(share))
