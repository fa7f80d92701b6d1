"""Runs tests against one mutant after the other, each in a fork of this process. Started by mutation.py.

One JSON job a line in: {"switch": 3, "tests": [...], "timeout_s": 60}; one JSON verdict a line out.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from proofs.recorder import FOLDER_VARIABLE, NO_LIMIT, use_build

PROBES_VARIABLE = "HANSE_PROOFS_PROBES"


class Failures:
    """A pytest plugin that remembers which tests failed, in which phase and with what words, and how long each took."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.words: list[str] = []
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Called by pytest for each phase of each test."""
        if report.failed:
            self.failed.append(report.nodeid)
            self.words.append(f"{report.when}: {_crash(report)}")
        if report.when == "call":
            self.seconds[report.nodeid] = round(report.duration, 3)


def _crash(report: Any) -> str:
    """The line that failed and what it said; plain assertions say nothing themselves."""
    lines = [line for line in str(report.longrepr).splitlines() if line[:1] in (">", "E")]
    return " ".join(" ".join(line[1:].split()) for line in lines)[:240]


def turn(switch: int) -> None:
    """Put the switch into every block that either engine makes."""
    import pyrevm

    from tests.contracts.harness import pyevm

    word = switch.to_bytes(32, "big")
    vars(pyevm)["ZERO_HASH32"] = word
    vars(pyrevm)["BlockEnv"] = partial(pyrevm.BlockEnv, prevrandao=word)
    vars(pyrevm)["CfgEnv"] = partial(pyrevm.CfgEnv, limit_contract_code_size=NO_LIMIT)


def run_here(job: dict[str, Any], answer: int) -> int:
    """The forked child: run the tests until one fails, and say which."""
    import pytest

    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    turn(job["switch"])
    seen = Failures()
    # Plain assertions: modules loaded before the fork cannot be rewritten; `words` hold the line that failed.
    words = [
        "-q",
        "--assert=plain",
        "-p",
        "no:cacheprovider",
        # It collects garbage at the end, which a process that is over need not.
        "-p",
        "no:unraisableexception",
        *(["-x"] if job["isFirst"] else []),
        *job["tests"],
    ]
    code = pytest.main(words, plugins=[seen])
    with os.fdopen(answer, "wb") as pipe:
        told = {"code": int(code), "failed": seen.failed, "words": seen.words, "seconds": seen.seconds}
        pipe.write(json.dumps(told).encode())
    return 0


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Fork, wait, and give up after the time allowed: a mutant may loop."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.setsid()
        os._exit(run_here(job, writing))
    os.close(writing)
    told = b""
    ready, _, _ = select.select([reading], [], [], job["timeout_s"])
    if ready:
        while part := os.read(reading, 1 << 16):
            told += part
    else:
        os.killpg(child, signal.SIGKILL)
    os.close(reading)
    os.waitpid(child, 0)
    if not told:
        return {"code": -1, "failed": [], "words": [], "isTimeout": not ready}
    answer: dict[str, Any] = json.loads(told)
    return answer


def warm() -> None:
    """Load what tests load, once, here, for all the children; a random case that fails need not be made small."""
    import pytest
    from hypothesis import Phase, settings

    import_module("tests.conftest")
    without = settings(phases=(Phase.explicit, Phase.generate), derandomize=True, database=None)
    settings.register_profile("hanse", parent=without)
    settings.load_profile("hanse")
    quiet, kept = os.open(os.devnull, os.O_WRONLY), os.dup(1)
    os.dup2(quiet, 1)
    folders = ["tests/contracts", "tests/agreement"]
    pytest.main(["-q", "--collect-only", "--assert=plain", "-p", "no:cacheprovider", *folders])
    os.dup2(kept, 1)
    gc.freeze()


def main() -> None:
    """Load what every test loads, then answer jobs."""
    use_build(Path(os.environ[FOLDER_VARIABLE]))
    from tests.agreement import library_probe

    if os.environ.get(PROBES_VARIABLE):
        vars(library_probe)["PROBES"] = Path(os.environ[PROBES_VARIABLE])
    warm()
    out = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        out.write(json.dumps(run(json.loads(line))) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
