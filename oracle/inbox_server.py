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

_MAX_BODY = 4 * MAX_MESSAGE_BYTES
_KINDS = frozenset({"wco", "link", "reading"})


def serve_inbox(inbox: Inbox, token: str, view: Callable[[], dict[str, Any]]) -> ThreadingHTTPServer:
    """Open the door on a free loopback port; the caller runs ``serve_forever`` and ``shutdown``."""

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            if not self._is_allowed():
                return
            if self.path != "/inbox":
                self._answer(404, {"error": f"no {self.path}; post to /inbox"})
                return
            try:
                is_new = _take(inbox, self._body())
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
            self._answer(200, view())

        def _is_allowed(self) -> bool:
            given = self.headers.get("Authorization", "")
            if hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
                return True
            self._answer(401, {"error": "the inbox token is missing or wrong"})
            return False

        def _body(self) -> bytes:
            length = self.headers.get("Content-Length", "")
            if not length.isascii() or not length.isdigit() or int(length) > _MAX_BODY:
                self.close_connection = True
                raise InputRefused(f"Content-Length {length[:20]!r} is missing or above {_MAX_BODY}", field="body")
            return self.rfile.read(int(length))

        def _answer(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Requests carry the token and sealed mail; nothing of them is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    return server


def _take(inbox: Inbox, body: bytes) -> bool:
    try:
        document = json.loads(body)
        kind, raw_text, placed_at = document["kind"], document["raw"], document.get("placed_at")
        raw = base64.b64decode(raw_text, validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as wrong:
        raise InputRefused(
            f'an envelope is {{"kind", "raw" (base64), "placed_at"?}} in JSON: {wrong}', field="body"
        ) from wrong
    if kind not in _KINDS:
        raise InputRefused(f"kind {str(kind)[:40]!r} is unknown; known: {', '.join(sorted(_KINDS))}", field="kind")
    if placed_at is not None and (isinstance(placed_at, bool) or not isinstance(placed_at, int) or placed_at < 0):
        raise InputRefused(f"placed_at {str(placed_at)[:40]!r} is not a unix time", field="placed_at")
    return inbox.put(kind, raw, int(time.time()), placed_at)
