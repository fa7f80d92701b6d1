"""HTTP/1.1 for JSON-RPC: POST in, JSON out, connections kept open, bodies bounded. Nothing of a web server beyond that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

MOST_HEAD_BYTES = 16 * 1024
MOST_BODY_BYTES = 2 * 2**20
_REASONS = {
    200: b"OK",
    204: b"No Content",
    400: b"Bad Request",
    405: b"Method Not Allowed",
    411: b"Length Required",
    413: b"Content Too Large",
    431: b"Request Header Fields Too Large",
    500: b"Internal Server Error",
}
_TOO_LARGE = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"request body too large"}}'
# Pages of other origins may ask, as they may of other local nodes; the node listens on loopback alone.
_CORS = b"Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: *\r\nAccess-Control-Allow-Methods: POST, GET\r\n"

Answer = Callable[[bytes], Awaitable[bytes]]


class Connection(asyncio.Protocol):
    """One client's connection; requests on it are answered one after another."""

    def __init__(self, answer: Answer, connections: set[Connection]) -> None:
        self._answer = answer
        self._connections = connections
        self._received = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        self._transport = None
        self._connections.discard(self)

    def close(self) -> None:
        """Hang up once what was written is sent."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._task is None:
            self._next_request()
        elif len(self._received) > MOST_HEAD_BYTES + MOST_BODY_BYTES and self._transport is not None:
            # It sends ahead without waiting for answers; what is buffered stays bounded.
            self._transport.pause_reading()

    def _next_request(self) -> None:
        """Start on the next request if it is wholly here."""
        if self._transport is None:
            return
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            if len(self._received) > MOST_HEAD_BYTES:
                self._refuse(431)
            return
        lines = bytes(self._received[:end]).split(b"\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(b":") for line in lines[1:])
        }
        method = lines[0].split(b" ", 1)[0]
        is_last = headers.get(b"connection", b"").lower() == b"close" or lines[0].endswith(b"HTTP/1.0")
        if headers.get(b"expect", b"").lower() == b"100-continue" and end + 4 == len(self._received):
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        taken = self._take_body(end + 4, method, headers)
        if taken is None:
            return
        body, used = taken
        del self._received[:used]
        self._task = asyncio.get_running_loop().create_task(self._respond(method, body, is_last=is_last))

    def _take_body(self, start: int, method: bytes, headers: dict[bytes, bytes]) -> tuple[bytes, int] | None:
        """The request's body and where it ends; None while it is incomplete, or after it was refused."""
        if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
            return self._take_chunks(start)
        length = headers.get(b"content-length", b"0" if method != b"POST" else b"")
        if not length.isdigit():
            self._refuse(411 if not length else 400)
            return None
        if len(length) > 9 or int(length) > MOST_BODY_BYTES:
            self._refuse(413)
            return None
        end = start + int(length)
        return (bytes(self._received[start:end]), end) if len(self._received) >= end else None

    def _take_chunks(self, start: int) -> tuple[bytes, int] | None:
        body = bytearray()
        at = start
        while True:
            line_end = self._received.find(b"\r\n", at)
            if line_end < 0:
                if len(self._received) - at > MOST_HEAD_BYTES:
                    self._refuse(400)
                return None
            try:
                size = int(bytes(self._received[at:line_end]).partition(b";")[0], 16)
            except ValueError:
                size = -1
            if size < 0 or size + len(body) > MOST_BODY_BYTES:
                self._refuse(400 if size < 0 else 413)
                return None
            chunk_end = line_end + 2 + size
            if len(self._received) < chunk_end + 2:
                return None
            body += self._received[line_end + 2 : chunk_end]
            at = chunk_end + 2
            if size == 0:
                return bytes(body), at

    async def _respond(self, method: bytes, body: bytes, *, is_last: bool) -> None:
        try:
            if method == b"POST":
                answer = await self._answer(body)
                self._write(200, answer, is_last=is_last)
            elif method in (b"OPTIONS", b"GET", b"HEAD"):
                self._write(204 if method == b"OPTIONS" else 200, b"", is_last=is_last)
            else:
                self._write(405, b"", is_last=True)
        except Exception:
            self._write(500, b"", is_last=True)
            raise
        finally:
            self._task = None
            if self._transport is not None:
                self._transport.resume_reading()
        if self._received:
            self._next_request()

    def _refuse(self, status: int) -> None:
        self._received.clear()
        self._write(status, _TOO_LARGE if status == 413 else b"", is_last=True)

    def _write(self, status: int, body: bytes, *, is_last: bool) -> None:
        if self._transport is None:
            return
        head = (
            b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%sConnection: %s\r\n\r\n"
            % (status, _REASONS[status], len(body), _CORS, b"close" if is_last else b"keep-alive")
        )
        self._transport.write(head + body)
        if is_last:
            self._transport.close()
