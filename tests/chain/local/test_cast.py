"""Foundry's cast as it comes can read, send, deploy, call and read logs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from settlement.chain.local.accounts import well_known_accounts
from settlement.chain.local.server import LocalNode
from tests.chain.local.client import EMITTER, address_of, init_code, words

INSTALLED = Path(__file__).resolve().parents[2] / "nodes/node_modules/.bin"
BINARY = shutil.which("cast") or shutil.which("cast", path=str(INSTALLED))
ETHER = 10**18
TOPIC = int.from_bytes(keccak(text="Noted(uint256,uint256)"))

pytestmark = pytest.mark.skipif(
    BINARY is None, reason="cast is not installed (npm install --no-save --prefix tests/nodes)"
)


class CastFailed(Exception):
    """What cast wrote instead of an answer."""


def cast(node: LocalNode, command: str, *arguments: str) -> str:
    """What a cast command prints."""
    assert BINARY is not None
    # The URL goes first: --create takes all that follows it.
    done = subprocess.run(
        [BINARY, command, "--rpc-url", node.url, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    # The npm package's launcher ends with status 0 whatever cast's own was.
    if done.returncode or "Error" in done.stderr:
        raise CastFailed(done.stderr)
    return done.stdout.strip()


def send(node: LocalNode, *arguments: str) -> Any:
    """The receipt of a transaction that cast signs with the first well-known key."""
    key = "0x" + bytes(well_known_accounts()[0].key).hex()
    return json.loads(cast(node, "send", "--json", "--private-key", key, *arguments))


def deploy(node: LocalNode) -> str:
    """The address of an emitter that cast deployed."""
    return str(send(node, "--create", "0x" + init_code(EMITTER).hex())["contractAddress"])


def test_cast__chain_id_head_balance_and_nonce__are_the_nodes(node: LocalNode) -> None:
    assert cast(node, "chain-id") == "31337"
    assert cast(node, "block-number") == "0"
    assert cast(node, "balance", address_of(0)) == str(10_000 * ETHER)
    assert cast(node, "nonce", address_of(0)) == "0"


def test_cast__a_transfer__arrives_and_its_receipt_is_read_again(node: LocalNode) -> None:
    receipt = send(node, address_of(1), "--value", "1ether")
    assert int(receipt["status"], 16) == 1
    assert cast(node, "block-number") == "1"
    assert cast(node, "balance", address_of(1)) == str(10_001 * ETHER)
    again = json.loads(cast(node, "receipt", "--json", receipt["transactionHash"]))
    assert (again["blockHash"], int(again["gasUsed"], 16)) == (receipt["blockHash"], 21_000)


def test_cast__a_transfer_of_more_than_there_is__is_refused(node: LocalNode) -> None:
    with pytest.raises(CastFailed, match=r"(?i)insufficient"):
        send(node, address_of(1), "--value", "20000ether")
    assert cast(node, "block-number") == "0"


def test_cast__a_contract__is_deployed_called_and_its_logs_read(node: LocalNode) -> None:
    address = deploy(node)
    assert cast(node, "code", address) == "0x" + EMITTER.hex()
    call_data = words(42, TOPIC, 7)
    sent = send(node, address, call_data)

    # It returns and stores the time of the block that it runs in.
    mined_at = int(json.loads(cast(node, "block", "--json", "latest"))["timestamp"], 16)
    assert int(cast(node, "storage", address, "0"), 16) == mined_at
    assert int(cast(node, "call", address, call_data), 16) >= mined_at

    event = "Noted(uint256 indexed,uint256)"
    asked = ("logs", "--json", "--from-block", "0", "--address", address, event)
    (log,) = json.loads(cast(node, *asked, "7"))
    assert (log["transactionHash"], int(log["data"], 16)) == (sent["transactionHash"], 42)
    assert json.loads(cast(node, *asked, "8")) == []


def test_cast__a_call_that_reverts__shows_the_revert_bytes(node: LocalNode) -> None:
    address = deploy(node)
    with pytest.raises(CastFailed, match="0xdeadbeef"):
        cast(node, "call", address)
