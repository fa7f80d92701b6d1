"""A WebSocket that carries JSON-RPC both ways: requests and their answers, and what a subscriber is told later."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from settlement.chain.local.wire.peer import Peer
from settlement.chain.local.wire.responses import refused_handshake

MOST_IN_FLIGHT = 64
# What a client that does not read may leave unread of its notifications before it is let go.
MOST_UNREAD_BYTES = 32 * 2**20
# How long a client may take to hang up after the closing handshake.
LINGER_S = 2.0
_log = logging.getLogger(__name__)


class WebSocket:
    """One client; its requests run side by side, a bounded number at a time. Used on the event loop only."""

    def __init__(
        self,
        transport: asyncio.Transport,
        answer: Callable[[bytes, Peer | None], Awaitable[bytes]],
        gone: Callable[[Peer], None],
        *,
        most_bytes: int,
    ) -> None:
        self._transport = transport
        self._answer = answer
        self._gone = gone
        # No compression: on one machine it costs more than it saves, and a few bytes could unpack to gigabytes.
        self._protocol = ServerProtocol(max_size=most_bytes, logger=_log)
        self._message = bytearray()
        self._is_text = True
        self._waiting: deque[bytes] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_paused = False
        self._is_refused = False

    # The connection's side

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._open(event)
            elif isinstance(event, Frame):
                self._take(event)
        self._flush()
        self._work_on()

    def _open(self, request: Request) -> None:
        response = self._protocol.accept(request)
        if response.status_code == 101:
            self._protocol.send_response(response)
            return
        self._is_refused = True
        refusal = refused_handshake(response.status_code, response.reason_phrase, response.body.decode())
        self._transport.write(refusal.response())
        self._hang_up()

    def eof_received(self) -> None:
        self._protocol.receive_eof()
        self._flush()

    def lost(self) -> None:
        """The connection is gone, and with it what the client asked to be told."""
        for task in self._tasks:
            task.cancel()
        self._waiting.clear()
        self._gone(self)

    def close(self) -> None:
        """Say that the node stops."""
        if self._protocol.state is OPEN:
            self._protocol.fail(CloseCode.GOING_AWAY, "the node stops")
            self._flush()
        self._transport.close()

    def pause(self) -> None:
        """The client does not read: nothing more is taken from it until it does."""
        self._is_paused = True
        self._transport.pause_reading()

    def resume(self) -> None:
        self._is_paused = False
        self._work_on()

    # Messages

    def _take(self, frame: Frame) -> None:
        """A message comes in one frame or in several, with control frames between, which the protocol has answered."""
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._is_text = frame.opcode is Opcode.TEXT
        elif frame.opcode is not Opcode.CONT:
            return
        self._message += frame.data
        if not frame.fin:
            return
        message = bytes(self._message)
        self._message.clear()
        if self._is_text and not _is_utf8(message):
            self._protocol.fail(CloseCode.INVALID_DATA, "a text message must be UTF-8")
        elif self._protocol.state is OPEN:
            self._waiting.append(message)

    def _work_on(self) -> None:
        while self._waiting and len(self._tasks) < MOST_IN_FLIGHT and not self._is_paused:
            task = asyncio.get_running_loop().create_task(self._respond(self._waiting.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._done)
        if self._waiting or self._is_paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    async def _respond(self, message: bytes) -> None:
        answer = await self._answer(message, self)
        if answer:
            self._send(answer)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            _log.error("a message could not be answered", exc_info=failure)
            self._protocol.fail(CloseCode.INTERNAL_ERROR, "internal error")
            self._flush()
        if not self._transport.is_closing():
            self._work_on()

    def tell(self, message: bytes) -> None:
        """Send a notification, or let the client go when it has left too many unread."""
        if self._transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self._transport.abort()
        else:
            self._send(message)

    def _send(self, message: bytes) -> None:
        if self._protocol.state is OPEN and not self._transport.is_closing():
            self._protocol.send_text(message)
            self._flush()

    def _flush(self) -> None:
        for part in self._protocol.data_to_send():
            if part:
                self._transport.write(part)
            elif not self._transport.is_closing():
                self._hang_up()

    def _hang_up(self) -> None:
        """Send no more, and take what comes off the socket: closing at once could cost the client the last frame."""
        self._transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER_S, self._transport.abort)


def _is_utf8(message: bytes) -> bool:
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return True
