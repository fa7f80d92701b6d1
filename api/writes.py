"""A POST from its Idempotency-Key to its answer: one effect, one answer, both in one commit.

Source: DESIGN section 8; CHECKLISTS T06, T07.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from fastapi.responses import Response

from api.problems import refusal_response, status_of
from settlement.errors import Conflict, EvidenceKept, HanseError
from settlement.use_cases.audit import record_request
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context, Session
from settlement.use_cases.idempotency import (
    LOCK_S,
    ClaimLost,
    KeptAnswer,
    KeyedRequest,
    claim_key,
    keep_answer,
    release_key,
)
from settlement.use_cases.transactions import wait_for_transaction
from settlement.wire.model import Answer

A = TypeVar("A", bound=Answer)

_JSON = "application/json"


@dataclass(frozen=True)
class Given:
    """How a use case's result is answered: the status, where the resource lies, and which transaction it waits for."""

    status: int
    effect: str
    location: str | None = None
    transaction: str | None = None
    is_secret: bool = False


@dataclass(frozen=True)
class Write:
    """One keyed POST of one caller. Units: ``received_at`` wall time; ``wait_s`` how long the caller prefers to wait."""

    context: Context
    caller: Caller
    request: KeyedRequest
    wait_s: int
    received_at: int

    def answer(
        self,
        work: Callable[[Session], A],
        given: Callable[[A], Given],
        again: Callable[[Session, A], A] | None = None,
    ) -> Response:
        """Do the work once and answer it; ``again`` renders it anew after the wait for its transaction.

        Raises: InputRefused for a key of another request, RequestInFlight while the first is worked on.
        """
        kept = claim_key(self.context.engine, self.request, self.received_at)
        if kept is not None:
            return _response(kept)
        try:
            result, how = self._first(work, given, is_awaited=again is not None)
        except ClaimLost:
            raise
        except EvidenceKept as refused:
            # Its answer is kept already, in the commit of the evidence.
            return refusal_response(refused)
        except HanseError as refused:
            return self._refused(refused)
        except BaseException:
            # Nothing was committed: the claim is given up, so that the request may be tried again.
            release_key(self.context.engine, self.request)
            raise
        if again is None or how.transaction is None or self.wait_s == 0:
            return _response(_kept(result, how))
        wait_for_transaction(self.context.engine, how.transaction, self.wait_s)
        with self.context.writing() as session:
            answer = _kept(again(session, result), how)
            keep_answer(session, self.request, answer)
        return _response(answer)

    def _first(
        self, work: Callable[[Session], A], given: Callable[[A], Given], *, is_awaited: bool
    ) -> tuple[A, Given]:
        with self._committed() as session:
            result = work(session)
            how = given(result)
            waits = is_awaited and how.transaction is not None and self.wait_s > 0
            # A key is shown once: what is kept of that answer says so instead of keeping the key (T10).
            answer = _kept(result, how) if not how.is_secret else _SHOWN_ONCE
            locked_until_at = int(time.time()) + LOCK_S if waits else 0
            keep_answer(
                session, self.request, answer, locked_until_at=locked_until_at, claimed_at=self.received_at
            )
            record_request(session, self.caller, self.request, how.effect, self.received_at)
        return result, how

    @contextmanager
    def _committed(self) -> Iterator[Session]:
        """A writing transaction that is committed even when the work refuses, if it refuses to keep evidence."""
        proof: EvidenceKept | None = None
        with self.context.writing() as session:
            try:
                yield session
            except EvidenceKept as refused:
                proof = refused
                answer = _kept_refusal(refusal_response(refused))
                keep_answer(session, self.request, answer, claimed_at=self.received_at)
                record_request(
                    session, self.caller, self.request, "refused, kept as evidence", self.received_at
                )
        if proof is not None:
            raise proof

    def _refused(self, refused: HanseError) -> Response:
        """A refusal is an answer too and is replayed; what is our own failure may be tried again."""
        if status_of(refused) >= 500:
            release_key(self.context.engine, self.request)
            raise refused
        response = refusal_response(refused)
        kept = _kept_refusal(response)
        with self.context.writing() as session:
            keep_answer(session, self.request, kept, claimed_at=self.received_at)
        return response


def _kept(result: Answer, how: Given) -> KeptAnswer:
    headers = {"content-type": _JSON}
    if how.location is not None:
        headers["location"] = how.location
    return KeptAnswer(how.status, result.model_dump_json(), headers)


def _kept_refusal(response: Response) -> KeptAnswer:
    headers = {"content-type": response.headers["content-type"]}
    return KeptAnswer(response.status_code, bytes(response.body).decode(), headers)


_SHOWN_ONCE = _kept_refusal(
    refusal_response(
        Conflict(
            "the key was shown in the first answer and is kept nowhere; issue another", code="key_shown_once"
        )
    )
)


def _response(kept: KeptAnswer) -> Response:
    return Response(content=kept.body.encode(), status_code=kept.status, headers=kept.headers)
