"""Cover for an order: terms that insurer and insured both sign, and the capital behind them."""

from __future__ import annotations

from typing import Any

from settlement import typed_data
from settlement.days import DAY_S
from settlement.errors import InputRefused, NotFound, NotPermitted
from settlement.ids import MemberId, id_from_text, id_text, new_nonce, place_bytes
from settlement.money import currency, minor_from_text
from settlement.payout import Kind
from settlement.store.handles import Session
from settlement.store.repositories import receivables
from settlement.store.tables_projection import Receivable
from settlement.use_cases.acts import HOUR_S, Signatory, open_act, open_own_act
from settlement.use_cases.amounts import minor_in
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.wire.act import Act
from settlement.wire.cover import PolicyWish, PoolWish


def offer_policy(
    session: Session, context: Context, caller: Caller, wish: PolicyWish, *, now_at: int, received_at: int
) -> Act:
    """Open the act of a policy; insurer and insured sign the same terms.

    Units:  ``now_at`` business time, ``received_at`` wall time.
    Raises: NotFound for an order that the insured is not party to; NotPermitted for a caller who is neither insurer
            nor insured; InputRefused for terms that contradict themselves.
    """
    if caller.acting_member() not in {wish.insurer, wish.insured}:
        raise NotPermitted("a policy is opened by its insurer or its insured")
    receivable = _covered(session, wish)
    _checked(wish, now_at)
    message: dict[str, Any] = {
        "insurer": wish.insurer,
        "insured": wish.insured,
        "order": id_from_text(wish.order),
        "currency": receivable.currency,
        "sum": minor_from_text(wish.sum),
        "premium": minor_from_text(wish.premium),
        "peril": wish.peril,
        "place": place_bytes(wish.place),
        "firstDay": wish.first_day,
        "lastDay": wish.last_day,
        "kind": (Kind.THRESHOLD if wish.attach == wish.exhaust else Kind.LINEAR).value,
        "attach": wish.attach,
        "exhaust": wish.exhaust,
        "stepAt": [],
        "stepPays": [],
        "noDataBps": 0,  # a feed's silence is not the peril (O11)
        "waitingDays": wish.waiting_days,
        "nonce": new_nonce(),
        "deadline": now_at + DAY_S,
    }
    deployment = context.deployment
    typed = typed_data.typed_message("Policy", deployment.chain_id, deployment.disruption_cover, message)
    return open_act(
        session,
        caller,
        kind="policy",
        # A policy's id is the digest that both sign (DisruptionCover.policyId).
        subject=id_text(int.from_bytes(typed_data.digest(typed), "big")),
        signatories=[
            Signatory("insurer", MemberId(wish.insurer)),
            Signatory("insured", MemberId(wish.insured)),
        ],
        typed=typed,
        received_at=received_at,
        payload={"order": wish.order},
    )


def _covered(session: Session, wish: PolicyWish) -> Receivable:
    """The order as its insured may see it: an insurer learns of it from the insured, not from us."""
    receivable = receivables.find_receivable(session, wish.order)
    if receivable is None or wish.insured not in {receivable.buyer, receivable.supplier, receivable.holder}:
        raise NotFound(f"member {wish.insured} is party to no accepted order {wish.order}")
    return receivable


def _checked(wish: PolicyWish, now_at: int) -> None:
    if wish.insurer == wish.insured:
        raise InputRefused("insurer and insured are the same member", field="insured")
    if wish.last_day < wish.first_day:
        raise InputRefused("last_day lies before first_day", field="last_day")
    if wish.first_day < now_at // DAY_S:
        raise InputRefused("first_day is over; cover is for days to come (O15)", field="first_day")
    if not 0 < wish.attach <= wish.exhaust:
        raise InputRefused("attach is more than 0 and not above exhaust", field="attach")
    if minor_from_text(wish.sum) == 0:
        raise InputRefused("the sum is 0; there is nothing to cover", field="sum")


def fund_pool(
    session: Session, context: Context, caller: Caller, wish: PoolWish, *, now_at: int, received_at: int
) -> Act:
    """Open the act that moves the insurer's free cash into its pool.

    Units:  ``now_at`` business time, ``received_at`` wall time.
    Raises: InputRefused for an amount of nothing.
    """
    insurer = caller.acting_member()
    unit = currency(wish.amount.currency)
    message = {
        "insurer": insurer,
        "currency": unit.number,
        "amount": minor_in(wish.amount, unit),
        "nonce": new_nonce(),
        "deadline": now_at + HOUR_S,
    }
    return open_own_act(
        session,
        context,
        caller,
        kind="pool",
        subject=str(insurer),
        role="insurer",
        primary_type="PoolFunding",
        contract=context.deployment.disruption_cover,
        message=message,
        received_at=received_at,
    )
