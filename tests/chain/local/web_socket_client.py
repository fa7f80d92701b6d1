"""A JSON-RPC client over WebSocket that keeps what it is told apart from what it asked."""

from __future__ import annotations

import base64
import itertools
import json
import socket
from collections import deque
from types import TracebackType
from typing import Any, Self

from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from tests.chain.local.client import RpcError

SOON_S = 20
KEY = base64.b64encode(b"0123456789abcdef")
HANDSHAKE = (
    b"GET /any HTTP/1.1\r\nHost: localhost\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: " + KEY + b"\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class SocketRpc:
    """One WebSocket to a node."""

    def __init__(self, port: int, **options: Any) -> None:
        options.setdefault("compression", None)
        self._opening = connect(f"ws://127.0.0.1:{port}", open_timeout=SOON_S, max_size=None, **options)
        self._numbers = itertools.count(1)
        self._told: deque[dict[str, Any]] = deque()

    def __enter__(self) -> Self:
        self.connection = self._opening.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opening.__exit__(kind, error, trace)

    def receive(self) -> Any:
        return json.loads(self.connection.recv(timeout=SOON_S))

    def __call__(self, method: str, *params: Any) -> Any:
        number = next(self._numbers)
        self.connection.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
        while (message := self.receive()).get("id") != number:
            self._told.append(message)
        if "error" in message:
            raise RpcError(message["error"])
        return message["result"]

    def told(self) -> tuple[str, Any]:
        """The next notification: the subscription's id and what it tells."""
        message = self._told.popleft() if self._told else self.receive()
        assert (message["jsonrpc"], message["method"], "id" in message) == ("2.0", "eth_subscription", False)
        return message["params"]["subscription"], message["params"]["result"]

    def told_nothing_more(self) -> bool:
        """Whether nothing came before the answer to a request that is sent now."""
        self("eth_chainId")
        return not self._told


def raw_socket(port: int) -> socket.socket:
    """A connection whose handshake is done, for frames that no client sends."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=SOON_S)
    connection.sendall(HANDSHAKE)
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(1)
    assert received.startswith(b"HTTP/1.1 101 ")
    return connection


def frame(opcode: Opcode, payload: bytes, *, fin: bool = True) -> bytes:
    """A frame as a client sends it."""
    return Frame(opcode, payload, fin).serialize(mask=True)
