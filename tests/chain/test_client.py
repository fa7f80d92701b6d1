"""What the client asks of a node, and what it does not believe."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from settlement.chain.bindings.receivables import Accepted, Receivables
from settlement.chain.client import ChainClient, NetworkDiffers, NonceTooLow
from settlement.chain.rpc import ChainUnreachable, RpcRefused
from settlement.chain.sender import Sender
from settlement.chain.signer import Signed, Unsigned, demo_signer
from settlement.errors import ChainError, NotFound
from settlement.store.engine import reading
from settlement.store.handles import Engine
from settlement.store.repositories.intents import find_intent
from tests.chain.trade import DAY, USD, Trade, member_of


def _transfer(trade: Trade, nonce: int) -> Signed:
    fees = trade.client.fees()
    relayer = demo_signer("relayer")
    return relayer.sign(Unsigned(nonce, relayer.address, b"", 21_000, fees.ceiling, fees.priority))


@contextmanager
def _odd_node(answer: Callable[[str, Any], Any]) -> Iterator[tuple[str, list[str]]]:
    """A node that answers as told, and a list of the methods it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(body["method"])
            result = answer(body["method"], body["params"])
            if result is None:
                self.send_response(503)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            reply = json.dumps({"jsonrpc": "2.0", "id": body["id"], **result}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the overridden one
            """Nothing: the test's output is the test's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_t26__a_node_on_another_chain_id__is_refused(trade: Trade) -> None:
    with ChainClient(trade.node.url, 1) as client, pytest.raises(NetworkDiffers, match="serves chain 31337"):
        client.head()


def test_t26__no_node_at_all__is_told_in_one_line_with_url_and_what_to_do() -> None:
    with ChainClient("http://127.0.0.1:9", 31337) as client, pytest.raises(ChainUnreachable) as refused:
        client.head()
    assert refused.value.message == (
        "the chain at http://127.0.0.1:9 did not answer eth_chainId (ConnectionError); is the node running?"
        " `hanse up` starts it"
    )


def test_t26__an_unavailable_node__is_asked_again_for_reads_and_never_sent_to_again() -> None:
    with (
        _odd_node(lambda method, _: {"result": "0x7a69"} if method == "eth_chainId" else None) as (
            url,
            asked,
        ),
        ChainClient(url, 31337) as client,
    ):
        with pytest.raises(ChainUnreachable):
            client.head()
        with pytest.raises(ChainUnreachable):
            client.send_raw(b"\x02")
    assert asked.count("eth_blockNumber") == 3
    assert asked.count("eth_sendRawTransaction") == 1


@pytest.mark.parametrize(
    "words", ["already known", "ALREADY_EXISTS: already known", "Known transaction", "AlreadyKnown"]
)
def test_send_raw__a_node_that_has_it_already__is_success(words: str) -> None:
    def answer(method: str, _: Any) -> Any:
        if method == "eth_chainId":
            return {"result": "0x7a69"}
        return {"error": {"code": -32000, "message": words}}

    with _odd_node(answer) as (url, asked), ChainClient(url, 31337) as client:
        client.send_raw(b"\x02")
    assert asked == ["eth_chainId", "eth_sendRawTransaction"]


def test_send_raw__a_used_nonce__says_to_look_for_receipts(trade: Trade) -> None:
    used = trade.client.nonce(demo_signer("relayer").address) - 1
    with pytest.raises(NonceTooLow, match="receipt"):
        trade.client.send_raw(_transfer(trade, used).raw)


def test_send_many__one_refused_among_others__leaves_the_others_sent(trade: Trade) -> None:
    first = trade.client.nonce(demo_signer("relayer").address)
    signed = [_transfer(trade, first), _transfer(trade, first - 1), _transfer(trade, first + 1)]
    refusals = trade.client.send_many([one.raw for one in signed])
    assert [type(one) for one in refusals] == [type(None), NonceTooLow, type(None)]
    receipts = trade.client.receipts([one.tx_hash for one in signed])
    assert [receipt is not None for receipt in receipts] == [True, False, True]


def test_call__a_revert__becomes_the_mapped_error(trade: Trade) -> None:
    with pytest.raises(NotFound, match="no order 5 on chain"):
        trade.client.call(trade.deployment.receivables, Receivables.position_of(5))


def test_call__an_address_without_code__is_a_chain_error(trade: Trade) -> None:
    with pytest.raises(ChainError, match="wrong address"):
        trade.client.call("0x" + "9" * 40, Receivables.position_of(5))


def test_call__at_a_block_hash__sees_the_state_of_that_block(trade: Trade) -> None:
    before = trade.client.block("latest")
    assert before is not None
    order = trade.order()
    trade.send(trade.accept(order))
    trade.send(trade.draw(order, 1_000_00))
    ledger = trade.gateways.ledger
    assert ledger.balance(USD.number, member_of("supplier"), block=before.hash) == 0
    assert ledger.balance(USD.number, member_of("supplier")) == 1_000_00


def test_call__at_a_block_hash_the_chain_lost__is_refused(trade: Trade) -> None:
    trade.client.ask("evm_mine")
    lost = trade.client.block("latest")
    assert lost is not None
    trade.client.ask("anvil_reorg", 1, [])
    with pytest.raises(RpcRefused):
        trade.gateways.ledger.total(USD.number, block=lost.hash)


def test_call_many__one_that_reverts__is_an_error_in_its_place(trade: Trade) -> None:
    order = trade.order()
    trade.send(trade.accept(order))
    calls = [Receivables.position_of(trade.id_of(order)), Receivables.position_of(5)]
    found, missing = trade.client.call_many(trade.deployment.receivables, calls)
    assert getattr(found, "face", None) == order.face
    assert isinstance(missing, NotFound)


def test_t20__the_chains_clock_ahead_of_the_walls__business_time_is_the_next_blocks(trade: Trade) -> None:
    trade.advance(30 * DAY)
    promised = trade.client.time()
    assert promised > time.time() + 29 * DAY
    trade.client.ask("evm_mine")
    mined = trade.client.block("latest")
    assert mined is not None
    assert promised <= mined.timestamp <= promised + 1


def test_t20__blocks_faster_than_the_walls_clock__business_time_is_still_after_the_head(trade: Trade) -> None:
    trade.client.ask("anvil_mine", 120)
    head = trade.client.block("latest")
    assert head is not None
    assert head.timestamp > time.time()
    assert trade.client.time() > head.timestamp


def test_t20__a_lease__is_reckoned_by_the_wall_whatever_the_chains_clock_says(
    trade: Trade, sqlite_database: Engine
) -> None:
    sender = Sender(sqlite_database, trade.client, demo_signer("relayer"), trade.deployment, lease_ttl_s=60)
    sender.step()
    trade.advance(30 * DAY)
    other = Sender(sqlite_database, trade.client, demo_signer("relayer"), trade.deployment, lease_ttl_s=60)
    intent = trade.want(sqlite_database, trade.accept(trade.order()))
    assert not other.step()
    sender.step()
    with reading(sqlite_database) as session:
        found = find_intent(session, intent)
    assert found is not None
    assert found.state == "final"


class NarrowClient(ChainClient):
    """A node that takes searches over few blocks only; ``asked`` has their ranges."""

    most = 0

    def __init__(self, url: str) -> None:
        super().__init__(url, 31337)
        self.asked: list[tuple[int, int]] = []

    def ask(self, method: str, *params: Any) -> Any:
        if method == "eth_getLogs":
            first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
            if last - first >= self.most:
                raise RpcRefused(method, -32602, f"block range is limited to {self.most}", None)
            self.asked.append((first, last))
        return super().ask(method, *params)


@pytest.mark.parametrize("most", [1, 3, 10, 1000])
def test_find_logs__a_node_that_limits_the_range__gives_every_log_once_in_order(
    trade: Trade, most: int
) -> None:
    for _ in range(3):
        trade.send(trade.accept(trade.order(face=1_000_00)))
        trade.client.ask("anvil_mine", 5)
    where, topics = trade.deployment.receivables, (Accepted.TOPIC,)
    whole = trade.client.find_logs(where, topics, 1)
    assert len(whole) == 3
    with NarrowClient(trade.node.url) as client:
        client.most = most
        assert client.find_logs(where, topics, 1) == whole
        covered = [number for first, last in client.asked for number in range(first, last + 1)]
        assert covered == list(range(1, trade.client.head() + 1))


def test_find_logs__a_node_that_refuses_every_range__is_a_chain_error(trade: Trade) -> None:
    with NarrowClient(trade.node.url) as client, pytest.raises(RpcRefused, match="limited to 0"):
        client.find_logs(trade.deployment.receivables, (Accepted.TOPIC,), 1)


def test_find_logs__since_a_block_to_come__is_nothing(trade: Trade) -> None:
    assert trade.client.find_logs(trade.deployment.receivables, (), trade.client.head() + 1) == []


def test_headers__beyond_the_head__end_without_a_gap(trade: Trade) -> None:
    head = trade.client.head()
    found = trade.client.headers(head - 1, head + 5)
    assert [one.header.number for one in found] == [head - 1, head]
    assert found[1].header.parent_hash == found[0].header.hash
