"""API clients and the audit of what they asked."""

from __future__ import annotations

import hmac

from sqlmodel import Session, select

from settlement.ids import new_private_id
from settlement.store.tables_private import Audit, Client


def client_of_key(session: Session, key_hash: str) -> Client | None:
    """The client whose key has this SHA-256."""
    found = session.exec(select(Client).where(Client.key_hash == key_hash)).one_or_none()
    # The index found it by comparing bytes in its own time; only a hash, of a high-entropy key, could leak (T11).
    if found is None or not hmac.compare_digest(found.key_hash.encode(), key_hash.encode()):
        return None
    return found


def client_by_id(session: Session, client_id: str) -> Client | None:
    """One client."""
    return session.get(Client, client_id)


def add_client(
    session: Session, *, name: str, member: int | None, scopes: list[str], key_hash: str, now_at: int
) -> Client:
    """A new client; its key is known to nobody but its holder."""
    client = Client(
        id=new_private_id("cl"), name=name, member_id=member, scopes=scopes, key_hash=key_hash, created_at=now_at
    )
    session.add(client)
    return client


def add_audit(
    session: Session, *, client: str, method: str, route: str, body_hash: str, effect: str, now_at: int
) -> None:
    """One accepted request and its effect."""
    session.add(
        Audit(
            id=new_private_id("au"),
            requested_at=now_at,
            client=client,
            method=method,
            route=route,
            body_hash=body_hash,
            effect=effect,
        )
    )
