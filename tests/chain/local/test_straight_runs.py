"""Code run in straight runs does what py-evm does with it opcode by opcode: gas, output, logs, error and state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from settlement.chain.local.engine import straight_runs
from settlement.chain.local.engine.computation import Computation
from settlement.chain.local.engine.port import Execution
from settlement.chain.local.engine.py_evm import PyEvm
from settlement.chain.local.engine.simple_steps import SIMPLE
from settlement.chain.local.engine.straight_runs import MOST_CODE_BYTES, MOST_CODES, MOST_STACK, Code
from settlement.chain.local.formats.blocks import Header
from settlement.chain.local.formats.hashing import EMPTY_TRIE_ROOT
from settlement.chain.local.formats.transactions import Transaction

SENDER = b"\x11" * 20
TRIED_AT, OTHER_AT = b"\xa1" * 20, b"\xa2" * 20
LOOP = bytes.fromhex("5b5f56")
# Gives back the gas it has, its call data's first word and its caller.
OTHER = bytes.fromhex("5a5f525f356020523360405260605ff3")


def run(code: bytes, gas: int, data: bytes = b"", *, by_opcode: bool = False) -> tuple[Execution, bytes]:
    """What a call of ``code`` does, and the state's root after it."""
    header = Header(parent_hash=bytes(32), number=1, gas_limit=30_000_000, timestamp=77, base_fee=7)
    nodes: dict[bytes, bytes] = {}
    workspace: Any = PyEvm(31_337).open(nodes.get, EMPTY_TRIE_ROOT, header)
    if by_opcode:
        workspace._state.computation_class = Computation
    workspace.set_balance(SENDER, 10**20)
    workspace.set_code(TRIED_AT, code)
    workspace.set_code(OTHER_AT, OTHER)
    fees: dict[str, Any] = {"max_fee_per_gas": 9, "max_priority_fee_per_gas": 1}
    done = workspace.run(
        Transaction(sender=SENDER, to=TRIED_AT, nonce=0, value=0, gas=gas, data=data, **fees)
    )
    root: bytes = workspace.close()[0]
    return done, root


def push(value: int, size: int = 32) -> bytes:
    return bytes([0x5F + size]) + (value & ((1 << 8 * size) - 1)).to_bytes(size, "big")


# Around every bound that an opcode knows.
EDGES = (0, 1, 2, 255, 256, 2**255 - 1, 2**255, 2**256 - 1)
# Four words of the stack come back.
EPILOGUE = b"".join(push(32 * at, 1) + b"\x52" for at in range(4)) + push(128, 1) + b"\x5f\xf3"
# Those that read or change the state, call, halt or fail, and one that does not exist.
OTHERS = bytes.fromhex("05070b0a081a1d3132363738393a3e3f4041434445464748535455585a5c5d5e0ca0a1f0f3f5fdfe00")
CALLS = bytes.fromhex("f1f2f4fa")


@dataclass(frozen=True)
class Skip:
    """Jump over the pieces that follow, on a condition."""

    condition: int
    pieces: int


def assembled(pieces: Sequence[bytes | Skip]) -> bytes:
    """The code, with a place to jump to before each piece that a jump leads to."""
    targets = {at + 1 + one.pieces for at, one in enumerate(pieces) if isinstance(one, Skip)}
    places, length = [], 0
    for at, one in enumerate(pieces):
        places.append(length)
        length += (at in targets) + (6 if isinstance(one, Skip) else len(one))
    places.append(length)
    code = b""
    for at, one in enumerate(pieces):
        code += b"\x5b" if at in targets else b""
        if isinstance(one, Skip):
            place = places[min(at + 1 + one.pieces, len(pieces))]
            code += push(one.condition, 1) + push(place, 2) + b"\x57"
        else:
            code += one
    return code + b"\x5b"


def called(opcode: int, gas: int) -> bytes:
    """A call of the other contract; its output goes to the memory's start."""
    sizes = push(96, 1) + push(0, 1) + push(32, 1) + push(0, 1)
    value = push(0, 1) if opcode in b"\xf1\xf2" else b""
    return sizes + value + push(int.from_bytes(OTHER_AT, "big"), 20) + push(gas, 3) + bytes([opcode])


_WORDS = st.one_of(st.integers(0, 300), st.sampled_from(EDGES), st.integers(0, 2**256 - 1))
_SIMPLE = st.sampled_from(sorted(SIMPLE)).map(lambda opcode: bytes([opcode]))
_PIECES = st.one_of(
    _SIMPLE,
    _SIMPLE,
    st.builds(push, _WORDS, st.integers(1, 32)),
    st.builds(push, _WORDS, st.integers(1, 32)),
    # Memory that is small enough to be paid for.
    st.builds(
        lambda at, opcode: push(at, 2) + bytes([opcode]), st.integers(0, 999), st.sampled_from(b"\x51\x52")
    ),
    st.builds(Skip, st.integers(0, 1), st.integers(0, 4)),
    st.builds(called, st.sampled_from(CALLS), st.integers(0, 50_000)),
    st.sampled_from(OTHERS).map(lambda opcode: bytes([opcode])),
)
_CODES = st.builds(
    lambda pushed, pieces, wild: b"".join(map(push, pushed)) + assembled(pieces) + wild + EPILOGUE,
    st.lists(_WORDS, min_size=8, max_size=12),
    st.lists(_PIECES, max_size=30),
    st.one_of(st.just(b""), st.just(b""), st.just(b""), st.binary(max_size=3)),
)
_GAS = st.one_of(st.integers(21_600, 90_000), st.just(300_000))


