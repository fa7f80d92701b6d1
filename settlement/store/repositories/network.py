"""Which chain this database belongs to, and the request log."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from settlement.errors import ChainError
from settlement.ids import new_private_id
from settlement.store.tables_private import Audit, NetworkIdentity


def find_identity(session: Session) -> NetworkIdentity | None:
    """The network this database was filled from; none while it is empty."""
    return session.get(NetworkIdentity, 1)


def remember_identity(
    session: Session,
    *,
    chain_id: int,
    genesis_hash: str,
    deployment_block: int,
    addresses: dict[str, Any],
    created_at: int,
) -> NetworkIdentity:
    """Bind this database to a network, once.

    Raises: ChainError when it is bound to another one.
    """
    stored = find_identity(session)
    if stored is None:
        found = NetworkIdentity(
            id=1,
            chain_id=chain_id,
            genesis_hash=genesis_hash,
            deployment_block=deployment_block,
            addresses=addresses,
            created_at=created_at,
        )
        try:
            # A savepoint: several parts of a worker begin at the same moment, and one of them is first.
            with session.begin_nested():
                session.add(found)
        except IntegrityError:
            stored = session.get_one(NetworkIdentity, 1, populate_existing=True)
        else:
            return found
    for name, values in (
        ("chain id", (stored.chain_id, chain_id)),
        ("genesis block", (stored.genesis_hash, genesis_hash)),
        ("deployment block", (stored.deployment_block, deployment_block)),
        ("contract addresses", (stored.addresses, addresses)),
    ):
        if values[0] != values[1]:
            raise ChainError(
                f"this database belongs to another network: its {name} is {values[0]}, the chain's {values[1]}; "
                "point HANSE_CHAIN_URL at the right chain, or start with an empty database",
                code="other_network",
            )
    return stored


def add_audit(
    session: Session, *, requested_at: int, client: str, method: str, route: str, body_hash: str, effect: str
) -> None:
    """Log an accepted request and what it did, in the commit that does it."""
    session.add(
        Audit(
            id=new_private_id("aud"),
            requested_at=requested_at,
            client=client,
            method=method,
            route=route,
            body_hash=body_hash,
            effect=effect,
        )
    )
    session.flush()
