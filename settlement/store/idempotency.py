"""Keyed requests: claimed before the work, answered in the commit of the work, replayed afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from settlement.store.tables_private import IdempotencyKey

KEPT_S: Final = 7 * 86_400


@dataclass(frozen=True)
class KeyedRequest:
    """One request as its client named it; ``body_hash`` covers path, query and body."""

    client_id: str
    route: str
    key: str
    body_hash: str


@dataclass(frozen=True)
class KeptAnswer:
    """An answer to be given again byte for byte."""

    status: int
    body: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Claimed:
    """The row of a keyed request as it stands; ``is_ours`` when this call may do the work."""

    is_ours: bool
    body_hash: str
    locked_until_at: int
    answer: KeptAnswer | None


def claim(session: Session, request: KeyedRequest, now_at: int, locked_until_at: int) -> Claimed:
    """Take the key, unless another request has it; one that died without an answer loses it when its lock ends.

    Units: wall time, unix seconds.
    """
    fresh = {
        "client_id": request.client_id,
        "route": request.route,
        "key": request.key,
        "body_hash": request.body_hash,
        "locked_until_at": locked_until_at,
        "created_at": now_at,
    }
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    placed = session.execute(insert(IdempotencyKey).values(**fresh).on_conflict_do_nothing().returning(IdempotencyKey.key))
    if placed.first() is not None:
        return Claimed(is_ours=True, body_hash=request.body_hash, locked_until_at=locked_until_at, answer=None)
    row = session.exec(select(IdempotencyKey).where(*_is(request)).with_for_update()).one()
    is_forgotten = row.created_at + KEPT_S <= now_at
    is_abandoned = row.status is None and row.locked_until_at <= now_at and row.body_hash == request.body_hash
    if is_forgotten or is_abandoned:
        row.body_hash, row.locked_until_at, row.created_at = request.body_hash, locked_until_at, now_at
        row.status, row.response, row.headers = None, None, None
        session.add(row)
        return Claimed(is_ours=True, body_hash=row.body_hash, locked_until_at=locked_until_at, answer=None)
    answer = None if row.status is None else KeptAnswer(row.status, row.response or "", row.headers or {})
    return Claimed(is_ours=False, body_hash=row.body_hash, locked_until_at=row.locked_until_at, answer=answer)


def keep(session: Session, request: KeyedRequest, answer: KeptAnswer, locked_until_at: int) -> None:
    """Keep the answer; until the lock ends it may still be replaced by what the caller really gets."""
    session.execute(
        update(IdempotencyKey)
        .where(*_is(request))
        .values(
            status=answer.status, response=answer.body, headers=answer.headers, locked_until_at=locked_until_at
        )
    )


def give_up(session: Session, request: KeyedRequest) -> None:
    """Forget the claim of a request that had no effect, so that it may be tried again."""
    session.execute(delete(IdempotencyKey).where(*_is(request), col(IdempotencyKey.status).is_(None)))


def forget_old(session: Session, now_at: int) -> int:
    """Drop the keys that are older than they are kept; how many."""
    dropped = session.execute(delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < now_at - KEPT_S))
    return int(getattr(dropped, "rowcount", 0))


def _is(request: KeyedRequest) -> tuple[object, ...]:
    return (
        col(IdempotencyKey.client_id) == request.client_id,
        col(IdempotencyKey.route) == request.route,
        col(IdempotencyKey.key) == request.key,
    )
