"""API clients, and the companies behind members."""

from __future__ import annotations

from sqlmodel import Session, col, select

from settlement.ids import new_private_id
from settlement.store.tables_private import Client, Company


def add_client(
    session: Session, *, name: str, member_id: int | None, scopes: list[str], key_hash: str, created_at: int
) -> Client:
    """Register a client by the hash of its API key."""
    client = Client(
        id=new_private_id("cli"),
        name=name,
        member_id=member_id,
        scopes=scopes,
        key_hash=key_hash,
        created_at=created_at,
    )
    session.add(client)
    session.flush()
    return client


def find_client(session: Session, client_id: str) -> Client | None:
    """The client of this id."""
    return session.get(Client, client_id)


def find_client_by_key_hash(session: Session, key_hash: str) -> Client | None:
    """The client whose key hashes to this."""
    return session.exec(select(Client).where(Client.key_hash == key_hash)).first()


def clients_of_member(session: Session, member_id: int | None) -> list[Client]:
    """A member's clients, or with none the operator's."""
    return list(session.exec(select(Client).where(col(Client.member_id) == member_id).order_by(Client.id)))


def put_company(session: Session, *, lei_hash: str, lei: str, name: str, created_at: int) -> Company:
    """Remember the name behind an LEI hash; a later name takes the earlier one's place."""
    company = session.get(Company, lei_hash)
    if company is None:
        company = Company(lei_hash=lei_hash, lei=lei, name=name, created_at=created_at)
    company.name = name
    session.add(company)
    session.flush()
    return company


def find_company(session: Session, lei_hash: str) -> Company | None:
    """The company of this LEI hash, as far as this installation knows it."""
    return session.get(Company, lei_hash)
