"""``hanse chain`` as typed: which node its explorer asks, what it prints, and what it says of wrong words."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from typer.testing import CliRunner

from hanse.cli import app
from hanse.explorer.blocks import status_of
from hanse.waiting import wait_for
from settlement.chain.deployment import CONTRACTS
from settlement.chain.local.accounts import ADDRESSES, well_known_accounts
from settlement.chain.local.server import LocalNode
from settlement.errors import ChainError, HanseError, InputRefused
from tests.chain.local.anvil import Anvil, needs_anvil
from tests.chain.local.client import EMITTER, Rpc, init_code, words

REVERT_WITH_CALLDATA = bytes.fromhex("365f5f37365ffd")


def typed(*arguments: str) -> list[str]:
    """The lines that the command prints; what it refuses is raised."""
    result = CliRunner().invoke(app, ["chain", *arguments])
    if isinstance(result.exception, HanseError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def objects(*arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in typed(*arguments, "--json")]


def emit(rpc: Rpc) -> str:
    """A log of a contract nobody knows, from account 0; the transaction's hash once it is mined."""
    emitter = _mined(rpc, rpc.send(0, data=init_code(EMITTER), gas=1_000_000))["contractAddress"]
    sent = rpc.send(0, to=emitter, data=words(7, 8, 9), gas=100_000)
    _mined(rpc, sent)
    return sent


def _mined(rpc: Rpc, tx_hash: str) -> dict[str, Any]:
    # Ours answers once it is on disk; anvil mines a moment after it answered.
    return wait_for(lambda: rpc("eth_getTransactionReceipt", tx_hash), "a receipt")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalNode, str]]:
    with LocalNode(tmp_path_factory.mktemp("chain")) as running, Rpc(running.port) as rpc:
        yield running, emit(rpc)


def test_chain__explorer_without_a_deployment__blocks_transaction_and_logs_all_the_same(
    node: tuple[LocalNode, str], tmp_path: Path
) -> None:
    running, tx_hash = node
    place = ("--data", str(tmp_path), "--rpc-url", running.url)
    assert [one["number"] for one in objects("blocks", *place)] == [2, 1, 0]
    assert objects("blocks", "2", *place)[0]["transactions"][0]["hash"] == tx_hash
    (told,) = objects("tx", tx_hash, *place)
    assert told["from"] == {"address": ADDRESSES[0], "name": "account 0"}
    assert [one["topics"] for one in objects("logs", *place)] == [told["logs"][0]["topics"]]
    assert objects("logs", "--from", "0x1", "--to", "1", *place) == []
    with pytest.raises(InputRefused, match="block 2 is after block 1"):
        typed("logs", "--from", "2", "--to", "1", *place)
    assert len(objects("logs", "--from", "latest", *place)) == 1
    assert [one["number"] for one in objects("blocks", "--to", "earliest", *place)] == [0]
    assert typed("tx", tx_hash, *place)[1] == "status       success"


