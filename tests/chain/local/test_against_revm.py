"""Code run by our engine does what revm does with it: success, gas, output, logs, storage, balances, what is created.

The codes are made of pieces around the bounds that opcodes know. Traced, they cost and answer the same again.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from eth import EVM_RECURSION_LIMIT
from hypothesis import example, given, settings
from hypothesis import strategies as st

from settlement.chain.local.engine.port import Execution, Tracer
from settlement.chain.local.engine.py_evm import PyEvm
from settlement.chain.local.faults import RpcFault
from settlement.chain.local.formats.blocks import Header
from settlement.chain.local.formats.hashing import EMPTY_TRIE_ROOT, keccak
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.node import WRITER_STACK_BYTES
from settlement.chain.local.tracers.call_tree import CallTracer
from settlement.chain.local.tracers.room import Room
from settlement.chain.local.tracers.step_log import StepLogger, StepOptions
from settlement.chain.local.tracers.touches import TouchTracer
from tests.chain.local.test_straight_runs import push

pyrevm = pytest.importorskip("pyrevm", reason="no pyrevm wheel for this Python")

CHAIN_ID, NOW = 31_337, 77
# What GASLIMIT says in a call of pyrevm, whatever it is told of the block.
GAS_LIMIT = 2**64 - 1
SENDER, TRIED_AT, SECOND_AT = b"\x11" * 20, b"\xa1" * 20, b"\xa2" * 20
# Stores what it is sent, gives back its first word and, when that is 0, reverts.
STORING_AT = b"\xa3" * 20
STORING = bytes.fromhex("346000555f355f525f3560115760205ffd5b60205ff3")
ABSENT_AT = b"\xa4" * 20
CONTRACTS = (TRIED_AT, SECOND_AT, STORING_AT)
BALANCE = 10**20
# The curve's precompiles have their addresses of Prague here, as on anvil; pyrevm's revm has those of a draft before.
ELSEWHERE_IN_REVM = frozenset(number.to_bytes(20, "big") for number in range(0x0B, 0x14))
SLOTS = (*range(6), 2**255, 2**256 - 1)


@dataclass(frozen=True)
class Outcome:
    """What can be seen from outside."""

    succeeded: bool
    gas_used: int
    output: bytes
    logs: tuple[tuple[bytes, tuple[bytes, ...], bytes], ...]
    storage: tuple[int, ...]
    balances: tuple[int, ...]


@cache
def _deep_thread() -> Executor:
    """A thread with the stack that the node gives its own."""
    previous = threading.stack_size(WRITER_STACK_BYTES)
    thread = ThreadPoolExecutor(1)
    thread.submit(int).result()
    threading.stack_size(previous)
    return thread


def _run_deep(workspace: Any, tx: Transaction, tracer: Tracer | None) -> Execution:
    """Hypothesis lowers the bound on nested calls that py-evm raised, and a program may call itself hundreds deep."""
    lowered = sys.getrecursionlimit()
    sys.setrecursionlimit(max(lowered, EVM_RECURSION_LIMIT))
    try:
        done: Execution = workspace.run(tx, tracer)
    finally:
        sys.setrecursionlimit(lowered)
    return done


def by_ours(code: bytes, second: bytes, gas: int, data: bytes, tracer: Tracer | None = None) -> Outcome:
    header = Header(parent_hash=bytes(32), number=1, gas_limit=GAS_LIMIT, timestamp=NOW, base_fee=0)
    nodes: dict[bytes, bytes] = {}
    # What revm without blocks says of block 0.
    workspace: Any = PyEvm(CHAIN_ID).open(nodes.get, EMPTY_TRIE_ROOT, header, [keccak(b"0")])
    for address, kept in _accounts(code, second):
        workspace.set_code(address, kept)
        workspace.set_nonce(address, 1)
        workspace.set_balance(address, 1_000)
    workspace.set_storage(TRIED_AT, 1, 7)
    workspace.set_balance(SENDER, BALANCE)
    tx = Transaction(
        sender=SENDER, to=TRIED_AT, nonce=0, value=3, gas=gas, data=data, max_fee_per_gas=0,
        max_priority_fee_per_gas=0,
    )  # fmt: skip
    done = _deep_thread().submit(_run_deep, workspace, tx, tracer).result()
    output = done.output if done.error is None or done.is_revert else b""
    logs = tuple((log.address, log.topics, log.payload) for log in done.logs)
    slots = tuple(workspace.storage(at, slot) for at in CONTRACTS for slot in SLOTS)
    balances = tuple(map(workspace.balance, (SENDER, *CONTRACTS, ABSENT_AT)))
    return Outcome(done.error is None, done.gas_used, output, logs, slots, balances)


def by_revm(code: bytes, second: bytes, gas: int, data: bytes) -> Outcome:
    evm = pyrevm.EVM(spec_id="PRAGUE", env=pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=CHAIN_ID)))
    evm.set_block_env(
        pyrevm.BlockEnv(
            number=1, timestamp=NOW, gas_limit=GAS_LIMIT, prevrandao=bytes(32), basefee=0, excess_blob_gas=0
        )
    )
    for address, kept in _accounts(code, second):
        # Not by set_balance, which would make the address a warm one.
        evm.insert_account_info(_hex(address), pyrevm.AccountInfo(balance=1_000, nonce=1, code=kept))
    evm.insert_account_storage(_hex(TRIED_AT), 1, 7)
    evm.set_balance(_hex(SENDER), BALANCE)
    try:
        output = bytes(evm.message_call(_hex(SENDER), _hex(TRIED_AT), data, value=3, gas=gas))
    except RuntimeError as refused:
        told = str(refused)
        output = (
            bytes.fromhex(told.split("0x")[1].split(" ", maxsplit=1)[0]) if told.startswith("Revert") else b""
        )
    result = evm.result
    assert result is not None
    logs = tuple(
        (bytes.fromhex(log.address[2:]), tuple(bytes(topic) for topic in log.data[0]), bytes(log.data[1]))
        for log in (result.logs if result.is_success else ())
    )
    slots = tuple(int(evm.storage(_hex(at), slot)) for at in CONTRACTS for slot in SLOTS)
    balances = tuple(int(evm.get_balance(_hex(at))) for at in (SENDER, *CONTRACTS, ABSENT_AT))
    # A raw call of revm's leaves the call data's floor out (EIP-7623).
    gas_used = max(result.gas_used, _floor(data))
    return Outcome(result.is_success, gas_used, output, logs, slots, balances)


def _accounts(code: bytes, second: bytes) -> list[tuple[bytes, bytes]]:
    return [(TRIED_AT, code), (SECOND_AT, second), (STORING_AT, STORING)]


def _hex(address: bytes) -> str:
    return "0x" + address.hex()


EDGES = (0, 1, 2, 31, 32, 33, 255, 256, 257, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1, 2**64, 2**128,
         2**255 - 1, 2**255, 2**256 - 33, 2**256 - 32, 2**256 - 2, 2**256 - 1)  # fmt: skip
_WORDS = st.one_of(st.integers(0, 300), st.sampled_from(EDGES), st.integers(0, 2**256 - 1))
# Sizes and places that can mostly be paid for.
_SMALL = st.one_of(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200), st.sampled_from(EDGES))


def short(value: int) -> bytes:
    return push(value, (value.bit_length() + 7) // 8) if value else b"\x5f"


def one(opcode: int, *operands: int) -> bytes:
    """The opcode on operands, the first on top of the stack."""
    return b"".join(short(value) for value in reversed(operands)) + bytes([opcode])


def _with(opcodes: bytes, *operands: st.SearchStrategy[int]) -> st.SearchStrategy[bytes]:
    return st.builds(one, st.sampled_from(opcodes), *operands)


@dataclass(frozen=True)
class Jump:
    """To the place before a piece, ``off`` bytes beside it, which is seldom a place."""

    is_conditional: bool
    condition: int
    to: int
    off: int


def assembled(pieces: Sequence[bytes | Jump]) -> bytes:
    places, length = [], 0
    for piece in pieces:
        places.append(length)
        length += 1 + (len(piece) if isinstance(piece, bytes) else 4 + 33 * piece.is_conditional)
    places.append(length)
    code = b""
    for piece in pieces:
        code += b"\x5b"
        if isinstance(piece, bytes):
            code += piece
        else:
            condition = push(piece.condition, 32) if piece.is_conditional else b""
            place = max(0, places[piece.to % len(places)] + piece.off)
            code += condition + push(place, 2) + (b"\x57" if piece.is_conditional else b"\x56")
    return code + b"\x5b"


_ADDRESSES = st.sampled_from(
    [int.from_bytes(at, "big") for at in (TRIED_AT, SECOND_AT, STORING_AT, ABSENT_AT)]
    + [1, 2, 4, 9, 2**256 - 1, 2**160 + 2]
)
_FORWARDED = st.one_of(st.integers(0, 60_000), st.sampled_from(EDGES))
_VALUES = st.sampled_from((0, 0, 1, 5, 10**6, 2**255))


def creating(init: bytes, value: int, salt: int | None) -> bytes:
    size = len(init)
    stored = one(0x52, 0, int.from_bytes(init.ljust(32, b"\0"), "big"))
    return stored + (one(0xF0, value, 0, size) if salt is None else one(0xF5, value, 0, size, salt))


INITS = st.sampled_from(
    [bytes.fromhex(code) for code in (
        "", "00", "fe", "600160005360016000f3", "60ef60005360016000f3", "60016000fd", "33ff", "5f5ff3", "6160015ff3",
        "7f", "600160015500", "61600160005260206000f3", "60025f5360015ff3", "303b5f5260205ff3", "30ff00", "5f5fa000",
        "5b5f56", "383d3452595ff3", "3860005f39385ff3",
    )]
)  # fmt: skip
_SLOTS = st.sampled_from(SLOTS)
_PIECES: st.SearchStrategy[Any] = st.one_of(
    # Arithmetic and comparisons.
    _with(bytes.fromhex("0102030405060710111213140b16171819151a1b1c1d"), _WORDS, _WORDS),
    _with(bytes.fromhex("0809"), _WORDS, _WORDS, _WORDS),
    _with(b"\x0a", _WORDS, st.one_of(st.integers(0, 300), st.sampled_from(EDGES))),
    # Memory, copies, hashes, logs.
    _with(b"\x20", _SMALL, _SMALL),
    _with(b"\x51", _SMALL),
    _with(b"\x52\x53", _SMALL, _WORDS),
    _with(b"\x5e\x37\x39\x3e", _SMALL, _SMALL, _SMALL),
    _with(b"\x35", _WORDS),
    st.builds(lambda at, *rest: one(0x3C, at, *rest), _ADDRESSES, _SMALL, _SMALL, _SMALL),
    _with(b"\xa0", _SMALL, _SMALL),
    _with(b"\xa1", _SMALL, _SMALL, _WORDS),
    _with(b"\xa4", _SMALL, _SMALL, _WORDS, _WORDS, _WORDS, _WORDS),
    # The state.
    _with(b"\x54\x5c", _SLOTS),
    _with(b"\x55\x5d", _SLOTS, st.sampled_from((0, 1, 7, 2**256 - 1))),
    _with(b"\x31\x3b\x3f", _ADDRESSES),
    # Calls with and without a value.
    st.builds(
        one, st.sampled_from(b"\xf1\xf2"), _FORWARDED, _ADDRESSES, _VALUES, _SMALL, _SMALL, _SMALL, _SMALL
    ),
    st.builds(one, st.sampled_from(b"\xf4\xfa"), _FORWARDED, _ADDRESSES, _SMALL, _SMALL, _SMALL, _SMALL),
    st.builds(creating, INITS, _VALUES, st.one_of(st.none(), st.integers(0, 2))),
    # On what happens to lie on the stack.
    st.binary(min_size=1, max_size=3),
    st.sampled_from([bytes([code]) for code in range(0x50, 0xA0) if not 0x60 <= code <= 0x7F]),
    st.sampled_from([bytes([code]) for code in range(0x30, 0x4B)]),
    st.builds(push, _WORDS, st.integers(1, 32)),
    st.builds(lambda n: short(1) * n, st.sampled_from((16, 17, 1_000, 1_023, 1_024))),
    st.builds(
        Jump,
        st.booleans(),
        st.sampled_from((0, 1, 2**255)),
        st.integers(0, 9),
        st.sampled_from((0, 0, 0, 1, -1)),
    ),
    _with(b"\xff", _ADDRESSES),
    _with(b"\xf3\xfd", _SMALL, _SMALL),
)
# What lies in memory and the stack's top comes back.
EPILOGUE = (
    b"".join(one(0x52, 32 * at + 512) for at in range(3))
    + b"\x59\x5f\x52\x5a\x60\x20\x52"
    + one(0xF3, 0, 640)
)
_CODES = st.builds(
    lambda pushed, pieces, end: b"".join(map(short, pushed)) + assembled(pieces) + end,
    st.lists(_WORDS, max_size=8),
    st.lists(_PIECES, max_size=12),
    st.sampled_from((EPILOGUE, EPILOGUE, b"", b"\x00", b"\x7f\x01", b"\x61\x5b")),
)
_GAS = st.one_of(st.integers(21_100, 80_000), st.sampled_from((300_000, 1_000_000)))
_DATA = st.binary(max_size=40)


def _floor(data: bytes) -> int:
    return 21_000 + 10 * sum(4 if byte else 1 for byte in data)


def check(code: bytes, second: bytes, gas: int, data: bytes) -> None:
    gas = max(gas, _floor(data))
    ours = by_ours(code, second, gas, data)
    touches = TouchTracer()
    assert by_ours(code, second, gas, data, touches) == ours
    if not touches.found.keys() & ELSEWHERE_IN_REVM:
        assert ours == by_revm(code, second, gas, data)
    for tracer in (CallTracer(Room()), StepLogger(StepOptions(has_memory=True), Room())):
        # One that has more steps than a trace keeps is refused.
        with suppress(RpcFault):
            assert by_ours(code, second, gas, data, tracer) == ours


@settings(max_examples=60, deadline=None)
@example(short(1) * 1_024 + b"\x80", b"", 300_000, b"")
@example(short(1) * 1_024 + b"\x5b\x90\x50", b"", 300_000, b"")
@example(one(0x5E, 1, 0, 64) + EPILOGUE, b"", 300_000, b"")
@example(one(0x3E, 0, 1, 0) + EPILOGUE, b"", 300_000, b"")
@example(one(0x52, 0, 1) + one(0x20, 0, 2**64) + EPILOGUE, b"", 300_000, b"")
@example(b"\x5b" * 24_000 + EPILOGUE, b"", 300_000, b"")
@given(_CODES, _CODES, _GAS, _DATA)
def test_run__any_code__as_revm_and_the_same_when_traced(
    code: bytes, second: bytes, gas: int, data: bytes
) -> None:
    check(code, second, gas, data)


@pytest.mark.deep
@settings(max_examples=5_000, deadline=None)
@given(_CODES, _CODES, _GAS, _DATA)
def test_run__very_many_codes__as_revm(code: bytes, second: bytes, gas: int, data: bytes) -> None:
    check(code, second, gas, data)
