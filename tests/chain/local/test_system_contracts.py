"""The contracts of EIP-2935 and EIP-4788 take their notes in every block, where a tester put them."""

from __future__ import annotations

import pytest
from eth.vm.forks.cancun.constants import BEACON_ROOTS_CONTRACT_CODE
from eth.vm.forks.prague.constants import HISTORY_STORAGE_CONTRACT_CODE

from tests.chain.local.client import Rpc, RpcError, words

HISTORY = "0x0000F90827F1C53a10cb7A02335B175320002935"
BEACON_ROOTS = "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02"


def asked(rpc: Rpc, contract: str, word: int) -> str:
    return str(rpc("eth_call", {"to": contract, "data": words(word)}))


def hash_of(rpc: Rpc, number: int) -> str:
    return str(rpc("eth_getBlockByNumber", hex(number))["hash"])


def test_history__contract_put_there__answers_with_the_hashes_of_blocks_since(rpc: Rpc) -> None:
    rpc("anvil_mine", "0x2")
    rpc("anvil_setCode", HISTORY, "0x" + HISTORY_STORAGE_CONTRACT_CODE.hex())
    rpc("anvil_mine", "0x12c")
    for number in (2, 40, 301):
        assert asked(rpc, HISTORY, number) == hash_of(rpc, number)
    # Blocks before it came are not known; those ahead are refused by the contract itself.
    assert asked(rpc, HISTORY, 1) == words(0)
    with pytest.raises(RpcError, match="execution reverted"):
        asked(rpc, HISTORY, 400)
    rpc.send(0)
    assert asked(rpc, HISTORY, 302) == hash_of(rpc, 302)


def test_history__a_transaction_that_is_traced__sees_what_its_block_noted(rpc: Rpc) -> None:
    rpc("anvil_setCode", HISTORY, "0x" + HISTORY_STORAGE_CONTRACT_CODE.hex())
    rpc("anvil_mine", "0x2")
    # The parent's hash is noted before the first transaction of the block.
    tx_hash = rpc.send(0, to=HISTORY, data=words(2), gas=100_000)
    assert rpc.receipt(tx_hash)["status"] == "0x1"
    trace = rpc("debug_traceTransaction", tx_hash, {"tracer": "callTracer"})
    assert trace["output"] == hash_of(rpc, 2)
    assert trace["gasUsed"] == rpc.receipt(tx_hash)["gasUsed"]


def test_history__no_contract_or_other_code__nothing_is_written(rpc: Rpc) -> None:
    rpc("anvil_mine", "0x2")
    assert rpc("eth_getCode", HISTORY) == "0x"
    assert rpc.number("eth_getStorageAt", HISTORY, "0x0") == 0
    rpc("anvil_setCode", HISTORY, "0x00")
    rpc("anvil_mine", "0x2")
    assert [rpc.number("eth_getStorageAt", HISTORY, hex(slot)) for slot in range(4)] == [0] * 4
    assert asked(rpc, HISTORY, 1) == "0x"


def test_beacon_roots__contract_put_there__knows_the_times_of_blocks(rpc: Rpc) -> None:
    rpc("anvil_setCode", BEACON_ROOTS, "0x" + BEACON_ROOTS_CONTRACT_CODE.hex())
    rpc("anvil_mine", "0x2")
    at = rpc.number_in(rpc("eth_getBlockByNumber", "latest"), "timestamp")
    # There is no beacon chain, so the root is nothing; a time without a block is refused by the contract.
    assert asked(rpc, BEACON_ROOTS, at) == words(0)
    with pytest.raises(RpcError, match="execution reverted"):
        asked(rpc, BEACON_ROOTS, at + 1)
