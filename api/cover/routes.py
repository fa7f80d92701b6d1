"""Parametric cover."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.answers import opened, submitted
from api.dependencies import CallerHere, PageHere, SessionHere, WriteHere
from settlement.use_cases.hand_in_observation import hand_in_observation
from settlement.use_cases.offer_cover import fund_pool, offer_policy
from settlement.use_cases.read_cover import list_buckets, list_policies, list_pools, read_policy
from settlement.wire.act import Act
from settlement.wire.cover import (
    PERIL_LIMIT,
    Bucket,
    ObservationWish,
    Place,
    Policy,
    PolicyWish,
    Pool,
    PoolWish,
)
from settlement.wire.model import DAY_LIMIT
from settlement.wire.page import Page
from settlement.wire.transaction import Submitted

router = APIRouter(prefix="/v1/cover", tags=["cover"])


@router.get("/pools")
def get_pools(session: SessionHere, caller: CallerHere) -> Page[Pool]:
    """The caller's capital."""
    return list_pools(session, caller)


@router.post("/pools", status_code=201, response_model=Act)
def post_pool(wish: PoolWish, write: WriteHere) -> Response:
    """Open the act that moves free cash into the insurer's pool."""
    now_at = write.context.business_now()
    return opened(
        write,
        lambda session: fund_pool(
            session, write.context, write.caller, wish, now_at=now_at, received_at=write.received_at
        ),
    )


@router.get("/policies")
def get_policies(session: SessionHere, caller: CallerHere, page: PageHere) -> Page[Policy]:
    """Policies the caller is party to, newest first."""
    return list_policies(session, caller, page.limit, page.cursor)


@router.get("/policies/{policy_id}")
def get_policy(session: SessionHere, caller: CallerHere, policy_id: str) -> Policy:
    """One policy with what it paid."""
    return read_policy(session, caller, policy_id)


@router.post("/policies", status_code=201, response_model=Act)
def post_policy(wish: PolicyWish, write: WriteHere) -> Response:
    """Open the act that insurer and insured both sign."""
    now_at = write.context.business_now()
    return opened(
        write,
        lambda session: offer_policy(
            session, write.context, write.caller, wish, now_at=now_at, received_at=write.received_at
        ),
    )


@router.get("/observations")
def get_observations(
    session: SessionHere,
    _caller: CallerHere,
    # Not Peril and Day themselves: what is a strict number in a body is text in a query.
    peril: Annotated[int, Query(ge=1, lt=PERIL_LIMIT)],
    place: Annotated[Place, Query()],
    day: Annotated[int, Query(ge=0, lt=DAY_LIMIT)],
) -> Page[Bucket]:
    """The readings for one peril, place and day."""
    return list_buckets(session, peril, place, day)


@router.post("/observations", status_code=202, response_model=Submitted)
def post_observation(wish: ObservationWish, write: WriteHere) -> Response:
    """Hand in an observer's signed reading."""
    now_at = write.context.business_now()
    return submitted(
        write,
        lambda session: hand_in_observation(
            session, write.context, write.caller, wish, now_at=now_at, received_at=write.received_at
        ),
    )
