"""Sending without a signature: filling in what was left open, and accounts that a tester impersonates."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from settlement.chain.local.accounts import well_known_accounts
from settlement.chain.local.mining import Mining
from settlement.chain.local.server import LocalNode
from settlement.chain.local.settings import ChainSettings
from tests.chain.local.client import EMITTER, GWEI, ProcessNode, Rpc, RpcError, address_of, init_code, words

STRANGER = "0x" + "42" * 20
ETHER = hex(10**18)


def _transfer(sender: str, **fields: Any) -> dict[str, Any]:
    return {"from": sender, "to": address_of(1), "value": "0x1", **fields}


def test_send_transaction__only_the_recipient_named__the_rest_is_filled_in(rpc: Rpc) -> None:
    tx_hash = rpc("eth_sendTransaction", {"from": address_of(0), "to": address_of(1)})
    sent = rpc("eth_getTransactionByHash", tx_hash)
    base_fee = int(rpc("eth_getBlockByNumber", "0x1", False)["baseFeePerGas"], 16)
    assert (sent["type"], sent["nonce"], sent["gas"], sent["value"]) == ("0x2", "0x0", "0x5208", "0x0")
    assert int(sent["maxPriorityFeePerGas"], 16) == GWEI
    assert int(sent["maxFeePerGas"], 16) == 2 * base_fee + GWEI
    raw = rpc("eth_getRawTransactionByHash", tx_hash)
    assert Account.recover_transaction(raw) == address_of(0)
    assert rpc.receipt(tx_hash)["status"] == "0x1"


def test_send_transaction__no_sender_named__the_first_account_sends(rpc: Rpc) -> None:
    sent = rpc("eth_getTransactionByHash", rpc("eth_sendTransaction", {"to": STRANGER}))
    assert sent["from"].lower() == address_of(0).lower()


@pytest.mark.parametrize(
    ("fields", "type_id"),
    [
        ({"gasPrice": hex(2 * GWEI)}, "0x0"),
        ({"type": "0x0"}, "0x0"),
        ({"gasPrice": hex(2 * GWEI), "accessList": []}, "0x1"),
        ({"type": "0x1"}, "0x1"),
        ({"accessList": [{"address": STRANGER, "storageKeys": [words(1)]}]}, "0x2"),
        ({"maxFeePerGas": hex(3 * GWEI)}, "0x2"),
        ({"maxPriorityFeePerGas": "0x1"}, "0x2"),
    ],
)
def test_send_transaction__fields_of_a_type__that_type_is_sent_and_recovers(
    rpc: Rpc, fields: dict[str, Any], type_id: str
) -> None:
    tx_hash = rpc("eth_sendTransaction", _transfer(address_of(3), **fields))
    sent = rpc("eth_getTransactionByHash", tx_hash)
    assert sent["type"] == type_id
    assert sent.items() >= {name: value for name, value in fields.items() if name.startswith("max")}.items()
    assert Account.recover_transaction(rpc("eth_getRawTransactionByHash", tx_hash)) == address_of(3)
    assert rpc.receipt(tx_hash)["status"] == "0x1"


def test_send_transaction__delegation__type_4_with_enough_gas(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    authority = Account.from_key("0x" + "11" * 32)
    entry = authority.sign_authorization({"chainId": 31_337, "address": target, "nonce": 0})
    shown = {
        "chainId": hex(entry.chain_id),
        "address": target,
        "nonce": hex(entry.nonce),
        "yParity": hex(entry.y_parity),
        "r": hex(entry.r),
        "s": hex(entry.s),
    }
    request = {"from": address_of(0), "to": STRANGER, "authorizationList": [shown]}
    receipt = rpc.receipt(rpc("eth_sendTransaction", request))
    assert (receipt["type"], receipt["status"]) == ("0x4", "0x1")
    assert rpc("eth_getCode", authority.address, "latest") == "0xef0100" + target[2:].lower()


def test_send_transaction__creation_and_call__gas_is_estimated(rpc: Rpc) -> None:
    data = "0x" + init_code(EMITTER).hex()
    created = rpc.receipt(rpc("eth_sendTransaction", {"from": address_of(0), "data": data}))
    assert created["status"] == "0x1"
    called = rpc.receipt(
        rpc(
            "eth_sendTransaction",
            {"from": address_of(0), "to": created["contractAddress"], "input": words(1, 2, 3)},
        )
    )
    assert called["status"] == "0x1"
    assert len(called["logs"]) == 1


def test_send_transaction__would_revert__refused_unless_gas_is_named(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    with pytest.raises(RpcError, match="execution reverted") as caught:
        rpc("eth_sendTransaction", {"from": address_of(0), "to": target})
    assert (caught.value.code, caught.value.data) == (3, "0xdeadbeef")
    tx_hash = rpc("eth_sendTransaction", {"from": address_of(0), "to": target, "gas": hex(100_000)})
    assert rpc.receipt(tx_hash)["status"] == "0x0"


def test_send_transaction__many_at_once__each_has_a_nonce_of_its_own(node: LocalNode, rpc: Rpc) -> None:
    together = threading.Barrier(6)
    hashes: list[str] = []

    def work() -> None:
        with Rpc(node.port) as client:
            together.wait()
            hashes.extend(client("eth_sendTransaction", _transfer(address_of(0))) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    nonces = sorted(int(rpc("eth_getTransactionByHash", tx_hash)["nonce"], 16) for tx_hash in hashes)
    assert nonces == list(range(30))


@pytest.mark.parametrize(
    ("fields", "code", "refusal"),
    [
        ({"from": STRANGER}, -32_000, "unknown account"),
        ({"gasPrice": "0x1", "maxFeePerGas": "0x1"}, -32_602, "both gasPrice and"),
        ({"data": "0x12", "input": "0x34"}, -32_602, 'both "data" and "input"'),
        ({"chainId": "0x1"}, -32_602, "chainId does not match node's"),
        ({"type": "0x3"}, -32_602, "invalid type"),
        ({"type": "0x7f"}, -32_602, "invalid type"),
        ({"blobVersionedHashes": []}, -32_602, "blob transactions"),
        ({"type": "0x2", "gasPrice": "0x1"}, -32_602, "type 2 cannot have gasPrice"),
        ({"type": "0x0", "maxFeePerGas": "0x1"}, -32_602, "type 0 cannot have maxFeePerGas"),
        ({"type": "0x0", "accessList": [{"address": STRANGER}]}, -32_602, "cannot have accessList"),
        ({"authorizationList": []}, -32_602, "an empty authorizationList"),
        ({"authorizationList": [{}]}, -32_602, "authorizationList.address"),
        ({"gas": "0x1"}, -32_000, "intrinsic gas too low"),
        ({"nonce": "0x0"}, -32_000, "nonce too low"),
        ({"value": hex(10**30)}, -32_000, "insufficient funds"),
        ({"maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2"}, -32_000, "max priority fee per gas higher"),
        ({"to": "0x12"}, -32_602, "invalid to"),
    ],
)
def test_send_transaction__refused__says_why_and_sends_nothing(
    rpc: Rpc, fields: dict[str, Any], code: int, refusal: str
) -> None:
    rpc.send(0)
    with pytest.raises(RpcError) as caught:
        rpc("eth_sendTransaction", _transfer(address_of(0)) | fields)
    assert (caught.value.code, refusal in caught.value.message) == (code, True), caught.value
    assert rpc.nonce(0) == 1


@pytest.mark.parametrize("request_", ["0x12", None, [], 7])
def test_send_transaction__no_object__refused(rpc: Rpc, request_: Any) -> None:
    with pytest.raises(RpcError, match="-32602"):
        rpc("eth_sendTransaction", request_)


def test_sign_transaction__then_sent_raw__is_that_transaction(rpc: Rpc) -> None:
    raw = rpc("eth_signTransaction", _transfer(address_of(2), value="0x7"))
    assert rpc.nonce(2) == 0
    assert Account.recover_transaction(raw) == address_of(2)
    assert rpc.receipt(rpc("eth_sendRawTransaction", raw))["from"].lower() == address_of(2).lower()
    with pytest.raises(RpcError, match="-32000: unknown account"):
        rpc("eth_signTransaction", _transfer(STRANGER))


def test_fill_transaction__left_open__filled_and_not_sent(rpc: Rpc) -> None:
    filled = rpc("eth_fillTransaction", _transfer(address_of(2)))
    assert filled["tx"]["gas"] == "0x5208"
    assert filled["tx"]["nonce"] == "0x0"
    assert filled["raw"].startswith("0x02")
    assert filled["tx"]["hash"] == "0x" + keccak(hexstr=filled["raw"]).hex()
    assert rpc.nonce(2) == 0
    assert rpc("txpool_status") == {"pending": "0x0", "queued": "0x0"}


def test_send_transaction__phrase_kept_by_the_folder__its_accounts_send(tmp_path: Path) -> None:
    phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    own = well_known_accounts(phrase, 3)[2].address
    with LocalNode(tmp_path, settings=ChainSettings(mnemonic=phrase, accounts=3)):
        pass
    with LocalNode(tmp_path) as reopened, Rpc(reopened.port) as rpc:
        assert rpc("eth_accounts")[2:] == [own.lower()]
        sent = rpc("eth_getTransactionByHash", rpc("eth_sendTransaction", _transfer(own)))
        assert Account.recover_transaction(rpc("eth_getRawTransactionByHash", sent["hash"])) == own
        with pytest.raises(RpcError, match="unknown account"):
            rpc("eth_sendTransaction", _transfer(address_of(0)))


# Impersonation


@pytest.mark.parametrize("prefix", ["anvil_", "hardhat_"])
def test_impersonate__then_stopped__sends_only_meanwhile(rpc: Rpc, prefix: str) -> None:
    rpc(prefix + "setBalance", STRANGER, ETHER)
    with pytest.raises(RpcError, match="unknown account"):
        rpc("eth_sendTransaction", _transfer(STRANGER))
    assert rpc(prefix + "impersonateAccount", STRANGER) is None
    assert rpc("eth_accounts")[-1] == STRANGER
    receipt = rpc.receipt(rpc("eth_sendTransaction", _transfer(STRANGER)))
    assert (receipt["from"], receipt["status"]) == (STRANGER, "0x1")
    assert rpc(prefix + "stopImpersonatingAccount", STRANGER) is None
    assert rpc("eth_accounts")[-1] != STRANGER
    with pytest.raises(RpcError, match="unknown account"):
        rpc("eth_sendTransaction", _transfer(STRANGER))
    assert rpc.number("eth_getTransactionCount", STRANGER, "latest") == 1


def test_impersonate__two_send_the_same__two_hashes_and_senders_known(rpc: Rpc) -> None:
    others = ["0x" + digit * 40 for digit in "34"]
    assert rpc("anvil_autoImpersonateAccount", True) is None
    hashes = []
    for other in others:
        rpc("anvil_setBalance", other, ETHER)
        hashes.append(rpc("eth_sendTransaction", _transfer(other, gas="0x5208", maxFeePerGas=hex(2 * GWEI))))
    assert len(set(hashes)) == 2
    assert [rpc("eth_getTransactionByHash", tx_hash)["from"] for tx_hash in hashes] == others
    block = rpc("eth_getBlockByNumber", "latest", True)
    assert block["transactions"][0]["hash"] == hashes[1]
    rpc("anvil_autoImpersonateAccount", False)
    with pytest.raises(RpcError, match="unknown account"):
        rpc("eth_sendTransaction", _transfer(others[0]))


def test_impersonate__a_contract__calls_as_that_contract(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    rpc("hardhat_impersonateAccount", target)
    rpc("hardhat_setBalance", target, ETHER)
    request = {"from": target, "to": target, "input": words(1, 2, 3)}
    assert len(rpc.receipt(rpc("eth_sendTransaction", request))["logs"]) == 1


def test_impersonate__its_raw_transaction_sent_by_anybody__opens_nothing(rpc: Rpc) -> None:
    rpc("anvil_setBalance", STRANGER, ETHER)
    before = rpc("evm_snapshot")
    rpc("anvil_impersonateAccount", STRANGER)
    with pytest.raises(RpcError, match="-32000: unknown account"):
        rpc("eth_signTransaction", _transfer(STRANGER))
    marked = rpc("eth_getRawTransactionByHash", rpc("eth_sendTransaction", _transfer(STRANGER)))
    rpc("evm_revert", before)
    with pytest.raises(RpcError, match=r"-32000: (insufficient funds|invalid sender)"):
        rpc("eth_sendRawTransaction", marked)
    assert rpc.number("eth_getTransactionCount", STRANGER, "latest") == 0


def test_send_unsigned__as_viem_sends_it__for_that_one_only(rpc: Rpc) -> None:
    rpc("anvil_setBalance", STRANGER, ETHER)
    receipt = rpc.receipt(rpc("eth_sendUnsignedTransaction", _transfer(STRANGER)))
    assert receipt["from"] == STRANGER
    with pytest.raises(RpcError, match="unknown account"):
        rpc("eth_sendTransaction", _transfer(STRANGER))


def test_impersonated_transactions__killed_and_started_again__mined_and_waiting_ones_are_there(
    tmp_path: Path,
) -> None:
    with ProcessNode(tmp_path) as node, Rpc(node.port) as rpc:
        rpc("anvil_setBalance", STRANGER, ETHER)
        rpc("anvil_impersonateAccount", STRANGER)
        mined = rpc("eth_sendTransaction", _transfer(STRANGER))
        rpc("evm_setAutomine", False)
        waiting = rpc("eth_sendTransaction", _transfer(STRANGER))
        node.kill()
    with (
        LocalNode(tmp_path, mining=Mining(is_automatic=False)) as reopened,
        Rpc(reopened.port) as rpc,
    ):
        assert rpc("eth_getTransactionByHash", mined)["from"] == STRANGER
        assert rpc("eth_getTransactionByHash", waiting)["from"] == STRANGER
        rpc("evm_mine")
        assert rpc.receipt(waiting)["from"] == STRANGER
        with pytest.raises(RpcError, match="unknown account"):
            rpc("eth_sendTransaction", _transfer(STRANGER))
