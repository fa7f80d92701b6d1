"""Random programs give the same output, gas and logs here and on anvil, opcode for opcode and all together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settlement.chain.local.formats.opcodes import OPCODE_NAMES
from settlement.chain.local.server import LocalNode
from tests.chain.local.anvil import Anvil, needs_anvil
from tests.chain.local.assembler import assemble
from tests.chain.local.client import Rpc, RpcError, words
from tests.chain.local.scenario import relay

pytestmark = needs_anvil

AT, OTHER, SENDER = ("0x" + byte * 20 for byte in ("a1", "a2", "a3"))
# Hashes of blocks and what a block draws differ from node to node.
LEFT_OUT = {"BLOCKHASH", "DIFFICULTY", "GASPRICE", "BASEFEE", "JUMP", "JUMPI"}
BLOCK = {"number": "0x77", "time": "0x70000000"}
CODES = sorted(
    code for code, name in OPCODE_NAMES.items() if name not in LEFT_OUT and not 0x5F <= code <= 0x7F
)
EDGES = (0, 1, 2, 3, 31, 32, 33, 64, 100, 255, 256, 2**64, 2**255 - 1, 2**255, 2**256 - 1)
PLACES = (*range(1, 0x0F), int(AT, 16), int(OTHER, 16), int(SENDER, 16), 0x99)
# Sixteen words of stack and two of memory to begin with; at the end the stack's top words, memory, gas and sizes.
PROLOGUE = assemble("7 0 MSTORE 9 32 MSTORE") + assemble(" ".join(str(word) for word in range(3, 19)))
EPILOGUE = assemble(
    " ".join(f"{0x400 + 32 * at} MSTORE" for at in range(4))
    + " GAS 0x480 MSTORE RETURNDATASIZE 0x4a0 MSTORE MSIZE 0x4c0 MSTORE 0x4e0 0 RETURN"
)
# Most values are small, or most programs would do no more than run out of gas for memory.
VALUES = st.one_of(st.integers(0, 200), st.integers(0, 200), st.sampled_from(EDGES), st.sampled_from(PLACES))
STEPS = st.one_of(
    VALUES.map(lambda value: assemble(str(value))),
    st.sampled_from(CODES).map(lambda code: bytes([code])),
    st.tuples(st.sampled_from(CODES), *[VALUES] * 7).map(
        lambda drawn: assemble(" ".join(map(str, drawn[1:]))) + bytes([drawn[0]])
    ),
)
PROGRAMS = st.lists(STEPS, max_size=14).map(lambda steps: PROLOGUE + b"".join(steps) + EPILOGUE)


class Pair:
    """Our node and anvil."""

    def __init__(self, ours: Rpc, theirs: Rpc) -> None:
        self.nodes = (ours, theirs)

    def run(self, code: bytes) -> list[Any]:
        """What each answers to a call of ``code``: its output, or the bytes it reverts with, or that it failed."""
        return [self._run_on(rpc, code) for rpc in self.nodes]

    def _run_on(self, rpc: Rpc, code: bytes) -> Any:
        request = {"from": SENDER, "to": AT, "data": words(5, 6, 7), "gas": hex(400_000), "value": "0x3"}
        overrides = {
            AT: {"code": "0x" + code.hex(), "balance": hex(10**6), "stateDiff": {words(1): words(8)}},
            OTHER: {"code": "0x" + relay("CALL").hex()},
            SENDER: {"balance": hex(10**18)},
        }
        try:
            return rpc("eth_call", request, "latest", overrides, BLOCK)
        except RpcError as refused:
            return {"data": refused.data if refused.code == 3 else None}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder: Path = tmp_path_factory.mktemp("programs") / "chain"
    with LocalNode(folder) as node, Anvil() as anvil, Rpc(node.port) as ours, Rpc(anvil.port) as theirs:
        yield Pair(ours, theirs)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(code=PROGRAMS)
def test_programs__drawn_at_random__as_on_anvil(pair: Pair, code: bytes) -> None:
    ours, theirs = pair.run(code)
    assert ours == theirs, code.hex()


@pytest.mark.deep
@settings(max_examples=5_000, suppress_health_check=list(HealthCheck))
@given(code=PROGRAMS)
def test_programs__thousands_drawn_at_random__as_on_anvil(pair: Pair, code: bytes) -> None:
    ours, theirs = pair.run(code)
    assert ours == theirs, code.hex()


def test_programs__each_opcode_alone__as_on_anvil(pair: Pair) -> None:
    ended_well = 0
    for code in CODES:
        for operands in ("1 2 3 4 5 6 7", "32 0 32 0 3 0x99 50000", "0 0 0 0 0 0 0"):
            ours, theirs = pair.run(PROLOGUE + assemble(operands) + bytes([code]) + EPILOGUE)
            assert ours == theirs, (OPCODE_NAMES[code], operands)
            ended_well += isinstance(ours, str)
    assert ended_well > 200
