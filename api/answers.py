"""The two answers most writes give: an act to sign (201), or a transaction on its way (202)."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.responses import Response

from api.writes import Given, Write
from settlement.use_cases.context import Session
from settlement.use_cases.transactions import view_transaction
from settlement.wire.act import Act
from settlement.wire.transaction import Submitted


def transaction_location(intent: str) -> str:
    """Where a transaction is read."""
    return f"/v1/transactions/{intent}"


def opened(write: Write, work: Callable[[Session], Act]) -> Response:
    """Answer 201 with an act and where it lies."""
    return write.answer(work, lambda act: Given(201, f"act {act.id} opened", location=f"/v1/acts/{act.id}"))


def submitted(write: Write, work: Callable[[Session], Submitted]) -> Response:
    """Answer 202 with a transaction, after the wait the caller prefers."""
    return write.answer(work, _submitted, _again)


def _submitted(answer: Submitted) -> Given:
    intent = answer.transaction.id
    return Given(
        202, f"transaction {intent} queued", location=transaction_location(intent), transaction=intent
    )


def _again(session: Session, answer: Submitted) -> Submitted:
    return Submitted(transaction=view_transaction(session, answer.transaction.id))
