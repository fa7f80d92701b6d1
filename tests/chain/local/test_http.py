"""HTTP: what is malformed or too large is refused with an error object, and others are served meanwhile."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from websockets.frames import Opcode

from settlement.chain.local.server import LocalNode
from settlement.chain.local.wire.bounds import MOST_BODY_BYTES
from settlement.chain.local.wire.http_server import MOST_CONNECTIONS, MOST_HEAD_BYTES
from tests.chain.local.client import EMITTER, Rpc, address_of, words
from tests.chain.local.web_socket_client import HANDSHAKE, frame

ASK = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'


def _post(body: bytes, *headers: bytes) -> bytes:
    head = b"".join(header + b"\r\n" for header in (b"Content-Length: %d" % len(body), *headers))
    return b"POST / HTTP/1.1\r\n" + head + b"\r\n" + body


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def _read(connection: socket.socket, *, until: bytes = b"") -> bytes:
    """What comes until the node hangs up, or has said ``until``."""
    received = bytearray()
    while not until or until not in received:
        got = connection.recv(65_536)
        if not got:
            break
        received += got
    return bytes(received)


def _exchange(port: int, sent: bytes, *, until: bytes = b"") -> bytes:
    with _connect(port) as connection:
        connection.sendall(sent)
        return _read(connection, until=until)


def test_http__chunked_body__understood(node: LocalNode) -> None:
    chunks = (
        b"5\r\n" + ASK[:5] + b"\r\n%x;note=1\r\n" % len(ASK[5:]) + ASK[5:] + b"\r\n0\r\nTrailer: 1\r\n\r\n"
    )
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert b'"result":"0x7a69"' in _exchange(node.port, head + chunks)


def test_http__byte_by_byte__understood(node: LocalNode) -> None:
    with _connect(node.port) as connection:
        for byte in _post(ASK, b"Connection: close"):
            connection.sendall(bytes([byte]))
        assert b'"result":"0x7a69"' in _read(connection)


def test_http__two_requests_at_once__both_answered_in_order(node: LocalNode) -> None:
    one, two = _post(ASK), _post(ASK.replace(b'"id":1', b'"id":2'), b"Connection: close")
    answered = _exchange(node.port, one + two)
    assert answered.index(b'"id":1') < answered.index(b'"id":2')


def test_http__requests_far_ahead_of_answers__all_answered_in_order(node: LocalNode) -> None:
    count = 500
    with _connect(node.port) as connection:
        connection.sendall(b"".join(_post(ASK.replace(b'"id":1', b'"id":%d' % at)) for at in range(count)))
        received = _read(connection, until=b'"id":%d,' % (count - 1))
    places = [received.index(b'"id":%d,' % at) for at in range(count)]
    assert places == sorted(places)


def test_http__refused_after_a_good_request__the_good_one_is_answered_first(node: LocalNode) -> None:
    answered = _exchange(node.port, _post(ASK) + b"NONSENSE\r\n\r\n")
    assert answered.index(b'"result":"0x7a69"') < answered.index(b"HTTP/1.1 400 ")


def test_http__client_that_ends_its_side_first__still_answered(node: LocalNode) -> None:
    with _connect(node.port) as connection:
        connection.sendall(_post(ASK))
        connection.shutdown(socket.SHUT_WR)
        assert b'"result":"0x7a69"' in _read(connection)


def test_http__http_1_0_or_close__one_answer_and_hung_up(node: LocalNode) -> None:
    assert b"Connection: close" in _exchange(node.port, _post(ASK).replace(b"HTTP/1.1", b"HTTP/1.0"))
    kept = _exchange(node.port, _post(ASK, b"Connection: keep-alive"), until=b"0x7a69")
    assert b"Connection: keep-alive" in kept


def test_http__expects_to_be_told_to_continue__told(node: LocalNode) -> None:
    with _connect(node.port) as connection:
        head, _, body = _post(ASK, b"Expect: 100-continue").partition(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        assert _read(connection, until=b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert b'"result":"0x7a69"' in _read(connection, until=b"0x7a69")


def test_http__another_protocol_offered__passed_over(node: LocalNode) -> None:
    offer = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__")
    with _connect(node.port) as connection:
        for _ in range(2):
            connection.sendall(_post(ASK, *offer))
            answered = _read(connection, until=b"0x7a69")
            assert answered.startswith(b"HTTP/1.1 200")


_CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MOST_BODY_BYTES + 1), b"413"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\n\r\n", b"411"),
        (_CHUNKED + b"zz\r\n", b"400"),
        (_CHUNKED + b"%x\r\n" % (MOST_BODY_BYTES + 1) + b" " * (MOST_BODY_BYTES + 1), b"413"),
        (_CHUNKED + b"1\r\n \r\n" * 10 + b"0\r\n" + b"x: y\r\n" * 9_000, b"431"),
        (b"GET /" + b"x" * (MOST_HEAD_BYTES + 1) + b" HTTP/1.1\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\n" + b"x: y\r\n" * 9_000 + b"\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nx: " + b"y" * 600_000, b"431"),
        (b"PUT / HTTP/1.1\r\n\r\n", b"405"),
        (b"CONNECT a:1 HTTP/1.1\r\n\r\n", b"405"),
        (b"BREW / HTTP/1.1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nx y: 1\r\n\r\n", b"400"),
        (b"POST / HTTP/9.9\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01", b"400"),
        (b"x" * 20_000, b"400"),
    ],
)
def test_http__bad_request__refused_with_an_error_object_and_others_are_served(
    node: LocalNode, rpc: Rpc, sent: bytes, status: bytes
) -> None:
    answered = _exchange(node.port, sent)
    assert answered.startswith(b"HTTP/1.1 " + status)
    error = json.loads(answered.partition(b"\r\n\r\n")[2])["error"]
    assert (error["code"], bool(error["message"])) == (-32_600, True)
    assert rpc("eth_chainId") == "0x7a69"


def test_http__body_at_the_bound__read(node: LocalNode) -> None:
    body = ASK[:-1] + b',"x":"' + b"y" * (MOST_BODY_BYTES - len(ASK) - 7) + b'"}'
    assert len(body) == MOST_BODY_BYTES
    assert b'"result":"0x7a69"' in _exchange(node.port, _post(body, b"Connection: close"))


def test_http__head_at_the_bound__read(node: LocalNode) -> None:
    # The path, the four header names and values; separators are not counted.
    counted = len(b"/" + b"Content-Length47Connectionclosex")
    sent = _post(ASK, b"Connection: close", b"x: " + b"y" * (MOST_HEAD_BYTES - counted))
    assert _exchange(node.port, sent).startswith(b"HTTP/1.1 200")
    assert _exchange(node.port, sent.replace(b"x: y", b"x: yy")).startswith(b"HTTP/1.1 431")


def test_http__preflight_of_a_browser__allowed(node: LocalNode) -> None:
    asked = (
        b"OPTIONS / HTTP/1.1\r\nOrigin: https://dapp.example\r\nAccess-Control-Request-Method: POST\r\n"
        b"Access-Control-Request-Headers: content-type\r\nAccess-Control-Request-Private-Network: true\r\n"
        b"Connection: close\r\n\r\n"
    )
    answered = _exchange(node.port, asked)
    assert answered.startswith(b"HTTP/1.1 204")
    for header in (b"Origin: *", b"Headers: *", b"Methods: POST", b"Private-Network: true"):
        assert b"Access-Control-Allow-" + header in answered
    posted = _exchange(node.port, _post(ASK, b"Origin: https://dapp.example", b"Connection: close"))
    assert b"Access-Control-Allow-Origin: *" in posted


def test_http__get__an_empty_answer_that_shows_it_is_up(node: LocalNode) -> None:
    answered = _exchange(node.port, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 200")
    assert answered.endswith(b"\r\n\r\n")


def test_http__client_that_reads_nothing__others_are_served_and_it_gets_all_later(
    node: LocalNode, rpc: Rpc
) -> None:
    rpc("anvil_setCode", address_of(5), "0x" + "00" * 1_000_000)
    ask = {"id": 1, "method": "eth_getCode", "params": [address_of(5), "latest"]}
    count = 20
    with _connect(node.port) as connection:
        connection.sendall(_post(json.dumps(ask).encode()) * (count - 1))
        connection.sendall(_post(json.dumps(ask).encode(), b"Connection: close"))
        assert rpc("eth_chainId") == "0x7a69"
        assert _read(connection).count(b'"result"') == count


def test_http__client_gone_during_a_call__others_are_served(node: LocalNode, rpc: Rpc) -> None:
    emitter = rpc.deploy(EMITTER)
    call = {"id": 1, "method": "eth_call", "params": [{"to": emitter, "data": words(1, 2, 3)}]}
    for _ in range(20):
        with _connect(node.port) as connection:
            connection.sendall(_post(json.dumps(call).encode()) * 5)
    assert rpc("eth_chainId") == "0x7a69"


@contextmanager
def _many(port: int, first_words: bytes, answer: bytes) -> Iterator[list[socket.socket]]:
    """As many connections as are allowed, each of which was answered."""
    with ExitStack() as kept:
        connections = []
        for _ in range(MOST_CONNECTIONS):
            connections.append(kept.enter_context(_connect(port)))
            connections[-1].sendall(first_words)
            assert answer in _read(connections[-1], until=answer)
        yield connections


def test_http__one_connection_more_than_allowed__the_longest_silent_one_gives_way(node: LocalNode) -> None:
    with _many(node.port, _post(ASK), b"0x7a69") as connections:
        connections[0].sendall(_post(ASK))
        _read(connections[0], until=b"0x7a69")
        assert b"0x7a69" in _exchange(node.port, _post(ASK, b"Connection: close"))
        assert _read(connections[1]) == b""
        for kept in (connections[0], connections[2]):
            kept.sendall(_post(ASK))
            assert b"0x7a69" in _read(kept, until=b"0x7a69")


def test_http__one_more_than_allowed_and_none_is_silent__refused_with_an_error_object(
    node: LocalNode,
) -> None:
    with _many(node.port, HANDSHAKE, b"\r\n\r\n") as connections:
        answered = _exchange(node.port, b"")
        assert answered.startswith(b"HTTP/1.1 503")
        assert json.loads(answered.partition(b"\r\n\r\n")[2])["error"]["code"] == -32_005
        connections[0].sendall(frame(Opcode.TEXT, ASK))
        assert b"0x7a69" in _read(connections[0], until=b"0x7a69")
        connections[1].close()
        connections[0].sendall(frame(Opcode.TEXT, ASK))
        _read(connections[0], until=b"0x7a69")
        assert b"0x7a69" in _exchange(node.port, _post(ASK, b"Connection: close"))
