"""Business time."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api.dependencies import CallerHere, ContextHere, WriteHere
from api.writes import Given
from settlement.use_cases.advance_clock import advance_clock
from settlement.use_cases.read_network import read_clock
from settlement.wire.network import Clock, ClockWish

router = APIRouter(prefix="/v1/clock", tags=["clock"])


@router.get("")
def get_clock(context: ContextHere, _caller: CallerHere) -> Clock:
    """Business time beside wall time."""
    return read_clock(context)


@router.post("/advance", response_model=Clock)
def post_advance(wish: ClockWish, write: WriteHere) -> Response:
    """Test networks: move business time forward, never back."""
    return write.answer(
        lambda _session: advance_clock(write.context, write.caller, wish),
        lambda clock: Given(200, f"clock moved by {wish.seconds} s to {clock.business_time}"),
    )
