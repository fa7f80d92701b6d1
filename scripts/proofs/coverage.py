"""Which statements and branches of the contracts the Python tests run, and which they do not."""

from __future__ import annotations

import bisect
import json
import os
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proofs.compiler import HERE, ROOT, WORK, Build, minimal_build
from proofs.recorder import FOLDER_VARIABLE, HITS_VARIABLE
from proofs.source_map import JUMPI, Json, Span, masked, nodes, span_of, spans

REASONS = HERE / "unreached.toml"
TESTS = ("tests/contracts",)
LEFT_OUT = (
    *("test_build.py", "test_artifacts.py", "test_cover_machine.py", "test_reference.py"),
    *("test_erc20_reference.py", "test_erc1271_reference.py"),
)
"""Tests that look at no contract of the suite, or at one through a probe; and the machine, for its length."""
EXACT_GAS = ("test_attest_batch.py::test_p18__too_little_gas__reverts_the_whole_and_starves_no_item",)
"""Tests of gas to the unit: this build costs more."""
STATEMENTS = {
    *("ExpressionStatement", "VariableDeclarationStatement", "Return", "EmitStatement", "RevertStatement"),
    "InlineAssembly",
}
FORKS = {"IfStatement", "Conditional", "ForStatement", "WhileStatement"}
SHORT_CIRCUITS = {"&&", "||"}
SHOWN = 70


@dataclass(frozen=True, order=True)
class Miss:
    """A statement that no test runs, or a branch that tests leave one way only."""

    file: str
    line: int
    function: str
    kind: str
    code: str

    @property
    def key(self) -> tuple[str, ...]:
        """What stays the same when lines move."""
        return (self.file, self.function, self.kind, self.code)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}  {self.function}  {self.kind}: {self.code}"


@dataclass
class Reach:
    """What was run of the spans that have code, over all contracts that hold a source."""

    present: set[Span] = field(default_factory=set)
    run: set[Span] = field(default_factory=set)
    forks: set[Span] = field(default_factory=set)
    ways: dict[Span, set[bool]] = field(default_factory=lambda: defaultdict(set))


@dataclass
class Tally:
    """One file's figures."""

    statements: int = 0
    statements_run: int = 0
    lines: set[tuple[str, int]] = field(default_factory=set)
    lines_missed: set[tuple[str, int]] = field(default_factory=set)
    branches: int = 0
    branches_run: int = 0


def run_tests(build: Build, words: list[str]) -> tuple[Path, int]:
    """Run the contract tests under the recorder; gives the folder of what they ran, and pytest's exit code."""
    folder = WORK / "hits"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    chosen = [*TESTS, *(f"--ignore=tests/contracts/{name}" for name in LEFT_OUT)]
    chosen += [f"--deselect=tests/contracts/{name}" for name in EXACT_GAS]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "proofs.recorder", "-p", "no:cacheprovider"]
    environment = {**os.environ, FOLDER_VARIABLE: str(build.folder), HITS_VARIABLE: str(folder)}
    done = subprocess.run(
        [*command, *(words or ["-n", "2", *chosen])], cwd=ROOT, env=environment, check=False
    )
    return folder, done.returncode


def reach(build: Build, hits: Path) -> Reach:
    """Put what ran in each contract together by source."""
    by_code: dict[bytes, list[tuple[Json, dict[int, Span]]]] = defaultdict(list)
    found = Reach()
    for artifact in build.artifacts.values():
        code = bytes.fromhex(artifact["deployedBytecode"]["object"])
        if not code:
            continue
        where = spans(artifact)
        by_code[code].append((artifact, where))
        found.present.update(where.values())
        found.forks.update(span for at, span in where.items() if at < len(code) and code[at] == JUMPI)
    for path in sorted(hits.glob("*.json")):
        for told in json.loads(path.read_text())["codes"]:
            _add(found, by_code, told)
    return found


def _add(found: Reach, by_code: dict[bytes, list[tuple[Json, dict[int, Span]]]], told: Json) -> None:
    code = bytes.fromhex(told["code"])
    for plain, candidates in by_code.items():
        if len(plain) != len(code):
            continue
        for artifact, where in candidates:
            if masked(code, artifact) == masked(plain, artifact):
                found.run.update(where[at] for at in told["counters"] if at in where)
                for start, end in told["jumps"]:
                    if start in where:
                        found.ways[where[start]].add(end == start + 1)


