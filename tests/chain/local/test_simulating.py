"""eth_simulateV1: blocks of calls on the state after a block, as they would be mined, and nothing is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from eth.vm.forks.prague.constants import HISTORY_STORAGE_CONTRACT_CODE

from settlement.chain.local.formats.hashing import keccak, rlp_encode
from settlement.chain.local.mining import Mining
from settlement.chain.local.rpc.calls import MOST_CALL_GAS
from settlement.chain.local.rpc.simulation_request import BLOCK_TIME_S, MOST_BLOCKS, MOST_CALLS
from settlement.chain.local.server import LocalNode
from tests.chain.local.client import EMITTER, FEES, GWEI, Rpc, RpcError, address_of, init_code, signed, words

HISTORY = "0x0000F90827F1C53a10cb7A02335B175320002935"
METHOD = "eth_simulateV1"
POOR, OTHER, AT = ("0x" + digits * 20 for digits in ("c0", "c1", "a7"))
RICH = address_of(0)
ETHER = "0x" + "ee" * 20
TRANSFER = "0x" + keccak(b"Transfer(address,address,uint256)").hex()
REVERTING = "0x63deadbeef60e01b5f5260045ffd"
BURNING = "0xfe"


def simulate(rpc: Rpc, *blocks: dict[str, Any], at: str = "latest", **options: Any) -> list[dict[str, Any]]:
    return list(rpc(METHOD, {"blockStateCalls": list(blocks), **options}, at))


def calls_of(rpc: Rpc, *calls: dict[str, Any], code: dict[str, str] | None = None, **options: Any) -> Any:
    """What calls in one block do."""
    overrides = {address: {"code": given} for address, given in (code or {}).items()}
    (block,) = simulate(rpc, {"calls": list(calls), "stateOverrides": overrides}, **options)
    return block["calls"]


def refusal(rpc: Rpc, *blocks: Any, **options: Any) -> RpcError:
    with pytest.raises(RpcError) as refused:
        simulate(rpc, *blocks, **options)
    return refused.value


def test_simulate__calls_and_blocks__each_sees_what_the_one_before_did_and_nothing_is_kept(rpc: Rpc) -> None:
    first, second = simulate(
        rpc,
        {
            "stateOverrides": {POOR: {"balance": "0x64"}},
            "calls": [
                {"from": POOR, "to": OTHER, "value": "0x64"},
                {"from": OTHER, "to": POOR, "value": "0x28"},
            ],
        },
        {"calls": [{"from": OTHER, "to": POOR, "value": "0x3c"}]},
    )
    assert [call["status"] for block in (first, second) for call in block["calls"]] == ["0x1"] * 3
    assert (first["gasUsed"], second["gasUsed"]) == (hex(42_000), hex(21_000))
    assert second["parentHash"] == first["hash"]
    assert refusal(rpc, {"calls": [{"from": POOR, "to": OTHER, "value": "0x1"}]}).code == -38014
    assert rpc.number("eth_blockNumber") == rpc.number("eth_getBalance", POOR) == 0


def test_simulate__the_same_as_is_then_mined__same_state_receipts_and_bloom(rpc: Rpc) -> None:
    contract = rpc.deploy(EMITTER)
    at = rpc.number_in(rpc("eth_getBlockByNumber", "latest", False), "timestamp") + 100
    fields = {"to": contract, "data": words(5, 7, 9), "gas": 200_000}
    call = {
        "from": RICH,
        "to": contract,
        "input": words(5, 7, 9),
        "gas": hex(200_000),
        **{name: hex(value) for name, value in FEES.items()},
    }
    planned = [{"blockOverrides": {"time": hex(at + step)}, "calls": [call]} for step in (0, 50)]
    told = simulate(rpc, *planned, validation=True)
    for step, one in zip((0, 50), told, strict=True):
        rpc("evm_setNextBlockTimestamp", at + step)
        receipt = rpc.receipt(rpc.send(0, **fields))
        mined = rpc("eth_getBlockByNumber", receipt["blockNumber"], False)
        for name in (
            "number",
            "timestamp",
            "stateRoot",
            "receiptsRoot",
            "logsBloom",
            "gasUsed",
            "baseFeePerGas",
        ):
            assert one[name] == mined[name], name
        (done,) = one["calls"]
        assert (done["gasUsed"], done["status"]) == (receipt["gasUsed"], "0x1")
        for name in ("address", "topics", "data", "logIndex", "blockNumber", "blockTimestamp"):
            assert done["logs"][0][name] == receipt["logs"][0][name]
        assert done["logs"][0]["blockHash"] == one["hash"]
        assert done["logs"][0]["transactionHash"] == one["transactions"][0]


def test_simulate__gaps_in_the_numbers__filled_with_empty_blocks_twelve_seconds_apart(rpc: Rpc) -> None:
    base = rpc("eth_getBlockByNumber", "latest", False)
    at = rpc.number_in(base, "timestamp")
    late = at + 1_000
    blocks = simulate(
        rpc,
        {"blockOverrides": {"number": "0x3", "gasLimit": "0x100000", "feeRecipient": OTHER}},
        {"blockOverrides": {"time": hex(late)}},
        {"blockOverrides": {"number": "0x6"}},
    )
    assert [rpc.number_in(block, "number") for block in blocks] == [1, 2, 3, 4, 5, 6]
    times = [rpc.number_in(block, "timestamp") for block in blocks]
    step = BLOCK_TIME_S
    assert times == [at + step, at + 2 * step, at + 3 * step, late, late + step, late + 2 * step]
    assert [block["parentHash"] for block in blocks] == [base["hash"]] + [one["hash"] for one in blocks[:-1]]
    assert [block["gasLimit"] for block in blocks] == [base["gasLimit"]] * 2 + ["0x100000"] * 4
    assert [block["miner"] for block in blocks] == [base["miner"]] * 2 + [OTHER] * 4
    assert all(block["calls"] == block["transactions"] == [] for block in blocks)


def test_simulate__opcodes__answer_what_the_block_says(rpc: Rpc) -> None:
    rpc("anvil_mine", "0x2")
    real = rpc("eth_getBlockByNumber", "0x1", False)["hash"]
    # Number, time, coinbase, randomness, base fee and gas price; then the hashes of the blocks below.
    fields = "0x" + "".join(
        f"{op}60{32 * at:02x}52" for at, op in enumerate(("43", "42", "41", "44", "48", "3a"))
    )
    hashes = "0x" + "".join(f"600{number}4060{32 * (number - 1):02x}52" for number in range(1, 6))
    own = {
        "number": "0x5",
        "time": "0x7fffffff",
        "feeRecipient": OTHER,
        "prevRandao": "0x" + "ab" * 32,
        "baseFeePerGas": "0xa",
    }
    third, fourth, fifth = simulate(
        rpc,
        {
            "blockOverrides": own,
            "stateOverrides": {AT: {"code": fields + "60c05ff3"}, POOR: {"code": hashes + "60a05ff3"}},
            "calls": [{"from": OTHER, "to": AT}, {"to": POOR}],
        },
    )
    seen, past = (call["returnData"] for call in fifth["calls"])
    assert seen == words(5, 0x7FFFFFFF, int(OTHER, 16), int("ab" * 32, 16), 10, 0)
    parts = ["0x" + past[2 + 64 * at : 66 + 64 * at] for at in range(5)]
    second = rpc("eth_getBlockByNumber", "0x2", False)["hash"]
    assert parts == [real, second, third["hash"], fourth["hash"], words(0)]


def test_simulate__a_contract_made_in_one_block__is_there_in_the_next(rpc: Rpc) -> None:
    made_at = "0x" + keccak(rlp_encode([bytes.fromhex(POOR[2:]), b""]))[12:].hex()
    making = {"from": POOR, "input": "0x" + init_code(EMITTER).hex()}
    noting = {"to": made_at, "input": words(5, 7, 9)}
    first, empty, last = simulate(rpc, {"calls": [making]}, {}, {"calls": [noting, {"to": made_at}]})
    assert first["calls"][0]["returnData"] == "0x" + EMITTER.hex()
    assert empty["stateRoot"] == first["stateRoot"]
    assert last["calls"][0]["returnData"] == words(rpc.number_in(last, "timestamp"))
    assert [log["address"] for log in last["calls"][0]["logs"]] == [made_at]
    assert last["calls"][1]["error"]["data"] == "0xdeadbeef"
    assert rpc("eth_getCode", made_at) == "0x"


def test_simulate__the_history_contract__notes_the_blocks_before(rpc: Rpc) -> None:
    rpc("anvil_setCode", HISTORY, "0x" + HISTORY_STORAGE_CONTRACT_CODE.hex())
    base = rpc("eth_getBlockByNumber", "latest", False)["hash"]
    first, second = simulate(
        rpc, {}, {"calls": [{"to": HISTORY, "data": words(number)} for number in (0, 1)]}
    )
    assert [call["returnData"] for call in second["calls"]] == [base, first["hash"]]


def test_simulate__a_free_call_under_a_base_fee__pays_nobody(rpc: Rpc) -> None:
    # BALANCE of the coinbase.
    code = {AT: {"code": "0x41315f5260205ff3"}}
    block = {"blockOverrides": {"baseFeePerGas": "0x3b9aca00", "feeRecipient": OTHER}, "stateOverrides": code}
    free = {"from": POOR, "to": AT}
    priced = {
        "from": RICH,
        "to": AT,
        "gas": "0xc350",
        "maxFeePerGas": hex(GWEI + 3),
        "maxPriorityFeePerGas": "0x2",
    }
    (made,) = simulate(rpc, {**block, "calls": [free, priced, free]})
    assert [call["returnData"] for call in made["calls"][:2]] == [words(0)] * 2
    used = rpc.number_in(made["calls"][1], "gasUsed")
    assert made["calls"][2]["returnData"] == words(2 * used)


def test_simulate__the_block_in_the_making__is_what_is_built_on(tmp_path: Path) -> None:
    with LocalNode(tmp_path / "chain", mining=Mining(is_automatic=False)) as node, Rpc(node.port) as rpc:
        rpc("eth_sendRawTransaction", signed(0, nonce=0, to=OTHER, value=9))
        call = {"from": OTHER, "to": POOR, "value": "0x9"}
        (block,) = simulate(rpc, {"calls": [call]}, at="pending")
        assert (block["number"], block["calls"][0]["status"]) == ("0x2", "0x1")
        assert refusal(rpc, {"calls": [call]}, at="latest").code == -38014


def test_simulate__whole_transactions__with_sender_place_and_no_signature(rpc: Rpc) -> None:
    call = {"from": RICH, "to": OTHER, "value": "0x5", "gasPrice": hex(2 * GWEI)}
    (block,) = simulate(rpc, {"calls": [call, {"from": POOR, "to": OTHER}]}, returnFullTransactions=True)
    legacy, plain = block["transactions"]
    assert (legacy["type"], legacy["gasPrice"], legacy["value"]) == ("0x0", hex(2 * GWEI), "0x5")
    assert (plain["type"], plain["maxFeePerGas"], plain["from"]) == ("0x2", "0x0", POOR)
    assert (plain["blockHash"], plain["transactionIndex"]) == (block["hash"], "0x1")
    assert [one[name] for one in (legacy, plain) for name in ("r", "s")] == ["0x0"] * 4
    (short,) = simulate(rpc, {"calls": [call, {"from": POOR, "to": OTHER}]})
    assert short["transactions"] == [legacy["hash"], plain["hash"]]
    assert short["hash"] == block["hash"]


def test_simulate__calls_that_fail__say_why_and_the_next_ones_run(rpc: Rpc) -> None:
    own = {AT: REVERTING, OTHER: BURNING}
    calls = ({"to": AT}, {"to": OTHER, "gas": "0x7530"}, {"from": POOR, "to": POOR})
    reverted, burnt, plain = calls_of(rpc, *calls, code=own)
    assert reverted["error"] == {"code": 3, "message": "execution reverted", "data": "0xdeadbeef"}
    assert burnt["error"] == {"code": -32015, "message": "invalid opcode: INVALID"}
    assert [call["status"] for call in (reverted, burnt, plain)] == ["0x0", "0x0", "0x1"]
    assert {call["returnData"] for call in (reverted, burnt, plain)} == {"0x"}
    assert burnt["gasUsed"] == burnt["maxUsedGas"] == "0x7530"
    assert "error" not in plain


def test_simulate__a_refund__is_not_in_the_most_gas_used(rpc: Rpc) -> None:
    clearing = {"code": "0x5f5f55", "stateDiff": {words(0): words(1)}}
    (block,) = simulate(rpc, {"stateOverrides": {AT: clearing}, "calls": [{"to": AT}]})
    used, peak = (rpc.number_in(block["calls"][0], name) for name in ("gasUsed", "maxUsedGas"))
    assert (peak, used) == (26_004, 26_004 - 4_800)


def _sent(log: dict[str, Any]) -> tuple[str, ...]:
    return (log["address"], *("0x" + topic[-40:] for topic in log["topics"][1:]), log["data"])


def test_simulate__transfers__are_logs_where_they_are_asked_for(rpc: Rpc) -> None:
    # Logs, then passes 3 wei on to AT.
    passing = "0x5f5fa0" + "5f5f5f5f6003" + "73" + AT[2:] + "5af100"
    call = {"from": RICH, "to": OTHER, "value": "0x5"}
    (told,) = calls_of(rpc, call, code={OTHER: passing}, traceTransfers=True)
    first, own, second = told["logs"]
    assert _sent(first) == (ETHER, RICH.lower(), OTHER, words(5))
    assert _sent(second) == (ETHER, OTHER, AT, words(3))
    assert first["topics"][0] == second["topics"][0] == TRANSFER
    assert (own["address"], own["topics"]) == (OTHER, [])
    assert [log["logIndex"] for log in told["logs"]] == ["0x0", "0x1", "0x2"]
    (silent,) = calls_of(rpc, call, code={OTHER: passing})
    assert [log["address"] for log in silent["logs"]] == [OTHER]
    both = [
        simulate(
            rpc, {"calls": [call], "stateOverrides": {OTHER: {"code": passing}}}, traceTransfers=is_traced
        )[0]
        for is_traced in (True, False)
    ]
    assert both[0]["hash"] == both[1]["hash"]


def test_simulate__transfers_undone_or_not_made__are_none(rpc: Rpc) -> None:
    call = {"from": RICH, "to": OTHER, "value": "0x5"}
    inner_fails = "0x5f5f5f5f600373" + AT[2:] + "5af100"
    delegating = "0x5f5f5f5f73" + AT[2:] + "5af400"
    (undone,) = calls_of(rpc, call, code={OTHER: REVERTING}, traceTransfers=True)
    assert (undone["logs"], undone["status"]) == ([], "0x0")
    (partly,) = calls_of(rpc, call, code={OTHER: inner_fails, AT: REVERTING}, traceTransfers=True)
    assert [_sent(log)[3] for log in partly["logs"]] == [words(5)]
    (borrowed,) = calls_of(rpc, call, code={OTHER: delegating, AT: "0x00"}, traceTransfers=True)
    assert [_sent(log)[3] for log in borrowed["logs"]] == [words(5)]
    (nothing,) = calls_of(rpc, {"from": RICH, "to": OTHER}, traceTransfers=True)
    assert nothing["logs"] == []


def test_simulate__a_self_destruct_and_a_creation__are_transfers(rpc: Rpc) -> None:
    (told,) = calls_of(
        rpc,
        {"from": RICH, "to": OTHER, "value": "0x5"},
        code={OTHER: "0x73" + AT[2:] + "ff"},
        traceTransfers=True,
    )
    assert [_sent(log)[1:] for log in told["logs"]] == [
        (RICH.lower(), OTHER, words(5)),
        (OTHER, AT, words(5)),
    ]
    (made,) = calls_of(rpc, {"from": RICH, "value": "0x7", "input": "0x00"}, traceTransfers=True)
    assert [_sent(log)[3] for log in made["logs"]] == [words(7)]


PRICED = {"maxFeePerGas": hex(2 * GWEI), "gas": "0x5208", "to": OTHER}
HAS_NONCE_5 = {POOR: {"nonce": "0x5", "balance": hex(10**18)}}


@pytest.mark.parametrize(
    ("block", "is_validated", "code", "words_of_it"),
    [
        ({"stateOverrides": HAS_NONCE_5, "calls": [{**PRICED, "from": POOR, "nonce": "0x4"}]}, True, -38010,
         f"err: nonce too low: address {POOR}, tx: 4 state: 5 (supplied gas 21000)"),
        ({"stateOverrides": HAS_NONCE_5, "calls": [{**PRICED, "from": POOR, "nonce": "0x6"}]}, True, -38011,
         f"err: nonce too high: address {POOR}, tx: 6 state: 5 (supplied gas 21000)"),
        ({"calls": [{"from": RICH, "to": OTHER}]}, True, -38012, "max fee per gas less than block base fee"),
        ({"blockOverrides": {"baseFee": "0xa"}, "calls": [{"from": RICH, "maxFeePerGas": "0x9"}]}, False, -38012,
         "maxFeePerGas: 9, baseFee: 10"),
        ({"calls": [{"from": RICH, "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2"}]}, False, -32602,
         "max priority fee per gas higher than max fee per gas"),
        ({"calls": [{"from": RICH, "to": OTHER, "gas": hex(20_999)}]}, False, -38013, "intrinsic gas too low"),
        ({"calls": [{"to": OTHER, "gas": hex(61_000), "input": "0x" + "01" * 1_001}]}, False, -38013,
         "insufficient gas for floor data gas cost: have 61000, want 61040"),
        ({"calls": [{"from": POOR, "to": OTHER, "value": "0x1"}]}, False, -38014, "have 0 want 1"),
        ({"calls": [{**PRICED, "from": POOR}]}, False, -38014, "insufficient funds for gas * price + value"),
        ({"blockOverrides": {"gasLimit": "0x5208"}, "calls": [{"gas": "0x5209"}]}, False, -38015,
         "block gas limit reached: 0 >= 21000"),
        ({"blockOverrides": {"number": "0x0"}}, False, -38020, "block numbers must be in order: 0 <= 0"),
        ({"blockOverrides": {"time": "0x1"}}, False, -38021, "block timestamps must be in order: 1 <= "),
        ({"calls": [{"input": "0x" + "00" * 49_153}]}, False, -38025, "max initcode size exceeded"),
    ],
)  # fmt: skip
def test_simulate__what_no_block_can_hold__refused_with_its_code(
    rpc: Rpc, block: dict[str, Any], is_validated: bool, code: int, words_of_it: str
) -> None:
    fault = refusal(rpc, block, validation=is_validated)
    assert (fault.code, words_of_it in fault.message) == (code, True), fault


def test_simulate__nonces_without_validation__are_not_looked_at(rpc: Rpc) -> None:
    call = {"from": POOR, "to": OTHER}
    told = calls_of(rpc, {**call, "nonce": "0x63"}, {**call, "nonce": "0x0"})
    assert [one["status"] for one in told] == ["0x1", "0x1"]


def test_simulate__numbers_and_times_within_one_request__rise_too(rpc: Rpc) -> None:
    same = refusal(rpc, {"blockOverrides": {"number": "0x2"}}, {"blockOverrides": {"number": "0x2"}})
    assert (same.code, same.message) == (-38020, "block numbers must be in order: 2 <= 2")
    at = rpc.number_in(rpc("eth_getBlockByNumber", "latest", False), "timestamp")
    # The two blocks that fill the gap take their time.
    inside = {"blockOverrides": {"number": "0x3", "time": hex(at + 2 * BLOCK_TIME_S)}}
    assert refusal(rpc, inside).code == -38021
    inside["blockOverrides"]["time"] = hex(at + 2 * BLOCK_TIME_S + 1)
    assert len(simulate(rpc, inside)) == 3


def test_simulate__blocks__256_and_no_more(rpc: Rpc) -> None:
    assert len(simulate(rpc, {"blockOverrides": {"number": hex(MOST_BLOCKS)}})) == MOST_BLOCKS
    assert len(simulate(rpc, *[{}] * MOST_BLOCKS)) == MOST_BLOCKS
    beyond = {"blockOverrides": {"number": hex(MOST_BLOCKS + 1)}}
    far = {"blockOverrides": {"number": hex(2**64 - 1)}}
    refused: list[list[Any]] = [[{}] * (MOST_BLOCKS + 1), [beyond], [far], [{}, {}, beyond]]
    for blocks in refused:
        fault = refusal(rpc, *blocks)
        assert (fault.code, fault.message) == (-38026, "too many blocks")


def test_simulate__calls__a_thousand_in_all(rpc: Rpc) -> None:
    call = {"to": OTHER}
    half = {"calls": [{**call, "gas": "0x5208"}] * (MOST_CALLS // 2)}
    told = simulate(rpc, half, half)
    assert sum(len(block["calls"]) for block in told) == MOST_CALLS
    for blocks in ([half, half, {"calls": [call]}], [{"calls": [call] * (MOST_CALLS + 1)}]):
        assert refusal(rpc, *blocks).code == -38026


def test_simulate__gas__fifty_million_for_all_calls_together(rpc: Rpc) -> None:
    burn = {"stateOverrides": {AT: {"code": BURNING}}, "calls": [{"to": AT}]}
    first, second = simulate(rpc, burn, burn)
    limit = rpc.number_in(first, "gasLimit")
    assert rpc.number_in(first["calls"][0], "gasUsed") == limit
    assert rpc.number_in(second["calls"][0], "gasUsed") == MOST_CALL_GAS - limit
    fault = refusal(rpc, burn, burn, burn)
    assert (fault.code, fault.message) == (-38026, "gas limit reached: all calls together have 50000000")


def test_simulate__an_answer_of_gigabytes__is_refused(rpc: Rpc) -> None:
    # Returns 400,000 bytes of zeros.
    huge = {"stateOverrides": {AT: {"code": "0x62061a805ff3"}}, "calls": [{"to": AT, "gas": "0x7a120"}] * 60}
    blocks = [{**huge, "blockOverrides": {"gasLimit": "0x7fffffff"}}, {**huge, "calls": huge["calls"]}]
    fault = refusal(rpc, *blocks)
    assert (fault.code, fault.message) == (-32005, "the answer is larger than 64 MiB: ask for fewer calls")
    assert len(simulate(rpc, {**huge, "calls": [{"to": AT, "gas": "0x7a120"}]})) == 1


@pytest.mark.parametrize(
    ("payload", "code", "words_of_it"),
    [
        ({}, -32602, "empty input"),
        ({"blockStateCalls": []}, -32602, "empty input"),
        ({"blockStateCalls": {}}, -32602, "empty input"),
        ({"blockStateCalls": {"calls": []}}, -32602, "expected a list of objects"),
        ({"blockStateCalls": [7]}, -32602, "expected a list of objects"),
        ([], -32602, "expected an object with blockStateCalls"),
        ({"blockStateCalls": [{}], "validation": "yes"}, -32602, "invalid validation: expected true or false"),
        ({"blockStateCalls": [{"calls": {"to": AT}}]}, -32602, "invalid calls: expected a list"),
        ({"blockStateCalls": [{"calls": [7]}]}, -32602, "invalid transaction: expected an object"),
        ({"blockStateCalls": [{"blockOverrides": [1]}]}, -32602, "expected an object"),
        ({"blockStateCalls": [{"blockOverrides": {"tiem": "0x1"}}]}, -32602, "unknown field tiem"),
        ({"blockStateCalls": [{"blockOverrides": {"beaconRoot": "0x1"}}]}, -32602, "invalid block override beaconRoot"),
        ({"blockStateCalls": [{"blockOverrides": {"withdrawals": [{}]}}]}, -32000, "not supported"),
        ({"blockStateCalls": [{"stateOverrides": {AT: {"balance": 1}}}]}, -32602, "expected a hex quantity"),
        ({"blockStateCalls": [{"calls": [{"nonce": hex(2**64)}]}]}, -32602, "invalid nonce"),
    ],
)  # fmt: skip
def test_simulate__malformed__refused_by_name(rpc: Rpc, payload: Any, code: int, words_of_it: str) -> None:
    with pytest.raises(RpcError) as refused:
        rpc(METHOD, payload, "latest")
    assert (refused.value.code, words_of_it in refused.value.message) == (code, True), refused.value


def test_simulate__no_such_block__header_not_found(rpc: Rpc) -> None:
    assert refusal(rpc, {}, at="0x99").message == "header not found"
    (block,) = simulate(
        rpc, {"blockOverrides": {"beaconRoot": "0x" + "ab" * 32, "withdrawals": []}}, at="0x0"
    )
    assert (block["number"], block["parentBeaconBlockRoot"]) == ("0x1", "0x" + "ab" * 32)
