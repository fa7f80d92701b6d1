"""Reading: blocks, calls, estimates, and logs against brute force."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from settlement.chain.local.server import LocalNode
from tests.chain.local.client import EMITTER, NESTER, Rpc, RpcError, address_of, signed, words

BURNER = bytes.fromhex("5b5f56")  # jumps to itself until the gas is gone


def test_blocks__by_every_key__the_same_block(rpc: Rpc) -> None:
    tx_hash = rpc.send(0)
    block = rpc("eth_getBlockByNumber", "0x1", False)
    assert block["transactions"] == [tx_hash]
    assert rpc("eth_getBlockByHash", block["hash"], False) == block
    for tag in ("latest", "safe", "finalized"):
        assert rpc("eth_getBlockByNumber", tag, False) == block
    genesis = rpc("eth_getBlockByNumber", "earliest", False)
    assert (genesis["number"], genesis["hash"]) == ("0x0", block["parentHash"])
    (full,) = rpc("eth_getBlockByNumber", "0x1", True)["transactions"]
    assert full == rpc("eth_getTransactionByHash", tx_hash)
    assert full == rpc("eth_getTransactionByBlockHashAndIndex", block["hash"], "0x0")
    assert rpc("eth_getBlockReceipts", "0x1") == [rpc.receipt(tx_hash)]
    assert rpc("eth_getBlockTransactionCountByNumber", "0x1") == "0x1"
    pending = rpc("eth_getBlockByNumber", "pending", False)
    assert (pending["number"], pending["hash"], pending["parentHash"]) == ("0x2", None, block["hash"])


def test_blocks__unknown__null_not_an_error(rpc: Rpc) -> None:
    nothing = "0x" + "ab" * 32
    assert rpc("eth_getBlockByNumber", "0x99", False) is None
    assert rpc("eth_getBlockByHash", nothing, False) is None
    assert rpc("eth_getTransactionReceipt", nothing) is None
    assert rpc("eth_getTransactionByHash", nothing) is None
    assert rpc("eth_getBlockReceipts", "0x99") is None
    with pytest.raises(RpcError, match="-32000: header not found"):
        rpc("eth_getBalance", address_of(0), "0x99")


def test_state__at_an_old_block__as_it_was(rpc: Rpc) -> None:
    rpc.send(0, value=5, to=address_of(1))
    block = rpc("eth_getBlockByNumber", "0x1", False)
    rpc.send(0, value=7, to=address_of(1))
    start = 10_000 * 10**18
    for tag, gained in (("0x0", 0), ("0x1", 5), ({"blockHash": block["hash"]}, 5), ("latest", 12)):
        assert rpc.number("eth_getBalance", address_of(1), tag) == start + gained
    assert rpc.number("eth_getTransactionCount", address_of(0), "0x1") == 1


def test_call__by_tag__sees_the_next_blocks_time(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    rpc("evm_increaseTime", 86_400)
    call = {"to": target, "data": words(1, 2, 3)}
    seen = rpc.number("eth_call", call, "latest")
    assert abs(seen - time.time() - 86_400) <= 2
    rpc("evm_setNextBlockTimestamp", seen + 1_000)
    assert rpc.number("eth_call", call, "pending") == seen + 1_000
    receipt = rpc.receipt(rpc.send(0, to=target, data=words(1, 2, 3), gas=100_000))
    mined_at = rpc.number("eth_getStorageAt", target, "0x0", "latest")
    assert mined_at == seen + 1_000
    assert rpc.number("eth_call", call, receipt["blockNumber"]) == mined_at
    assert rpc.number("eth_call", call, {"blockHash": receipt["blockHash"]}) == mined_at


def test_call__reverts__code_3_and_the_bytes(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    for method in ("eth_call", "eth_estimateGas"):
        with pytest.raises(RpcError) as caught:
            rpc(method, {"to": target})
        assert (caught.value.code, caught.value.message) == (3, "execution reverted")
        assert caught.value.data == "0xdeadbeef"
    assert rpc("eth_call", {"to": address_of(0), "data": "0x1234"}) == "0x"


def test_call__out_of_gas__said_and_nothing_stopped(rpc: Rpc) -> None:
    target = rpc.deploy(BURNER)
    with pytest.raises(RpcError, match="-32000: out of gas"):
        rpc("eth_call", {"to": target, "gas": hex(100_000)})
    with pytest.raises(RpcError, match=r"-32000: gas required exceeds allowance \(100000\)"):
        rpc("eth_estimateGas", {"to": target, "gas": hex(100_000)})
    with pytest.raises(RpcError, match="insufficient funds"):
        rpc("eth_call", {"from": "0x" + "11" * 20, "to": target, "value": "0x1"})
    assert rpc.number("eth_blockNumber") == 1


@pytest.mark.parametrize("depth", [0, 1, 20])
def test_estimate__nested_calls__the_estimate_is_enough_and_not_much_more(rpc: Rpc, depth: int) -> None:
    target = rpc.deploy(NESTER)
    call: dict[str, Any] = {"to": target, "data": words(depth)}
    estimate = rpc.number("eth_estimateGas", {**call, "from": address_of(0)})
    assert rpc.receipt(rpc.send(0, **call, gas=estimate * 98 // 100))["status"] == "0x0"
    receipt = rpc.receipt(rpc.send(0, **call, gas=estimate))
    assert receipt["status"] == "0x1"
    # Of what is left only 63/64 goes down with each call, so what was used is not enough.
    assert depth < 20 or int(receipt["gasUsed"], 16) < estimate * 9 // 10


def test_estimate__plain_transfer__21000(rpc: Rpc) -> None:
    assert (
        rpc.number("eth_estimateGas", {"from": address_of(0), "to": address_of(1), "value": "0x1"}) == 21_000
    )


def test_call__three_hundred_deep__answers(rpc: Rpc) -> None:
    target = rpc.deploy(NESTER)
    assert rpc("eth_call", {"to": target, "data": words(300), "gas": hex(30_000_000)}) == "0x"


def _matches(log: dict[str, Any], addresses: list[str], topics: list[Any]) -> bool:
    wanted = [None if entry is None else entry if isinstance(entry, list) else [entry] for entry in topics]
    return (not addresses or log["address"].lower() in addresses) and all(
        entry is None or (at < len(log["topics"]) and log["topics"][at] in entry)
        for at, entry in enumerate(wanted)
    )


def test_logs__random_filters__as_brute_force(node: LocalNode, rpc: Rpc) -> None:
    dice = random.Random(7)
    targets = [rpc.deploy(EMITTER).lower() for _ in range(3)]
    sent = 0
    for _ in range(15):
        raws = []
        for index in range(1, 1 + dice.randrange(5)):
            data = words(dice.randrange(9), dice.randrange(3), dice.randrange(4))
            raws.append(
                signed(index, nonce=rpc.nonce(index), to=dice.choice(targets), data=data, gas=100_000)
            )
        for future in [node.node.submit(bytes.fromhex(raw[2:])) for raw in raws]:
            future.result(timeout=20)
        sent += len(raws)
        rpc("evm_mine")
    head = rpc.number("eth_blockNumber")
    every = [
        log
        for number in range(head + 1)
        for receipt in rpc("eth_getBlockReceipts", hex(number))
        for log in receipt["logs"]
    ]
    assert len(every) == sent > 20
    found_some = 0
    for _ in range(150):
        first, last = sorted(dice.randrange(head + 1) for _ in range(2))
        addresses = dice.sample(targets, dice.randrange(3))
        topics = [
            dice.choice([None, words(dice.randrange(4)), [words(0), words(dice.randrange(4))]])
            for _ in range(dice.randrange(3))
        ]
        wanted = [
            log
            for log in every
            if first <= int(log["blockNumber"], 16) <= last and _matches(log, addresses, topics)
        ]
        asked = {"fromBlock": hex(first), "toBlock": hex(last), "address": addresses, "topics": topics}
        assert rpc("eth_getLogs", asked) == wanted
        found_some += bool(wanted)
    assert found_some > 20
    assert rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"}) == every


def test_uncles__of_blocks_that_are_there__none(rpc: Rpc) -> None:
    block_hash = rpc("eth_getBlockByNumber", "0x0", False)["hash"]
    assert rpc("eth_getUncleCountByBlockNumber", "0x0") == "0x0"
    assert rpc("eth_getUncleCountByBlockHash", block_hash) == "0x0"
    assert rpc("eth_getUncleByBlockNumberAndIndex", "0x0", "0x0") is None
    assert rpc("eth_getUncleByBlockHashAndIndex", block_hash, "0x0") is None
    assert rpc("eth_getUncleCountByBlockNumber", "0x9") is None


def test_transaction__by_sender_and_nonce__mined_and_waiting(rpc: Rpc) -> None:
    mined = [rpc.send(at % 2) for at in range(5)]
    waiting = rpc.send(0, nonce=4)
    asked = [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (0, 4)]
    for (index, nonce), tx_hash in zip(asked, [*mined, waiting], strict=True):
        answer = rpc("eth_getTransactionBySenderAndNonce", address_of(index), hex(nonce))
        assert answer == rpc("eth_getTransactionByHash", tx_hash)
    for index, nonce in ((0, 3), (1, 2), (2, 0)):
        assert rpc("eth_getTransactionBySenderAndNonce", address_of(index), hex(nonce)) is None


def test_raw_transaction__by_hash_and_by_place__the_bytes_that_were_sent(rpc: Rpc) -> None:
    raw, waiting = signed(0, nonce=0), signed(0, nonce=2)
    tx_hash, waiting_hash = (rpc("eth_sendRawTransaction", one) for one in (raw, waiting))
    block_hash = rpc.receipt(tx_hash)["blockHash"]
    assert rpc("eth_getRawTransactionByHash", tx_hash) == raw
    assert rpc("eth_getRawTransactionByBlockNumberAndIndex", "0x1", "0x0") == raw
    assert rpc("eth_getRawTransactionByBlockHashAndIndex", block_hash, "0x0") == raw
    assert rpc("eth_getRawTransactionByHash", waiting_hash) == waiting
    assert rpc("eth_getRawTransactionByBlockNumberAndIndex", "0x1", "0x1") is None


def test_state__at_a_block_named_by_an_object__one_key_that_exists(rpc: Rpc) -> None:
    block_hash = rpc("eth_getBlockByNumber", "0x0", False)["hash"]
    account = address_of(0)
    for named in ({"blockHash": block_hash, "requireCanonical": True}, {"blockNumber": "0x0"}):
        assert rpc.number("eth_getBalance", account, named) == 10_000 * 10**18
    with pytest.raises(RpcError, match="-32000: header for hash not found"):
        rpc("eth_getBalance", account, {"blockHash": "0x" + "12" * 32})
    both = {"blockHash": block_hash, "blockNumber": "0x0"}
    for wrong in (dict[str, Any](), both, {"blockNumber": dict[str, Any]()}):
        with pytest.raises(RpcError, match="-32602"):
            rpc("eth_getBalance", account, wrong)


def test_logs__by_block_hash__that_block_alone(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    receipts = [rpc.receipt(rpc.send(0, to=target, data=words(1, 2, at), gas=100_000)) for at in range(2)]
    assert rpc("eth_getLogs", {"blockHash": receipts[0]["blockHash"]}) == receipts[0]["logs"]
    assert rpc("eth_getLogs", {"address": target.upper().replace("0X", "0x")}) == receipts[1]["logs"]
    assert rpc("eth_getLogs", {"fromBlock": "0x0", "topics": [None, None, None]}) == []
    with pytest.raises(RpcError, match="-32000: unknown block"):
        rpc("eth_getLogs", {"blockHash": "0x" + "00" * 32})
    with pytest.raises(RpcError, match="-32602"):
        rpc("eth_getLogs", {"blockHash": receipts[0]["blockHash"], "fromBlock": "0x0"})
    assert rpc("eth_getLogs", {"fromBlock": "0x99", "toBlock": "latest"}) == []
    with pytest.raises(RpcError, match="-32602: invalid block range"):
        rpc("eth_getLogs", {"fromBlock": "0x2", "toBlock": "0x1"})


def test_fee_history__two_blocks__base_fees_and_tips(rpc: Rpc) -> None:
    rpc.send(0)
    rpc.send(0, maxPriorityFeePerGas=3 * 10**9)
    history = rpc("eth_feeHistory", "0x2", "latest", [50])
    assert history["oldestBlock"] == "0x1"
    assert history["baseFeePerGas"][0] == rpc("eth_getBlockByNumber", "0x1", False)["baseFeePerGas"]
    assert history["baseFeePerGas"][2] == rpc("eth_getBlockByNumber", "pending", False)["baseFeePerGas"]
    assert [int(tip, 16) for (tip,) in history["reward"]] == [10**9, 3 * 10**9]
    for shares, refusal in (
        ([101], "-32000: invalid reward percentile: 101.000000"),
        ([50, 50], "-32000: invalid reward percentile: #0:50.000000 >= #1:50.000000"),
        ("50", "-32602: invalid reward percentiles"),
    ):
        with pytest.raises(RpcError, match=refusal):
            rpc("eth_feeHistory", "0x2", "latest", shares)
    with pytest.raises(RpcError, match="-32000: request beyond head block: requested 3, head 2"):
        rpc("eth_feeHistory", "0x2", "0x3", [])
    with pytest.raises(RpcError, match="-32602: invalid block number"):
        rpc("eth_feeHistory", "0x2", {"blockNumber": "0x1"}, [])
    assert rpc("eth_feeHistory", "0x0", "latest", [50]) == {"oldestBlock": "0x0", "gasUsedRatio": None}
    assert rpc.number("eth_gasPrice") > rpc.number("eth_maxPriorityFeePerGas") == 10**9


def test_base_fee__full_and_empty_blocks__moves_by_an_eighth(rpc: Rpc) -> None:
    rpc.send(0, data="0xfe", gas=30_000_000)
    rpc("evm_mine")
    fees = [rpc.number_in(rpc("eth_getBlockByNumber", hex(at), False), "baseFeePerGas") for at in range(3)]
    assert fees[0] == 10**9
    assert fees[1] == fees[0] * 7 // 8
    assert fees[2] == fees[1] * 9 // 8
