"""Signed transactions: stored whole under the signer's lease before a node sees them."""

from __future__ import annotations

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col, select

from settlement.errors import Conflict
from settlement.ids import new_private_id
from settlement.store.repositories.intents import QUEUED, SENT, move_intent
from settlement.store.tables_private import Broadcast, SignerLease


def record_broadcast(
    session: Session,
    lease: SignerLease,
    intent_id: str,
    *,
    nonce: int,
    raw: str,
    tx_hash: str,
    max_fee: int,
    created_at: int,
) -> Broadcast:
    """Store what is about to be sent: the bytes, the nonce and the intent's new state in one commit.

    Holds:  nothing is stored once another holder took the lease; each nonce is used by one intent.
    Raises: Conflict when the lease was lost, or the intent is no longer waiting.
    """
    fenced = session.execute(
        update(SignerLease)
        .where(
            col(SignerLease.signer) == lease.signer,
            col(SignerLease.holder) == lease.holder,
            col(SignerLease.fence) == lease.fence,
        )
        .values(next_nonce=nonce + 1)
        .execution_options(synchronize_session=False)
    )
    if not isinstance(fenced, CursorResult) or fenced.rowcount != 1:
        raise Conflict(f"the lease of {lease.signer} was taken by another process; stop signing with it")
    if not move_intent(session, intent_id, (QUEUED, SENT), SENT, {"tx_hash": tx_hash}):
        raise Conflict(f"intent {intent_id} is neither queued nor sent; it is not signed again")
    return add_replacement(session, lease.signer, intent_id, nonce, raw, tx_hash, max_fee, created_at)


def add_replacement(
    session: Session,
    signer: str,
    intent_id: str,
    nonce: int,
    raw: str,
    tx_hash: str,
    max_fee: int,
    created_at: int,
) -> Broadcast:
    """Store another signed form of a nonce that is in use already: the same call at a higher fee."""
    broadcast = Broadcast(
        id=new_private_id("tx"),
        intent_id=intent_id,
        signer=signer,
        nonce=nonce,
        raw=raw,
        tx_hash=tx_hash,
        max_fee=max_fee,
        created_at=created_at,
    )
    session.add(broadcast)
    session.flush()
    return broadcast


def broadcasts_of_intent(session: Session, intent_id: str) -> list[Broadcast]:
    """Every transaction ever signed for an intent, oldest first."""
    return list(
        session.exec(select(Broadcast).where(Broadcast.intent_id == intent_id).order_by(col(Broadcast.id)))
    )


def broadcasts_of_intents(session: Session, intent_ids: list[str]) -> dict[str, list[Broadcast]]:
    """Every transaction ever signed for these intents, by intent, oldest first."""
    found: dict[str, list[Broadcast]] = {intent_id: [] for intent_id in intent_ids}
    statement = select(Broadcast).where(col(Broadcast.intent_id).in_(intent_ids)).order_by(col(Broadcast.id))
    for broadcast in session.exec(statement):
        found[broadcast.intent_id].append(broadcast)
    return found


def broadcasts_of_nonce(session: Session, signer: str, nonce: int) -> list[Broadcast]:
    """Every transaction ever signed with this nonce, oldest first."""
    statement = select(Broadcast).where(Broadcast.signer == signer, Broadcast.nonce == nonce)
    return list(session.exec(statement.order_by(col(Broadcast.id))))


def set_broadcast_state(session: Session, broadcast_id: str, state: str) -> None:
    """Note that a signed transaction was sent, mined or replaced."""
    session.execute(
        update(Broadcast)
        .where(col(Broadcast.id) == broadcast_id)
        .values(state=state)
        .execution_options(synchronize_session="fetch")
    )
