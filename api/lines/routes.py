"""Funders' lines."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from api.answers import opened
from api.dependencies import CallerHere, PageHere, SessionHere, WriteHere
from settlement.use_cases.offer_line import offer_line
from settlement.use_cases.read_credit import list_lines, read_line
from settlement.wire.act import Act
from settlement.wire.credit import Line, LineWish
from settlement.wire.page import Page

router = APIRouter(prefix="/v1/lines", tags=["lines"])


@router.get("")
def get_lines(session: SessionHere, caller: CallerHere, page: PageHere) -> Page[Line]:
    """The caller's lines."""
    return list_lines(session, caller, page.limit, page.cursor)


@router.get("/{line_id}")
def get_line(
    session: SessionHere, caller: CallerHere, line_id: Annotated[int, Path(ge=1, lt=1 << 32)]
) -> Line:
    """One line with its current terms."""
    return read_line(session, caller, line_id)


@router.post("", status_code=201, response_model=Act)
def post_line(wish: LineWish, write: WriteHere) -> Response:
    """Open a line, or publish a new version of one."""
    now_at = write.context.business_now()
    return opened(
        write,
        lambda session: offer_line(
            session, write.context, write.caller, wish, now_at=now_at, received_at=write.received_at
        ),
    )
