"""One log row for every accepted request and its effect, in the commit of the effect."""

from __future__ import annotations

from settlement.store.handles import Session
from settlement.store.repositories.network import add_audit
from settlement.use_cases.caller import Caller
from settlement.use_cases.idempotency import KeyedRequest


def record_request(session: Session, caller: Caller, request: KeyedRequest, effect: str, at: int) -> None:
    """Log who asked what and what became of it; the body by its hash only (T10)."""
    method, _, route = request.route.partition(" ")
    add_audit(
        session,
        requested_at=at,
        client=caller.client_id,
        method=method,
        route=route,
        body_hash=request.body_hash,
        effect=effect,
    )
