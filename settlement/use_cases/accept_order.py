"""The supplier accepts an order on a line it chose, or on none."""

from __future__ import annotations

from settlement.errors import Conflict, InputRefused, NotFound, NotPermitted
from settlement.store.handles import Session
from settlement.store.repositories import acts, lines
from settlement.use_cases.acts import WEEK_S, open_own_act
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.visibility import visible_order
from settlement.wire.act import Act
from settlement.wire.trade import AcceptanceWish


def accept_order(
    session: Session,
    context: Context,
    caller: Caller,
    order_id: str,
    wish: AcceptanceWish,
    *,
    now_at: int,
    received_at: int,
) -> Act:
    """Open the act of the acceptance; with both signatures in, the order goes on chain.

    Units:  ``now_at`` business time, ``received_at`` wall time.
    Raises: NotFound; NotPermitted for all but the supplier; Conflict when it is accepted, the buyer's terms have
            expired, or the line's terms have changed.
    """
    seen = visible_order(session, caller, order_id)
    if seen.receivable is not None:
        raise Conflict("the order is accepted already", code="order_accepted")
    draft = seen.draft
    if draft is None or draft.act_id is None:
        raise NotFound(f"order {order_id} has no terms to accept")
    if caller.acting_member() != draft.supplier:
        raise NotPermitted("the supplier accepts the order")
    if draft.terms["deadline"] < now_at:
        raise Conflict(
            "the buyer's terms have expired; send the order again to renew them", code="act_expired"
        )
    _check_line(session, wish)

    message = {
        "order": draft.terms_hash,
        "line": wish.line or 0,
        "version": wish.version or 0,
        "deadline": min(now_at + WEEK_S, draft.terms["deadline"]),
    }
    return open_own_act(
        session,
        context,
        caller,
        kind="acceptance",
        subject=order_id,
        role="supplier",
        primary_type="Acceptance",
        contract=context.deployment.receivables,
        message=message,
        received_at=received_at,
        payload={"order_act": draft.act_id},
    )


def _check_line(session: Session, wish: AcceptanceWish) -> None:
    if (wish.line is None) != (wish.version is None):
        raise InputRefused("line and version belong together; give both, or none of them", field="line")
    if wish.line is None:
        return
    line = lines.find_line(session, wish.line)
    if line is None or line.version != wish.version:
        raise Conflict(
            f"line {wish.line} does not stand at version {wish.version}; GET the order's offers again",
            code="offer_changed",
        )


def newest_acts(session: Session, order_id: str) -> list[str]:
    """The ids of an order's acts that are still of use, oldest first."""
    found = acts.acts_about(session, order_id, {"order", "acceptance"})
    about = [one for one in found if one.state != acts.REPLACED]
    newest = {one.kind: one.id for one in about}
    return [one.id for one in about if newest[one.kind] == one.id]
