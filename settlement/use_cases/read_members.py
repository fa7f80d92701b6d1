"""Members as the API shows them."""

from __future__ import annotations

from settlement.errors import NotFound
from settlement.store import tables_projection as tables
from settlement.store.handles import Session
from settlement.store.repositories import clients, members
from settlement.wire.member import Member
from settlement.wire.page import Page
from settlement.wire.words import LANES, role_words

_STATUSES = ("none", "active", "suspended", "expelled")


def list_members(session: Session, limit: int, cursor: str | None) -> Page[Member]:
    """All members of the network: who they are is known to everyone in it."""
    page = members.list_members(session, limit=limit, cursor=cursor)
    return Page(items=[view_member(session, row) for row in page.rows], next=page.next_cursor)


def read_member(session: Session, member_id: int) -> Member:
    """One member.

    Raises: NotFound.
    """
    row = members.find_member(session, member_id)
    if row is None:
        raise NotFound(f"there is no member {member_id}; GET /v1/members lists them")
    return view_member(session, row)


def view_member(session: Session, row: tables.Member) -> Member:
    """A member with the name and LEI that this service knows."""
    company = clients.find_company(session, row.lei)
    lane = next((word for word, number in LANES.items() if number == row.lane), None)
    return Member.model_validate(
        {
            "id": row.member,
            "lei": company.lei if company else None,
            "lei_hash": row.lei,
            "name": company.name if company else None,
            "account": row.account,
            "jurisdiction": row.jurisdiction,
            "roles": role_words(row.roles),
            "lane": lane,
            "valid_until": row.valid_until_at,
            "status": _STATUSES[row.status],
        }
    )
