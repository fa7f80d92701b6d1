"""JSON-RPC: whatever comes in is answered by the standard, and the node goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settlement.chain.local.server import refuse_public_host
from settlement.errors import InputRefused
from tests.chain.local.client import Rpc, address_of, signed


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32_700),
        (b"", -32_700),
        (b"\xff\xfe", -32_700),
        (b"[" * 100_000, -32_700),
        (b"null", -32_600),
        (b'{"id":NaN,"method":"eth_chainId"}', -32_700),
        (b'{"id":1e999,"method":"eth_chainId"}', -32_600),
        (b'{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}', -32_600),
        (b'{"id":1,"method":7}', -32_600),
        (b"[" + b"[]," * 200_000 + b"1]", -32_700),
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
        (b'{"id":1,"method":"eth_getBalance","params":["0x' + b"12\\n" * 20 + b'"]}', -32_602),
        (b'{"id":1,"method":"eth_getBalance","params":["0x' + b"12 " * 20 + b'"]}', -32_602),
        (b'{"id":1,"method":"eth_feeHistory","params":["0x1","latest",[1e999]]}', -32_602),
        (b'{"id":1,"method":"eth_feeHistory","params":["0x1","latest",[' + b"9" * 400 + b"]]}", -32_602),
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


def test_rpc__a_million_nulls_where_nothing_is_needed__answered_at_once(rpc: Rpc) -> None:
    # Dropped one by one they would keep the node from everybody for minutes.
    answer = rpc.post(b'{"id":1,"method":"eth_chainId","params":[' + b"null," * 999_999 + b"null]}")
    assert answer["result"] == "0x7a69"


def test_rpc__half_a_surrogate__comes_back_as_it_went(rpc: Rpc) -> None:
    answer = rpc.post(b'{"id":"\\ud800","method":"\\udfff"}')
    assert answer["id"] == "\ud800"
    assert answer["error"]["message"] == "the method \udfff does not exist/is not available"


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


def test_rpc__batch_at_the_bound_and_one_past_it__answered_and_refused_whole(rpc: Rpc) -> None:
    one = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}
    assert len(rpc.post(json.dumps([one] * 1_000).encode())) == 1_000
    (refused,) = rpc.post(json.dumps([one] * 1_001).encode())
    assert (refused["id"], refused["error"]["code"]) == (1, -32_600)
    assert refused["error"]["message"] == "batch too large: at most 1000 requests"


def test_rpc__batch_that_reads_what_it_wrote__done_one_after_another(rpc: Rpc) -> None:
    calls: list[tuple[str, list[Any]]] = [
        ("anvil_setBalance", [address_of(5), "0x7"]),
        ("eth_getBalance", [address_of(5), "latest"]),
        ("eth_sendRawTransaction", [signed(0, nonce=0)]),
        ("eth_sendRawTransaction", [signed(0, nonce=1)]),
        ("eth_getTransactionCount", [address_of(0), "latest"]),
    ]
    batch = [{"id": at, "method": method, "params": params} for at, (method, params) in enumerate(calls)]
    answers = rpc.post(json.dumps(batch).encode())
    assert [answer["id"] for answer in answers] == list(range(5))
    assert (answers[1]["result"], answers[4]["result"]) == ("0x7", "0x2")


def test_rpc__batch_whose_answers_grow_too_large__the_rest_is_refused_one_by_one(rpc: Rpc) -> None:
    code = "0x" + "00" * 1_000_000
    rpc("anvil_setCode", address_of(5), code)
    one = {"id": 1, "method": "eth_getCode", "params": [address_of(5), "latest"]}
    notification = {"method": "eth_chainId"}
    answers = rpc.post(json.dumps([one] * 14 + [notification]).encode())
    assert [answer.get("result") == code for answer in answers] == [True] * 13 + [False]
    assert answers[-1]["error"]["code"] == -32_003
    assert answers[-1]["error"]["message"].startswith("response too large")


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


def test_rpc__nesting_at_the_bound_and_one_past_it__read_and_refused(rpc: Rpc) -> None:
    def nested(depth: int) -> bytes:
        return b'{"id":1,"method":"eth_chainId","params":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    assert rpc.post(nested(100))["error"]["code"] == -32_602
    assert rpc.post(nested(101))["error"]["code"] == -32_700


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=st.sampled_from(_READS), params=st.lists(_JSON, max_size=3))
def test_rpc__any_parameters__an_answer_that_is_no_internal_error(
    rpc: Rpc, method: str, params: list[Any]
) -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = rpc.post(json.dumps(request).encode())
    assert "result" in answer or answer["error"]["code"] != -32_603, answer


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org", "::", ""])
def test_serve__other_than_loopback__refused(host: str) -> None:
    with pytest.raises(InputRefused, match="loopback only"):
        refuse_public_host(host)
    for allowed in ("127.0.0.1", "::1", "localhost"):
        refuse_public_host(allowed)
