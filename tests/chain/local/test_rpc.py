"""JSON-RPC and HTTP: whatever comes in is answered by the standard, and the node goes on."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settlement.chain.local.server import LocalNode, refuse_public_host
from settlement.errors import InputRefused
from tests.chain.local.client import Rpc, address_of


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32_700),
        (b"", -32_700),
        (b"\xff\xfe", -32_700),
        (b"[" * 100_000, -32_700),
        (b"[]", -32_600),
        (b"1", -32_600),
        (b'{"id":1}', -32_600),
        (b'{"id":{},"method":"eth_chainId"}', -32_600),
        (b'{"id":1,"method":"no_such"}', -32_601),
        (b'{"id":1,"method":"eth_chainId","params":{}}', -32_602),
        (b'{"id":1,"method":"eth_chainId","params":[1]}', -32_602),
        (b'{"id":1,"method":"eth_getBalance","params":[]}', -32_602),
        (b'{"id":1,"method":"eth_getBalance","params":["0x12"]}', -32_602),
        (b'{"id":1,"method":"eth_getBalance","params":[7,[]]}', -32_602),
        (b'{"id":1,"method":"eth_call","params":["x"]}', -32_602),
        (b'{"id":1,"method":"eth_sendRawTransaction","params":["zz"]}', -32_602),
        (b'{"id":1,"method":"eth_sendRawTransaction","params":["0x02c0"]}', -32_000),
    ],
)
def test_rpc__bad_request__the_standard_code(rpc: Rpc, body: bytes, code: int) -> None:
    answer = rpc.post(body)
    assert answer["error"]["code"] == code
    assert answer["jsonrpc"] == "2.0"
    assert rpc("eth_chainId") == "0x7a69"


def test_rpc__batch__answers_in_order_without_notifications(rpc: Rpc) -> None:
    batch: list[Any] = [
        {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"},
        {"jsonrpc": "2.0", "method": "eth_chainId"},
        {"jsonrpc": "2.0", "id": "b", "method": "no_such"},
        3,
        {"jsonrpc": "2.0", "id": 2, "method": "eth_call", "params": [{"to": address_of(0)}]},
    ]
    answers = rpc.post(json.dumps(batch).encode())
    assert [answer["id"] for answer in answers] == [1, "b", None, 2]
    assert answers[0]["result"] == "0x7a69"
    assert [answers[at]["error"]["code"] for at in (1, 2)] == [-32_601, -32_600]
    assert rpc.post(b'{"method":"eth_chainId"}') is None
    too_many = json.dumps([batch[0]] * 1_001).encode()
    assert rpc.post(too_many)["error"]["code"] == -32_005


def test_rpc__what_clients_ask_first__answered(rpc: Rpc) -> None:
    assert rpc("net_version") == "31337"
    assert rpc("net_listening") is True
    assert rpc("eth_syncing") is False
    assert "py-evm" in rpc("web3_clientVersion")
    assert rpc("eth_accounts")[0] == "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
    assert len(rpc("eth_accounts")) == 10
    assert rpc("web3_sha3", "0x") == "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["0x", "0x1", "latest", "0x" + "ab" * 32]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["to", "data", "topics", "blockHash"]), inner)
    ),
    max_leaves=6,
)
_READS = [
    "eth_call",
    "eth_getLogs",
    "eth_getBlockByNumber",
    "eth_getBalance",
    "eth_estimateGas",
    "eth_feeHistory",
]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=st.sampled_from(_READS), params=st.lists(_JSON, max_size=3))
def test_rpc__any_parameters__an_answer_that_is_no_internal_error(
    rpc: Rpc, method: str, params: list[Any]
) -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = rpc.post(json.dumps(request).encode())
    assert "result" in answer or answer["error"]["code"] != -32_603, answer


def _exchange(port: int, sent: bytes, *, until: bytes = b"") -> bytes:
    """What the node answers until it hangs up, or has said ``until``."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        received = b""
        while not until or until not in received:
            got = connection.recv(65_536)
            if not got:
                break
            received += got
        return received


_ASK = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'


def test_http__chunked_body__understood(node: LocalNode) -> None:
    chunks = b"5\r\n" + _ASK[:5] + b"\r\n%x\r\n" % len(_ASK[5:]) + _ASK[5:] + b"\r\n0\r\n\r\n"
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert b'"result":"0x7a69"' in _exchange(node.port, head + chunks)


def test_http__two_requests_at_once__both_answered_in_order(node: LocalNode) -> None:
    one = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(_ASK) + _ASK
    two = one.replace(b'"id":1', b'"id":2').replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    answered = _exchange(node.port, one + two)
    assert answered.index(b'"id":1') < answered.index(b'"id":2')


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST / HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n", b"413"),
        (b"x" * 20_000, b"431"),
        (b"BREW / HTTP/1.1\r\n\r\n", b"405"),
        (b"\x16\x03\x01\r\n\r\n", b"405"),
    ],
)
def test_http__bad_request__refused_and_others_are_served(
    node: LocalNode, rpc: Rpc, sent: bytes, status: bytes
) -> None:
    assert _exchange(node.port, sent).startswith(b"HTTP/1.1 " + status)
    assert rpc("eth_chainId") == "0x7a69"


def test_http__preflight_of_a_browser__allowed(node: LocalNode) -> None:
    answered = _exchange(node.port, b"OPTIONS / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 204")
    assert b"Access-Control-Allow-Origin: *" in answered


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org", "::", ""])
def test_serve__other_than_loopback__refused(host: str) -> None:
    with pytest.raises(InputRefused, match="loopback only"):
        refuse_public_host(host)
    for allowed in ("127.0.0.1", "::1", "localhost"):
        refuse_public_host(allowed)
