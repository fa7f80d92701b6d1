"""Sending: packing, waiting, replacing, and geth's words for what is refused."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from settlement.chain.local.accounts import well_known_accounts
from settlement.chain.local.server import LocalNode
from tests.chain.local.client import EMITTER, GWEI, Rpc, RpcError, address_of, signed, words


def test_send__plain_transfer__costs_21000(rpc: Rpc) -> None:
    before = rpc.number("eth_getBalance", address_of(1), "latest")
    receipt = rpc.receipt(rpc.send(0, value=5))
    assert receipt["gasUsed"] == receipt["cumulativeGasUsed"] == hex(21_000)
    assert receipt["status"] == "0x1"
    assert rpc.number("eth_getBalance", address_of(1), "latest") == before + 5
    paid = 10_000 * 10**18 - 5 - rpc.number("eth_getBalance", address_of(0), "latest")
    assert paid == 21_000 * int(receipt["effectiveGasPrice"], 16)


def test_send__twenty_at_once__few_blocks(node: LocalNode, rpc: Rpc) -> None:
    raws = [signed(index % 10, nonce=index // 10) for index in range(20)]
    futures = [node.node.submit(bytes.fromhex(raw[2:])) for raw in raws]
    hashes = ["0x" + future.result(timeout=20).hex() for future in futures]
    assert rpc.number("eth_blockNumber") <= 10
    assert {rpc.receipt(tx_hash)["status"] for tx_hash in hashes} == {"0x1"}


def test_send__many_connections_at_once__all_mined_and_blocks_shared(node: LocalNode, rpc: Rpc) -> None:
    raws = [[signed(index, nonce=nonce) for nonce in range(5)] for index in range(10)]
    together = threading.Barrier(10)

    def work(index: int) -> None:
        with Rpc(node.port) as client:
            together.wait()
            for raw in raws[index]:
                client("eth_sendRawTransaction", raw)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [rpc.nonce(index) for index in range(10)] == [5] * 10
    assert rpc.number("eth_blockNumber") < 50


def test_send__nonce_gap__waits_until_it_is_filled(rpc: Rpc) -> None:
    later = rpc.send(0, nonce=1)
    assert rpc("eth_getTransactionReceipt", later) is None
    assert rpc("eth_getTransactionByHash", later)["blockHash"] is None
    assert rpc.number("eth_getTransactionCount", address_of(0), "pending") == 0
    first = rpc.send(0, nonce=0)
    assert rpc.receipt(later)["blockNumber"] == rpc.receipt(first)["blockNumber"]
    assert [rpc.receipt(tx)["transactionIndex"] for tx in (first, later)] == ["0x0", "0x1"]


def test_send__replacement__needs_ten_percent_more(rpc: Rpc) -> None:
    old = rpc.send(0, nonce=1, maxFeePerGas=10 * GWEI, maxPriorityFeePerGas=10 * GWEI)
    for fee in (10 * GWEI + 1, 11 * GWEI - 1):
        with pytest.raises(RpcError, match="-32000: replacement transaction underpriced"):
            rpc.send(0, nonce=1, maxFeePerGas=fee, maxPriorityFeePerGas=fee)
    new = rpc.send(0, nonce=1, maxFeePerGas=11 * GWEI, maxPriorityFeePerGas=11 * GWEI)
    rpc.send(0, nonce=0)
    assert rpc("eth_getTransactionByHash", old) is None
    assert rpc.receipt(new)["status"] == "0x1"


def test_send__fee_below_the_base_fee__waits_for_it_to_fall(rpc: Rpc) -> None:
    waiting = rpc.send(0, maxFeePerGas=GWEI // 2, maxPriorityFeePerGas=0)
    assert rpc("eth_getTransactionReceipt", waiting) is None
    for _ in range(6):
        rpc("evm_mine")
    assert rpc.receipt(waiting)["status"] == "0x1"


POOR = "0x" + "11" * 20


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"nonce": 0}, "nonce too low: next nonce 1, tx nonce 0"),
        ({"nonce": 1, "value": 10**24}, "insufficient funds for gas * price + value"),
        ({"nonce": 1, "gas": 20_999}, "intrinsic gas too low: gas 20999, minimum needed 21000"),
        ({"nonce": 1, "gas": 30_000_001}, "exceeds block gas limit"),
        (
            {"nonce": 1, "maxPriorityFeePerGas": 10 * GWEI},
            "max priority fee per gas higher than max fee per gas",
        ),
        ({"nonce": 1, "data": "0x" + "ff" * 500, "to": POOR, "gas": 30_000}, "floor data gas cost"),
        ({"nonce": 1, "data": "0x" + "00" * 50_000, "gas": 9_000_000}, "max initcode size exceeded"),
        ({"nonce": 1, "chainId": 1}, "invalid chain id for signer: have 1 want 31337"),
    ],
)
def test_send__refused__in_geths_words(rpc: Rpc, fields: dict[str, Any], refusal: str) -> None:
    rpc.send(0)
    with pytest.raises(RpcError) as caught:
        rpc.send(0, **fields)
    assert caught.value.code == -32_000
    assert refusal in caught.value.message
    rpc.send(0, nonce=1)


def test_send__same_twice__already_known_or_nonce_too_low(rpc: Rpc) -> None:
    waiting = signed(0, nonce=1)
    rpc("eth_sendRawTransaction", waiting)
    with pytest.raises(RpcError, match="already known"):
        rpc("eth_sendRawTransaction", waiting)
    rpc.send(0, nonce=0)
    with pytest.raises(RpcError, match="nonce too low"):
        rpc("eth_sendRawTransaction", waiting)


def test_send__more_gas_than_one_block_has__two_blocks(rpc: Rpc) -> None:
    rpc("evm_setAutomine", False)
    # Failing creations use all the gas they are given.
    hashes = [rpc.send(0, nonce=nonce, data="0xfe", gas=20_000_000) for nonce in range(2)]
    rpc("evm_setAutomine", True)
    assert [rpc.receipt(tx)["blockNumber"] for tx in hashes] == ["0x1", "0x2"]


def test_send__reverts__mined_with_status_0(rpc: Rpc) -> None:
    failed = rpc.receipt(rpc.send(0, data="0xfe", gas=100_000))
    assert failed["status"] == "0x0"
    assert failed["gasUsed"] == hex(100_000)
    assert rpc.nonce(0) == 1


def test_send__delegation__the_account_runs_the_code(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    authority = well_known_accounts()[5]
    signed_entry = authority.sign_authorization({"chainId": 31_337, "address": target, "nonce": 0})
    receipt = rpc.receipt(
        rpc.send(1, to=authority.address, data=words(9, 8, 7), authorizationList=[signed_entry], gas=200_000)
    )
    assert receipt["status"] == "0x1"
    assert receipt["type"] == "0x4"
    assert [log["address"] for log in receipt["logs"]] == [authority.address.lower()]
    assert rpc("eth_getCode", authority.address, "latest") == "0xef0100" + target[2:].lower()
