"""The loopback door of one member's inbox: ``POST /inbox`` with the member's own token, and ``GET /view`` of what it saw.

It is the member's own computer, not Hanse's API.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from oracle.inbox import MAX_MESSAGE_BYTES, Inbox
from settlement.errors import InputRefused
from settlement.wire.model import UINT32_LIMIT

_MAX_BODY = 4 * MAX_MESSAGE_BYTES


class InboxServer(ThreadingHTTPServer):
    """Listens on a free loopback port; the caller runs ``serve_forever`` and ``shutdown``."""

    daemon_threads = True

    def __init__(self, inbox: Inbox, token: str, view: Callable[[], dict[str, Any]]) -> None:
        self.inbox = inbox
        self.view = view
        self._credential = f"Bearer {token}".encode()
        super().__init__(("127.0.0.1", 0), _Door)

    def is_allowed(self, authorization: str) -> bool:
        """Whether the header carries this member's token; compared in constant time (T11)."""
        return hmac.compare_digest(authorization.encode(), self._credential)


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: InboxServer

    def do_POST(self) -> None:
        if not self._is_allowed():
            return
        if self.path != "/inbox":
            self._drop_body()
            self._answer(404, {"error": f"no {self.path}; post to /inbox"})
            return
        try:
            is_new = _take(self.server.inbox, self._body())
        except InputRefused as refused:
            self._answer(422, {"error": refused.message, "field": refused.field})
            return
        self._answer(202 if is_new else 200, {"is_new": is_new})

    def do_GET(self) -> None:
        if not self._is_allowed():
            return
        if self.path != "/view":
            self._answer(404, {"error": f"no {self.path}; look at /view"})
            return
        self._answer(200, self.server.view())

    def _is_allowed(self) -> bool:
        if self.server.is_allowed(self.headers.get("Authorization", "")):
            return True
        self._drop_body()
        self._answer(401, {"error": "the inbox token is missing or wrong"})
        return False

    def _drop_body(self) -> None:
        """Read what a stranger sends, within bounds: closing on unread bytes would take our answer back."""
        self.close_connection = True
        self.rfile.read(self._length() or 0)

    def _body(self) -> bytes:
        length = self._length()
        if length is None:
            self.close_connection = True
            raise InputRefused(f"Content-Length is missing or above {_MAX_BODY}", field="body")
        return self.rfile.read(length)

    def _length(self) -> int | None:
        text = self.headers.get("Content-Length", "")
        is_number = text.isascii() and text.isdigit() and len(text) < 10
        return int(text) if is_number and int(text) <= _MAX_BODY else None

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name the base class calls it by
        """Requests carry the token and sealed mail; nothing of them is logged."""


class _Delivery(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["wco", "link", "reading"]
    raw: str
    placed_at: Annotated[int, Field(ge=0, lt=UINT32_LIMIT)] | None = None


def _take(inbox: Inbox, body: bytes) -> bool:
    try:
        # Pydantic's own reader bounds the depth; the standard library's recursion can be driven into the ground.
        delivery = _Delivery.model_validate_json(body)
        raw = base64.b64decode(delivery.raw, validate=True)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "body"
        raise InputRefused(
            f'an envelope is {{"kind", "raw" (base64), "placed_at"?}} in JSON: {place}: {first["msg"]}',
            field=place,
        ) from wrong
    except ValueError as wrong:
        raise InputRefused(f"raw is not base64: {wrong}", field="raw") from wrong
    return inbox.put(delivery.kind, raw, int(time.time()), delivery.placed_at)
