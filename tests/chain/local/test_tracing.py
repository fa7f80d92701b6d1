"""Traces: the tree of calls and the log of steps are those of the execution, and agree with its receipt."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest

from settlement.chain.local.tracers import room
from tests.chain.local.assembler import assemble
from tests.chain.local.client import EMITTER, NESTER, Rpc, RpcError, address_of, init_code, words
from tests.chain.local.scenario import ERROR_STRING, STILLBORN, creator, raising, relay, word_of

CALLS = {"tracer": "callTracer"}
WITH_LOGS = {"tracer": "callTracer", "tracerConfig": {"withLog": True}}
TOP_ONLY = {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True, "withLog": True}}
EVERYTHING = {"enableMemory": True, "enableReturnData": True}


def sent(rpc: Rpc, **fields: Any) -> dict[str, Any]:
    """The receipt of a transaction of the first account."""
    return rpc.receipt(rpc.send(0, **{"gas": 500_000, **fields}))


def traced(rpc: Rpc, receipt: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    return dict(rpc("debug_traceTransaction", receipt["transactionHash"], options))


def relayed(target: str, value: int = 0, payload: str = "") -> str:
    return "0x" + word_of(target) + words(value)[2:] + payload.removeprefix("0x")


def test_calls__a_plain_transfer__one_frame_with_the_whole_gas(rpc: Rpc) -> None:
    receipt = sent(rpc, value=7, gas=30_000)
    assert traced(rpc, receipt, CALLS) == {
        "type": "CALL",
        "from": address_of(0).lower(),
        "to": address_of(1).lower(),
        "value": "0x7",
        "gas": hex(30_000),
        "gasUsed": hex(21_000),
        "input": "0x",
    }


def test_calls__nested_kinds__each_with_its_own_from_to_and_value(rpc: Rpc) -> None:
    emitter, delegate, static = (
        rpc.deploy(code) for code in (EMITTER, relay("DELEGATECALL"), relay("STATICCALL"))
    )
    reader = rpc.deploy(assemble("ADDRESS 0 MSTORE 32 0 RETURN"))
    outer = rpc.deploy(relay("CALL"))
    receipt = sent(rpc, to=outer, data=relayed(delegate, 0, relayed(emitter, 0, words(1, 2, 3))))
    root = traced(rpc, receipt, WITH_LOGS)
    assert root["gasUsed"] == receipt["gasUsed"]
    (call,) = root["calls"]
    (delegated,) = call["calls"]
    assert [frame["type"] for frame in (root, call, delegated)] == ["CALL", "CALL", "DELEGATECALL"]
    assert (call["from"], call["to"], call["value"]) == (outer.lower(), delegate.lower(), "0x0")
    # Code of the emitter at the address, and with the value, of whoever called it.
    assert (delegated["from"], delegated["to"], delegated["value"]) == (
        delegate.lower(),
        emitter.lower(),
        "0x0",
    )
    (log,) = delegated["logs"]
    assert log["address"] == delegate.lower()
    assert (log["data"], log["index"], log["position"]) == (words(1), "0x0", "0x0")
    assert "logs" not in traced(rpc, receipt, CALLS)["calls"][0]["calls"][0]
    static_root = traced(rpc, sent(rpc, to=static, data=relayed(reader)), CALLS)
    (read,) = static_root["calls"]
    assert (read["type"], read["output"]) == ("STATICCALL", words(int(reader, 16)))
    assert "value" not in read


def test_calls__only_the_top__without_what_lies_below(rpc: Rpc) -> None:
    emitter, outer = rpc.deploy(EMITTER), rpc.deploy(relay("CALL"))
    receipt = sent(rpc, to=outer, data=relayed(emitter, 0, words(1, 2, 3)))
    whole, top = traced(rpc, receipt, WITH_LOGS), traced(rpc, receipt, TOP_ONLY)
    assert whole.pop("calls")[0]["logs"]
    assert top == whole
    direct = sent(rpc, to=emitter, data=words(1, 2, 3))
    assert len(traced(rpc, direct, TOP_ONLY)["logs"]) == 1


def test_calls__a_failure_that_is_caught__said_where_it_happened(rpc: Rpc) -> None:
    failing, swallow = rpc.deploy(raising(ERROR_STRING)), rpc.deploy(relay("CALL", is_swallowing=True))
    root = traced(rpc, sent(rpc, to=swallow, data=relayed(failing)), CALLS)
    assert "error" not in root
    (failed,) = root["calls"]
    assert (failed["error"], failed["revertReason"]) == ("execution reverted", "no go")
    assert failed["output"] == "0x" + ERROR_STRING
    burning = rpc.deploy(assemble("INVALID"))
    (burnt,) = traced(rpc, sent(rpc, to=swallow, data=relayed(burning)), CALLS)["calls"]
    assert burnt["error"] == "invalid opcode: INVALID"
    assert burnt["gasUsed"] == burnt["gas"]
    assert "output" not in burnt


def test_calls__a_failed_frame__keeps_no_logs(rpc: Rpc) -> None:
    emitter = rpc.deploy(EMITTER)
    # Calls the emitter, then reverts.
    failing = rpc.deploy(assemble(f"96 0 0 CALLDATACOPY 0 0 96 0 0 {int(emitter, 16)} GAS CALL 0 0 REVERT"))
    receipt = sent(rpc, to=failing, data=words(1, 2, 3))
    assert receipt["logs"] == []
    root = traced(rpc, receipt, WITH_LOGS)
    assert root["error"] == "execution reverted"
    assert "error" not in root["calls"][0]
    assert "logs" not in root["calls"][0]


def test_calls__value_that_is_not_there__a_frame_that_used_nothing(rpc: Rpc) -> None:
    swallow = rpc.deploy(relay("CALL", is_swallowing=True))
    root = traced(rpc, sent(rpc, to=swallow, data=relayed(address_of(5), 1, "abcd")), CALLS)
    (refused,) = root["calls"]
    assert (refused["error"], refused["gasUsed"]) == ("insufficient balance for transfer", "0x0")
    assert (refused["to"], refused["value"], refused["input"]) == (address_of(5).lower(), "0x1", "0xabcd")
    assert int(refused["gas"], 16) > 400_000


def test_calls__creations__address_and_code_or_the_reason(rpc: Rpc) -> None:
    receipt = sent(rpc, data=init_code(EMITTER))
    root = traced(rpc, receipt, CALLS)
    assert (root["type"], root["to"]) == ("CREATE", receipt["contractAddress"].lower())
    assert (root["input"], root["output"]) == ("0x" + init_code(EMITTER).hex(), "0x" + EMITTER.hex())
    maker = rpc.deploy(creator("CREATE2"))
    payload = words(0) + init_code(EMITTER).hex()
    (made,) = traced(rpc, sent(rpc, to=maker, data=payload), CALLS)["calls"]
    assert rpc("eth_getCode", made["to"]) == "0x" + EMITTER.hex()
    assert made["type"] == "CREATE2"
    (again,) = traced(rpc, sent(rpc, to=maker, data=payload), CALLS)["calls"]
    assert (again["error"], again["gasUsed"]) == ("contract address collision", again["gas"])
    assert "to" not in again


def test_calls__destruction__a_frame_with_what_was_left(rpc: Rpc) -> None:
    destroyer = rpc.deploy(assemble("0 CALLDATALOAD SELFDESTRUCT"))
    rpc("anvil_setBalance", destroyer, "0x9")
    root = traced(rpc, sent(rpc, to=destroyer, data="0x" + word_of(address_of(7))), CALLS)
    assert root["calls"] == [
        {
            "type": "SELFDESTRUCT",
            "from": destroyer.lower(),
            "to": address_of(7).lower(),
            "value": "0x9",
            "gas": "0x0",
            "gasUsed": "0x0",
            "input": "0x",
        }
    ]
    stillborn = traced(rpc, sent(rpc, data="0x" + STILLBORN.hex()), CALLS)
    assert [frame["type"] for frame in stillborn["calls"]] == ["SELFDESTRUCT"]


def test_steps__a_small_contract__every_field_of_every_step(rpc: Rpc) -> None:
    adder = rpc.deploy(assemble("3 2 ADD 0 SSTORE 0 SLOAD 0 MSTORE 32 0 RETURN"))
    receipt = sent(rpc, to=adder, data="0x")
    trace = traced(rpc, receipt, EVERYTHING)
    assert (trace["gas"], trace["failed"], trace["returnValue"]) == (
        int(receipt["gasUsed"], 16),
        False,
        words(5),
    )
    logs = trace["structLogs"]
    assert [(log["pc"], log["op"], log["gasCost"]) for log in logs] == [
        (0, "PUSH1", 3),
        (2, "PUSH1", 3),
        (4, "ADD", 3),
        (5, "PUSH0", 2),
        (6, "SSTORE", 22_100),
        (7, "PUSH0", 2),
        (8, "SLOAD", 100),
        (9, "PUSH0", 2),
        (10, "MSTORE", 6),
        (11, "PUSH1", 3),
        (13, "PUSH0", 2),
        (14, "RETURN", 0),
    ]
    assert [log["gas"] for log in logs] == [
        500_000 - 21_000 - sum(log["gasCost"] for log in logs[:at]) for at in range(len(logs))
    ]
    assert {log["depth"] for log in logs} == {1}
    assert [log["stack"] for log in logs[:4]] == [[], ["0x3"], ["0x3", "0x2"], ["0x5"]]
    assert logs[4]["storage"] == {words(0): words(5)} == logs[6]["storage"]
    assert all("storage" not in log for at, log in enumerate(logs) if at not in (4, 6))
    assert [log["memory"] for log in logs[8:10]] == [[], [words(5)]]
    assert all("error" not in log and "refund" not in log and "returnData" not in log for log in logs)


def test_steps__options__leave_out_what_is_not_wanted(rpc: Rpc) -> None:
    storer = rpc.deploy(assemble("1 0 SSTORE STOP"))
    receipt = sent(rpc, to=storer, data="0x")
    (plain, bare) = (
        traced(rpc, receipt, options)["structLogs"]
        for options in ({}, {"disableStack": True, "disableStorage": True, "limit": 3})
    )
    assert set(plain[2]) == {"pc", "op", "gas", "gasCost", "depth", "stack", "storage"}
    assert len(plain) == 4
    assert [set(log) for log in bare] == [{"pc", "op", "gas", "gasCost", "depth"}] * 3
    assert bare[2]["gasCost"] == plain[2]["gasCost"]
    assert rpc("debug_traceTransaction", receipt["transactionHash"])["structLogs"] == plain


def test_steps__nested_and_refunding__depth_return_data_and_refund(rpc: Rpc) -> None:
    clearer = rpc.deploy(assemble("1 0 SSTORE 0 0 SSTORE 7 0 MSTORE 32 0 RETURN"))
    outer = rpc.deploy(relay("CALL"))
    logs = traced(rpc, sent(rpc, to=outer, data=relayed(clearer)), EVERYTHING)["structLogs"]
    assert [depth for depth, _ in groupby(logs, key=lambda log: log["depth"])] == [1, 2, 1]
    (call,) = [log for log in logs if log["op"] == "CALL"]
    inner = [log for log in logs if log["depth"] == 2]
    # What a call costs counts the gas that it hands on.
    assert call["gasCost"] == inner[0]["gas"] + 2_600
    assert inner[-1]["refund"] == 19_900
    after = logs[logs.index(inner[-1]) + 1 :]
    assert all(log["depth"] == 1 and log["refund"] == 19_900 for log in after)
    assert after[0]["returnData"] == words(7)


@pytest.mark.parametrize(
    ("code", "step", "error"),
    [
        ("3 JUMP STOP", "JUMP", "invalid jump destination"),
        ("INVALID", "INVALID", "invalid opcode: INVALID"),
        ("ADD", "ADD", "stack underflow"),
        (":again @again JUMP", "JUMP", "out of gas"),
    ],
)
def test_steps__failure__on_its_step_and_in_the_whole(rpc: Rpc, code: str, step: str, error: str) -> None:
    failing = rpc.deploy(assemble(code))
    receipt = sent(rpc, to=failing, data="0x", gas=21_100)
    assert receipt["status"] == "0x0"
    trace = traced(rpc, receipt, {})
    assert (trace["failed"], trace["gas"], trace["returnValue"]) == (True, 21_100, "0x")
    assert (trace["structLogs"][-1]["op"], trace["structLogs"][-1]["error"]) == (step, error)
    assert all("error" not in log for log in trace["structLogs"][:-1])
    assert traced(rpc, receipt, CALLS)["error"] == error


def test_steps__revert__is_no_error_of_its_step(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    trace = traced(rpc, sent(rpc, to=target, data="0x"), {})
    assert (trace["failed"], trace["returnValue"]) == (True, "0xdeadbeef")
    assert trace["structLogs"][-1]["op"] == "REVERT"
    assert "error" not in trace["structLogs"][-1]


def test_trace__calls_three_hundred_deep__all_of_them_told(rpc: Rpc) -> None:
    nester = rpc.deploy(NESTER)
    receipt = sent(rpc, to=nester, data=words(300), gas=29_000_000)
    assert receipt["status"] == "0x1"
    frame, depth = traced(rpc, receipt, CALLS), 1
    while "calls" in frame:
        (frame,) = frame["calls"]
        depth += 1
    assert depth == 301
    logs = traced(rpc, receipt, {"disableStack": True})["structLogs"]
    assert max(log["depth"] for log in logs) == 301


def test_trace__larger_than_memory_should_hold__refused_and_the_node_goes_on(
    rpc: Rpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MOST_TRACE_BYTES", 6 * 2**20)
    # Loops with 100 KB of memory, which cost nothing once they are there; calls itself a hundred times with them.
    wide = rpc.deploy(assemble("1 100000 MSTORE :again GAS 10000 LT @again JUMPI STOP"))
    caller = rpc.deploy(
        assemble(
            "1 100000 MSTORE 100 :again 0 0 100000 0 0x99 GAS STATICCALL POP 1 SWAP1 SUB DUP1 @again JUMPI STOP"
        )
    )
    for target, options in ((wide, {"enableMemory": True}), (caller, CALLS)):
        receipt = sent(rpc, to=target, data="0x", gas=150_000)
        with pytest.raises(RpcError, match="the trace is larger than 6 MiB: name a limit") as caught:
            traced(rpc, receipt, options)
        assert caught.value.code == -32_005
        assert "error" not in traced(rpc, receipt, TOP_ONLY)
        assert len(traced(rpc, receipt, {"enableMemory": True, "limit": 20})["structLogs"]) == 20


def test_trace__transaction_in_the_middle_of_a_block__sees_those_before_it(rpc: Rpc) -> None:
    counter = rpc.deploy(assemble("0 SLOAD 1 ADD 0 SSTORE 0 SLOAD 0 MSTORE 32 0 RETURN"))
    rpc("evm_setAutomine", False)
    hashes = [rpc.send(index, to=counter, data="0x", gas=100_000) for index in range(3)]
    rpc("evm_mine")
    # What happened since changes nothing.
    rpc("evm_setAutomine", True)
    sent(rpc, to=counter, data="0x")
    for at, tx_hash in enumerate(rpc("eth_getBlockByNumber", "0x2")["transactions"]):
        assert tx_hash in hashes
        assert rpc("debug_traceTransaction", tx_hash, CALLS)["output"] == words(at + 1)
    whole = rpc("debug_traceBlockByNumber", "0x2", CALLS)
    assert [one["result"]["output"] for one in whole] == [words(1), words(2), words(3)]
    block_hash = rpc("eth_getBlockByNumber", "0x2")["hash"]
    assert rpc("debug_traceBlockByHash", block_hash, CALLS) == whole
    assert [one["txHash"] for one in whole] == rpc("eth_getBlockByNumber", "0x2")["transactions"]
    assert all(one["result"]["gasUsed"] == rpc.receipt(one["txHash"])["gasUsed"] for one in whole)


def test_trace__call_with_overrides__as_the_call_sees_it(rpc: Rpc) -> None:
    at = "0x" + "c0de" * 10
    options = {
        **CALLS,
        "stateOverrides": {at: {"code": "0x425f5260205ff3"}},
        "blockOverrides": {"time": "0x7b"},
    }
    trace = rpc("debug_traceCall", {"to": at, "gas": hex(100_000)}, "latest", options)
    assert (trace["output"], trace["gas"]) == (words(123), hex(100_000))
    target = rpc.deploy(EMITTER)
    reverted = rpc("debug_traceCall", {"to": target}, "latest", CALLS)
    assert (reverted["error"], reverted["output"]) == ("execution reverted", "0xdeadbeef")
    with pytest.raises(RpcError, match="insufficient funds"):
        rpc("debug_traceCall", {"to": at, "value": "0x1", "from": at}, "latest", CALLS)
    assert rpc("debug_traceCall", {"to": at})["structLogs"] == []


def test_trace__nothing_stays_of_it(rpc: Rpc) -> None:
    target = rpc.deploy(EMITTER)
    receipt = sent(rpc, to=target, data=words(1, 2, 3))
    before = rpc("eth_getBlockByNumber", "latest")
    traced(rpc, receipt, {})
    rpc("debug_traceCall", {"to": target, "data": words(1, 2, 3)})
    assert rpc("eth_getBlockByNumber", "latest") == before
    assert sent(rpc, to=target, data=words(1, 2, 3))["status"] == "0x1"


@pytest.mark.parametrize(
    ("method", "params", "code", "said"),
    [
        ("debug_traceTransaction", ["0x" + "77" * 32], -32_000, "transaction not found"),
        ("debug_traceTransaction", ["0x77"], -32_602, "want 32 bytes"),
        ("debug_traceBlockByNumber", ["earliest"], -32_000, "genesis is not traceable"),
        ("debug_traceBlockByNumber", ["0x9"], -32_000, "header not found"),
        ("debug_traceBlockByHash", ["0x" + "77" * 32], -32_000, "header for hash not found"),
        (
            "debug_traceCall",
            [{}, "latest", {"tracer": "noSuchTracer"}],
            -32_000,
            "tracer 'noSuchTracer' is not here",
        ),
        ("debug_traceCall", [{}, "latest", {"tracer": 7}], -32_000, "tracer 7 is not here"),
        ("debug_traceCall", [{}, "latest", []], -32_602, "invalid trace options"),
        ("debug_traceCall", [{}, "latest", {"enableMemory": 1}], -32_602, "invalid enableMemory"),
        ("debug_traceCall", [{}, "latest", {"limit": "3"}], -32_602, "invalid limit"),
        ("debug_traceCall", [{}, "latest", {"tracerConfig": 3, **CALLS}], -32_602, "invalid tracerConfig"),
        (
            "debug_traceCall",
            [{}, "latest", {**CALLS, "tracerConfig": {"withLog": 1}}],
            -32_602,
            "invalid withLog",
        ),
    ],
)
def test_trace__malformed_or_missing__said(
    rpc: Rpc, method: str, params: list[Any], code: int, said: str
) -> None:
    with pytest.raises(RpcError) as caught:
        rpc(method, *params)
    assert (caught.value.code, said in caught.value.message) == (code, True), caught.value.message
