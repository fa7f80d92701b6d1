"""One effect for one Idempotency-Key: claim it, do the work and keep the answer in one commit, replay it.

Source: DESIGN section 8; CHECKLISTS T06, T07.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from settlement.days import DAY_S
from settlement.errors import Conflict, InputRefused
from settlement.store.engine import transaction
from settlement.store.handles import Engine, Session
from settlement.store.repositories.idempotency import (
    ClaimLost,
    KeyState,
    abandon_keyed,
    begin_keyed,
    finish_keyed,
    purge_keys,
)

__all__ = [
    "LOCK_S",
    "ClaimLost",
    "KeptAnswer",
    "KeyedRequest",
    "RequestInFlight",
    "checked_key",
    "claim_key",
    "forget_old_keys",
    "keep_answer",
    "release_key",
]

LOCK_S: Final = 60
"""Longer than any request takes, its wait of up to 30 s included; units: seconds of wall time."""

KEPT_S: Final = 7 * DAY_S

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class KeyedRequest:
    """One POST as its client named it; ``body_hash`` covers path, query and body."""

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


class RequestInFlight(Conflict):
    """The same request is being worked on; ``retry_after_s`` says when to ask again."""

    code = "request_in_flight"
    retry_after_s = 1


def checked_key(key: str | None) -> str:
    """The Idempotency-Key of a POST.

    Raises: InputRefused when it is missing or not 1 to 255 visible ASCII characters.
    """
    if key is None or not _KEY.fullmatch(key):
        raise InputRefused(
            "every POST needs an Idempotency-Key of 1 to 255 visible ASCII characters; a random one is best",
            code="idempotency_key",
            field="Idempotency-Key",
        )
    return key


def claim_key(engine: Engine, request: KeyedRequest, now_at: int) -> KeptAnswer | None:
    """Claim the key for this work (None), or give the answer of the first time.

    Raises: InputRefused when the key named another request; RequestInFlight while the first is still worked on.
    """
    with transaction(engine) as session:
        keyed = begin_keyed(
            session,
            request.client_id,
            request.route,
            request.key,
            body_hash=request.body_hash,
            now=now_at,
            lock_s=LOCK_S,
        )
    if keyed.state is KeyState.FRESH:
        return None
    if keyed.state is KeyState.OTHER_BODY:
        raise InputRefused(
            "this Idempotency-Key was used for another request; send a new one", code="idempotency_key_reused"
        )
    if keyed.state is KeyState.IN_FLIGHT or keyed.row.status is None:
        raise RequestInFlight("the same request is being worked on; ask again in a second")
    return KeptAnswer(keyed.row.status, keyed.row.response or "", keyed.row.headers or {})


def keep_answer(
    session: Session,
    request: KeyedRequest,
    answer: KeptAnswer,
    *,
    locked_until_at: int = 0,
    claimed_at: int | None = None,
) -> None:
    """Keep the answer in the commit of the effect; while it is locked the request still waits for a better one.

    Raises: ClaimLost when the claim made at ``claimed_at`` ran out meanwhile and a repetition took it.
    """
    finish_keyed(
        session,
        request.client_id,
        request.route,
        request.key,
        status=answer.status,
        response=answer.body,
        headers=answer.headers,
        locked_until_at=locked_until_at,
        held_until_at=None if claimed_at is None else claimed_at + LOCK_S,
    )


def release_key(engine: Engine, request: KeyedRequest) -> None:
    """Let the request be tried again: it had no effect."""
    with transaction(engine) as session:
        abandon_keyed(session, request.client_id, request.route, request.key)


def forget_old_keys(engine: Engine, now_at: int) -> None:
    """Forget what is older than seven days."""
    with transaction(engine) as session:
        purge_keys(session, now_at - KEPT_S)
