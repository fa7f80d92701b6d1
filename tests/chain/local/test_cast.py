"""Foundry's cast as it comes can read, send, deploy, call and read logs; on anvil the same tests pass."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from eth_utils.crypto import keccak

from settlement.chain.local.accounts import well_known_accounts
from tests.chain.local.anvil import AnyNode, installed
from tests.chain.local.client import EMITTER, address_of, init_code, words

BINARY = installed("cast")
ETHER = 10**18
STRANGER = "0x" + "11" * 20
TOPIC = int.from_bytes(keccak(text="Noted(uint256,uint256)"))

pytestmark = pytest.mark.skipif(
    BINARY is None, reason="cast is not installed (npm install --no-save --prefix tests/nodes)"
)


class CastFailed(Exception):
    """What cast wrote instead of an answer."""


def cast(any_node: AnyNode, command: str, *arguments: str, scheme: str = "http") -> str:
    """What a cast command prints."""
    assert BINARY is not None
    url = any_node.url.replace("http", scheme, 1)
    # The URL goes first: --create takes all that follows it.
    done = subprocess.run(
        [BINARY, command, "--rpc-url", url, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode:
        raise CastFailed(done.stderr)
    return done.stdout.strip()


def send(any_node: AnyNode, *arguments: str) -> Any:
    """The receipt of a transaction that cast signs with the first well-known key."""
    key = "0x" + bytes(well_known_accounts()[0].key).hex()
    return json.loads(cast(any_node, "send", "--json", "--private-key", key, *arguments))


def deploy(any_node: AnyNode) -> str:
    """The address of an emitter that cast deployed."""
    return str(send(any_node, "--create", "0x" + init_code(EMITTER).hex())["contractAddress"])


def test_cast__chain_id_head_balance_and_nonce__are_the_nodes(any_node: AnyNode) -> None:
    assert cast(any_node, "chain-id") == "31337"
    assert cast(any_node, "block-number") == "0"
    assert cast(any_node, "balance", address_of(0)) == str(10_000 * ETHER)
    assert cast(any_node, "nonce", address_of(0)) == "0"


def test_cast__a_transfer__arrives_and_its_receipt_is_read_again(any_node: AnyNode) -> None:
    receipt = send(any_node, address_of(1), "--value", "1ether")
    assert int(receipt["status"], 16) == 1
    assert cast(any_node, "block-number") == "1"
    assert cast(any_node, "balance", address_of(1)) == str(10_001 * ETHER)
    again = json.loads(cast(any_node, "receipt", "--json", receipt["transactionHash"]))
    assert (again["blockHash"], int(again["gasUsed"], 16)) == (receipt["blockHash"], 21_000)


def test_cast__a_transfer_of_more_than_there_is__is_refused(any_node: AnyNode) -> None:
    with pytest.raises(CastFailed, match=r"(?i)insufficient"):
        send(any_node, address_of(1), "--value", "20000ether")
    assert cast(any_node, "block-number") == "0"


def test_cast__a_contract__is_deployed_called_and_its_logs_read(any_node: AnyNode) -> None:
    address = deploy(any_node)
    assert cast(any_node, "code", address) == "0x" + EMITTER.hex()
    call_data = words(42, TOPIC, 7)
    sent = send(any_node, address, call_data)

    # It returns and stores the time of the block that it runs in.
    mined_at = int(json.loads(cast(any_node, "block", "--json", "latest"))["timestamp"], 16)
    assert int(cast(any_node, "storage", address, "0"), 16) == mined_at
    assert int(cast(any_node, "call", address, call_data), 16) >= mined_at

    event = "Noted(uint256 indexed,uint256)"
    asked = ("logs", "--json", "--from-block", "0", "--address", address, event)
    (log,) = json.loads(cast(any_node, *asked, "7"))
    assert (log["transactionHash"], int(log["data"], 16)) == (sent["transactionHash"], 42)
    assert json.loads(cast(any_node, *asked, "8")) == []


def test_cast__a_call_that_reverts__shows_the_revert_bytes(any_node: AnyNode) -> None:
    address = deploy(any_node)
    with pytest.raises(CastFailed, match="0xdeadbeef"):
        cast(any_node, "call", address)


def test_cast__an_unlocked_and_an_impersonated_account__send_without_a_key(any_node: AnyNode) -> None:
    sent = json.loads(
        cast(any_node, "send", "--json", "--unlocked", "--from", address_of(3), address_of(4), "--value", "7")
    )
    assert (sent["from"], int(sent["status"], 16)) == (address_of(3).lower(), 1)
    cast(any_node, "rpc", "anvil_setBalance", STRANGER, hex(ETHER))
    posing = ("send", "--json", "--unlocked", "--from", STRANGER, address_of(4), "--value", "8")
    with pytest.raises(CastFailed):
        cast(any_node, *posing)
    cast(any_node, "rpc", "anvil_impersonateAccount", STRANGER)
    assert json.loads(cast(any_node, *posing))["from"] == STRANGER
    assert cast(any_node, "balance", address_of(4)) == str(10_000 * ETHER + 15)


def test_cast__a_delegation__is_signed_sent_and_seen(any_node: AnyNode) -> None:
    address = deploy(any_node)
    sent = send(any_node, address_of(0), words(42, TOPIC, 7), "--auth", address, "--gas-limit", "200000")
    assert (int(sent["type"], 16), len(sent["logs"])) == (4, 1)
    assert cast(any_node, "code", address_of(0)) == "0xef0100" + address[2:].lower()


def test_cast__proof_access_list_and_estimate__are_answered(any_node: AnyNode) -> None:
    address = deploy(any_node)
    send(any_node, address, words(42, TOPIC, 7))
    proof = json.loads(cast(any_node, "proof", address, "0"))
    assert int(proof["storageProof"][0]["value"], 16) == int(cast(any_node, "storage", address, "0"), 16)
    called = ("--from", address_of(1), address, words(42, TOPIC, 7))
    assert address.lower() in cast(any_node, "access-list", *called).lower()
    assert int(cast(any_node, "estimate", *called)) > 21_000
    assert int(cast(any_node, "gas-price")) > int(cast(any_node, "base-fee")) > 0


def test_cast__by_web_socket__sends_and_waits_for_the_receipt(any_node: AnyNode) -> None:
    key = "0x" + bytes(well_known_accounts()[0].key).hex()
    asked = ("send", "--json", "--private-key", key, address_of(1), "--value", "1")
    sent = json.loads(cast(any_node, *asked, scheme="ws"))
    assert (int(sent["status"], 16), int(sent["blockNumber"], 16)) == (1, 1)
    assert cast(any_node, "block-number", scheme="ws") == "1"
