"""Whatever comes in: never a 5xx without an error object, never a hang, never a state changed by a call that failed."""

from __future__ import annotations

import json
import math
import socket
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settlement.chain.local.node import Node
from settlement.chain.local.rpc.methods import methods_of
from settlement.chain.local.rpc.request_log import RequestLog
from settlement.chain.local.rpc.subscriptions import Subscriptions
from settlement.chain.local.server import LocalNode
from settlement.chain.local.store.storage import Table
from tests.chain.local import grammar
from tests.chain.local.client import Rpc
from tests.chain.local.web_socket_client import HANDSHAKE, SOON_S

INTERNAL_ERROR = -32_603
_FEW_OR_MANY = pytest.mark.parametrize("examples", [200, pytest.param(10_000, marks=pytest.mark.deep)])


def _times(examples: int) -> settings:
    return settings(
        max_examples=examples, suppress_health_check=list(HealthCheck), deadline=None, database=None
    )


@pytest.fixture(scope="module")
def methods(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of all methods there are."""
    with Node(tmp_path_factory.mktemp("names")) as node:
        return sorted(methods_of(node, RequestLog(), Subscriptions(node)))


def _state(node: Node) -> Any:
    """All that a later request could tell from before, as the writer thread sees it."""
    waiting = [tx.hash for tx in node.pool.waiting()]
    stored = node.chain.storage.scan(Table.META, b"", b"\xff" * 64)
    parked = node.chain.storage.scan(Table.WAITING, b"", b"\xff" * 64)
    return node.chain.head, node.chain.clock, node.chain.rules, node.mining, waiting, stored, parked


def _state_of(node: Node) -> Any:
    return node.order(lambda: _state(node)).result(timeout=SOON_S)


def _strict(body: bytes) -> Any:
    """JSON as clients in other languages read it: without NaN and its like."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} in {body[:200]!r}")

    return json.loads(body, parse_constant=refuse)


def _check(answer: Any) -> None:
    """One response: its id, and either a result or a well-formed error that is no defect of ours."""
    assert answer["jsonrpc"] == "2.0"
    assert "id" in answer
    assert ("result" in answer) != ("error" in answer), answer
    if "error" in answer:
        error = answer["error"]
        assert type(error["code"]) is int
        assert error["message"]
        assert error["code"] != INTERNAL_ERROR, error


@_FEW_OR_MANY
def test_rpc__any_body__answered_by_the_standard_and_a_failed_call_changes_nothing(
    node: LocalNode, rpc: Rpc, methods: list[str], examples: int
) -> None:
    @_times(examples)
    @given(body=grammar.bodies(methods))
    def fuzz(body: bytes) -> None:
        if node.node.mining.interval_s:
            # Blocks that come by themselves would look like changes.
            rpc("evm_setIntervalMining", 0)
        before = _state_of(node.node)
        rpc.connection.request("POST", "/", body, {"Content-Type": "application/json"})
        response = rpc.connection.getresponse()
        answered = response.read()
        assert response.status == 200
        if not answered:
            return
        answers = _strict(answered)
        for answer in answers if isinstance(answers, list) else [answers]:
            _check(answer)
        if isinstance(answers, dict) and "error" in answers and answers["error"]["code"] != 4:
            assert _state_of(node.node) == before, body

    fuzz()
    assert rpc("web3_clientVersion")


@_FEW_OR_MANY
def test_rpc__known_method_with_any_parameters__its_id_comes_back(
    node: LocalNode, rpc: Rpc, methods: list[str], examples: int
) -> None:
    @_times(examples)
    @given(
        method=st.sampled_from(methods),
        params=grammar.params,
        number=st.integers() | st.text(max_size=5) | st.floats(allow_nan=False, allow_infinity=False),
    )
    def fuzz(method: str, params: Any, number: Any) -> None:
        if node.node.mining.interval_s:
            rpc("evm_setIntervalMining", 0)
        before = _state_of(node.node)
        answer = rpc.post(json.dumps({"id": number, "method": method, "params": params}).encode())
        _check(answer)
        if isinstance(number, float) and "error" not in answer:
            assert math.isclose(answer["id"], number)
        else:
            assert answer["id"] == number or answer["error"]["code"] == -32_700
        # Error 4 says that the transaction was taken and is not mined yet.
        if "error" in answer and answer["error"]["code"] != 4:
            assert _state_of(node.node) == before, (method, params)

    fuzz()


def _speak(port: int, sent: bytes) -> bytes:
    """All that is answered to a client that says no more."""
    with socket.create_connection(("127.0.0.1", port), timeout=SOON_S) as connection:
        received = bytearray()
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while got := connection.recv(65_536):
                received += got
        except ConnectionError:
            # The node hung up in the middle of what was sent, which is its right.
            pass
        return bytes(received)


_ASK = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
_PIECES = [
    *(
        b"POST / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\n",
        b"POST / HTTP/1.0\r\n",
        b"OPTIONS * HTTP/1.1\r\n",
        b"PRI * HTTP/2.0\r\n",
    ),
    *(
        b"Content-Length: 47\r\n",
        b"Content-Length: 0\r\n",
        b"Content-Length: 9999999\r\n",
        b"content-length:x\r\n",
    ),
    *(
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Connection: Upgrade\r\n",
        b"Upgrade: websocket\r\n",
    ),
    *(
        b"Expect: 100-continue\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\x00",
        b"2f\r\n",
        b"0\r\n\r\n",
        _ASK,
        b"Host: x\r\n",
    ),
]


@_FEW_OR_MANY
def test_http__any_bytes__refused_with_an_error_object_or_answered(
    node: LocalNode, rpc: Rpc, examples: int
) -> None:
    @_times(examples)
    @given(parts=st.lists(st.sampled_from(_PIECES) | st.binary(max_size=8), max_size=12))
    def fuzz(parts: list[bytes]) -> None:
        rest = _speak(node.port, b"".join(parts))
        while rest.startswith(b"HTTP/1.1 100 "):
            rest = rest.partition(b"\r\n\r\n")[2]
        if not rest:
            return
        status = int(rest.split(b" ", 2)[1])
        assert rest.startswith(b"HTTP/1.1 ")
        assert status in (200, 204, 400, 405, 411, 413, 431)
        if status >= 400:
            assert _strict(rest.partition(b"\r\n\r\n")[2])["error"]["message"]

    fuzz()
    assert rpc("eth_chainId") == "0x7a69"


def _frame(first: int, payload: bytes) -> bytes:
    """A masked frame with any final, reserved and opcode bits; the mask is zero."""
    return bytes([first, 0x80 | len(payload)]) + bytes(4) + payload


@_FEW_OR_MANY
def test_web_socket__any_frames__the_node_goes_on(node: LocalNode, rpc: Rpc, examples: int) -> None:
    frames = st.builds(_frame, st.integers(0, 255), st.just(_ASK) | st.binary(max_size=125))

    @_times(examples)
    @given(parts=st.lists(frames | st.binary(max_size=20), max_size=8))
    def fuzz(parts: list[bytes]) -> None:
        assert _speak(node.port, HANDSHAKE + b"".join(parts)).startswith(b"HTTP/1.1 101 ")

    fuzz()
    assert rpc("eth_chainId") == "0x7a69"
