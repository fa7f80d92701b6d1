"""A funder offers a line, or new terms for one."""

from __future__ import annotations

from typing import Any, Final

from settlement.errors import InputRefused, InvariantBroken, NotFound
from settlement.ids import MemberId, new_nonce
from settlement.money import currency, minor_from_text
from settlement.store.handles import Session
from settlement.store.repositories import lines
from settlement.use_cases.acts import WEEK_S, open_own_act
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.wire.act import Act
from settlement.wire.credit import LineWish
from settlement.wire.words import DAY_COUNTS, lanes_mask

_PRE_APPROVED: Final[dict[str, Any]] = {"committed": False, "commitmentBps": 0, "longestDays": 0}
"""No cash is set aside, and the contract's own longest life bounds an order: the terms of a line opened here."""


def offer_line(
    session: Session, context: Context, caller: Caller, wish: LineWish, *, now_at: int, received_at: int
) -> Act:
    """Open the act that publishes the terms.

    Units:  ``now_at`` business time, ``received_at`` wall time.
    Raises: NotFound for a line that is not the caller's; InputRefused for terms that contradict themselves.
    """
    funder = caller.acting_member()
    promised = _promised(session, funder, wish)
    _checked(wish, now_at)
    message = {
        "line": wish.line or 0,
        "funder": funder,
        "currency": currency(wish.currency).number,
        "limit": minor_from_text(wish.limit),
        "orderCap": minor_from_text(wish.order_cap),
        "rateBps": wish.rate_bps,
        "lateBps": wish.late_bps,
        "feeBps": wish.fee_bps,
        "advanceAccepted": wish.advance_accepted_bps,
        "advanceShipped": wish.advance_shipped_bps,
        "advanceReleased": wish.advance_released_bps,
        "dayCount": DAY_COUNTS[wish.day_count],
        "graceDays": wish.grace_days,
        "recourse": wish.recourse,
        "buyerLanes": lanes_mask(wish.buyer_lanes),
        "supplierLanes": lanes_mask(wish.supplier_lanes),
        **promised,
        "expiry": wish.expires_at,
        "nonce": new_nonce(),
        "deadline": now_at + WEEK_S,
    }
    return open_own_act(
        session,
        context,
        caller,
        kind="line",
        subject=str(wish.line) if wish.line else f"{funder}:{message['nonce']}",
        role="funder",
        primary_type="LineTerms",
        contract=context.deployment.credit_lines,
        message=message,
        received_at=received_at,
    )


def _promised(session: Session, funder: MemberId, wish: LineWish) -> dict[str, Any]:
    """What a new version keeps of its line: one that sets cash aside always does.

    Raises: NotFound for a line that is not the funder's.
    """
    if wish.line is None:
        return _PRE_APPROVED
    line = lines.find_line(session, wish.line)
    if line is None or line.funder != funder:
        raise NotFound(f"there is no line {wish.line}")
    terms = lines.find_version(session, line.line, line.version)
    if terms is None:
        raise InvariantBroken(f"line {line.line} has no version {line.version}")
    return {
        "committed": terms.committed,
        "commitmentBps": terms.commitment_bps,
        "longestDays": terms.longest_days,
    }


def _checked(wish: LineWish, now_at: int) -> None:
    advances = (wish.advance_accepted_bps, wish.advance_shipped_bps, wish.advance_released_bps)
    if list(advances) != sorted(advances):
        raise InputRefused(
            "advances rise with the phases: accepted, shipped, released", field="advance_accepted_bps"
        )
    if wish.expires_at <= now_at:
        raise InputRefused(
            "expires_at lies in the past of business time; see GET /v1/clock", field="expires_at"
        )
