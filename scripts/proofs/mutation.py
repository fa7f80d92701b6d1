"""How many mutants of the contracts the tests kill. Goes on where it was; a full run takes a night."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proofs.compiler import (
    CONTRACTS,
    HERE,
    ROOT,
    WORK,
    Build,
    CannotCompile,
    Compiler,
    minimal_build,
    sources,
    write_artifacts,
)
from proofs.killing import PROBES_VARIABLE
from proofs.mutants import Mutant, mutants_of, schema
from proofs.recorder import FOLDER_VARIABLE
from proofs.source_map import Json

SURVIVORS = HERE / "survivors.toml"
RESULTS = WORK / "mutation.jsonl"
HITS = WORK / "hits"
CHUNK = 120
TIMEOUT_S = 240
PROBED = {"Interest", "Waterfall", "Payout", "Quorum"}
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
        for line in calls[test] | fixtures[test.partition("::")[0]]:
            found.setdefault(line, []).append(test)
    return found


class Tests:
    """The forking runner over one build."""

    def __init__(self, folder: Path) -> None:
        probes = folder / "artifacts" if (folder / "artifacts" / "QuorumProbe.json").is_file() else PROBES
        environment = {**os.environ, FOLDER_VARIABLE: str(folder), PROBES_VARIABLE: str(probes)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "proofs.killing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )

    def run(self, switch: int, tests: list[str], *, is_first: bool = True) -> Json:
        """Run tests with one mutant switched on, until the first fails or all of them."""
        asked, answered = self._process.stdin, self._process.stdout
        if asked is None or answered is None:
            raise CannotCompile("the runner has no pipes")
        job = {
            "switch": switch,
            "tests": tests,
            "timeout_s": TIMEOUT_S if is_first else 10 * TIMEOUT_S,
            "isFirst": is_first,
        }
        asked.write(json.dumps(job) + "\n")
        asked.flush()
        answer: Json = json.loads(answered.readline())
        return answer

    def close(self) -> None:
        """End the runner."""
        self._process.kill()
        self._process.wait()


def affected(build: Build, source: str) -> list[str]:
    """Sources of the contracts whose code holds this one."""
    names = {
        artifact["sourceName"]
        for artifact in build.artifacts.values()
        if artifact["deployedBytecode"]["object"] and source in json.loads(artifact["metadata"])["sources"]
    }
    return sorted(name for name in names if name.startswith("src/"))


def changed_texts(source: str, text: bytes, chosen: list[Mutant]) -> dict[str, str]:
    """Every source as it is compiled: the mutated one, and the others without `pure`."""
    texts = {name: schema((CONTRACTS / name).read_bytes(), []) for name in sources()}
    return {**texts, source: schema(text, chosen)}


def compiling(
    compiler: Compiler, roots: list[str], source: str, text: bytes, chosen: list[Mutant]
) -> tuple[list[Mutant], list[Mutant]]:
    """Which mutants compile, and which the compiler refuses; types are checked, no code is made."""
    refused: list[Mutant] = []
    while chosen:
        changed = changed_texts(source, text, chosen)
        try:
            compiler.check(roots, changed)
            break
        except CannotCompile as wrong:
            named = {
                switch
                for place in wrong.places
                if place["file"] == source
                for switch in _switches_at(changed[source].encode(), place["start"], place["end"])
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


def judge(build: Build, compiler: Compiler, source: str, chosen: list[Mutant]) -> Iterator[Verdict]:
    """Compile one chunk of a source's mutants and run tests until one fails: the probes' first, they are quick."""
    text, roots = build.text(source), affected(build, source)
    chosen, refused = compiling(compiler, roots, source, text, chosen)
    yield from (Verdict(mutant, "refused") for mutant in refused)
    changed = changed_texts(source, text, chosen)
    folder = WORK / "mutated"
    if Path(source).stem in PROBED:
        own = {f"src/{path.name}": schema(path.read_bytes(), []) for path in PROBES.glob("*.sol")}
        lay_down(build, folder, compiler.compile(sorted(own), {**changed, **own})["artifacts"])
        twin = [f"tests/agreement/test_{Path(source).stem.lower()}.py"]
        every = {mutant.switch: twin for mutant in chosen}
        left = []
        for verdict in run_all(folder, chosen, every):
            if verdict.verdict == "survived":
                left.append(verdict.mutant)
            else:
                yield verdict
        chosen = left
    if not chosen:
        return
    lay_down(build, folder, compiler.compile(roots, changed)["artifacts"])
    reached = tests_by_line()
    yield from run_all(folder, chosen, {each.switch: reached.get((source, each.line), []) for each in chosen})


def lay_down(build: Build, folder: Path, artifacts: list[Json]) -> None:
    """The minimal build, with the mutated contracts in their places."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(build.folder / "artifacts", folder / "artifacts")
    write_artifacts(folder, artifacts)


