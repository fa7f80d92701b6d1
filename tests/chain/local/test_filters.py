"""Filters for clients that poll: each change once, all of the chain on request, gone after five minutes unasked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from web3 import Web3

from settlement.chain.local import orders
from settlement.chain.local.faults import RpcFault
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.filters import EXPIRES_AFTER_S, MOST_FILTERS, Filters
from settlement.chain.local.server import LocalNode
from tests.chain.local.client import EMITTER, Rpc, RpcError, words
from tests.chain.local.web_socket_client import SOON_S, SocketRpc

NOWHERE = "0x" + "ab" * 16


def _emit(rpc: Rpc, contract: str) -> str:
    return rpc.send(1, to=contract, data=words(5, 7, 9), gas=200_000)


def test_log_filter__polled__each_log_once_and_all_on_request(rpc: Rpc) -> None:
    contract = rpc.deploy(EMITTER)
    _emit(rpc, contract)
    number = rpc("eth_newFilter", {"fromBlock": "0x0", "address": contract})
    assert rpc("eth_getFilterChanges", number) == []
    _emit(rpc, contract)
    logs = rpc("eth_getLogs", {"fromBlock": "0x0", "address": contract})
    assert rpc("eth_getFilterChanges", number) == logs[1:]
    assert rpc("eth_getFilterChanges", number) == []
    assert rpc("eth_getFilterLogs", number) == logs


def test_log_filter__reorganised__removed_then_new(rpc: Rpc) -> None:
    contract = rpc.deploy(EMITTER)
    number = rpc("eth_newFilter", {"address": contract})
    raw = rpc("eth_getRawTransactionByHash", _emit(rpc, contract))
    (first,) = rpc("eth_getFilterChanges", number)
    rpc("anvil_reorg", 1, [[raw, 0]])
    removed, again = rpc("eth_getFilterChanges", number)
    assert removed == {**first, "removed": True}
    assert (again["transactionHash"], again["removed"]) == (first["transactionHash"], False)
    assert again["blockHash"] != first["blockHash"]
    assert rpc("eth_getFilterLogs", number) == [again]


@pytest.mark.parametrize(
    ("bounds", "seen"),
    [
        ({}, ["0x2", "0x3"]),
        ({"fromBlock": "0x3"}, ["0x3"]),
        ({"toBlock": "0x2"}, ["0x2"]),
        ({"fromBlock": "latest", "toBlock": "pending"}, ["0x2", "0x3"]),
        ({"fromBlock": "earliest", "toBlock": "0x1"}, []),
    ],
)
def test_log_filter__with_a_range__only_blocks_within(
    rpc: Rpc, bounds: dict[str, str], seen: list[str]
) -> None:
    contract = rpc.deploy(EMITTER)
    number = rpc("eth_newFilter", bounds)
    _emit(rpc, contract)
    _emit(rpc, contract)
    assert [log["blockNumber"] for log in rpc("eth_getFilterChanges", number)] == seen


def test_log_filter__of_one_block_by_hash__its_logs_and_no_changes(rpc: Rpc) -> None:
    contract = rpc.deploy(EMITTER)
    _emit(rpc, contract)
    block_hash = rpc("eth_getBlockByNumber", "latest", False)["hash"]
    number = rpc("eth_newFilter", {"blockHash": block_hash})
    _emit(rpc, contract)
    assert rpc("eth_getFilterChanges", number) == []
    assert [log["blockHash"] for log in rpc("eth_getFilterLogs", number)] == [block_hash]
    with pytest.raises(RpcError, match="unknown block"):
        rpc("eth_newFilter", {"blockHash": "0x" + "00" * 32})


def test_block_filter__polled__hashes_in_order(rpc: Rpc) -> None:
    number = rpc("eth_newBlockFilter")
    rpc("anvil_mine", "0x3")
    hashes = [rpc("eth_getBlockByNumber", hex(at), False)["hash"] for at in (1, 2, 3)]
    assert rpc("eth_getFilterChanges", number) == hashes
    with pytest.raises(RpcError, match="-32000: filter not found"):
        rpc("eth_getFilterLogs", number)


def test_pending_filter__polled__hashes_or_whole_transactions(rpc: Rpc) -> None:
    hashes, whole = rpc("eth_newPendingTransactionFilter"), rpc("eth_newPendingTransactionFilter", True)
    rpc("anvil_setAutomine", False)
    sent = [rpc.send(0), rpc.send(1)]
    assert rpc("eth_getFilterChanges", hashes) == sent
    assert [tx["hash"] for tx in rpc("eth_getFilterChanges", whole)] == sent
    rpc("anvil_mine", "0x1")
    assert rpc("eth_getFilterChanges", hashes) == []


def test_filter__uninstalled_or_never_installed__not_found(rpc: Rpc) -> None:
    number = rpc("eth_newBlockFilter")
    assert rpc("eth_uninstallFilter", number) is True
    assert rpc("eth_uninstallFilter", number) is False
    for method in ("eth_getFilterChanges", "eth_getFilterLogs"):
        for unknown in (number, NOWHERE):
            with pytest.raises(RpcError, match="-32000: filter not found"):
                rpc(method, unknown)
        with pytest.raises(RpcError, match="-32602: invalid argument 0"):
            rpc(method, 1)


@pytest.mark.parametrize(
    "request_",
    [
        "x",
        {"address": "0x1"},
        {"topics": "0x1"},
        {"fromBlock": "soon"},
        {"fromBlock": "0x2", "toBlock": "0x1"},
        {"blockHash": "0x" + "00" * 32, "fromBlock": "0x1"},
    ],
)
def test_filter__criteria_that_are_none__refused(rpc: Rpc, request_: Any) -> None:
    with pytest.raises(RpcError, match="-32602"):
        rpc("eth_newFilter", request_)


def test_filter__installed_over_a_web_socket__outlives_it(node: LocalNode, rpc: Rpc) -> None:
    with SocketRpc(node.port) as client:
        number = client("eth_newBlockFilter")
    rpc("anvil_mine", "0x1")
    assert len(rpc("eth_getFilterChanges", number)) == 1


def test_filter__at_the_bound_and_one_past_it__installed_and_refused(rpc: Rpc) -> None:
    numbers = [rpc("eth_newBlockFilter") for _ in range(MOST_FILTERS)]
    with pytest.raises(RpcError, match="-32005: too many filters"):
        rpc("eth_newBlockFilter")
    assert rpc("eth_uninstallFilter", numbers[0])
    assert rpc("eth_newBlockFilter")


class _Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1_000

    def __call__(self) -> int:
        return self.now_s * 10**9


@pytest.fixture
def quiet_node(tmp_path: Path) -> Iterator[Node]:
    """A node without a port."""
    with Node(tmp_path) as running:
        yield running


def test_filter__five_minutes_unasked__gone_and_not_a_moment_earlier(quiet_node: Node) -> None:
    clock = _Clock()
    filters = Filters(quiet_node, clock)
    asked, forgotten = filters.new_block_filter(), filters.new_block_filter()
    clock.now_s += EXPIRES_AFTER_S
    assert filters.changes(asked) == []
    clock.now_s += 1
    with pytest.raises(RpcFault, match="filter not found"):
        filters.changes(forgotten)
    clock.now_s += EXPIRES_AFTER_S - 1
    assert filters.changes(asked) == []
    clock.now_s += EXPIRES_AFTER_S + 1
    assert filters.uninstall(asked) is False


def test_filter__as_many_changes_as_are_kept_and_one_more__told_and_then_gone(quiet_node: Node) -> None:
    filters = Filters(quiet_node, most_changes=5)
    full, too_full = filters.new_block_filter(), filters.new_block_filter()
    quiet_node.order(lambda: orders.mine(quiet_node, 5)).result(timeout=SOON_S)
    assert len(filters.changes(full)) == 5
    quiet_node.order(lambda: orders.mine(quiet_node, 1)).result(timeout=SOON_S)
    assert len(filters.changes(full)) == 1
    with pytest.raises(RpcFault, match="more than 5 changes were not asked for"):
        filters.changes(too_full)
    with pytest.raises(RpcFault, match="filter not found"):
        filters.changes(too_full)


def test_web3__filters__as_its_own_classes_poll_them(node: LocalNode, rpc: Rpc) -> None:
    contract = rpc.deploy(EMITTER)
    web3 = Web3(Web3.HTTPProvider(node.url))
    blocks: Any = web3.eth.filter("latest")
    pending: Any = web3.eth.filter("pending")
    logs: Any = web3.eth.filter({"address": Web3.to_checksum_address(contract)})
    tx_hash = _emit(rpc, contract)
    assert [found.hex() for found in pending.get_new_entries()] == [tx_hash[2:]]
    assert [found.hex() for found in blocks.get_new_entries()] == [
        rpc("eth_getBlockByNumber", "latest", False)["hash"][2:]
    ]
    assert [log["transactionHash"].hex() for log in logs.get_new_entries()] == [tx_hash[2:]]
    assert [log["transactionHash"].hex() for log in logs.get_all_entries()] == [tx_hash[2:]]
    assert web3.eth.uninstall_filter(blocks.filter_id)
