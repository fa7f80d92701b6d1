"""What no route has to think of: how large a body may be, that it is not packed, and that JSON is strict JSON.

Source: CHECKLISTS T13, T14, T15.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem_response
from settlement.documents.strict_json import parse_json
from settlement.errors import DocumentRefused

MOST_BYTES = 4 * 1024 * 1024
_BODYLESS = {"GET", "HEAD", "OPTIONS"}
_SERVED_TYPES = {"application/json", "multipart/form-data"}


class _Disconnected(Exception):
    """The client went away before its body was whole."""


class BodyGate:
    """Reads each body whole, at most ``MOST_BYTES`` of it, before the app sees the request.

    The bytes are kept in the request's state as ``body``, for hashing and storing as received.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it as a problem."""
        if scope["type"] != "http" or scope["method"] in _BODYLESS:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            body = await _read(headers, receive)
        except _Disconnected:
            return
        if body is None:
            detail = f"a body has at most {MOST_BYTES} bytes; send documents one by one"
            await _refuse(scope, receive, send, "body_too_large", 413, detail)
            return
        refusal = _refusal(headers, body) if scope["method"] == "POST" else None
        if refusal is not None:
            await _refuse(scope, receive, send, *refusal)
            return
        scope.setdefault("state", {})["body"] = body
        await self._app(scope, _replay(body, receive), send)


async def _refuse(scope: Scope, receive: Receive, send: Send, code: str, status: int, detail: str) -> None:
    answer = problem_response(status, code, detail)
    # What is still under way is not read: the connection ends with the answer.
    answer.headers["Connection"] = "close"
    await answer(scope, receive, send)


async def _read(headers: Headers, receive: Receive) -> bytes | None:
    """The whole body, or None as soon as it proves too large.

    Raises: _Disconnected.
    """
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared[:20]) > MOST_BYTES:
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Disconnected
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _refusal(headers: Headers, body: bytes) -> tuple[str, int, str] | None:
    if headers.get("content-encoding", "identity").lower() != "identity":
        return (
            "content_encoding",
            415,
            "packed bodies are not read; send the body as it is, without Content-Encoding",
        )
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in _SERVED_TYPES:
        named = kind[:60] or "none"
        return (
            "content_type",
            415,
            f"content type {named!r} is not read; send application/json (order files: multipart)",
        )
    if kind == "application/json":
        try:
            parse_json(body)
        except DocumentRefused as wrong:
            return (wrong.code, 422, wrong.message)
    return None


def _replay(body: bytes, receive: Receive) -> Receive:
    is_given = False

    async def replay() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