def run_all(folder: Path, chosen: list[Mutant], tests: dict[int, list[str]]) -> Iterator[Verdict]:
    """A verdict for each mutant; tests that fail with no mutant switched on have nothing to say."""
    runner = Tests(folder)
    try:
        everything = sorted({test for each in tests.values() for test in each})
        broken = _failing(runner, everything)
        for mutant in chosen:
            yield _verdict(runner, mutant, [test for test in tests[mutant.switch] if test not in broken])
    finally:
        runner.close()


def _failing(runner: Tests, tests: list[str]) -> set[str]:
    if not tests:
        return set()
    answer = runner.run(0, tests, is_first=False)
    _require_ran(answer)
    return set(answer["failed"])


def _verdict(runner: Tests, mutant: Mutant, tests: list[str]) -> Verdict:
    if not tests:
        return Verdict(mutant, "survived", "no test runs it")
    answer = runner.run(mutant.switch, tests)
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


def known_survivors() -> dict[tuple[str, ...], str]:
    """Why each listed survivor is no other program."""
    entries: list[dict[str, Any]] = tomllib.loads(SURVIVORS.read_text()).get("survivor", [])
    return {(each["file"], each["function"], each["kind"], each["code"]): each["reason"] for each in entries}


def stored() -> dict[str, str]:
    """Verdicts of former runs, by the mutant in the very text it was judged in."""
    if not RESULTS.is_file():
        return {}
    read = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    return {each["id"]: each["verdict"] for each in read}


def identity(mutant: Mutant, text: bytes) -> str:
    """A mutant of one text; another text makes another mutant."""
    return f"{mutant.file}:{hashlib.sha256(text).hexdigest()[:12]}:{mutant.switch}"


def wanted_sources(only: str | None, *, is_changed: bool) -> list[str]:
    """All sources with functions of their own, or the chosen ones."""
    names = [name for name in sources() if "/interfaces/" not in name and not name.endswith("TestCash.sol")]
    if is_changed:
        words = ["git", "diff", "--name-only", "main", "--", "contracts/src"]
        told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        names = [name for name in names if f"contracts/{name}" in told.splitlines()]
    return [name for name in names if only is None or Path(name).stem == only.removesuffix(".sol")]


def report(build: Build, names: list[str]) -> int:
    """Figures of what is stored for the sources' present text; 1 where a survivor has no reason."""
    verdicts, reasons = stored(), known_survivors()
    total: Counter[str] = Counter()
    unexplained: list[Mutant] = []
    for source in names:
        text = build.text(source)
        counts: Counter[str] = Counter()
        for mutant in mutants_of(source, build.trees[source], text):
            verdict = verdicts.get(identity(mutant, text), "not run")
            if verdict == "survived" and mutant.key in reasons:
                verdict = "equivalent"
            elif verdict == "survived":
                unexplained.append(mutant)
            counts[verdict] += 1
        total += counts
        print(row(source.removeprefix("src/"), counts))
    print(row("all", total))
    for mutant in unexplained:
        print(f"survived  {mutant.file}:{mutant.line} {mutant.function}: {mutant.kind}: {mutant.code}")
    return 1 if unexplained else 0


def row(name: str, counts: Counter[str]) -> str:
    """One line of figures; a mutant that loops until the time is up counts as killed."""
    killed = counts["killed"] + counts["timeout"]
    run = killed + counts["survived"]
    share = f"{100 * killed // run} %" if run else "-"
    words = ("killed", "timeout", "survived", "equivalent", "refused", "not run")
    return f"{name:28} {share:>6}  " + ", ".join(f"{counts[word]} {word}" for word in words)


def main(words: list[str]) -> int:
    """Judge what has no verdict yet, then report."""
    parser = argparse.ArgumentParser(prog="scripts/prove mutation", description=__doc__)
    parser.add_argument("--only", metavar="FILE", help="one source, such as Interest.sol")
    parser.add_argument("--changed", action="store_true", help="sources that differ from the branch main")
    parser.add_argument("--report", action="store_true", help="run nothing, print what is known")
    chosen = parser.parse_args(words)
    names, build = wanted_sources(chosen.only, is_changed=chosen.changed), minimal_build()
    if not chosen.report:
        if not any(HITS.glob("*.json")):
            print(
                "mutation: run scripts/prove coverage first; it says which tests reach which line",
                file=sys.stderr,
            )
            return 1
        with Compiler() as compiler:
            for source in names:
                run_source(build, compiler, source)
    return report(build, names)


def run_source(build: Build, compiler: Compiler, source: str) -> None:
    """Judge one source's mutants in chunks, each verdict stored as it comes."""
    text, known = build.text(source), stored()
    waiting = [
        mutant
        for mutant in mutants_of(source, build.trees[source], text)
        if identity(mutant, text) not in known
    ]
    for start in range(0, len(waiting), CHUNK):
        with RESULTS.open("a") as results:
            for found in judge(build, compiler, source, waiting[start : start + CHUNK]):
                told = {"id": identity(found.mutant, text), "verdict": found.verdict, "by": found.by}
                results.write(json.dumps({**told, "key": found.mutant.key}) + "\n")
                results.flush()
                print(
                    f"{found.verdict:9} {source}:{found.mutant.line} {found.mutant.kind}: {found.mutant.code}"
                )
