"""``eth_createAccessList``: the list holds what the message touches, and its gas is what a transaction with it pays."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chain.local.anvil import Anvil, needs_anvil
from tests.chain.local.assembler import assemble
from tests.chain.local.client import EMITTER, Rpc, RpcError, address_of, init_code, words
from tests.chain.local.scenario import relay, word_of

OTHER = "0x" + "77" * 20
# Goes on to slot 2 only when slot 1 is warm: a cold load costs 2,100.
CURIOUS = assemble("GAS 1 SLOAD POP GAS SWAP1 SUB 1000 GT @warm JUMPI STOP :warm 2 SLOAD STOP")
READER = assemble(f"{int(OTHER, 16)} BALANCE 0x{'76' * 20} EXTCODESIZE 3 SLOAD 5 4 SSTORE STOP")


def asked(rpc: Rpc, to: str | None, payload: str = "0x", **fields: Any) -> dict[str, Any]:
    request = {"from": address_of(0), "data": payload, **fields}
    return dict(rpc("eth_createAccessList", request if to is None else {**request, "to": to}, "latest"))


def listed(answer: dict[str, Any]) -> dict[str, list[int]]:
    return {
        entry["address"]: [int(key, 16) for key in entry["storageKeys"]] for entry in answer["accessList"]
    }


def test_access_list__slots_and_accounts__all_named_but_what_is_warm_anyhow(rpc: Rpc) -> None:
    reader = rpc.deploy(READER)
    answer = asked(rpc, reader)
    assert listed(answer) == {OTHER: [], "0x" + "76" * 20: [], reader.lower(): [3, 4]}
    assert "error" not in answer
    # Precompiles, the sender and a target without slots stay out.
    hashing = rpc.deploy(relay("STATICCALL"))
    assert asked(rpc, hashing, "0x" + word_of("0x" + "2".rjust(40, "0")) + words(0)[2:])["accessList"] == []
    assert asked(rpc, hashing, "0x" + word_of(address_of(0)) + words(0)[2:])["accessList"] == []


def test_access_list__sent_along__costs_the_gas_that_was_said(rpc: Rpc) -> None:
    outer, reader = rpc.deploy(relay("CALL")), rpc.deploy(READER)
    payload = "0x" + word_of(reader) + words(0)[2:]
    answer = asked(rpc, outer, payload)
    assert listed(answer)[reader.lower()] == [3, 4]
    receipt = rpc.receipt(rpc.send(0, to=outer, data=payload, gas=200_000, accessList=answer["accessList"]))
    assert receipt["gasUsed"] == answer["gasUsed"]


def test_access_list__more_touched_once_some_is_warm__named_as_well(rpc: Rpc) -> None:
    curious = rpc.deploy(CURIOUS)
    assert listed(asked(rpc, curious)) == {curious.lower(): [1, 2]}
    known = [{"address": curious, "storageKeys": [words(9)]}]
    assert listed(asked(rpc, curious, accessList=known)) == {curious.lower(): [9, 1, 2]}


def test_access_list__a_failing_message__the_list_and_why(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    answer = asked(rpc, target)
    assert (answer["accessList"], answer["error"]) == ([], "execution reverted")
    assert int(answer["gasUsed"], 16) > 21_000
    with pytest.raises(RpcError, match="insufficient funds"):
        asked(rpc, target, value=hex(10**30))


def test_access_list__a_creation__without_the_new_address_unless_it_stores(rpc: Rpc) -> None:
    assert asked(rpc, None, "0x" + init_code(EMITTER).hex())["accessList"] == []
    storing = asked(rpc, None, "0x" + assemble("1 8 SSTORE STOP").hex())
    assert list(listed(storing).values()) == [[8]]


def test_access_list__with_overrides__of_the_code_that_is_seen(rpc: Rpc) -> None:
    request = {"from": address_of(0), "to": OTHER}
    override = {OTHER: {"code": "0x" + assemble("6 SLOAD STOP").hex()}}
    answer = rpc("eth_createAccessList", request, "latest", override)
    assert listed(answer) == {OTHER: [6]}
    assert rpc("eth_createAccessList", request, "latest")["accessList"] == []


@needs_anvil
def test_access_list__on_anvil__the_same_lists_and_gas(rpc: Rpc) -> None:
    # Anvil does not run again with the list it found, so a message that reacts to it is left out here.
    with Anvil() as node, Rpc(node.port) as theirs:
        for code in (EMITTER, READER):
            seen = []
            for chain in (rpc, theirs):
                chain("anvil_setCode", OTHER[:-2] + "88", "0x" + code.hex())
                seen.append(asked(chain, OTHER[:-2] + "88", words(1, 2, 3)))
            ours, others = ({**one, "accessList": sorted(listed(one).items())} for one in seen)
            assert ours == others
