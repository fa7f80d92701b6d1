"""Customs attestations."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api.answers import transaction_location
from api.dependencies import CallerHere, ContextHere, SessionHere, WriteHere
from api.writes import Given
from settlement.use_cases.hand_in_attestation import hand_in_attestation, view_handed
from settlement.use_cases.read_committee import read_committee
from settlement.wire.clearance import AttestationWish, CommitteeView, HandedIn
from settlement.wire.model import HexId

router = APIRouter(prefix="/v1/clearance/attestations", tags=["clearance"])


@router.get("")
def get_attestations(
    session: SessionHere, context: ContextHere, caller: CallerHere, order: HexId
) -> CommitteeView:
    """Who signed which state of an order, and who has not spoken."""
    return read_committee(session, caller, order, context.business_now())


@router.post("", status_code=202, response_model=HandedIn)
def post_attestation(wish: AttestationWish, write: WriteHere) -> Response:
    """Hand in a signed state; with the k-th signature one transaction is wanted."""
    now_at = write.context.business_now()
    return write.answer(
        lambda session: hand_in_attestation(
            session, write.context, write.caller, wish, now_at=now_at, received_at=write.received_at
        ),
        _given,
        view_handed,
    )


def _given(answer: HandedIn) -> Given:
    if answer.transaction is None:
        return Given(200, f"state {answer.seq} of {answer.order} kept")
    intent = answer.transaction.id
    effect = f"state {answer.seq} of {answer.order} relayed as {intent}"
    return Given(202, effect, location=transaction_location(intent), transaction=intent)
