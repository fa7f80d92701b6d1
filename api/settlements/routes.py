"""Settlements."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import CallerHere, PageHere, SessionHere
from settlement.use_cases.read_receivables import list_settlements
from settlement.wire.model import HexId
from settlement.wire.page import Page
from settlement.wire.trade import Settlement

router = APIRouter(prefix="/v1/settlements", tags=["settlements"])


@router.get("")
def get_settlements(
    session: SessionHere, caller: CallerHere, page: PageHere, order: Annotated[HexId | None, Query()] = None
) -> Page[Settlement]:
    """Payments of the caller's orders, newest first."""
    return list_settlements(session, caller, order, page.limit, page.cursor)
