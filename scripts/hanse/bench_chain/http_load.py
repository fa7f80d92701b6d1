"""Clients of a node: kept-open connections that each send the next request when the last one is answered.

One thread serves all of them without an HTTP library: what is measured is the node, and the machine's other core is the
clients' alone. Requests are written out before the clock starts.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from selectors import EVENT_READ, DefaultSelector
from typing import Any, Final

from settlement.errors import ChainError

_PATIENCE_S: Final = 60
_CHUNK_BYTES: Final = 2**16
_HEAD_END: Final = b"\r\n\r\n"


def http_request(method: str, *params: Any) -> bytes:
    """One JSON-RPC request as it goes over the wire."""
    return _posted({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})


def _posted(request: Any) -> bytes:
    body = json.dumps(request, separators=(",", ":")).encode()
    head = (
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    return head % len(body) + body


@dataclass
class _Connection:
    socket: socket.socket
    requests: Iterator[bytes]
    received: bytearray = field(default_factory=bytearray)

    def send_next(self) -> bool:
        """Whether there was one to send."""
        request = next(self.requests, None)
        if request is not None:
            self.socket.sendall(request)
        return request is not None

    def take_answer(self) -> bytes | None:
        """The body, once all of it is here.

        Raises: ChainError when the node hangs up.
        """
        chunk = self.socket.recv(_CHUNK_BYTES)
        if not chunk:
            raise ChainError("the node hung up in the middle of the bench; see what it wrote to stderr")
        self.received += chunk
        head_end = self.received.find(_HEAD_END)
        if head_end < 0:
            return None
        length = _content_length(bytes(self.received[:head_end]))
        start = head_end + len(_HEAD_END)
        if len(self.received) < start + length:
            return None
        body = bytes(self.received[start : start + length])
        del self.received[: start + length]
        return body


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    raise ChainError(f"the node answered without a length: {head[:80]!r}")


def play_requests(port: int, lanes: Sequence[Iterable[bytes]], *, keep: bool = False) -> list[bytes]:
    """Send every lane over a connection of its own, all at once; the answers by arrival when they are to be kept.

    Raises: ChainError when one of them is answered with an error, or none is for a minute.
    """
    kept: list[bytes] = []
    with DefaultSelector() as selector:
        open_ones: list[_Connection] = []
        try:
            for lane in lanes:
                link = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S)
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                open_ones.append(_Connection(link, iter(lane)))
            waiting = 0
            for one in open_ones:
                selector.register(one.socket, EVENT_READ, one)
                waiting += one.send_next()
            while waiting:
                ready = selector.select(_PATIENCE_S)
                if not ready:
                    raise ChainError(f"the node answered nothing for {_PATIENCE_S} s")
                for key, _ in ready:
                    body = key.data.take_answer()
                    if body is None:
                        continue
                    if b'"error"' in body:
                        raise ChainError(f"the node refused a request of the bench: {body[:300]!r}")
                    if keep:
                        kept.append(body)
                    waiting -= not key.data.send_next()
        finally:
            for one in open_ones:
                one.socket.close()
    return kept


def timed_requests(port: int, lanes: Sequence[Sequence[bytes]]) -> float:
    """Seconds until all of them are answered."""
    started = time.perf_counter()
    play_requests(port, lanes)
    return time.perf_counter() - started


def latencies(port: int, request: bytes, count: int) -> list[float]:
    """Seconds of each of so many equal requests on one connection, sorted."""
    taken_s: list[float] = []
    asked_at = time.perf_counter()

    def repeated() -> Iterator[bytes]:
        nonlocal asked_at
        for _ in range(count):
            asked_at = time.perf_counter()
            yield request
            taken_s.append(time.perf_counter() - asked_at)

    play_requests(port, [repeated()])
    return sorted(taken_s)


def ask(port: int, method: str, *params: Any) -> Any:
    """One request's result."""
    (body,) = play_requests(port, [[http_request(method, *params)]], keep=True)
    return json.loads(body)["result"]


def ask_many(port: int, method: str, params: Sequence[Sequence[Any]], *, at_once: int = 200) -> list[Any]:
    """The results for several parameter lists, in their order."""
    results: list[Any] = []
    for start in range(0, len(params), at_once):
        part = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": one}
            for number, one in enumerate(params[start : start + at_once])
        ]
        (body,) = play_requests(port, [[_posted(part)]], keep=True)
        results += [one["result"] for one in sorted(json.loads(body), key=lambda one: int(one["id"]))]
    return results
