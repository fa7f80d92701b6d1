"""A verdict on each mutant: compiled together, each behind its switch, and run against tests until one fails."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from proofs.compiler import CONTRACTS, ROOT, WORK, Build, CannotCompile, Compiler, sources, write_artifacts
from proofs.killing import PROBES_VARIABLE
from proofs.mutants import Mutant, schema
from proofs.recorder import FOLDER_VARIABLE
from proofs.source_map import Json

HITS = WORK / "hits"
MUTATED = WORK / "mutated"
LEAST_TIME_S = 120
SPARE_TIME = 5
"""A mutant may take so many times as long as its tests do without it: then it loops."""
SLOW_S = 0.3
TWINS = {"Interest", "Waterfall", "Payout", "PoolShares", "Quorum"}
"""Libraries with a twin in Python: those tests are quick and come first."""
PROBES = ROOT / "tests" / "agreement" / "probe"
_SWITCH = re.compile(r"block\.prevrandao [!=]= (\d+)")


class CannotJudge(Exception):
    """The tests could not be run at all."""


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant: killed, survived, timeout, or refused by the compiler."""

    mutant: Mutant
    verdict: str
    by: str = ""


@dataclass(frozen=True)
class Baseline:
    """What the tests do with every switch off: which fail in this build, and how long each takes."""

    broken: frozenset[str]
    seconds: dict[str, float]


def tests_by_line() -> dict[tuple[str, int], list[str]]:
    """Tests that run each line, by the last coverage run; those that run least come first.

    What a shared fixture runs counts for every test of its file.
    """
    calls: dict[str, set[tuple[str, int]]] = {}
    fixtures: dict[str, set[tuple[str, int]]] = {}
    for path in sorted(HITS.glob("*.json")):
        for test, phases in json.loads(path.read_text())["tests"].items():
            calls[test] = {(source, line) for source, line in phases.get("call", [])}
            file = test.partition("::")[0]
            fixtures.setdefault(file, set()).update(
                (source, line) for source, line in phases.get("setup", [])
            )
    found: dict[tuple[str, int], list[str]] = {}
    for test in sorted(calls, key=lambda test: len(calls[test])):
        for line in calls[test]:
            found.setdefault(line, []).append(test)
    # Tests that reach a line through a fixture only come after those that call it.
    for test, called in calls.items():
        for line in fixtures[test.partition("::")[0]] - called:
            found.setdefault(line, []).append(test)
    return found


