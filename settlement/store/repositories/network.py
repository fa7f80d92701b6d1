"""Which chain this database belongs to, and the request log."""

from __future__ import annotations

from typing import Any

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
        stored = NetworkIdentity(
            id=1,
            chain_id=chain_id,
            genesis_hash=genesis_hash,
            deployment_block=deployment_block,
            addresses=addresses,
            created_at=created_at,
        )
        session.add(stored)
        session.flush()
        return stored
    for name, found in (
        ("chain id", (stored.chain_id, chain_id)),
        ("genesis block", (stored.genesis_hash, genesis_hash)),
        ("deployment block", (stored.deployment_block, deployment_block)),
        ("contract addresses", (stored.addresses, addresses)),
    ):
        if found[0] != found[1]:
            raise ChainError(
                f"this database belongs to another network: its {name} is {found[0]}, the chain's {found[1]}; "
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
