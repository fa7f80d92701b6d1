"""HTTP/1.1 for JSON-RPC: POST in, JSON out, connections kept open, everything bounded; a WebSocket takes over on request."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

import httptools

from settlement.chain.local.wire.bounds import MOST_BODY_BYTES
from settlement.chain.local.wire.peer import Peer
from settlement.chain.local.wire.responses import (
    BAD_REQUEST,
    BODY_TOO_LARGE,
    CONTINUE,
    DEFECT,
    HEAD_TOO_LARGE,
    LENGTH_MISSING,
    METHOD_NOT_ALLOWED,
    TOO_MANY_CONNECTIONS,
    Refusal,
    found,
    preflight,
)
from settlement.chain.local.wire.web_socket import WebSocket

MOST_CONNECTIONS = 512
MOST_HEAD_BYTES = 16 * 1024
MOST_PIPELINED = 32
# How long a refused client's remaining bytes are taken off the socket: closing at once could cost it the answer.
LINGER_S = 2.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """What the wire carries to and fro: ``answer`` a body, and hear of a ``Peer`` that is ``gone``."""

    answer: Callable[[bytes, Peer | None], Awaitable[bytes]]
    gone: Callable[[Peer], None]


@dataclass(frozen=True, slots=True)
class _Request:
    method: bytes
    body: bytes
    is_last: bool
    refusal: Refusal | None = None


class Connection(asyncio.Protocol):
    """One client's connection; requests on it are answered one after another."""

    def __init__(self, service: Service, connections: dict[Connection, None]) -> None:
        self._service = service
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[_Request] = deque()
        self._waiting_bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._web_socket: WebSocket | None = None
        # Set while the client does not read what was written to it.
        self._writable: asyncio.Future[None] | None = None
        self._is_deaf = False
        self._is_half_closed = False
        self._is_in_head = False
        self._begin()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if len(self._connections) >= MOST_CONNECTIONS and not self._end_an_idle_one():
            self._refuse(TOO_MANY_CONNECTIONS)
            self._work_on()
        self._connections[self] = None

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        self._transport = None
        self._connections.pop(self, None)
        if self._task is not None:
            # What it handed to the writer is done all the same; calls that nobody waits for are not begun.
            self._task.cancel()
        if self._web_socket is not None:
            self._web_socket.lost()

    def _end_an_idle_one(self) -> bool:
        """Hang up on the client that has been silent longest, if one is: it may have forgotten the connection."""
        silent = next((one for one in self._connections if one.is_idle), None)
        if silent is None:
            return False
        silent.close()
        del self._connections[silent]
        return True

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for an answer or is to be told anything here."""
        return self._task is None and self._web_socket is None

    def close(self) -> None:
        """Hang up once what was written is sent."""
        if self._web_socket is not None:
            self._web_socket.close()
        elif self._transport is not None:
            self._transport.close()

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()
        if self._web_socket is not None:
            self._web_socket.pause()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None
        if self._web_socket is not None:
            self._web_socket.resume()

    def eof_received(self) -> bool:
        if self._web_socket is not None:
            self._web_socket.eof_received()
            return False
        # A client may end its side and still wait for the answer to what it sent before.
        self._is_half_closed = self._task is not None
        return self._is_half_closed

    def data_received(self, data: bytes) -> None:
        # The longest silent one comes first.
        if self._connections.pop(self, self) is None:
            self._connections[self] = None
        if self._web_socket is not None:
            self._web_socket.data_received(data)
            return
        was_in_head = self._is_in_head
        while data and not self._is_deaf:
            try:
                self._parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as upgrade:
                data = self._upgrade(data[upgrade.args[0] :])
            except httptools.HttpParserError:
                self._refuse(BAD_REQUEST)
        if was_in_head and self._is_in_head:
            # The parser tells of a header once it is whole; until then it is counted by what came.
            self._fed_in_head += len(data)
        if self._head_bytes > MOST_HEAD_BYTES or self._fed_in_head > 2 * MOST_HEAD_BYTES:
            self._refuse(HEAD_TOO_LARGE)
        self._work_on()

    # The parser's side

    def on_message_begin(self) -> None:
        self._begin()
        self._is_in_head = True

    def _begin(self) -> None:
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_bytes = 0
        self._fed_in_head = 0
        self._body: list[bytes] = []
        self._body_bytes = 0

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))
        self._head_bytes += len(name) + len(value)

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        if self._head_bytes > MOST_HEAD_BYTES:
            self._refuse(HEAD_TOO_LARGE)
        headers = dict(self._headers)
        length = headers.get(b"content-length")
        if length is None:
            if self._parser.get_method() == b"POST" and b"transfer-encoding" not in headers:
                self._refuse(LENGTH_MISSING)
        elif int(length) > MOST_BODY_BYTES:
            self._refuse(BODY_TOO_LARGE)
        if (
            headers.get(b"expect", b"").lower() == b"100-continue"
            and self._task is None
            and not self._is_deaf
            and self._transport is not None
        ):
            self._transport.write(CONTINUE)

    def on_body(self, part: bytes) -> None:
        self._body_bytes += len(part)
        if self._body_bytes > MOST_BODY_BYTES:
            self._refuse(BODY_TOO_LARGE)
        elif not self._is_deaf:
            self._body.append(part)

    def on_message_complete(self) -> None:
        if self._is_deaf or self._parser.should_upgrade():
            return
        body = b"".join(self._body)
        is_last = not self._parser.should_keep_alive()
        self._waiting.append(_Request(self._parser.get_method(), body, is_last))
        self._waiting_bytes += len(body)

    def _refuse(self, refusal: Refusal) -> None:
        """Answer with this after what came before, and listen no more."""
        if not self._is_deaf:
            self._is_deaf = True
            self._body.clear()
            self._waiting.append(_Request(b"", b"", is_last=True, refusal=refusal))

    # Answering

    def _work_on(self) -> None:
        if self._transport is None:
            return
        if len(self._waiting) > MOST_PIPELINED or self._waiting_bytes > MOST_BODY_BYTES:
            # It sends ahead without waiting for answers; what is buffered stays bounded.
            self._transport.pause_reading()
        if self._waiting and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        """Answer what waits, in order, no faster than the client reads."""
        try:
            while self._waiting:
                if self._transport is None or self._transport.is_closing():
                    # What the client sent ahead and does not wait for is not begun.
                    self._waiting.clear()
                    break
                request = self._waiting.popleft()
                self._waiting_bytes -= len(request.body)
                await self._respond(request)
                if self._writable is not None:
                    await self._writable
        finally:
            self._task = None
        if self._transport is None:
            return
        if self._is_half_closed:
            self._transport.close()
        else:
            self._transport.resume_reading()

    async def _respond(self, request: _Request) -> None:
        refusal, answer = request.refusal, b""
        if request.method == b"POST":
            try:
                answer = await self._service.answer(request.body, None)
            except Exception:  # noqa: BLE001  a defect of ours: the caller gets an error object, the log the trace
                _log.exception("a request could not be answered")
                refusal = DEFECT
        elif request.method not in (b"OPTIONS", b"GET", b"HEAD"):
            refusal = refusal or METHOD_NOT_ALLOWED
        if refusal is not None:
            self._write_refusal(refusal)
        elif self._transport is not None:
            if request.method == b"OPTIONS":
                self._transport.write(preflight(is_last=request.is_last))
            else:
                self._transport.write(found(answer, is_last=request.is_last))
            if request.is_last:
                self._waiting.clear()
                self._transport.close()

    def _write_refusal(self, refusal: Refusal) -> None:
        self._is_deaf = True
        self._waiting.clear()
        if self._transport is not None:
            self._transport.write(refusal.response())
            # The other half is closed by the client, or when it has had its time.
            self._transport.write_eof()
            asyncio.get_running_loop().call_later(LINGER_S, self._transport.abort)

    # WebSocket

    def _upgrade(self, rest: bytes) -> bytes:
        """Another protocol was offered: WebSocket is taken up, any other passed over. Answers what is still to be parsed."""
        offered = dict(self._headers).get(b"upgrade", b"").lower()
        if self._parser.get_method() == b"CONNECT":
            self._refuse(METHOD_NOT_ALLOWED)
        elif offered == b"websocket":
            self._open_web_socket(rest)
        else:
            # The parser leaves the body of such a request unread. curl offers HTTP/2 like this.
            head = self._head([header for header in self._headers if header[0] != b"upgrade"])
            self._parser = httptools.HttpRequestParser(self)
            return head + rest
        return b""

    def _open_web_socket(self, rest: bytes) -> None:
        if self._transport is None:
            return
        if self._task is not None or self._waiting:
            self._refuse(BAD_REQUEST)
            return
        self._web_socket = WebSocket(
            self._transport, self._service.answer, self._service.gone, most_bytes=MOST_BODY_BYTES
        )
        # Apart: what follows the handshake is understood once that is answered.
        self._web_socket.data_received(self._head(self._headers))
        self._web_socket.data_received(rest)

    def _head(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        first = b"%s %s HTTP/%s\r\n" % (
            self._parser.get_method(),
            self._url,
            self._parser.get_http_version().encode(),
        )
        return first + b"".join(b"%s: %s\r\n" % header for header in headers) + b"\r\n"