def test_chain__no_url_said__the_node_that_the_environment_names(
    node: tuple[LocalNode, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANSE_CHAIN_URL", node[0].url)
    assert len(typed("blocks", "--data", str(tmp_path))) == 4
    monkeypatch.delenv("HANSE_CHAIN_URL")
    (tmp_path / "run.json").write_text(json.dumps({"rpc": node[0].url}))
    assert len(typed("blocks", "--last", "2", "--data", str(tmp_path))) == 3


def test_chain__deployment_of_another_chain__said_on_stderr_and_no_names(
    node: tuple[LocalNode, str], tmp_path: Path
) -> None:
    steps = dict.fromkeys(CONTRACTS, "0x" + "11" * 20)
    plan = {
        "chain_id": 31337,
        "genesis_hash": "0x" + "22" * 32,
        "block": 0,
        "steps": steps,
        "is_complete": True,
    }
    (tmp_path / "deployment.json").write_text(json.dumps(plan))
    result = CliRunner().invoke(app, ["chain", "logs", "--data", str(tmp_path), "--rpc-url", node[0].url])
    assert result.exit_code == 0
    assert "is of another chain" in result.stderr
    assert "another chain" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--port", "1", "blocks"), "--port belongs to the node, not to `blocks`"),
        (("--quiet", "--no-mining", "tx", "0x00"), "--no-mining, --quiet belongs to the node"),
        (("logs", "--from", "first"), "'first' names no block"),
        (("blocks", "--to", "-3"), "'-3' names no block"),
        (("blocks", "--rpc-url", "127.0.0.1:8545"), "'127.0.0.1:8545' is no http:// or https:// URL"),
        (("blocks", "--rpc-url", "http://[::1"), "'http://[::1' is no http:// or https:// URL"),
        (
            ("blocks", "--rpc-url", "http://localhost:rpc"),
            "'http://localhost:rpc' is no http:// or https:// URL",
        ),
    ],
)
def test_chain__words_in_the_wrong_place__refused(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    with pytest.raises(InputRefused) as refused:
        typed(*arguments)
    assert said in refused.value.message


def test_chain__transaction_with_delegations__lists_who_runs_whose_code(tmp_path: Path) -> None:
    place = "0x" + "77" * 20
    asked = [
        (1, {"chainId": 31_337, "address": place, "nonce": 0}),
        (2, {"chainId": 0, "address": "0x" + "00" * 20, "nonce": 3}),
    ]
    entries = [well_known_accounts()[index].sign_authorization(one) for index, one in asked]
    with LocalNode(tmp_path / "chain") as node, Rpc(node.port) as rpc:
        tx_hash = rpc.send(0, to=ADDRESSES[0], authorizationList=entries, gas=200_000)
        where = ("--data", str(tmp_path), "--rpc-url", node.url)
        lines = typed("tx", tx_hash, *where)
        (told,) = objects("tx", tx_hash, *where)
    assert lines[lines.index("delegations") + 1 :] == [
        f"  {ADDRESSES[1]} (account 1)  runs {place}  nonce 0  chain 31337",
        f"  {ADDRESSES[2]} (account 2)  runs no code  nonce 3  any chain",
    ]
    assert told["delegations"][0] == {
        "authority": {"address": ADDRESSES[1], "name": "account 1"},
        "code_of": {"address": place, "name": None},
        "nonce": 0,
        "chain_id": 31337,
    }


def test_chain__receipt_without_a_status__mined_and_no_more_is_said() -> None:
    assert status_of({"status": "0x0"}) == "reverted"
    assert status_of({"root": "0x" + "00" * 32}) == "mined"
    assert status_of(None) == "waiting"


def test_chain__text_of_a_contract_with_terminal_codes__written_out(tmp_path: Path) -> None:
    said = "\x1b[2Jall is \u20ac\nwell"
    with LocalNode(tmp_path / "chain") as node, Rpc(node.port) as rpc:
        contract = rpc.deploy(REVERT_WITH_CALLDATA)
        revert = "0x08c379a0" + encode(["string"], [said]).hex()
        tx_hash = rpc.send(0, to=contract, data=revert, gas=100_000)
        lines = typed("tx", tx_hash, "--data", str(tmp_path), "--rpc-url", node.url)
    assert "error        the call was refused: \\x1b[2Jall is \u20ac\\nwell" in lines
    assert all(line.isprintable() for line in lines)


def test_chain__no_node_there__says_which(tmp_path: Path) -> None:
    with pytest.raises(HanseError, match=r"the chain at http://127\.0\.0\.1:9 did not answer"):
        typed("blocks", "--data", str(tmp_path), "--rpc-url", "http://127.0.0.1:9")


class _NoNode(BaseHTTPRequestHandler):
    """A service that speaks JSON-RPC and knows no chain."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = b'{"jsonrpc": "2.0", "id": 1, "result": "zz"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def test_chain__service_that_is_no_node__said_in_words(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), _NoNode) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        try:
            with pytest.raises(ChainError, match="'zz': it is no Ethereum node"):
                typed("blocks", "--data", str(tmp_path), "--rpc-url", f"http://127.0.0.1:{other.server_port}")
        finally:
            other.shutdown()
            thread.join()


@needs_anvil
def test_chain__explorer_on_anvil__tells_the_same_of_the_same_transaction(
    node: tuple[LocalNode, str], tmp_path: Path
) -> None:
    running, ours = node
    with Anvil() as anvil, Rpc(anvil.port) as rpc:
        theirs = emit(rpc)
        data = ("--data", str(tmp_path))
        told = [
            typed("tx", tx_hash, *data, "--rpc-url", url)
            for tx_hash, url in ((ours, running.url), (theirs, anvil.url))
        ]
        assert objects("logs", *data, "--rpc-url", anvil.url)[0]["transaction"] == theirs
        assert len(typed("blocks", *data, "--rpc-url", anvil.url)) == 4
    # Time is the moment's, and anvil begins with another base fee.
    differing = {"block", "fee"}
    same = [
        [line for line in lines if line.split()[:1] and line.split()[0] not in differing] for lines in told
    ]
    assert same[0] == same[1]