class Tests:
    """The forking runner over one build."""

    def __init__(self, folder: Path) -> None:
        environment = {
            **os.environ,
            FOLDER_VARIABLE: str(folder),
            PROBES_VARIABLE: str(folder / "artifacts"),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "proofs.killing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )

    def run(self, switch: int, tests: list[str], timeout_s: float, *, is_first: bool = True) -> Json:
        """Run tests with one mutant switched on, until the first fails or all of them.

        Units:  ``timeout_s`` seconds.
        Raises: CannotJudge when the runner ended, or has no pipes.
        """
        asked, answered = self._process.stdin, self._process.stdout
        if asked is None or answered is None:
            raise CannotJudge("the runner has no pipes")
        job = {"switch": switch, "tests": tests, "timeout_s": timeout_s, "isFirst": is_first}
        asked.write(json.dumps(job) + "\n")
        asked.flush()
        line = answered.readline()
        if not line:
            raise CannotJudge("the runner ended; its own words stand above")
        answer: Json = json.loads(line)
        return answer

    def close(self) -> None:
        """End the runner."""
        with self._process:
            self._process.kill()


def judge(build: Build, compiler: Compiler, chosen: list[Mutant], also: list[str]) -> Iterator[Verdict]:
    """Compile mutants of any sources into one build and run tests on each until one fails.

    ``also`` are tests that the last coverage run did not know; they run first.

    Raises: CannotJudge when tests could not be run at all.
    """
    own = dict(enumerate(chosen, 1))
    numbered = [replace(mutant, switch=number) for number, mutant in own.items()]
    probes = {f"src/{path.name}": schema(path.read_bytes(), []) for path in PROBES.glob("*.sol")}
    roots = sorted({*probes, *affected(build, {mutant.file for mutant in chosen})})
    left, refused = compiling(compiler, roots, probes, numbered)
    yield from (Verdict(own[mutant.switch], "refused") for mutant in refused)
    if not left:
        return
    texts = {**changed_texts(left), **probes}
    try:
        folder = lay_down(build, compiler, roots, texts)
    except CannotCompile:
        # Too many switches in one function leave the compiler no stack; half of them each may do.
        half = [own[mutant.switch] for mutant in left]
        if len(half) == 1:
            yield Verdict(half[0], "refused")
            return
        yield from judge(build, compiler, half[::2], also)
        yield from judge(build, compiler, half[1::2], also)
        return
    reached = tests_by_line()
    wanted = {each.switch: [*also, *twins(each), *reaching(each, reached)] for each in left}
    runner = Tests(folder)
    try:
        known = baseline(runner, folder, sorted({test for tests in wanted.values() for test in tests}))
        for mutant in left:
            found = _verdict(runner, mutant, wanted[mutant.switch], known)
            yield replace(found, mutant=own[mutant.switch])
    finally:
        runner.close()


def reaching(mutant: Mutant, reached: dict[tuple[str, int], list[str]]) -> list[str]:
    """Tests that run the mutant's line; of a constructor, whose code is gone once it ran, those of its source."""
    found = reached.get((mutant.file, mutant.line), [])
    if found and mutant.function != "constructor":
        return found
    every = [tests for (source, _), tests in reached.items() if source == mutant.file]
    return list(dict.fromkeys(test for tests in every for test in tests))


def twins(mutant: Mutant) -> list[str]:
    """Tests that compare a library with Python."""
    name = Path(mutant.file).stem
    words = {"PoolShares": "pool_shares"}
    return [f"tests/agreement/test_{words.get(name, name.lower())}.py"] if name in TWINS else []


def affected(build: Build, changed: set[str]) -> list[str]:
    """Sources of the contracts whose code holds any of these."""
    names = {
        artifact["sourceName"]
        for artifact in build.artifacts.values()
        if artifact["deployedBytecode"]["object"]
        and changed & set(json.loads(artifact["metadata"])["sources"])
    }
    return sorted(name for name in names if name.startswith("src/"))


def changed_texts(chosen: list[Mutant]) -> dict[str, str]:
    """Every source as it is compiled, with its chosen mutants and without `pure`."""
    by_source: dict[str, list[Mutant]] = {name: [] for name in sources()}
    for mutant in chosen:
        by_source[mutant.file].append(mutant)
    return {name: schema((CONTRACTS / name).read_bytes(), mutants) for name, mutants in by_source.items()}


def compiling(
    compiler: Compiler, roots: list[str], probes: dict[str, str], chosen: list[Mutant]
) -> tuple[list[Mutant], list[Mutant]]:
    """Which mutants compile, and which the compiler refuses; types are checked, no code is made."""
    refused: list[Mutant] = []
    while chosen:
        changed = changed_texts(chosen)
        try:
            compiler.check(roots, {**changed, **probes})
            break
        except CannotCompile as wrong:
            named = {
                switch
                for place in wrong.places
                if place["file"] in changed
                for switch in _switches_at(changed[place["file"]].encode(), place["start"], place["end"])
            }
            if not named:
                raise
            refused += [mutant for mutant in chosen if mutant.switch in named]
            chosen = [mutant for mutant in chosen if mutant.switch not in named]
    return chosen, refused


def _switches_at(text: bytes, start: int, end: int) -> set[int]:
    """Switches in the smallest stretch around an error that holds any."""
    for margin in (0, 40, 80, 200, 400):
        found = _SWITCH.findall(text[max(0, start - margin) : end + margin].decode(errors="replace"))
        if found:
            return {int(switch) for switch in found[:4]}
    return set()


def lay_down(build: Build, compiler: Compiler, roots: list[str], texts: dict[str, str]) -> Path:
    """The minimal build with the mutated contracts in their places; kept until other mutants are compiled."""
    mark = hashlib.sha256(json.dumps([build.folder.name, roots, texts]).encode()).hexdigest()
    told = MUTATED / "mark"
    if not told.is_file() or told.read_text() != mark:
        shutil.rmtree(MUTATED, ignore_errors=True)
        shutil.copytree(build.folder / "artifacts", MUTATED / "artifacts")
        write_artifacts(MUTATED, compiler.compile(roots, texts)["artifacts"])
        told.write_text(mark)
    return MUTATED


def baseline(runner: Tests, folder: Path, tests: list[str]) -> Baseline:
    """Run all tests with no mutant switched on; tests that fail then have nothing to say. Kept with the build."""
    if not tests:
        return Baseline(frozenset(), {})
    files = sorted({test.partition("::")[0] for test in tests})
    texts = b"\0".join((ROOT / file).read_bytes() for file in files)
    mark = hashlib.sha256(json.dumps(tests).encode() + texts).hexdigest()
    told = folder / f"baseline-{mark[:16]}.json"
    if not told.is_file():
        answer = runner.run(0, tests, 7200, is_first=False)
        _require_ran(answer)
        told.write_text(json.dumps(answer))
    answer = json.loads(told.read_text())
    return Baseline(frozenset(answer["failed"]), answer["seconds"])


def _verdict(runner: Tests, mutant: Mutant, tests: list[str], known: Baseline) -> Verdict:
    sound = [test for test in dict.fromkeys(tests) if test not in known.broken]
    # A slow test asks many random cases or runs on py-evm; a quick one mostly says the same sooner.
    sound.sort(key=lambda test: known.seconds.get(test, 0.0) > SLOW_S)
    if not sound:
        return Verdict(mutant, "survived", "no test runs it")
    timeout_s = LEAST_TIME_S + SPARE_TIME * sum(known.seconds.get(test, 10.0) for test in sound)
    answer = runner.run(mutant.switch, sound, timeout_s)
    if answer.get("isTimeout"):
        return Verdict(mutant, "timeout")
    _require_ran(answer)
    return Verdict(mutant, "killed", answer["failed"][0]) if answer["failed"] else Verdict(mutant, "survived")


def _require_ran(answer: Json) -> None:
    """A run that ends otherwise than by tests that pass or fail proves nothing about a mutant."""
    if answer["code"] not in (0, 1) or (answer["code"] == 1 and not answer["failed"]):
        raise CannotJudge(
            f"pytest ended with {answer['code']}; run scripts/prove coverage again, tests may have moved"
        )
