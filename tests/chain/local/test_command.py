"""The node's command: what it prints at the start, its options, and what it says of wrong ones."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from eth_account import Account
from typer.testing import CliRunner

from settlement.chain.local.accounts import ADDRESSES, MNEMONIC, MOST_ACCOUNTS, well_known_accounts
from settlement.chain.local.banner import banner_json, banner_lines
from settlement.chain.local.command import mining_of
from settlement.chain.local.mining import Mining
from settlement.chain.local.node import Node
from settlement.chain.local.options import MOST_CHAIN_ID, NodeOptions, node_command
from settlement.chain.local.settings import ChainSettings
from settlement.errors import HanseError, InputRefused
from tests.chain.local.client import ProcessNode, Rpc, signed

OTHER_PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
OTHER_FIRST = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"


@contextmanager
def chain_command(folder: Path, *arguments: str) -> Iterator[list[str]]:
    """``hanse chain`` as a process of its own; the lines of its stdout up to the one that says where it listens."""
    command = [sys.executable, "-m", "hanse", "chain", "--data", str(folder), "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        lines: list[str] = []
        try:
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                if "istening" in line:
                    break
            yield lines
        finally:
            process.terminate()
        assert process.wait(20) == 0


def test_banner__plain_start__accounts_keys_fees_and_place_as_testers_know_them(tmp_path: Path) -> None:
    with chain_command(tmp_path) as lines:
        place = lines[-1].removeprefix("Listening on ")
        with Rpc(int(place.rpartition(":")[2])) as rpc:
            genesis = rpc("eth_getBlockByNumber", "0x0", False)
            assert rpc("eth_accounts") == [address.lower() for address in ADDRESSES]
    assert place.startswith("127.0.0.1:")
    text = "\n".join(lines)
    for index, account in enumerate(well_known_accounts()):
        assert f"  ({index}) {account.address}" in lines
        assert f"  ({index}) 0x{bytes(account.key).hex()}" in lines
    assert "10,000 ether each" in text
    assert f"  phrase  {MNEMONIC}" in lines
    assert "  path    m/44'/60'/0'/0/0 to 9" in lines
    facts = dict(line.split(maxsplit=1) for line in lines if line.startswith(("  ge", "  da")))
    assert facts == {"genesis": genesis["hash"], "data": str(tmp_path / "chain")}
    assert "  chain id   31337" in lines
    assert "  gas limit  30,000,000 a block" in lines
    assert "  head       block 0" in lines


def test_command__every_option_of_a_new_chain__is_what_the_node_then_has(tmp_path: Path) -> None:
    asked = ("--chain-id", "77", "--accounts", "2", "--balance", "3", "--mnemonic", OTHER_PHRASE)
    with chain_command(tmp_path, *asked, "--gas-limit", "12345678", "--no-mining", "--json") as lines:
        told = json.loads(lines[-1])
        with Rpc(int(told["url"].rpartition(":")[2])) as rpc:
            assert rpc.number("eth_chainId") == 77
            assert rpc("eth_accounts")[0] == OTHER_FIRST.lower()
            assert rpc.number("eth_getBalance", OTHER_FIRST, "latest") == 3 * 10**18
            assert rpc.number_in(rpc("eth_getBlockByNumber", "latest", False), "gasLimit") == 12_345_678
            rpc("anvil_setBalance", ADDRESSES[0], hex(10**18))
            rpc("eth_sendRawTransaction", signed(0, nonce=0, chainId=77))
            assert rpc.number("eth_blockNumber") == 0
    assert len(lines) == 1
    assert told["accounts"][0] == OTHER_FIRST
    assert len(told["accounts"]) == 2
    assert told["mining"] == {"at_once": False, "every_s": None}
    assert not {"mnemonic", "private_keys"} & told.keys()


def test_command__another_phrase__kept_by_the_folder_and_its_keys_never_shown(tmp_path: Path) -> None:
    Node(tmp_path, ChainSettings(mnemonic=OTHER_PHRASE, accounts=1)).close()
    with Node(tmp_path) as node:
        lines = banner_lines(node, tmp_path, "::1", 8545)
        text = "\n".join([*lines, banner_json(node, tmp_path, "::1", 8545)])
    Account.enable_unaudited_hdwallet_features()
    key = bytes(Account.from_mnemonic(OTHER_PHRASE).key).hex()
    assert f"  (0) {OTHER_FIRST}" in lines
    assert key not in text
    assert "abandon" not in text
    assert "  path    m/44'/60'/0'/0/0" in lines
    assert lines[-1] == "Listening on [::1]:8545"


@pytest.mark.parametrize(
    ("option", "value", "begun_with"),
    [
        ("--balance", "9999", "10,000 ether"),
        ("--accounts", "11", "10 accounts"),
        ("--mnemonic", OTHER_PHRASE, "another"),
    ],
)
def test_command__other_accounts_than_the_folder_holds__refused(
    tmp_path: Path, prepared_chain: Path, option: str, value: str, begun_with: str
) -> None:
    with pytest.raises(InputRefused, match=f"was begun with {begun_with}") as refused:
        run_here(option, value, data=prepared_chain)
    assert refused.value.field == option


@pytest.fixture(scope="module")
def prepared_chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain")
    Node(folder).close()
    return folder


def test_command__folder_that_cannot_be_made__refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(
        InputRefused, match=f"the chain's folder {tmp_path}/file/chain cannot be made: Not a dir"
    ):
        run_here(data=tmp_path / "file" / "chain")


def run_here(*arguments: str, data: Path) -> Any:
    """The command in this process, for what is refused before anything listens."""
    app = typer.Typer()
    app.command()(node_command(lambda folder, port: (folder or data, port or 0)))
    result = CliRunner().invoke(app, list(arguments))
    if isinstance(result.exception, HanseError):
        raise result.exception
    return result


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--mnemonic", "test test"), "has 2 words"),
        (("--mnemonic", OTHER_PHRASE.replace("about", "abuot")), "'abuot' is not one of"),
        (("--mnemonic", OTHER_PHRASE.replace("about", "above")), "does not check the others"),
        (("--host", "0.0.0.0"), "loopback only"),
        (("--host", "example.org"), "loopback only"),
        (("--block-time", "2", "--no-mining"), "contradict each other"),
    ],
)
def test_command__option_that_means_nothing__refused_with_words(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    with pytest.raises(InputRefused, match=words):
        run_here(*arguments, data=tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--port", "65536"),
        ("--port", "-1"),
        ("--port", "eight"),
        ("--chain-id", "0"),
        ("--chain-id", str(MOST_CHAIN_ID + 1)),
        ("--accounts", str(MOST_ACCOUNTS + 1)),
        ("--balance", "-1"),
        ("--balance", "0.5"),
        ("--block-time", "0"),
        ("--gas-limit", "4999"),
        ("--no-such-option", "1"),
    ],
)
def test_command__option_out_of_range__status_two_and_its_name(
    tmp_path: Path, option: str, value: str
) -> None:
    result = run_here(option, value, data=tmp_path / "none")
    assert result.exit_code == 2
    assert option in result.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("beat_s", "is_mining", "mining"),
    [(None, True, Mining()), (3, True, Mining(False, 3)), (None, False, Mining(False, None))],
)
def test_command__beat_or_no_mining__no_block_at_once(
    tmp_path: Path, beat_s: int | None, is_mining: bool, mining: Mining
) -> None:
    assert mining_of(NodeOptions(tmp_path, block_time_s=beat_s, is_mining=is_mining)) == mining


def test_command__state_file__written_at_the_stop_and_taken_up_in_a_new_folder(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with ProcessNode(tmp_path / "one", "--state", str(state)) as node:
        with Rpc(node.port) as rpc:
            sent = rpc.send(0)
            genesis = rpc("eth_getBlockByNumber", "0x0", False)["hash"]
        assert node.terminate() == 0
    with ProcessNode(tmp_path / "two", "--state", str(state)) as node, Rpc(node.port) as rpc:
        assert rpc("eth_getBlockByNumber", "0x0", False)["hash"] == genesis
        assert rpc.receipt(sent)["status"] == "0x1"


def test_command__state_file_of_another_program__refused_by_name(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_bytes(b"{}")
    with pytest.raises(InputRefused, match=f"no chain can be begun from {state}: "):
        run_here("--state", str(state), data=tmp_path / "new")
