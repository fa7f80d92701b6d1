"""``prestateTracer``: accounts as they were before a transaction, and what it changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chain.local.assembler import assemble
from tests.chain.local.client import Rpc, RpcError, address_of, init_code, words

NOBODY = "0x" + "77" * 20
# Stores its call data's word 0 in slot 1 and looks at slot 2.
KEEPER = assemble("0 CALLDATALOAD 1 SSTORE 2 SLOAD STOP")


def options(**config: bool) -> dict[str, Any]:
    return {"tracer": "prestateTracer", "tracerConfig": config}


def sent(rpc: Rpc, **fields: Any) -> str:
    return rpc.send(0, **{"gas": 300_000, **fields})


def test_prestate__touched_accounts__as_they_were_before(rpc: Rpc) -> None:
    keeper = rpc.deploy(KEEPER)
    sent(rpc, to=keeper, data=words(5))
    before = {address: rpc("eth_getBalance", address) for address in (address_of(0), "0x" + "00" * 20)}
    nonce = rpc.nonce(0)
    tx_hash = sent(rpc, to=keeper, data=words(6))
    assert rpc("debug_traceTransaction", tx_hash, options()) == {
        address_of(0).lower(): {"balance": before[address_of(0)], "nonce": nonce},
        "0x" + "00" * 20: {"balance": before["0x" + "00" * 20]},
        keeper.lower(): {
            "balance": "0x0",
            "nonce": 1,
            "code": "0x" + KEEPER.hex(),
            "storage": {words(1): words(5), words(2): words(0)},
        },
    }
    bare = rpc("debug_traceTransaction", tx_hash, options(disableCode=True, disableStorage=True))
    assert bare[keeper.lower()] == {"balance": "0x0", "nonce": 1}


def test_prestate__accounts_that_were_not_there__only_when_asked_for(rpc: Rpc) -> None:
    tx_hash = rpc.send(0, to=NOBODY)
    assert NOBODY not in rpc("debug_traceTransaction", tx_hash, options())
    assert rpc("debug_traceTransaction", tx_hash, options(includeEmpty=True))[NOBODY] == {"balance": "0x0"}


def test_prestate__difference__what_changed_on_both_sides(rpc: Rpc) -> None:
    keeper = rpc.deploy(KEEPER)
    filled = rpc("debug_traceTransaction", sent(rpc, to=keeper, data=words(5)), options(diffMode=True))
    # A slot that was empty is not shown as it was; one that was only read is not shown at all.
    assert filled["pre"][keeper.lower()] == {"balance": "0x0", "nonce": 1, "code": "0x" + KEEPER.hex()}
    assert filled["post"][keeper.lower()] == {"storage": {words(1): words(5)}}
    tx_hash = sent(rpc, to=keeper, data=words(0))
    cleared = rpc("debug_traceTransaction", tx_hash, options(diffMode=True))
    assert cleared["pre"][keeper.lower()]["storage"] == {words(1): words(5)}
    assert cleared["post"][keeper.lower()] == {}
    payer = address_of(0).lower()
    assert cleared["post"][payer]["nonce"] == cleared["pre"][payer]["nonce"] + 1
    assert cleared["post"][payer]["balance"] == rpc("eth_getBalance", payer)


def test_prestate__difference_of_a_creation__the_account_afterwards_only(rpc: Rpc) -> None:
    tx_hash = sent(rpc, data=init_code(KEEPER))
    made = rpc.receipt(tx_hash)["contractAddress"].lower()
    difference = rpc("debug_traceTransaction", tx_hash, options(diffMode=True))
    assert made not in difference["pre"]
    assert difference["post"][made] == {"nonce": 1, "code": "0x" + KEEPER.hex()}


def test_prestate__second_of_a_block__after_the_first(rpc: Rpc) -> None:
    keeper = rpc.deploy(KEEPER)
    rpc("evm_setAutomine", False)
    nonce = rpc.nonce(0)
    for offset, word in enumerate((5, 6)):
        sent(rpc, to=keeper, data=words(word), nonce=nonce + offset)
    rpc("evm_mine")
    first, second = rpc("debug_traceBlockByNumber", "latest", options())
    assert first["result"][keeper.lower()]["storage"][words(1)] == words(0)
    assert second["result"][keeper.lower()]["storage"][words(1)] == words(5)
    assert rpc("debug_traceTransaction", second["txHash"], options()) == second["result"]


def test_prestate__call_with_overrides__sees_them(rpc: Rpc) -> None:
    code = {"code": "0x" + KEEPER.hex(), "stateDiff": {words(1): words(9)}}
    config = {**options(diffMode=True), "stateOverrides": {NOBODY: code}}
    seen = rpc("debug_traceCall", {"to": NOBODY, "data": words(3)}, "latest", config)
    assert seen["pre"][NOBODY]["storage"] == {words(1): words(9)}
    assert seen["post"][NOBODY] == {"storage": {words(1): words(3)}}


@pytest.mark.parametrize("name", ["diffMode", "disableCode", "disableStorage", "includeEmpty"])
def test_prestate__flag_that_is_none__refused_by_name(rpc: Rpc, name: str) -> None:
    config: dict[str, Any] = {"tracer": "prestateTracer", "tracerConfig": {name: "yes"}}
    with pytest.raises(RpcError, match=f"invalid {name}: expected true or false"):
        rpc("debug_traceCall", {}, "latest", config)
