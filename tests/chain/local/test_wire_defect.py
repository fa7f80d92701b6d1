"""A defect behind the wire: its client is told in the protocol it speaks, and the next one is served."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator

import pytest
from websockets.frames import CloseCode, Opcode

from settlement.chain.local.wire.http_server import Connection, Service
from settlement.chain.local.wire.peer import Peer
from tests.chain.local.web_socket_client import SOON_S, frame, raw_socket


async def _answer(body: bytes, _peer: Peer | None) -> bytes:
    if body == b"break":
        raise RuntimeError("a defect of what is behind the wire")
    return b'"' + body + b'"'


@pytest.fixture
def port() -> Iterator[int]:
    """The wire alone, before a service that fails when it is told to."""
    ports: list[int] = []
    is_up = threading.Event()
    loop = asyncio.new_event_loop()
    stopped = asyncio.Event()

    async def serve() -> None:
        service, connections = Service(_answer, lambda _: None), dict[Connection, None]()
        server = await loop.create_server(lambda: Connection(service, connections), "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        is_up.set()
        await stopped.wait()
        server.close()
        for connection in list(connections):
            connection.close()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    assert is_up.wait(SOON_S)
    yield ports[0]
    loop.call_soon_threadsafe(stopped.set)
    thread.join(SOON_S)


def _post(port: int, body: bytes) -> bytes:
    head = b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    with socket.create_connection(("127.0.0.1", port), timeout=SOON_S) as connection:
        connection.sendall(head + body)
        received = b""
        while got := connection.recv(4_096):
            received += got
    return received


def test_http__answer_fails__500_with_an_error_object(port: int, caplog: pytest.LogCaptureFixture) -> None:
    answered = _post(port, b"break")
    assert answered.startswith(b"HTTP/1.1 500 ")
    assert json.loads(answered.partition(b"\r\n\r\n")[2]) == {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": -32_603, "message": "internal error: see the node's own output"},
    }
    assert "a defect of what is behind the wire" in caplog.text
    assert _post(port, b"fine").endswith(b'"fine"')


def test_web_socket__answer_fails__closed_as_an_internal_error(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    with raw_socket(port) as connection:
        connection.sendall(frame(Opcode.TEXT, b"break"))
        received = b""
        while got := connection.recv(4_096):
            received += got
    assert received[0] == 0x80 | Opcode.CLOSE
    assert int.from_bytes(received[2:4], "big") == CloseCode.INTERNAL_ERROR
    assert "a defect of what is behind the wire" in caplog.text
    assert _post(port, b"fine").endswith(b'"fine"')
