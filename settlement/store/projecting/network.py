"""TrustedNetwork: members and keys."""

from __future__ import annotations

from settlement.chain.bindings.enums import Status
from settlement.chain.bindings.trusted_network import (
    AccountReplaced,
    KeyRevoked,
    KeySet,
    MemberEnrolled,
    MemberRenewed,
    MemberStatusSet,
)
from settlement.store.projecting.text import hex_text
from settlement.store.projection import EventPlace, Projection
from settlement.store.tables_projection import Member, MemberKey


def member_enrolled(projection: Projection, event: MemberEnrolled, _place: EventPlace) -> None:
    """A member joins; its account address follows as its first key by KeySet."""
    projection.add(
        Member(
            member=event.member,
            lei=hex_text(event.lei),
            account=event.account,
            jurisdiction=event.jurisdiction,
            roles=event.roles,
            lane=event.lane,
            valid_until_at=event.valid_until,
            status=int(Status.ACTIVE),
        )
    )


def member_status_set(projection: Projection, event: MemberStatusSet, _place: EventPlace) -> None:
    """A member is suspended, expelled or active again."""
    projection.get(Member, event.member).status = int(event.status)


def member_renewed(projection: Projection, event: MemberRenewed, _place: EventPlace) -> None:
    """A member has new roles, lane and expiry."""
    member = projection.get(Member, event.member)
    member.roles = event.roles
    member.lane = event.lane
    member.valid_until_at = event.valid_until


def key_set(projection: Projection, event: KeySet, _place: EventPlace) -> None:
    """A key is given to a member, or its scopes and limit change."""
    key = projection.find(MemberKey, event.key)
    if key is None:
        projection.add(
            MemberKey(
                key=event.key,
                member=event.member,
                scopes=event.scopes,
                limit_minor=event.limit,
                status=int(Status.ACTIVE),
            )
        )
        return
    key.member = event.member
    key.scopes = event.scopes
    key.limit_minor = event.limit
    key.status = int(Status.ACTIVE)


def key_revoked(projection: Projection, event: KeyRevoked, _place: EventPlace) -> None:
    """A key is dead; the contract marks it expelled and never takes it back."""
    projection.get(MemberKey, event.key).status = int(Status.EXPELLED)


def account_replaced(projection: Projection, event: AccountReplaced, _place: EventPlace) -> None:
    """A member's cash goes to another address; the keys of both addresses are told by events of their own."""
    projection.get(Member, event.member).account = event.account
