"""Intents: the queue between the API, the keeper and the sender."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import CursorResult, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from settlement.ids import new_private_id
from settlement.store.tables_private import Intent

QUEUED: Final = "queued"
SENT: Final = "sent"
MINED: Final = "mined"
FINAL: Final = "final"
FAILED: Final = "failed"
STATES: Final = (QUEUED, SENT, MINED, FINAL, FAILED)


def add_intent(
    session: Session,
    *,
    signer: str,
    kind: str,
    to_address: str,
    calldata: str,
    effect_key: str,
    created_at: int,
    occasion: str = "",
    client_id: str | None = None,
    subject: str | None = None,
) -> Intent:
    """Queue a transaction once per (kind, effect, occasion); a second call returns the first one's row."""
    intent = Intent(
        id=new_private_id("int"),
        signer=signer,
        kind=kind,
        to_address=to_address,
        calldata=calldata,
        effect_key=effect_key,
        occasion=occasion,
        client_id=client_id,
        subject=subject,
        created_at=created_at,
    )
    try:
        # A savepoint: two processes may queue the same at once, and the loser's transaction goes on.
        with session.begin_nested():
            session.add(intent)
    except IntegrityError:
        return _same_occasion(session, kind, effect_key, occasion)
    return intent


def _same_occasion(session: Session, kind: str, effect_key: str, occasion: str) -> Intent:
    return session.exec(
        select(Intent).where(
            Intent.kind == kind, Intent.effect_key == effect_key, Intent.occasion == occasion
        )
    ).one()


def find_intent(session: Session, intent_id: str) -> Intent | None:
    """The intent of this id."""
    return session.get(Intent, intent_id, populate_existing=True)


def intents_about(session: Session, kind: str, effect_key: str) -> list[Intent]:
    """All intents for one effect, oldest first."""
    statement = select(Intent).where(Intent.kind == kind, Intent.effect_key == effect_key)
    return list(session.exec(statement.order_by(col(Intent.id))))


def intents_of_subject(session: Session, subject: str) -> list[Intent]:
    """All intents about an order, line or policy, oldest first."""
    return list(session.exec(select(Intent).where(Intent.subject == subject).order_by(col(Intent.id))))


def intents_in(session: Session, states: Collection[str], signer: str | None = None) -> list[Intent]:
    """The intents in any of these states, oldest first."""
    statement = select(Intent).where(col(Intent.state).in_(states))
    if signer is not None:
        statement = statement.where(Intent.signer == signer)
    return list(session.exec(statement.order_by(col(Intent.id))))


def has_open_intents(session: Session, signer: str) -> bool:
    """Whether anything waits for a signer, or is on its way."""
    statement = select(Intent.id).where(Intent.signer == signer, col(Intent.state).in_((QUEUED, SENT)))
    return session.exec(statement.limit(1)).first() is not None


def has_queued_besides(session: Session, signer: str) -> bool:
    """Whether anything waits for another signer than this one."""
    statement = select(Intent.id).where(Intent.signer != signer, Intent.state == QUEUED)
    return session.exec(statement.limit(1)).first() is not None


def queued_intents(session: Session, signer: str, limit: int) -> list[Intent]:
    """The oldest intents that wait for a signer, for whoever holds its lease."""
    statement = select(Intent).where(Intent.signer == signer, Intent.state == QUEUED)
    return list(session.exec(statement.order_by(col(Intent.id)).limit(limit)))


def intents_placed_from(session: Session, signer: str, block_number: int) -> list[Intent]:
    """The intents whose outcome stands in this block or a later one, oldest first; a fork may take them back."""
    statement = select(Intent).where(
        Intent.signer == signer,
        col(Intent.state).in_((MINED, FINAL, FAILED)),
        col(Intent.block_number) >= block_number,
    )
    return list(session.exec(statement.order_by(col(Intent.id))))


def move_intent(
    session: Session,
    intent_id: str,
    from_states: Collection[str],
    to_state: str,
    values: Mapping[str, Any] | None = None,
) -> bool:
    """Change an intent's state if it still is in one of ``from_states``; say whether it was.

    ``values`` are further columns set with it: error, error_code, tx_hash, block_number, block_hash, gas_used.
    """
    moved = session.execute(
        update(Intent)
        .where(col(Intent.id) == intent_id, col(Intent.state).in_(from_states))
        .values(state=to_state, **dict(values or {}))
        .execution_options(synchronize_session="fetch")
    )
    return isinstance(moved, CursorResult) and moved.rowcount == 1
