"""Idempotency keys: the first request of a key runs, the others get its answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from settlement.errors import Conflict
from settlement.store.tables_private import IdempotencyKey


class ClaimLost(Conflict):
    """The request worked for so long that a repetition of it took over."""

    code = "claim_lost"


class KeyState(Enum):
    """What a request finds under its key."""

    FRESH = "fresh"
    REPLAY = "replay"
    IN_FLIGHT = "in_flight"
    OTHER_BODY = "other_body"


@dataclass(frozen=True)
class Keyed:
    """The state of a key, and the row: its status, response and headers are what a replay answers."""

    state: KeyState
    row: IdempotencyKey


def begin_keyed(
    session: Session, client_id: str, route: str, key: str, *, body_hash: str, now: int, lock_s: int
) -> Keyed:
    """Mark a request as in flight, or say what became of the first one of its key.

    Holds: of parallel requests one is FRESH. A marker left by a crash is taken over after ``lock_s``.
    """
    row = IdempotencyKey(
        client_id=client_id,
        route=route,
        key=key,
        body_hash=body_hash,
        locked_until_at=now + lock_s,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return _found(session, client_id, route, key, body_hash, now, lock_s)
    return Keyed(KeyState.FRESH, row)


def _found(
    session: Session, client_id: str, route: str, key: str, body_hash: str, now: int, lock_s: int
) -> Keyed:
    row = session.get_one(IdempotencyKey, (client_id, route, key), populate_existing=True)
    if row.body_hash != body_hash:
        return Keyed(KeyState.OTHER_BODY, row)
    if row.locked_until_at > now:
        return Keyed(KeyState.IN_FLIGHT, row)
    if row.status is not None:
        return Keyed(KeyState.REPLAY, row)
    taken = session.execute(
        update(IdempotencyKey)
        .where(
            col(IdempotencyKey.client_id) == client_id,
            col(IdempotencyKey.route) == route,
            col(IdempotencyKey.key) == key,
            col(IdempotencyKey.locked_until_at) == row.locked_until_at,
            col(IdempotencyKey.status).is_(None),
        )
        .values(locked_until_at=now + lock_s)
        .execution_options(synchronize_session="fetch")
    )
    won = isinstance(taken, CursorResult) and taken.rowcount == 1
    return Keyed(KeyState.FRESH if won else KeyState.IN_FLIGHT, row)


def finish_keyed(
    session: Session,
    client_id: str,
    route: str,
    key: str,
    *,
    status: int,
    response: str,
    headers: dict[str, str] | None = None,
    locked_until_at: int = 0,
    held_until_at: int | None = None,
) -> None:
    """Keep the answer; called in the business commit, so that effect and answer stand or fall together.

    With ``locked_until_at`` the request goes on (it waits for the chain) and may finish once more with what it
    really answers; until then, or until the lock ends, it counts as in flight.

    Raises: ClaimLost when the lock taken until ``held_until_at`` has passed to a repetition of the request.
    """
    row = session.get_one(
        IdempotencyKey, (client_id, route, key), populate_existing=True, with_for_update=True
    )
    if held_until_at is not None and row.locked_until_at != held_until_at:
        raise ClaimLost("the request took so long that its repetition was let through; nothing was done here")
    row.locked_until_at = locked_until_at
    row.status = status
    row.response = response
    row.headers = headers
    session.add(row)
    session.flush()


def abandon_keyed(session: Session, client_id: str, route: str, key: str) -> None:
    """Forget a request that came to nothing (a failure of ours), so that it can be tried again."""
    session.execute(
        delete(IdempotencyKey).where(
            col(IdempotencyKey.client_id) == client_id,
            col(IdempotencyKey.route) == route,
            col(IdempotencyKey.key) == key,
            col(IdempotencyKey.status).is_(None),
        )
    )


def purge_keys(session: Session, before_at: int) -> None:
    """Forget the keys of requests made before this time."""
    session.execute(delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < before_at))
