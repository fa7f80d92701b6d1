"""EIP-7702: accounts that delegate their code, in transactions, in calls and in what is read of them."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.datastructures import SignedSetCodeAuthorization

from tests.chain.local.client import EMITTER, Rpc, address_of, init_code, words
from tests.chain.local.scenario import authorization, creator, signed_with_value

NONE = "0x" + "00" * 20


def delegating(rpc: Rpc, sender: int, entry: SignedSetCodeAuthorization, **fields: Any) -> dict[str, Any]:
    """The receipt of a transaction that carries the entry."""
    wanted = {"to": address_of(9), "gas": 500_000, "data": "0x", **fields}
    raw = signed_with_value(sender, 0, nonce=rpc.nonce(sender), authorizationList=[entry], **wanted)
    return rpc.receipt(rpc("eth_sendRawTransaction", raw))


def as_json(entry: SignedSetCodeAuthorization) -> dict[str, Any]:
    """The entry as clients send it along with a call."""
    numbers = {
        "chainId": entry.chain_id,
        "nonce": entry.nonce,
        "yParity": entry.y_parity,
        "r": entry.r,
        "s": entry.s,
    }
    return {name: hex(value) for name, value in numbers.items()} | {"address": "0x" + entry.address.hex()}


def test_delegation__set_and_taken_back__shown_in_code_and_nonce(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    assert delegating(rpc, 0, authorization(5, target, 0))["status"] == "0x1"
    assert rpc("eth_getCode", address_of(5)) == "0xef0100" + target[2:].lower()
    assert rpc.number("eth_getTransactionCount", address_of(5)) == 1
    assert rpc("eth_call", {"to": address_of(5), "data": words(1, 2, 3)}) != "0x"
    receipt = rpc.receipt(rpc.send(0, to=address_of(5), data=words(1, 2, 3), gas=200_000))
    assert receipt["logs"][0]["address"].lower() == address_of(5).lower()
    # It can still sign for itself.
    assert rpc.receipt(rpc.send(5))["status"] == "0x1"
    delegating(rpc, 0, authorization(5, NONE, 2))
    assert rpc("eth_getCode", address_of(5)) == "0x"
    assert rpc.number("eth_getTransactionCount", address_of(5)) == 3


@pytest.mark.parametrize(("nonce", "chain_id"), [(1, 31_337), (0, 5)])
def test_delegation__entry_that_does_not_hold__passed_over_and_paid_for(
    rpc: Rpc, nonce: int, chain_id: int
) -> None:
    receipt = delegating(rpc, 0, authorization(5, address_of(6), nonce, chain_id=chain_id))
    assert (receipt["status"], int(receipt["gasUsed"], 16)) == ("0x1", 21_000 + 25_000)
    assert rpc("eth_getCode", address_of(5)) == "0x"
    assert rpc.number("eth_getTransactionCount", address_of(5)) == 0


def test_delegation__to_oneself_creating__init_code_is_charged_once(rpc: Rpc) -> None:
    maker, init = rpc.deploy(creator("CREATE")), init_code(EMITTER)
    called = rpc.receipt(rpc.send(1, to=maker, data=words(0) + init.hex(), gas=900_000))
    own = delegating(
        rpc, 2, authorization(2, maker, 1), to=address_of(2), data=words(0) + init.hex(), gas=900_000
    )
    assert own["status"] == called["status"] == "0x1"
    # The entry costs 25,000 and gives half back, as the account is there already; the delegate is warmed for nothing.
    assert int(own["gasUsed"], 16) - int(called["gasUsed"], 16) == 25_000 - 12_500


def test_delegation__in_a_call__seen_by_it_and_gone_after(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    entry = as_json(authorization(5, target, 0))
    request = {"from": address_of(0), "to": address_of(5), "data": words(1, 2, 3)}
    assert rpc("eth_call", request) == "0x"
    assert int(rpc("eth_call", {**request, "authorizationList": [entry]}), 16) > 0
    estimate = rpc.number("eth_estimateGas", {**request, "authorizationList": [entry]})
    assert rpc("eth_getCode", address_of(5)) == "0x"
    receipt = delegating(
        rpc, 0, authorization(5, target, 0), to=address_of(5), data=words(1, 2, 3), gas=estimate
    )
    assert receipt["status"] == "0x1"
    assert len(receipt["logs"]) == 1
