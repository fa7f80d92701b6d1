"""API keys."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api.dependencies import WriteHere
from api.writes import Given
from settlement.use_cases.issue_client import issue_client
from settlement.wire.member import ApiClient, ClientWish

router = APIRouter(prefix="/v1/clients", tags=["clients"])


@router.post("", status_code=201, response_model=ApiClient)
def post_client(wish: ClientWish, write: WriteHere) -> Response:
    """Issue an API key; it is shown in this answer and never again."""
    return write.answer(
        lambda session: issue_client(session, write.caller, wish, write.received_at),
        lambda client: Given(201, f"client {client.id} made", is_secret=True),
    )
