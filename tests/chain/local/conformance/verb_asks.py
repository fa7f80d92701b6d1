"""What the testing verbs are asked, each under every name it has here. Whoever asks puts the chain back afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.chain.local.client import words
from tests.chain.local.conformance.asking import INVALID_PARAMS, Ask, Refusal, Step
from tests.chain.local.conformance.hex_forms import (
    HASH,
    NULL,
    SOME_BYTES,
    TEXT,
    UINT64,
    UINT256,
    exactly,
    or_null,
)
from tests.chain.local.conformance.prepared import GENESIS_AT, STRANGER, Prepared

_LATER = GENESIS_AT + 10**6
_COUNT = {"type": "integer", "minimum": 0}
_TRUE = {"const": True}
_WRONG = Refusal(INVALID_PARAMS, "invalid")
_ALL = ("anvil", "evm", "hardhat")
_AUTOMINE: Step = ("evm_setAutomine", [True])
_NO_TIMER: Step = ("evm_setIntervalMining", [0])


def fixed(*params: Any) -> Callable[[Prepared], list[Any]]:
    """The same parameters on any chain."""
    return lambda _: list(params)


def under(
    verb: str,
    case: str,
    params: Callable[[Prepared], list[Any]],
    want: Any,
    *,
    names: tuple[str, ...] = _ALL,
    before: Step | None = None,
    after: Step | None = None,
    is_compared: bool = True,
) -> list[Ask]:
    """The same under several names; only the first is asked of anvil, which does not have them all."""
    return [
        Ask(
            f"{name}_{verb}",
            case,
            params,
            want,
            before=(lambda _: [before]) if before else None,
            after=(lambda _: [after]) if after else None,
            is_compared=is_compared and name == names[0],
        )
        for name in names
    ]


TIME = [
    # They answer how far business time is from the wall clock, which is another second on the other node.
    *under("increaseTime", "a number", fixed(60), {"type": "integer"}, is_compared=False),
    *under("increaseTime", "a hex quantity", fixed("0x3c"), {"type": "integer"}, is_compared=False),
    *under("increaseTime", "backwards", fixed(-5), _WRONG),
    *under("setTime", "later", fixed(_LATER), {"type": "integer"}),
    *under("setNextBlockTimestamp", "later", fixed(_LATER), NULL),
    *under(
        "setNextBlockTimestamp",
        "before the head",
        fixed(GENESIS_AT),
        Refusal(INVALID_PARAMS, "Timestamp error"),
    ),
    *under(
        "setBlockTimestampInterval",
        "seconds",
        fixed(5),
        NULL,
        after=("anvil_removeBlockTimestampInterval", []),
    ),
    *under("removeBlockTimestampInterval", "none set", fixed(), {"const": False}),
    *under(
        "removeBlockTimestampInterval",
        "one set",
        fixed(),
        _TRUE,
        before=("anvil_setBlockTimestampInterval", [5]),
    ),
]

MINING = [
    *under("mine", "one", fixed(), NULL, names=("anvil", "hardhat")),
    *under("mine", "hex, with an interval", fixed("0x3", "0xa"), NULL, names=("anvil", "hardhat")),
    *under("mine", "too many", fixed("0xffffffffff"), _WRONG, names=("anvil", "hardhat"), is_compared=False),
    *under("mine", "one", fixed(), {"const": "0x0"}, names=("evm",)),
    *under("mine", "at a time", fixed(_LATER), {"const": "0x0"}, names=("evm",)),
    *under("mine", "by an object", fixed({"blocks": 2}), {"const": "0x0"}, names=("evm",)),
    *under("setAutomine", "off", fixed(False), NULL, after=_AUTOMINE),
    *under("setAutomine", "no flag", fixed("on"), Refusal(INVALID_PARAMS, "invalid argument 0")),
    *under("getAutomine", "on", fixed(), _TRUE),
    *under("setIntervalMining", "off", fixed(0), NULL, after=_AUTOMINE),
    *under("getIntervalMining", "none", fixed(), or_null({"const": 0})),
    *under("rollback", "one", fixed(1), NULL, before=("evm_mine", [])),
    *under("reorg", "two empty blocks", fixed(2, []), NULL, before=("anvil_mine", [2])),
    *under(
        "reorg",
        "deeper than the chain",
        fixed(10**6, []),
        Refusal(INVALID_PARAMS, "Reorg depth must not exceed"),
    ),
    *under("snapshot", "taken", fixed(), UINT64),
    *under("revert", "to one just taken", lambda p: [p.rpc("evm_snapshot")], _TRUE),
    *under("revert", "to none", fixed("0xffff"), {"const": False}),
]

ACCOUNTS = [
    *under("setBalance", "hex", fixed(STRANGER, "0xde0b6b3a7640000"), NULL),
    *under("setBalance", "a short address", fixed("0x12", "0x1"), _WRONG),
    *under("addBalance", "hex", fixed(STRANGER, "0x1"), NULL),
    *under("setNonce", "hex", fixed(STRANGER, "0x9"), NULL),
    *under("setCode", "a contract", fixed(STRANGER, "0x5f5ffd"), NULL),
    *under("setCode", "no hex", fixed(STRANGER, "code"), _WRONG),
    *under("setStorageAt", "a word", lambda p: [p.emitter, "0x3", words(7)], _TRUE),
    *under("setStorageAt", "a short word", lambda p: [p.emitter, "0x3", "0x07"], _WRONG),
]

HEADERS = [
    *under("setCoinbase", "somebody", fixed(STRANGER), NULL, after=("anvil_setCoinbase", ["0x" + "00" * 20])),
    *under("setNextBlockBaseFeePerGas", "hex", fixed("0x3b9aca00"), NULL, after=("evm_mine", [])),
    *under(
        "setBlockGasLimit", "hex", fixed("0x1312d00"), _TRUE, after=("evm_setBlockGasLimit", ["0x1c9c380"])
    ),
    *under("setPrevRandao", "a word", fixed(words(5)), NULL, after=("evm_mine", [])),
    *under("setMinGasPrice", "since London", fixed("0x1"), Refusal(INVALID_PARAMS, "")),
    *under("setChainId", "its own", fixed(31_337), NULL),
    *under("setChainId", "another", fixed(5), _WRONG, is_compared=False),
]

_BLOCK_OF_NODE = {
    "currentBlockNumber": UINT64,
    "currentBlockTimestamp": _COUNT,
    "currentBlockHash": HASH,
    "hardFork": TEXT,
    "transactionOrder": {"const": "fifo"},
    "environment": exactly({"baseFee": UINT256, "chainId": _COUNT, "gasLimit": UINT64, "gasPrice": UINT256}),
    "forkConfig": exactly({"forkUrl": NULL, "forkBlockNumber": NULL, "forkRetryBackoff": NULL}),
}
_METADATA = {
    "clientVersion": TEXT,
    "clientSemver": TEXT,
    "clientCommitSha": or_null(TEXT),
    "chainId": _COUNT,
    "instanceId": HASH,
    "latestBlockNumber": _COUNT,
    "latestBlockHash": HASH,
    "forkedNetwork": NULL,
    "snapshots": {"type": "object"},
}
VIEWS = [
    *under("nodeInfo", "all", fixed(), exactly(_BLOCK_OF_NODE), names=("anvil", "hardhat")),
    *under("metadata", "all", fixed(), exactly(_METADATA), names=("anvil", "hardhat")),
    *under("setLoggingEnabled", "on", fixed(False), NULL, names=("anvil", "hardhat")),
]
STATES = [
    *under("dumpState", "all", fixed(), SOME_BYTES),
    *under("loadState", "its own", lambda p: [p.rpc("anvil_dumpState")], _TRUE),
    *under("loadState", "no state", fixed("0x1234"), Refusal(INVALID_PARAMS, "invalid state")),
    *under("reset", "to genesis", fixed(), NULL),
    *under(
        "reset",
        "to a fork",
        fixed({"forking": {"jsonRpcUrl": "http://127.0.0.1:1"}}),
        Refusal(INVALID_PARAMS, ""),
    ),
]
