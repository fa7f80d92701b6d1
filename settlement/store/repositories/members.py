"""Members of the network and their keys."""

from __future__ import annotations

from sqlmodel import Session, col, select

from settlement.store.paging import Page, page_of
from settlement.store.tables_projection import Member, MemberKey

ACTIVE = 1
"""Status.Active of the contracts, of members and of keys."""


def find_member(session: Session, member: int) -> Member | None:
    """The member of this id."""
    return session.get(Member, member)


def find_member_by_lei_hash(session: Session, lei_hash: str) -> Member | None:
    """The member with this LEI hash (``0x`` and 40 hex digits)."""
    return session.exec(select(Member).where(Member.lei == lei_hash)).first()


def list_members(session: Session, *, limit: int, cursor: str | None) -> Page[Member]:
    """All members, by id."""
    return page_of(session, select(Member), [col(Member.member)], limit=limit, cursor=cursor)


def find_key(session: Session, address: str) -> MemberKey | None:
    """The key of this checksummed address."""
    return session.get(MemberKey, address)


def keys_of(session: Session, member: int, *, active_only: bool = False) -> list[MemberKey]:
    """A member's keys, by address."""
    statement = select(MemberKey).where(MemberKey.member == member)
    if active_only:
        statement = statement.where(MemberKey.status == ACTIVE)
    return list(session.exec(statement.order_by(col(MemberKey.key))))