class Index:
    """Spans of one source, to ask whether any of them lies within another."""

    def __init__(self, chosen: Iterable[Span]) -> None:
        self._sorted = sorted((span.start, span.end) for span in chosen)

    def within(self, span: Span) -> bool:
        """Whether a span of this index lies inside."""
        at = bisect.bisect_left(self._sorted, (span.start, span.start))
        while at < len(self._sorted) and self._sorted[at][0] <= span.end:
            if self._sorted[at][1] <= span.end:
                return True
            at += 1
        return False


def measure(build: Build, found: Reach, source: str) -> tuple[Tally, list[Miss]]:
    """One source's figures and what is missed in it."""
    text = build.text(source)
    present = Index(span for span in found.present if span.source == source)
    run = Index(span for span in found.run if span.source == source)
    tally, misses = Tally(), []

    def miss(span: Span, kind: str) -> None:
        code = " ".join(text[span.start : span.end].decode().split())[:SHOWN]
        line = text.count(b"\n", 0, span.start) + 1
        misses.append(
            Miss(source.removeprefix("src/"), line, function_at(build.trees[source], span), kind, code)
        )

    for node in nodes(build.trees[source]):
        span = span_of(source, node)
        if node["nodeType"] in STATEMENTS and present.within(span):
            line = text.count(b"\n", 0, span.start) + 1
            tally.statements += 1
            tally.lines.add((source, line))
            if run.within(span):
                tally.statements_run += 1
            else:
                tally.lines_missed.add((source, line))
                miss(span, "not run")
        is_fork = node["nodeType"] in FORKS or node.get("operator") in SHORT_CIRCUITS
        if is_fork and span in found.forks:
            tally.branches += 2
            tally.branches_run += len(found.ways[span])
            if len(found.ways[span]) == 1:
                miss(span, "one way only")
            elif not found.ways[span]:
                miss(span, "not reached")
    return tally, misses


def function_at(tree: Json, span: Span) -> str:
    """Name of the function that a span stands in."""
    for node in nodes(tree):
        if node["nodeType"] == "FunctionDefinition" and span_of(span.source, node).holds(span):
            return str(node["name"] or node["kind"])
    return "-"


def known_reasons() -> dict[tuple[str, ...], str]:
    """Why what is listed cannot be reached."""
    entries: list[dict[str, Any]] = tomllib.loads(REASONS.read_text()).get("unreached", [])
    return {
        (entry["file"], entry["function"], entry["kind"], entry["code"]): entry["reason"] for entry in entries
    }


def report(build: Build, found: Reach) -> int:
    """Print figures by file and what is missed; 1 where something is missed without a reason, or a reason is stale."""
    reasons = known_reasons()
    misses: list[Miss] = []
    total = Tally()
    print(f"{'file':34} {'lines':>11} {'statements':>12} {'branches':>11}")
    for source in sorted(build.trees):
        tally, missed = measure(build, found, source)
        if not tally.statements:
            continue
        misses += missed
        total.statements += tally.statements
        total.statements_run += tally.statements_run
        total.branches += tally.branches
        total.branches_run += tally.branches_run
        total.lines |= tally.lines
        total.lines_missed |= tally.lines_missed
        print(row(source.removeprefix("src/"), tally))
    print(row("all", total))
    unexplained = [miss for miss in sorted(misses) if miss.key not in reasons]
    stale = set(reasons) - {miss.key for miss in misses}
    for miss in sorted(misses):
        print(f"missed  {miss}" + (f"  (reason: {reasons[miss.key]})" if miss.key in reasons else ""))
    for key in sorted(stale):
        print(f"stale   a reason is given for what is reached, or no longer there: {key}")
    print(
        f"coverage: {len(misses)} missed, {len(misses) - len(unexplained)} with a reason, "
        f"{len(unexplained)} without, {len(stale)} stale reasons"
    )
    return 1 if unexplained or stale else 0


def row(name: str, tally: Tally) -> str:
    """One line of the table."""
    lines = f"{len(tally.lines) - len(tally.lines_missed)}/{len(tally.lines)}"
    statements = f"{tally.statements_run}/{tally.statements}"
    return f"{name:34} {lines:>11} {statements:>12} {f'{tally.branches_run}/{tally.branches}':>11}"


def main(words: list[str]) -> int:
    """Build, run the tests, report; the words go to pytest instead of the whole of the contract tests."""
    build = minimal_build()
    hits, failed = run_tests(build, words)
    if failed:
        print("coverage: the tests themselves failed; figures of a part would mislead", file=sys.stderr)
        return 1
    return report(build, reach(build, hits))
