"""A party of the order repays its loan out of free cash."""

from __future__ import annotations

from settlement.errors import NotFound
from settlement.ids import id_from_text, new_nonce
from settlement.money import currency_of_number
from settlement.store.handles import Session
from settlement.store.repositories import loans
from settlement.use_cases.acts import HOUR_S, open_own_act
from settlement.use_cases.amounts import minor_in
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.visibility import visible_receivable
from settlement.wire.act import Act
from settlement.wire.credit import RepaymentWish


def repay_loan(
    session: Session,
    context: Context,
    caller: Caller,
    order_id: str,
    wish: RepaymentWish,
    *,
    now_at: int,
    received_at: int,
) -> Act:
    """Open the act of a repayment: interest first, and at most what is outstanding when it is mined.

    Units:  ``now_at`` business time, ``received_at`` wall time.
    Raises: NotFound when there is no loan the caller is party to.
    """
    receivable = visible_receivable(session, caller, order_id)
    if loans.find_loan(session, order_id) is None:
        raise NotFound(f"order {order_id} has no loan")
    message = {
        "order": id_from_text(order_id),
        "payer": caller.acting_member(),
        "amount": minor_in(wish.amount, currency_of_number(receivable.currency)),
        "nonce": new_nonce(),
        "deadline": now_at + HOUR_S,
    }
    return open_own_act(
        session,
        context,
        caller,
        kind="repayment",
        subject=order_id,
        role="payer",
        primary_type="Repayment",
        contract=context.deployment.credit_lines,
        message=message,
        received_at=received_at,
    )
