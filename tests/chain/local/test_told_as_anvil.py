"""What subscribers and filters are told on our node and on anvil. Each difference stands in docs/local-chain.md too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hanse.waiting import wait_for
from settlement.chain.local.server import LocalNode
from tests.chain.local.anvil import Anvil, needs_anvil
from tests.chain.local.client import EMITTER, Rpc, RpcError, init_code, words
from tests.chain.local.web_socket_client import SocketRpc

pytestmark = needs_anvil

HEADS = "A subscriber to heads is told a header's fields, as on geth; anvil adds those of a whole block."
REMOVED = "Logs of blocks taken off are told again with removed: true; anvil tells of the new ones only."
NOT_THERE = "Ending a subscription that is not there is an error, as on geth; anvil answers false."
OLD_LOGS = (
    "A filter tells what came after it, as on geth; anvil begins with old logs where fromBlock is named."
)
ONLY_ANVILS_HEAD = {"size", "totalDifficulty", "transactions", "uncles", "withdrawals"}
# As geth: a waiting transaction has the same fields as a mined one.
ONLY_OUR_TRANSACTION = {"blockTimestamp"}


@pytest.fixture(scope="module")
def page(project_root: Path) -> str:
    return (project_root / "docs/local-chain.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The ports of our node and of anvil."""
    with LocalNode(tmp_path_factory.mktemp("told") / "chain") as ours, Anvil() as anvil:
        yield ours.port, anvil.port


def _mined(rpc: Rpc, index: int, **fields: Any) -> dict[str, Any]:
    """The receipt: anvil gives the hash first and mines then."""
    tx_hash = rpc.send(index, gas=200_000, **fields)
    return wait_for(lambda: rpc("eth_getTransactionReceipt", tx_hash), tx_hash)


def _emitter(rpc: Rpc) -> str:
    return str(_mined(rpc, 0, data=init_code(EMITTER))["contractAddress"])


def _emit(rpc: Rpc, contract: str) -> str:
    return str(_mined(rpc, 1, to=contract, data=words(5, 7, 9))["transactionHash"])


def _fields(result: Any) -> Any:
    return set(result) if isinstance(result, dict) else type(result)


def _told_of_one_block(port: int) -> dict[str, Any]:
    """Told of a contract's log, by each kind of subscription."""
    with Rpc(port) as rpc, SocketRpc(port) as client:
        contract = _emitter(rpc)
        kinds = {
            client("eth_subscribe", "newHeads"): "head",
            client("eth_subscribe", "logs", {"address": contract, "topics": [["0x" + f"{7:064x}"]]}): "log",
            client("eth_subscribe", "logs", {"topics": [None, "0x" + f"{7:064x}"]}): "no log",
            client("eth_subscribe", "newPendingTransactions"): "hash",
            client("eth_subscribe", "newPendingTransactions", True): "transaction",
        }
        tx_hash = _emit(rpc, contract)
        told = {kinds[number]: result for number, result in (client.told() for _ in range(4))}
        assert told["hash"] == tx_hash == told["transaction"]["hash"] == told["log"]["transactionHash"]
        assert told["head"]["hash"] == told["log"]["blockHash"]
        assert all(client("eth_unsubscribe", number) for number in kinds)
        _emit(rpc, contract)
        assert client.told_nothing_more()
    return told


def test_subscriptions__on_both_nodes__the_same_fields(ports: tuple[int, int], page: str) -> None:
    assert HEADS in page
    ours, anvils = (_told_of_one_block(port) for port in ports)
    assert _fields(ours["head"]) == _fields(anvils["head"]) - ONLY_ANVILS_HEAD
    # Anvil gives it if it has mined the transaction by the time it tells of it.
    assert _fields(ours["transaction"]) - ONLY_OUR_TRANSACTION == (
        _fields(anvils["transaction"]) - ONLY_OUR_TRANSACTION
    )
    assert _fields(ours["log"]) == _fields(anvils["log"])
    same = ("address", "topics", "logIndex", "transactionIndex", "blockNumber", "transactionHash", "removed")
    assert [ours["log"][name] for name in same] == [anvils["log"][name] for name in same]


def _refusal(rpc: Any, method: str, *params: Any) -> Any:
    try:
        return rpc(method, *params)
    except RpcError as error:
        return error.code, error.message


def _filter_answers(port: int) -> dict[str, Any]:
    with Rpc(port) as rpc:
        contract = _emitter(rpc)
        logs, blocks = rpc("eth_newFilter", {"address": contract}), rpc("eth_newBlockFilter")
        pending = rpc("eth_newPendingTransactionFilter")
        tx_hash = _emit(rpc, contract)
        head = rpc("eth_getBlockByNumber", "latest", False)["hash"]
        return {
            "pending": rpc("eth_getFilterChanges", pending) == [tx_hash],
            "blocks": rpc("eth_getFilterChanges", blocks) == [head],
            "logs": [log["transactionHash"] == tx_hash for log in rpc("eth_getFilterChanges", logs)],
            "nothing more": rpc("eth_getFilterChanges", logs),
            "all logs": len(rpc("eth_getFilterLogs", logs)),
            "uninstalled": [rpc("eth_uninstallFilter", logs), rpc("eth_uninstallFilter", logs)],
            "unknown": _refusal(rpc, "eth_getFilterChanges", logs),
            "logs of unknown": _refusal(rpc, "eth_getFilterLogs", logs),
        }


def test_filters__on_both_nodes__the_same_answers(ports: tuple[int, int]) -> None:
    ours, anvils = (_filter_answers(port) for port in ports)
    assert ours == anvils
    assert ours["logs"] == [True]
    assert (ours["pending"], ours["blocks"], ours["uninstalled"]) == (True, True, [True, False])


def _told_of_a_reorg(port: int) -> list[tuple[bool | None, str | None]]:
    with Rpc(port) as rpc, SocketRpc(port) as client:
        contract = _emitter(rpc)
        raw = rpc("eth_getRawTransactionByHash", _emit(rpc, contract))
        client("eth_subscribe", "logs", {"address": contract})
        rpc("anvil_reorg", 1, [[raw, 0]])
        told: list[Any] = []
        while not told or told[-1]["removed"]:
            told.append(client.told()[1])
        return [(log["removed"], log["transactionHash"]) for log in told]


def test_reorg__on_both_nodes__the_new_log_and_ours_tells_of_the_removed_one_first(
    ports: tuple[int, int], page: str
) -> None:
    assert REMOVED in page
    ours, anvils = (_told_of_a_reorg(port) for port in ports)
    assert [is_removed for is_removed, _ in ours] == [True, False]
    assert ours[0][1] == ours[1][1]
    assert ours[1:] == anvils


def test_unsubscribe__of_nothing__an_error_on_ours_and_false_on_anvil(
    ports: tuple[int, int], page: str
) -> None:
    assert NOT_THERE in page
    answers = []
    for port in ports:
        with SocketRpc(port) as client:
            answers.append(_refusal(client, "eth_unsubscribe", "0x" + "12" * 16))
    assert answers == [(-32_000, "subscription not found"), False]


def _first_changes(port: int) -> int:
    """How many logs the first answer of a filter holds that was installed after one."""
    with Rpc(port) as rpc:
        contract = _emitter(rpc)
        _emit(rpc, contract)
        number = rpc("eth_newFilter", {"fromBlock": "0x0", "address": contract})
        return len(rpc("eth_getFilterChanges", number))


def test_log_filter__installed_after_a_log__ours_tells_only_of_what_comes(
    ports: tuple[int, int], page: str
) -> None:
    assert OLD_LOGS in page
    assert [_first_changes(port) for port in ports] == [0, 1]
