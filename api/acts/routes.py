"""Acts: typed data to sign, and signatures."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api.answers import transaction_location
from api.dependencies import CallerHere, ContextHere, SessionHere, WriteHere
from api.writes import Given
from settlement.use_cases.acts import read_act
from settlement.use_cases.sign_act import sign_act, view_signed
from settlement.wire.act import Act, ActAnswer, SignatureWish

router = APIRouter(prefix="/v1/acts", tags=["acts"])


@router.get("/{act_id}")
def get_act(session: SessionHere, context: ContextHere, caller: CallerHere, act_id: str) -> Act:
    """One act with who has signed it."""
    return read_act(session, context, caller, act_id)


@router.post("/{act_id}/signatures", status_code=202, response_model=ActAnswer)
def post_signature(act_id: str, wish: SignatureWish, write: WriteHere) -> Response:
    """Hand in a signature; 200 while others are awaited, 202 with the transaction once all are in."""
    now_at = write.context.business_now()
    return write.answer(
        lambda session: sign_act(
            session, write.context, write.caller, act_id, wish, now_at=now_at, received_at=write.received_at
        ),
        _given,
        lambda session, answer: view_signed(session, answer.act.id, now_at),
    )


def _given(answer: ActAnswer) -> Given:
    if answer.transaction is None:
        return Given(200, f"act {answer.act.id} signed")
    intent = answer.transaction.id
    effect = f"act {answer.act.id} submitted as {intent}"
    return Given(202, effect, location=transaction_location(intent), transaction=intent)
