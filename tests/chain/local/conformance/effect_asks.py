"""What the testing verbs do, seen by reading afterwards: the same on any node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.chain.local.client import address_of, signed, words
from tests.chain.local.conformance.asking import Ask, Refusal, Step
from tests.chain.local.conformance.hex_forms import Schema
from tests.chain.local.conformance.prepared import GENESIS_AT, STRANGER, Prepared
from tests.chain.local.conformance.shapes import BLOCK
from tests.chain.local.conformance.verb_asks import fixed

_NEXT = GENESIS_AT + 10**6
_LATEST = fixed("latest", False)
_HEAD: Step = ("evm_setNextBlockTimestamp", [_NEXT])
_OFF: Step = ("evm_setAutomine", [False])
_DROP: Step = ("anvil_dropAllTransactions", [])
_ON: Step = ("evm_setAutomine", [True])


def _after(steps: list[Step]) -> Callable[[Prepared], list[Step]]:
    return lambda _: steps


def _block(case: str, steps: list[Step], *, after: list[Step] | None = None) -> Ask:
    """The head, once that was done."""
    return Ask("eth_getBlockByNumber", case, _LATEST, BLOCK, _after(steps), _after(after) if after else None)


def _read(method: str, params: list[Any], want: Schema, verb: str, *given: str) -> Ask:
    """What is read of the stranger at the head, once ``verb`` was told of it."""
    step = f"anvil_{verb}", [STRANGER, *given]
    return Ask(method, f"after {verb}", fixed(*params, "latest"), want, _after([step]))


def _sent(index: int, nonce: int, **fields: Any) -> Step:
    return "eth_sendRawTransaction", [signed(index, nonce=nonce, **fields)]


_TINY = "0x602a5f5260205ff3"
STATE = [
    _read("eth_getBalance", [STRANGER], {"const": "0x7"}, "setBalance", "0x7"),
    _read("eth_getBalance", [STRANGER], {"const": "0x5"}, "addBalance", "0x5"),
    _read("eth_getTransactionCount", [STRANGER], {"const": "0x9"}, "setNonce", "0x9"),
    _read("eth_getCode", [STRANGER], {"const": _TINY}, "setCode", _TINY),
    _read("eth_call", [{"to": STRANGER}], {"const": words(42)}, "setCode", _TINY),
    _read("eth_getStorageAt", [STRANGER, "0x3"], {"const": words(7)}, "setStorageAt", "0x3", words(7)),
]

BLOCKS = [
    _block("after mine", [_HEAD, ("anvil_mine", [])]),
    _block("after mine three, ten seconds apart", [_HEAD, ("anvil_mine", ["0x3", "0xa"])]),
    _block("after evm_mine at a time", [("evm_mine", [_NEXT])]),
    _block("after increaseTime", [_HEAD, ("evm_mine", []), ("evm_increaseTime", [3600]), ("evm_mine", [])]),
    _block(
        "after setBlockTimestampInterval",
        [_HEAD, ("evm_mine", []), ("anvil_setBlockTimestampInterval", [7]), ("anvil_mine", [3])],
        after=[("anvil_removeBlockTimestampInterval", [])],
    ),
    _block(
        "after setNextBlockBaseFeePerGas",
        [_HEAD, ("anvil_setNextBlockBaseFeePerGas", ["0x77359400"]), ("evm_mine", [])],
    ),
    _block(
        "after setCoinbase",
        [_HEAD, ("anvil_setCoinbase", [STRANGER]), ("evm_mine", [])],
        after=[("anvil_setCoinbase", ["0x" + "00" * 20])],
    ),
    _block(
        "after setBlockGasLimit",
        [_HEAD, ("evm_setBlockGasLimit", ["0x1312d00"]), ("evm_mine", [])],
        after=[("evm_setBlockGasLimit", ["0x1c9c380"])],
    ),
    _block("after rollback", [("anvil_mine", [2]), ("anvil_rollback", [2])]),
    _block("after reorg", [("anvil_mine", [2]), ("anvil_reorg", [1, []])]),
    _block(
        "of three senders' transactions, one of them out of order",
        [_OFF, _sent(8, 1), _sent(7, 0), _sent(8, 0), _sent(9, 0), _HEAD, ("evm_mine", [])],
        after=[_ON],
    ),
    _block(
        "with a replaced transaction",
        [
            _OFF,
            _sent(8, 0),
            _sent(8, 0, maxFeePerGas=10**10, maxPriorityFeePerGas=2 * 10**9),
            _HEAD,
            ("evm_mine", []),
        ],
        after=[_ON],
    ),
    _block(
        "after dropAllTransactions",
        [_OFF, _sent(8, 0), _DROP, _HEAD, ("evm_mine", [])],
        after=[_ON],
    ),
]

POOL = [
    Ask("eth_mining", "after automine off", fixed(), {"const": False}, _after([_OFF]), _after([_ON])),
    Ask(
        "txpool_status",
        "two ready and one behind a gap",
        fixed(),
        {"type": "object"},
        _after([_OFF, _DROP, _sent(8, 0), _sent(8, 1), _sent(8, 5)]),
        _after([_DROP, _ON]),
    ),
    Ask(
        "eth_getTransactionCount",
        "pending, two ready and one behind a gap",
        fixed(address_of(8), "pending"),
        {"const": "0x2"},
        _after([_OFF, _sent(8, 0), _sent(8, 1), _sent(8, 5)]),
        _after([_DROP, _ON]),
    ),
    Ask(
        "eth_sendRawTransaction",
        "an underpriced replacement",
        fixed(signed(8, nonce=0, maxFeePerGas=5 * 10**9 + 1)),
        Refusal(-32000, "replacement transaction underpriced"),
        _after([_OFF, _sent(8, 0)]),
        _after([_DROP, _ON]),
    ),
    Ask(
        "eth_sendRawTransaction",
        "known already",
        fixed(signed(8, nonce=0)),
        Refusal(-32000, "already known"),
        _after([_OFF, _sent(8, 0)]),
        _after([_DROP, _ON]),
    ),
]
EFFECTS = [*STATE, *BLOCKS, *POOL]
