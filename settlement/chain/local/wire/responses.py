"""What HTTP answers: a head for the body of JSON, what a browser asks first, and refusals as JSON-RPC's error object."""

from __future__ import annotations

import json
from dataclasses import dataclass

# Pages of other origins may ask, as they may of other local nodes; docs/decisions/0027 says why.
_CORS = b"Access-Control-Allow-Origin: *\r\n"
_HEAD = (
    b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    + _CORS
    + b"Connection: %s\r\n\r\n"
)
_PREFLIGHT = (
    b"HTTP/1.1 204 No Content\r\n" + _CORS + b"Access-Control-Allow-Headers: *\r\n"
    b"Access-Control-Allow-Methods: POST, GET, HEAD, OPTIONS\r\nAccess-Control-Allow-Private-Network: true\r\n"
    b"Access-Control-Max-Age: 600\r\nConnection: %s\r\n\r\n"
)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def found(body: bytes, *, is_last: bool) -> bytes:
    """The response that carries ``body``."""
    return _HEAD % (200, b"OK", len(body), _connection(is_last=is_last)) + body


def preflight(*, is_last: bool) -> bytes:
    """What a browser is told before it lets a page ask."""
    return _PREFLIGHT % _connection(is_last=is_last)


def _connection(*, is_last: bool) -> bytes:
    return b"close" if is_last else b"keep-alive"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP status with JSON-RPC's code and words; the connection ends with it."""

    status: int
    reason: bytes
    rpc_code: int
    message: str

    def response(self) -> bytes:
        """The whole response."""
        error = {"code": self.rpc_code, "message": self.message}
        body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}, separators=(",", ":")).encode()
        return _HEAD % (self.status, self.reason, len(body), b"close") + body


def refused_handshake(status: int, reason: str, words: str) -> Refusal:
    """A WebSocket that cannot be opened. An older HTTP is the client's fault, not the node's."""
    if status >= 500:
        status, reason = 400, "Bad Request"
    return Refusal(status, reason.encode("ascii"), _INVALID_REQUEST, " ".join(words.split()))


_INVALID_REQUEST, _INTERNAL_ERROR, _LIMIT_EXCEEDED = -32600, -32603, -32005
BAD_REQUEST = Refusal(400, b"Bad Request", _INVALID_REQUEST, "malformed HTTP request")
METHOD_NOT_ALLOWED = Refusal(
    405, b"Method Not Allowed", _INVALID_REQUEST, "method not allowed: send requests by POST"
)
LENGTH_MISSING = Refusal(
    411, b"Length Required", _INVALID_REQUEST, "a POST needs Content-Length or a chunked body"
)
BODY_TOO_LARGE = Refusal(413, b"Content Too Large", _INVALID_REQUEST, "request body too large: at most 5 MiB")
HEAD_TOO_LARGE = Refusal(
    431, b"Request Header Fields Too Large", _INVALID_REQUEST, "request head too large: at most 16 KiB"
)
DEFECT = Refusal(500, b"Internal Server Error", _INTERNAL_ERROR, "internal error: see the node's own output")
TOO_MANY_CONNECTIONS = Refusal(
    503, b"Service Unavailable", _LIMIT_EXCEEDED, "too many connections: close some that are not used"
)
