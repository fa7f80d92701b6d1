"""The loopback door of one member's inbox: ``POST /inbox`` with the member's own token, and ``GET /view`` of what it saw.

It is the member's own computer, not Hanse's API.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from oracle.inbox import MAX_MESSAGE_BYTES, Inbox
from settlement.errors import InputRefused
from settlement.wire.model import UINT32_LIMIT

_MAX_BODY = 4 * MAX_MESSAGE_BYTES
_KINDS = frozenset({"wco", "link", "reading"})


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
        # The body was not read: the connection cannot be used for another request.
        self.close_connection = True
        self._answer(401, {"error": "the inbox token is missing or wrong"})
        return False

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > _MAX_BODY:
            self.close_connection = True
            raise InputRefused(
                f"Content-Length {length[:20]!r} is missing or above {_MAX_BODY}", field="body"
            )
        return self.rfile.read(int(length))

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name the base class calls it by
        """Requests carry the token and sealed mail; nothing of them is logged."""


def _take(inbox: Inbox, body: bytes) -> bool:
    try:
        document = json.loads(body)
        kind, raw_text, placed_at = document["kind"], document["raw"], document.get("placed_at")
        raw = base64.b64decode(raw_text, validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as wrong:
        raise InputRefused(
            f'an envelope is {{"kind", "raw" (base64), "placed_at"?}} in JSON: {wrong}', field="body"
        ) from wrong
    if not isinstance(kind, str) or kind not in _KINDS:
        raise InputRefused(
            f"kind {str(kind)[:40]!r} is unknown; known: {', '.join(sorted(_KINDS))}", field="kind"
        )
    if placed_at is not None and (type(placed_at) is not int or not 0 <= placed_at < UINT32_LIMIT):
        raise InputRefused(f"placed_at {str(placed_at)[:40]!r} is not a unix time", field="placed_at")
    return inbox.put(kind, raw, int(time.time()), placed_at)
