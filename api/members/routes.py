"""Members of the network."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from api.answers import transaction_location
from api.dependencies import CallerHere, PageHere, SessionHere, WriteHere
from api.writes import Given
from settlement.use_cases.enrol_member import enrol_member, view_enrolment
from settlement.use_cases.read_members import list_members, read_member
from settlement.wire.member import Member, MemberAnswer, MemberWish
from settlement.wire.page import Page

router = APIRouter(prefix="/v1/members", tags=["members"])


@router.get("")
def get_members(session: SessionHere, page: PageHere, _caller: CallerHere) -> Page[Member]:
    """All members, by id."""
    return list_members(session, page.limit, page.cursor)


@router.get("/{member_id}")
def get_member(
    session: SessionHere, member_id: Annotated[int, Path(ge=1, lt=1 << 32)], _caller: CallerHere
) -> Member:
    """One member."""
    return read_member(session, member_id)


@router.post("", status_code=202, response_model=MemberAnswer)
def post_member(wish: MemberWish, write: WriteHere) -> Response:
    """Enrol a company; its account address becomes its first signing key."""
    now_at = write.context.business_now()
    return write.answer(
        lambda session: enrol_member(
            session, write.context, write.caller, wish, now_at=now_at, received_at=write.received_at
        ),
        lambda answer: Given(
            202,
            f"enrolment of {answer.lei} as {answer.transaction.id}",
            location=transaction_location(answer.transaction.id),
            transaction=answer.transaction.id,
        ),
        lambda session, answer: view_enrolment(session, answer.lei, answer.transaction.id),
    )
