"""How many mutants of the contracts the tests kill. Goes on where it was; a full run: about two hours on a quiet core."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from proofs.compiler import CONTRACTS, HERE, ROOT, WORK, Build, Compiler, minimal_build, sources
from proofs.judging import HITS, judge
from proofs.mutants import Mutant, mutants_of

SURVIVORS = HERE / "survivors.toml"
RESULTS = WORK / "mutation.jsonl"
CHUNK = 300
NORMAL_95 = 1.959964


def known_survivors() -> dict[tuple[str, ...], str]:
    """Why each listed survivor is no other program."""
    entries: list[dict[str, Any]] = tomllib.loads(SURVIVORS.read_text()).get("survivor", [])
    return {(each["file"], each["function"], each["kind"], each["code"]): each["reason"] for each in entries}


def stored() -> dict[str, str]:
    """Verdicts of former runs, by the mutant in the very text it was judged in; the last one counts."""
    if not RESULTS.is_file():
        return {}
    read = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    return {each["id"]: each["verdict"] for each in read}


class Population:
    """All mutants of the chosen sources' present text."""

    def __init__(self, build: Build, names: list[str]) -> None:
        self._marks: dict[str, str] = {}
        self.mutants: list[Mutant] = []
        for source in names:
            text = build.text(source)
            self._marks[source] = hashlib.sha256(text).hexdigest()[:12]
            self.mutants += mutants_of(source, build.trees[source], text)

    def identity(self, mutant: Mutant) -> str:
        """A mutant of one text; another text makes another mutant."""
        return f"{mutant.file}:{self._marks[mutant.file]}:{mutant.switch}"

    def drawn(self, size: int | None, seed: int) -> list[Mutant]:
        """All in their order, or a random part: of one seed, a larger sample begins with the smaller."""
        if size is None:
            return self.mutants
        shuffled = list(self.mutants)
        random.Random(seed).shuffle(shuffled)
        return shuffled[:size]


def wanted_sources(only: str | None, *, is_changed: bool) -> list[str]:
    """All sources with functions of their own, or the chosen ones."""
    names = [name for name in sources() if "/interfaces/" not in name and not name.endswith("TestCash.sol")]
    if is_changed:
        words = ["git", "diff", "--name-only", "main", "--", "contracts/src"]
        told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        names = [name for name in names if f"contracts/{name}" in told.splitlines()]
    return [name for name in names if only is None or Path(name).stem == only.removesuffix(".sol")]


def stale_reasons(population: Population) -> list[tuple[str, ...]]:
    """Reasons for mutants that the text of the chosen sources no longer has, or of sources that are gone."""
    there, files = (
        {mutant.key for mutant in population.mutants},
        {mutant.key[0] for mutant in population.mutants},
    )
    return sorted(
        key
        for key in known_survivors()
        if key not in there and (key[0] in files or not (CONTRACTS / "src" / key[0]).is_file())
    )


def report(population: Population, chosen: list[Mutant]) -> int:
    """Figures of what is stored for the chosen mutants; 1 where a survivor has no reason, or a reason no mutant."""
    verdicts, reasons = stored(), known_survivors()
    by_source: dict[str, Counter[str]] = {}
    unexplained: list[Mutant] = []
    for mutant in chosen:
        verdict = verdicts.get(population.identity(mutant), "not run")
        if verdict == "survived" and mutant.key in reasons:
            verdict = "equivalent"
        elif verdict == "survived":
            unexplained.append(mutant)
        by_source.setdefault(mutant.file, Counter())[verdict] += 1
    for source, counts in sorted(by_source.items()):
        print(row(source.removeprefix("src/"), counts))
    total = sum(by_source.values(), Counter())
    print(row("all", total))
    for mutant in unexplained:
        print(f"survived  {mutant.file}:{mutant.line} {mutant.function}: {mutant.kind}: {mutant.code}")
    stale = stale_reasons(population)
    for key in stale:
        print(f"stale     a reason is given for what is no longer there: {key}")
    if len(chosen) < len(population.mutants):
        killed, judged = figures(total)
        low, high = interval(killed, judged)
        print(
            f"estimate for all {len(population.mutants)}: {low:.1%} to {high:.1%} are killed "
            f"(95 %; {killed} of {judged} that are no equivalents); too good where tests were written for this draw"
        )
    return 1 if unexplained or stale else 0


