"""A pytest plugin that notes what each test runs of the contracts. Loaded by coverage.py.

The tests run on py-evm and on the build of `compiler.minimal_build`, where every statement has code of its own.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from proofs.compiler import CONTRACTS
from proofs.source_map import JUMPI, Json, masked, spans

FOLDER_VARIABLE = "HANSE_PROOFS_BUILD"
HITS_VARIABLE = "HANSE_PROOFS_HITS"
NO_LIMIT = 1 << 20

Lines = set[tuple[str, int]]
_counters: dict[bytes, set[int]] = defaultdict(set)
_jumps: dict[bytes, set[tuple[int, int]]] = defaultdict(set)
_all: dict[bytes, set[int]] = defaultdict(set)
_tests: dict[str, dict[str, Lines]] = defaultdict(lambda: defaultdict(set))


def use_build(folder: Path) -> None:
    """Let the package `contracts` read another build, whose code may be larger than a chain would take."""
    from eth.vm.forks.shanghai import computation as shanghai
    from eth.vm.forks.spurious_dragon import computation

    import contracts

    vars(contracts)["files"] = {contracts.__name__: folder}.get
    vars(computation)["EIP170_CODE_SIZE_LIMIT"] = NO_LIMIT
    vars(shanghai)["MAX_INITCODE_SIZE"] = NO_LIMIT


def pytest_configure() -> None:
    use_build(Path(os.environ[FOLDER_VARIABLE]))
    # revm runs no Python between two instructions.
    sys.modules["pyrevm"] = None  # type: ignore[assignment]  # Python's way to say that there is none
    from eth.vm import computation
    from eth.vm.code_stream import CodeStream

    class Traced(CodeStream):
        __slots__ = ()

        def __iter__(self) -> Iterator[int]:
            code = self._raw_code_bytes
            counters, jumps = _counters[code], _jumps[code]
            jumped_from, length = -1, len(code)
            while True:
                counter = self.program_counter
                if jumped_from >= 0:
                    jumps.add((jumped_from, counter))
                    jumped_from = -1
                if counter >= length:
                    break
                instruction = code[counter]
                counters.add(counter)
                if instruction == JUMPI:
                    jumped_from = counter
                self.program_counter = counter + 1
                yield instruction
            yield 0

    vars(computation)["CodeStream"] = Traced


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    yield
    _note(item.nodeid, "setup")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    try:
        yield
    finally:
        _note(item.nodeid, "call")


def _note(test: str, phase: str) -> None:
    for code, counters in _counters.items():
        known = _lines_of(code)
        _tests[test][phase].update(known[counter] for counter in counters if counter in known)
        _all[code] |= counters
    _counters.clear()


@cache
def _builds() -> list[tuple[int, Json, dict[int, tuple[str, int]]]]:
    """Length of the code, artifact, and line of each instruction, of every contract."""
    found = []
    for path in sorted((Path(os.environ[FOLDER_VARIABLE]) / "artifacts").glob("*.json")):
        artifact = json.loads(path.read_text())
        own = {at: span for at, span in spans(artifact).items() if span.source.startswith("src/")}
        texts = {span.source: (CONTRACTS / span.source).read_bytes() for span in own.values()}
        lines = {
            at: (span.source, texts[span.source].count(b"\n", 0, span.start) + 1) for at, span in own.items()
        }
        found.append((len(artifact["deployedBytecode"]["object"]) // 2, artifact, lines))
    return found


@cache
def _lines_of(code: bytes) -> dict[int, tuple[str, int]]:
    for length, artifact, lines in _builds():
        plain = bytes.fromhex(artifact["deployedBytecode"]["object"]) if length == len(code) else b""
        if plain and masked(code, artifact) == masked(plain, artifact):
            return lines
    return {}


def pytest_sessionfinish() -> None:
    told: dict[str, Any] = {
        "codes": [
            {"code": code.hex(), "counters": sorted(counters), "jumps": sorted(_jumps[code])}
            for code, counters in _all.items()
        ],
        "tests": {
            test: {phase: sorted(lines) for phase, lines in phases.items()} for test, phases in _tests.items()
        },
    }
    place = Path(os.environ[HITS_VARIABLE]) / f"{os.getpid()}.json"
    place.write_text(json.dumps(told))
