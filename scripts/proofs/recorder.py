"""A pytest plugin that notes which instructions of the contracts each test runs. Loaded by coverage.py.

The tests run on py-evm and on the build of `compiler.minimal_build`, where every statement has code of its own.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proofs.source_map import JUMPI

FOLDER_VARIABLE = "HANSE_PROOFS_BUILD"
HITS_VARIABLE = "HANSE_PROOFS_HITS"
NO_LIMIT = 1 << 20

Counters = dict[bytes, set[int]]
Jumps = dict[bytes, set[tuple[int, int]]]
_counters: Counters = defaultdict(set)
_jumps: Jumps = defaultdict(set)


def use_build(folder: Path) -> None:
    """Let the package `contracts` read another build, whose code may be larger than a chain would take."""
    from eth.vm.forks.spurious_dragon import computation

    import contracts

    vars(contracts)["files"] = {contracts.__name__: folder}.get
    vars(computation)["EIP170_CODE_SIZE_LIMIT"] = NO_LIMIT
    # revm runs no Python between two instructions.
    sys.modules["pyrevm"] = None  # type: ignore[assignment]  # Python's way to say that there is none


def pytest_configure() -> None:
    use_build(Path(os.environ[FOLDER_VARIABLE]))
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


def pytest_sessionfinish() -> None:
    told: list[dict[str, Any]] = [
        {"code": code.hex(), "counters": sorted(counters), "jumps": sorted(_jumps[code])}
        for code, counters in _counters.items()
    ]
    place = Path(os.environ[HITS_VARIABLE]) / f"{os.getpid()}.json"
    place.write_text(json.dumps(told))
