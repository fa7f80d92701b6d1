"""Tell who is asking from an API key; make such keys."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

from settlement.errors import NotPermitted
from settlement.ids import MemberId
from settlement.store.handles import Session
from settlement.store.repositories import clients, members
from settlement.use_cases.caller import OPERATOR, Caller
from settlement.wire.words import role_words

KEY_PREFIX: Final = "hk_"
_KEY = re.compile(r"hk_[A-Za-z0-9_-]{43}")


class Unauthenticated(NotPermitted):
    """No API key, or one that nobody has."""

    code = "unauthenticated"


def new_api_key() -> str:
    """A fresh key of 256 random bits."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def is_api_key(text: str) -> bool:
    """Whether a text has the form of our keys."""
    return _KEY.fullmatch(text) is not None


def api_key_hash(api_key: str) -> str:
    """What is stored of a key. A plain hash is enough: a key of 256 random bits cannot be guessed."""
    return hashlib.sha256(api_key.encode()).hexdigest()


def authenticate(session: Session, authorization: str | None) -> Caller:
    """The caller named by an ``Authorization: Bearer hk_...`` header, with its member's present roles.

    Raises: Unauthenticated, without repeating what was sent (T10).
    """
    scheme, _, api_key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not is_api_key(api_key):
        raise Unauthenticated("send your API key: Authorization: Bearer hk_...")
    stored = api_key_hash(api_key)
    client = clients.find_client_by_key_hash(session, stored)
    # The index compared bytes in its own time; what that could tell is a hash of 256 random bits (T11).
    if client is None or not hmac.compare_digest(client.key_hash.encode(), stored.encode()):
        raise Unauthenticated("this API key is not known; ask the operator for one")
    if client.member_id is None:
        return Caller(client.id, client.name, None, frozenset({OPERATOR}))
    member = members.find_member(session, client.member_id)
    roles = frozenset[str]() if member is None else frozenset[str](role_words(member.roles))
    return Caller(client.id, client.name, MemberId(client.member_id), roles)
