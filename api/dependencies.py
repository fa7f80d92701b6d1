"""What routes ask for: the context, the caller who may use the route, a page, and a keyed write."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.access import ACCESS, PUBLIC
from api.writes import Write
from settlement.errors import NotPermitted
from settlement.use_cases.authenticate import authenticate
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context, Session
from settlement.use_cases.idempotency import KeyedRequest, checked_key
from settlement.wire.client import LONGEST_WAIT_S
from settlement.wire.page import MOST_ROWS

_bearer = HTTPBearer(auto_error=False, description="an API key: hk_...")


async def context_of(request: Request) -> Context:
    """The context the app was made with."""
    context = request.app.state.context
    if not isinstance(context, Context):
        raise TypeError("the app was made without a context")
    return context


def session_of(
    request: Request,
    context: Annotated[Context, Depends(context_of)],
    _shown: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None,
) -> Iterator[Session]:
    """A reading session for a caller who may be here; who it is stands in the request's state.

    Raises: Unauthenticated, NotPermitted.
    """
    with context.reading() as session:
        request.state.caller = _admitted(request, session)
        yield session


async def caller_of(request: Request, _session: Annotated[Session, Depends(session_of)]) -> Caller:
    """Who reads.

    Raises: Unauthenticated, NotPermitted.
    """
    caller: Caller = request.state.caller
    return caller


def writer_of(
    request: Request,
    context: Annotated[Context, Depends(context_of)],
    _shown: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None,
) -> Caller:
    """Who writes; no reading transaction stays open beside the writing one.

    Raises: Unauthenticated, NotPermitted.
    """
    with context.reading() as session:
        return _admitted(request, session)


def _admitted(request: Request, session: Session) -> Caller:
    caller = authenticate(session, request.headers.get("authorization"))
    allowed = ACCESS.get((request.method, route_of(request)), frozenset())
    if not caller.roles & allowed:
        raise NotPermitted(
            f"this route serves {', '.join(sorted(allowed - PUBLIC)) or 'nobody'}; your client is none of them",
            code="route_not_open",
        )
    return caller


def route_of(request: Request) -> str:
    """The template of the matched route, such as ``/v1/orders/{order_id}``."""
    return str(request.scope["route"].path)


@dataclass(frozen=True)
class PageAsked:
    """Which page of a list."""

    limit: int
    cursor: str | None


async def page_asked(
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> PageAsked:
    """The page parameters of every list."""
    return PageAsked(limit, cursor)


def write_of(
    request: Request,
    context: Annotated[Context, Depends(context_of)],
    caller: Annotated[Caller, Depends(writer_of)],
    idempotency_key: Annotated[
        str | None, Header(description="1 to 255 visible ASCII characters, kept 7 days")
    ] = None,
    prefer: Annotated[str | None, Header(description="wait=N: up to 30 s for the chain")] = None,
) -> Write:
    """A POST with its Idempotency-Key.

    Raises: InputRefused without a key.
    """
    route = f"{request.method} {route_of(request)}"
    keyed = KeyedRequest(
        client_id=caller.client_id,
        route=route,
        key=checked_key(idempotency_key),
        body_hash=request_hash(request, request.state.body),
    )
    received_at = int(time.time())
    request.app.state.forgetting.pass_by(received_at)
    return Write(context, caller, keyed, wait_s=wait_of(prefer), received_at=received_at)


def request_hash(request: Request, content: bytes) -> str:
    """What a request says, by which its repetition is known."""
    # Path and query belong to it: one key must not answer for two orders.
    target = request.url.path + ("?" + request.url.query if request.url.query else "")
    return hashlib.sha256(target.encode() + b"\n" + content).hexdigest()


def wait_of(prefer: str | None) -> int:
    """How long the caller prefers to wait for the chain; 0 when it does not say, or not as RFC 7240 does.

    Units: seconds, at most 30.
    """
    for preference in (prefer or "").split(","):
        name, _, value = preference.strip().partition("=")
        if name.lower() == "wait" and value.isascii() and value.isdigit() and len(value) <= 6:
            return min(int(value), LONGEST_WAIT_S)
    return 0


ContextHere = Annotated[Context, Depends(context_of)]
CallerHere = Annotated[Caller, Depends(caller_of)]
WriterHere = Annotated[Caller, Depends(writer_of)]
SessionHere = Annotated[Session, Depends(session_of)]
PageHere = Annotated[PageAsked, Depends(page_asked)]
WriteHere = Annotated[Write, Depends(write_of)]
