"""State and block overrides: a call sees what its caller asks it to see, and nothing of it stays."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chain.local.client import EMITTER, GWEI, Rpc, RpcError, address_of, words

AT = "0x" + "c0de" * 10
OTHER = "0x" + "77" * 20
SLOT = "0x" + "00" * 31 + "05"
ABSENT_SLOT = "0x" + "00" * 31 + "06"


def answering(*opcodes: str) -> str:
    """Code that returns the word which ``opcodes`` leave on the stack."""
    return "0x" + "".join(opcodes) + "5f5260205ff3"


READS_SLOT_OF_DATA = answering("5f35", "54")


def ask(rpc: Rpc, code: str, *, data: str = "0x", block: Any = None, **fields: Any) -> int:
    """What ``code`` answers where a call sees it at ``AT``."""
    return rpc.number(
        "eth_call", {"to": AT, "data": data}, "latest", {AT: {"code": code, **fields}}, block or {}
    )


def refusal(rpc: Rpc, method: str, *params: Any) -> RpcError:
    with pytest.raises(RpcError) as caught:
        rpc(method, *params)
    return caught.value


def test_override__code_balance_and_nonce__are_seen_by_the_call_only(rpc: Rpc) -> None:
    assert ask(rpc, answering("47"), balance="0x1234") == 0x1234
    assert rpc("eth_getCode", AT) == "0x"
    assert rpc.number("eth_getBalance", AT) == 0
    # CREATE of nothing gives the address that belongs to the nonce; a call without overrides finds no code.
    first, later = (ask(rpc, answering("5f5f5ff0"), nonce=nonce) for nonce in ("0x1", "0x2"))
    assert first != later
    assert first != 0
    assert rpc("eth_call", {"to": AT}) == "0x"


def test_override__state_diff__changes_the_named_slot_and_keeps_the_rest(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    rpc.send(0, to=target, data=words(1, 2, 3), gas=100_000)
    mined_at = rpc.number("eth_getStorageAt", target, "0x0")
    assert mined_at

    def seen(slot: int, **fields: Any) -> int:
        override = {target: {"code": READS_SLOT_OF_DATA, **fields}}
        return rpc.number("eth_call", {"to": target, "data": words(slot)}, "latest", override)

    assert (seen(0), seen(5)) == (mined_at, 0)
    diff = {SLOT: "0x" + "00" * 30 + "1234"}
    assert (seen(0, stateDiff=diff), seen(5, stateDiff=diff)) == (mined_at, 0x1234)
    assert (seen(0, state=diff), seen(5, state=diff)) == (0, 0x1234)
    assert seen(0, state={}) == 0
    assert rpc.number("eth_getStorageAt", target, "0x0") == mined_at
    assert rpc.number("eth_getStorageAt", target, SLOT) == 0


def test_override__state__is_what_gas_is_counted_from(rpc: Rpc) -> None:
    # Writes 1 to slot 5: dear where it was 0, cheap where it was 1 already.
    writes = {"to": AT, "from": address_of(0)}
    code = "0x60016005" + "55" + "00"
    fresh = rpc.number("eth_estimateGas", writes, "latest", {AT: {"code": code}})
    same = rpc.number("eth_estimateGas", writes, "latest", {AT: {"code": code, "state": {SLOT: words(1)}}})
    other = rpc.number(
        "eth_estimateGas", writes, "latest", {AT: {"code": code, "state": {ABSENT_SLOT: words(1)}}}
    )
    assert fresh == other
    assert fresh - same > 19_000


def test_override__balance__pays_for_what_the_sender_lacks(rpc: Rpc) -> None:
    poor = {"from": OTHER, "to": address_of(0), "value": hex(5)}
    assert "insufficient funds" in refusal(rpc, "eth_call", poor).message
    assert rpc("eth_call", poor, "latest", {OTHER: {"balance": "0x5"}}) == "0x"
    assert (
        "insufficient funds" in refusal(rpc, "eth_call", poor, "latest", {OTHER: {"balance": "0x4"}}).message
    )
    assert rpc.number("eth_estimateGas", poor, "latest", {OTHER: {"balance": hex(10**18)}}) == 21_000
    assert rpc.number("eth_getBalance", OTHER) == 0


@pytest.mark.parametrize(
    ("opcode", "override", "seen"),
    [
        ("43", {"number": "0x1234"}, 0x1234),
        ("42", {"time": "0xffffffff"}, 0xFFFFFFFF),
        ("45", {"gasLimit": "0x200000"}, 0x200000),
        ("41", {"feeRecipient": OTHER}, int(OTHER, 16)),
        ("41", {"coinbase": OTHER}, int(OTHER, 16)),
        ("44", {"prevRandao": "0x" + "ab" * 32}, int("ab" * 32, 16)),
        ("44", {"random": "0x" + "ab" * 32}, int("ab" * 32, 16)),
        # Without a price the base fee is left out of the rules, whatever it is.
        ("48", {"baseFeePerGas": "0x7"}, 0),
    ],
)
def test_override__block_field__is_what_its_opcode_answers(
    rpc: Rpc, opcode: str, override: dict[str, str], seen: int
) -> None:
    assert ask(rpc, answering(opcode), block=override) == seen


def test_override__base_fee__holds_for_a_call_that_names_a_price(rpc: Rpc) -> None:
    priced = {"to": AT, "from": address_of(0), "gas": "0x30000", "gasPrice": "0x7"}
    code = {AT: {"code": answering("48")}}
    assert rpc.number("eth_call", priced, "latest", code, {"baseFeePerGas": "0x7"}) == 7
    assert (
        "less than block base fee"
        in refusal(rpc, "eth_call", priced, "latest", code, {"baseFee": "0x8"}).message
    )


def test_override__gas_limit__a_call_gets_fifty_million_at_most(rpc: Rpc) -> None:
    block = {"gasLimit": "0x7fffffffffffffff"}

    def given(gas: int | None) -> int:
        call = {"to": AT} if gas is None else {"to": AT, "gas": hex(gas)}
        return rpc.number("eth_call", call, "latest", {AT: {"code": answering("5a")}}, block)

    assert given(50_000_000) - given(49_999_999) == 1
    assert given(50_000_000) == given(50_000_001) == given(None)
    assert ask(rpc, answering("45"), block=block) == 2**63 - 1
    # For ever, if nothing bounded it.
    endless = {AT: {"code": "0x5b5f56"}}
    fault = refusal(rpc, "eth_estimateGas", {"to": AT}, "latest", endless, block)
    assert str(fault).endswith("gas required exceeds allowance (50000000)")
    traced = {"tracer": "callTracer", "stateOverrides": {AT: {"code": "0x5a"}}, "blockOverrides": block}
    assert rpc("debug_traceCall", {"to": AT}, "latest", traced)["gas"] == hex(50_000_000)


def test_override__number__block_hashes_stay_those_of_their_numbers(rpc: Rpc) -> None:
    rpc("anvil_mine", "0x3")
    asks_for = answering("5f35", "40")
    real = int(rpc("eth_getBlockByNumber", "0x2")["hash"], 16)
    assert ask(rpc, asks_for, data=words(2)) == real
    assert ask(rpc, asks_for, data=words(2), block={"number": "0xff"}) == real
    assert ask(rpc, asks_for, data=words(2), block={"number": hex(2 + 256)}) == real
    assert ask(rpc, asks_for, data=words(2), block={"number": hex(2 + 257)}) == 0
    assert ask(rpc, asks_for, data=words(5), block={"number": "0xff"}) == 0
    assert ask(rpc, asks_for, data=words(2), block={"number": "0x2"}) == 0


@pytest.mark.parametrize(
    ("overrides", "block", "code", "words_of_it"),
    [
        ([], {}, -32_602, "expected an object"),
        ({"0x12": {}}, {}, -32_602, "want 20 bytes"),
        ({AT: 7}, {}, -32_602, "expected an object"),
        ({AT: {"balances": "0x1"}}, {}, -32_602, "unknown field balances"),
        ({AT: {"balance": 1}}, {}, -32_602, "expected a hex quantity"),
        ({AT: {"nonce": hex(2**64 - 1)}}, {}, -32_602, "must be below"),
        ({AT: {"code": "0x1"}}, {}, -32_602, "no hex string of whole bytes"),
        ({AT: {"stateDiff": {"0x01": words(1)}}}, {}, -32_602, "want 32 bytes"),
        ({AT: {"state": {}, "stateDiff": {}}}, {}, -32_000, "both 'state' and 'stateDiff'"),
        ({AT: {"movePrecompileToAddress": OTHER}}, {}, -32_000, "not supported"),
        ({}, 7, -32_602, "expected an object"),
        ({}, {"tiem": "0x1"}, -32_602, "unknown field tiem"),
        ({}, {"time": hex(2**64)}, -32_602, "must be below"),
        ({}, {"beaconRoot": "0x" + "00" * 32}, -32_000, '"beaconRoot" is not supported'),
    ],
)
def test_override__malformed__refused_by_name(
    rpc: Rpc, overrides: Any, block: Any, code: int, words_of_it: str
) -> None:
    for method in ("eth_call", "eth_estimateGas"):
        fault = refusal(rpc, method, {"to": AT}, "latest", overrides, block)
        assert fault.code == code
        assert words_of_it in fault.message
    assert rpc("eth_call", {"to": AT}, "latest", {AT: None}, {"time": None}) == "0x"


def test_override__balance_that_overflows__an_error_and_the_node_goes_on(rpc: Rpc) -> None:
    full = {OTHER: {"balance": hex(2**256 - 1)}}
    fault = refusal(rpc, "eth_call", {"from": address_of(0), "to": OTHER, "value": hex(GWEI)}, "latest", full)
    assert (fault.code, "cannot run this message" in fault.message) == (-32_000, True)
    assert rpc("eth_call", {"from": address_of(0), "to": OTHER, "value": hex(GWEI)}) == "0x"
