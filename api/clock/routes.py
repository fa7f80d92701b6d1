"""Business time."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api.dependencies import CallerHere, ContextHere, WriteHere
from api.writes import Given
from settlement.use_cases.advance_clock import aim_clock, move_clock
from settlement.use_cases.read_network import read_clock
from settlement.wire.network import Clock, ClockWish

router = APIRouter(prefix="/v1/clock", tags=["clock"])


@router.get("")
def get_clock(context: ContextHere, _caller: CallerHere) -> Clock:
    """Business time beside wall time."""
    return read_clock(context)


@router.post("/advance", response_model=Clock)
def post_advance(wish: ClockWish, write: WriteHere) -> Response:
    """Test networks: move business time forward, never back; the answer says to when."""
    now = read_clock(write.context)
    answer = write.answer(
        lambda _session: aim_clock(write.context, write.caller, wish, now),
        lambda clock: Given(200, f"clock moved by {wish.seconds} s to {clock.business_time}"),
    )
    if answer.status_code == 200:
        # After the commit: a repetition finds the time it aimed at, and moves only what is missing.
        move_clock(write.context, Clock.model_validate_json(bytes(answer.body)).business_time)
    return answer
