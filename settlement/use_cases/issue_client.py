"""Issue an API key to a member's system."""

from __future__ import annotations

from settlement.errors import Conflict, InputRefused, NotFound, NotPermitted
from settlement.ids import MemberId
from settlement.store.handles import Session
from settlement.store.repositories import clients, members
from settlement.use_cases.authenticate import api_key_hash, is_api_key, new_api_key
from settlement.use_cases.caller import MEMBER, OPERATOR, Caller
from settlement.wire.member import ApiClient, ClientWish


def issue_client(session: Session, caller: Caller, wish: ClientWish, now_at: int) -> ApiClient:
    """Make a client with a fresh key, which is in the answer and nowhere else.

    Raises: NotPermitted for all but the operator; NotFound for an unknown member.
    """
    if not caller.is_operator:
        raise NotPermitted("only the operator issues API keys")
    if wish.member is not None and members.find_member(session, wish.member) is None:
        raise NotFound(f"there is no member {wish.member}; enrol it first, POST /v1/members")
    api_key = new_api_key()
    return ensure_client(
        session,
        api_key,
        name=wish.name,
        member=None if wish.member is None else MemberId(wish.member),
        now_at=now_at,
    )


def ensure_client(
    session: Session, api_key: str, *, name: str, member: MemberId | None, now_at: int
) -> ApiClient:
    """Have a client with this very key, the operator's when ``member`` is none; called again it changes nothing.

    A start that keeps the key in its credentials file first may be killed in between and repeated.

    Raises: InputRefused for a key not made by ``new_api_key``; Conflict when the key belongs to another member.
    """
    if not is_api_key(api_key):
        raise InputRefused("that is no API key of this service; make one with new_api_key()", field="api_key")
    client = clients.find_client_by_key_hash(session, api_key_hash(api_key))
    if client is None:
        client = clients.add_client(
            session,
            name=name,
            member_id=member,
            scopes=[OPERATOR if member is None else MEMBER],
            key_hash=api_key_hash(api_key),
            created_at=now_at,
        )
    if client.member_id != member:
        raise Conflict(f"client {client.id} has this key and acts for another member; use a key of its own")
    return ApiClient(
        id=client.id, name=client.name, member=client.member_id, scopes=client.scopes, api_key=api_key
    )