def check(code: bytes, gas: int, data: bytes) -> None:
    gas = max(gas, 21_000 + 40 * len(data))
    assert run(code, gas, data) == run(code, gas, data, by_opcode=True)


@settings(max_examples=200, deadline=None)
@example(LOOP, 30_000, b"")
@example(push(2**255) + b"\x51", 60_000, b"")
@example(push(1, 1) + push(2**200) + b"\x52", 60_000, b"")
@example(push(5, 1) * 5 + push(60_001, 3) + b"\x52" + push(90_000, 3) + b"\x51" + EPILOGUE, 90_000, b"")
@example(push(4, 1) + b"\x56\x60\x5b", 60_000, b"")
@example(b"\x7f\x5b", 60_000, b"")
@example(b"", 21_000, b"")
@given(_CODES, _GAS, st.binary(max_size=40))
def test_run__any_code__as_opcode_by_opcode(code: bytes, gas: int, data: bytes) -> None:
    check(code, gas, data)


@pytest.mark.deep
@settings(max_examples=10_000, deadline=None)
@given(_CODES, _GAS, st.binary(max_size=40))
def test_run__very_many_codes__as_opcode_by_opcode(code: bytes, gas: int, data: bytes) -> None:
    check(code, gas, data)


@pytest.mark.parametrize("opcode", sorted(SIMPLE))
def test_run__simple_opcode_at_its_operands_bounds__as_py_evms(opcode: int) -> None:
    pairs = product(EDGES, EDGES) if opcode < 0x20 else zip(EDGES, reversed(EDGES), strict=True)
    for left, right in pairs:
        code = b"".join(push(n, 1) for n in range(15)) + push(right) + push(left) + bytes([opcode]) + EPILOGUE
        done = run(code, 90_000, b"\x01\x02\x03")
        assert done == run(code, 90_000, b"\x01\x02\x03", by_opcode=True)
        # Memory far away and a hash of much of it cannot be paid for; all else comes back.
        assert done[0].error is None or opcode in (0x20, 0x51, 0x52)


@pytest.mark.parametrize("missing", range(13))
def test_run__gas_ends_within_a_run__as_opcode_by_opcode(missing: int) -> None:
    """One gas less each time, from enough to less than the first opcode's."""
    code = push(1, 1) + push(2, 1) + b"\x01" + push(0, 1) + b"\x55"
    enough = 21_000 + 12 + 22_100
    done = run(code, enough - missing)
    assert done == run(code, enough - missing, by_opcode=True)
    assert (done[0].error is None) == (missing == 0)


def test_run__stack_at_its_bound__is_full_one_past_it() -> None:
    assert run(push(1, 1) * MOST_STACK, 100_000)[0].error is None
    assert run(push(1, 1) * (MOST_STACK + 1), 100_000)[0].error == "stack limit reached 1024 (1023)"


def test_code__byte_of_a_push__is_no_place_to_jump_to() -> None:
    assert Code(bytes.fromhex("5b605b5b615b5b5b7f5b")).places == {0, 3, 7}
    assert run(push(4, 1) + b"\x56" + push(0x5B, 1) + b"\x00", 50_000)[0].error == "invalid jump destination"
    assert run(push(5, 1) + b"\x56" + push(0x5B, 1) + b"\x5b", 50_000)[0].error is None


def test_code_of__more_codes_than_are_kept__the_bound_holds() -> None:
    codes = [push(number, 2) + b"\x50" for number in range(MOST_CODES + 1)]
    for code in codes:
        assert run(code, 30_000)[0].gas_used == 21_005
        assert len(straight_runs._codes) <= MOST_CODES
    assert codes[-1] in straight_runs._codes


def test_code_of__large_codes__no_more_bytes_are_kept_than_the_bound() -> None:
    half = MOST_CODE_BYTES // 2
    codes = [bytes([number]).ljust(half, b"\0") for number in (1, 2, 3)]
    for code in codes:
        straight_runs._code_of(code)
        assert sum(map(len, straight_runs._codes)) <= MOST_CODE_BYTES
    assert codes[2] in straight_runs._codes
    assert codes[0] not in straight_runs._codes


@pytest.mark.parametrize("code", [b"\x56", b"\x57", push(0, 1) + b"\x57"])
def test_run__jump_without_all_its_operands__stack_underflow(code: bytes) -> None:
    done = run(code, 50_000)
    assert done == run(code, 50_000, by_opcode=True)
    assert done[0].error == "stack underflow"


@pytest.mark.parametrize(
    ("code", "gas"),
    [
        (push(3, 1) + b"\x56\x5b", 3 + 8 + 1),
        (push(1, 1) + push(5, 1) + b"\x57\x5b", 6 + 10 + 1),
        (push(0, 1) + push(5, 1) + b"\x57\x5b", 6 + 10 + 1),
        (push(0, 1) + push(99, 1) + b"\x57", 6 + 10),
    ],
)
def test_run__jump__costs_what_the_yellow_paper_says(code: bytes, gas: int) -> None:
    assert run(code, 50_000)[0].gas_used == 21_000 + gas
    assert run(code, 21_000 + gas)[0].error is None
    assert run(code, 21_000 + gas - 1)[0].error == "out of gas"