def figures(counts: Counter[str]) -> tuple[int, int]:
    """Killed, and judged without equivalents; a mutant that loops until the time is up counts as killed."""
    killed = counts["killed"] + counts["timeout"]
    return killed, killed + counts["survived"]


def interval(killed: int, judged: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if not judged:
        return 0.0, 1.0
    share, square = killed / judged, NORMAL_95**2
    middle = (share + square / (2 * judged)) / (1 + square / judged)
    spread = math.sqrt(share * (1 - share) / judged + square / (4 * judged**2)) / (1 + square / judged)
    return middle - NORMAL_95 * spread, middle + NORMAL_95 * spread


def row(name: str, counts: Counter[str]) -> str:
    """One line of figures."""
    killed, judged = figures(counts)
    share = f"{100 * killed // judged} %" if judged else "-"
    words = ("killed", "timeout", "survived", "equivalent", "refused", "not run")
    return f"{name:28} {share:>6}  " + ", ".join(f"{counts[word]} {word}" for word in words)


def main(words: list[str]) -> int:
    """Judge what has no verdict yet, then report."""
    parser = argparse.ArgumentParser(prog="scripts/prove mutation", description=__doc__)
    parser.add_argument("--only", metavar="FILE", help="one source, such as Interest.sol")
    parser.add_argument("--changed", action="store_true", help="sources that differ from the branch main")
    parser.add_argument("--report", action="store_true", help="run nothing, print what is known")
    parser.add_argument("--sample", metavar="N", type=int, help="a random sample of so many mutants")
    parser.add_argument("--seed", metavar="S", type=int, default=1, help="which sample; 1 unless told")
    parser.add_argument("--again", action="store_true", help="judge survivors without a reason once more")
    parser.add_argument(
        "--also", metavar="TEST", nargs="+", default=[], help="tests newer than the coverage run"
    )
    told = parser.parse_args(words)
    build = minimal_build()
    population = Population(build, wanted_sources(told.only, is_changed=told.changed))
    chosen = population.drawn(told.sample, told.seed)
    if not told.report:
        if not any(HITS.glob("*.json")):
            print(
                "mutation: run scripts/prove coverage first; it says which tests reach which line",
                file=sys.stderr,
            )
            return 1
        run(build, population, waiting(population, chosen, is_again=told.again), told.also)
    return report(population, chosen)


def waiting(population: Population, chosen: Iterable[Mutant], *, is_again: bool) -> list[Mutant]:
    """What has no verdict yet, and the unexplained survivors where they are to be judged again."""
    known, reasons = stored(), known_survivors()
    left = {None, "survived"} if is_again else {None}
    return [
        each
        for each in chosen
        if (verdict := known.get(population.identity(each))) in left
        and not (verdict == "survived" and each.key in reasons)
    ]


def run(build: Build, population: Population, left: list[Mutant], also: list[str]) -> None:
    """Judge mutants in chunks, each verdict stored as it comes."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with Compiler() as compiler, RESULTS.open("a") as results:
        for start in range(0, len(left), CHUNK):
            for found in judge(build, compiler, left[start : start + CHUNK], also):
                mutant = found.mutant
                told = {"id": population.identity(mutant), "verdict": found.verdict, "by": found.by}
                results.write(json.dumps({**told, "key": mutant.key}) + "\n")
                results.flush()
                print(
                    f"{found.verdict:9} {mutant.file}:{mutant.line} {mutant.kind}: {mutant.code}", flush=True
                )
