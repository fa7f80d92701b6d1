"""The network: chain, contracts, committees, currencies."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api.answers import submitted
from api.dependencies import CallerHere, ContextHere, SessionHere, WriteHere
from settlement.use_cases.make_test_cash import list_currency
from settlement.use_cases.read_network import read_network
from settlement.use_cases.seat_committee import seat_committee, seat_observers
from settlement.wire.cash import CurrencyWish
from settlement.wire.network import CommitteeWish, Network, ObserversWish
from settlement.wire.transaction import Submitted

router = APIRouter(prefix="/v1/network", tags=["network"])


@router.get("")
def get_network(context: ContextHere, session: SessionHere, _caller: CallerHere) -> Network:
    """Which chain, which contracts, which committees and currencies."""
    return read_network(session, context)


@router.post("/currencies", status_code=202, response_model=Submitted)
def post_currency(wish: CurrencyWish, write: WriteHere) -> Response:
    """Test networks: list a currency with test cash of its own."""
    return submitted(
        write, lambda session: list_currency(session, write.context, write.caller, wish, write.received_at)
    )


@router.post("/committees", status_code=202, response_model=Submitted)
def post_committee(wish: CommitteeWish, write: WriteHere) -> Response:
    """Seat a customs committee; the newest version of a jurisdiction's sits."""
    return submitted(
        write,
        lambda session: seat_committee(
            session,
            write.context,
            write.caller,
            wish,
            occasion=write.request.key,
            received_at=write.received_at,
        ),
    )


@router.post("/observers", status_code=202, response_model=Submitted)
def post_observers(wish: ObserversWish, write: WriteHere) -> Response:
    """Seat the index observers."""
    return submitted(
        write,
        lambda session: seat_observers(
            session,
            write.context,
            write.caller,
            wish,
            occasion=write.request.key,
            received_at=write.received_at,
        ),
    )
