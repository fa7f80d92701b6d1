"""Each P and O line of the checklists is planted, and the tests of its name must fail.

`planted.toml` says what is planted where. All that is planted in the contracts is compiled once, each defect behind a
switch of its own, as `scripts/prove mutation` does: with every switch off the tests pass, with one on its own fail. What
is planted off chain is written into a copy of the sources.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from proofs import judging
from proofs.compiler import CONTRACTS, MANAGER, WORK, Compiler, sources, write_artifacts
from proofs.mutants import schema

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TABLE = tomllib.loads((HERE / "planted.toml").read_text())
TIMEOUT_S = 1_200
LEFT_BEHIND = shutil.ignore_patterns(".*", "__pycache__", "build", "docs", "node_modules")


@dataclass(frozen=True)
class Planted:
    """One defect. ``edits`` are (file, old text, new text)."""

    switch: int
    line: str
    edits: tuple[tuple[str, str, str], ...]
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        """As pytest shows it."""
        return f"{self.line}-{Path(self.edits[0][0]).stem}-{self.switch}"


def read_table(section: str, folder: str) -> list[Planted]:
    """The defects of a section, numbered from 1; their files lie in the folder."""
    found = []
    for number, entry in enumerate(TABLE[section], start=1):
        edits = [(entry["file"], entry["old"], entry["new"]), *entry.get("more", [])]
        tests = (os.path.relpath(HERE / test, ROOT) for test in entry["tests"])
        found.append(
            Planted(
                number,
                entry["line"],
                tuple((folder + file, old, new) for file, old, new in edits),
                tuple(tests),
            )
        )
    return found


IN_CONTRACTS = read_table("planted", "src/")
OFF_CHAIN = read_table("planted_off_chain", "")


def planted_in(text: str, edit: tuple[str, str, str], switch: int) -> str:
    """The text with one defect more."""
    file, old, new = edit
    assert text.count(old) == 1, f"{file} has {text.count(old)} of {old!r}"
    in_assembly = new.replace("YUL_PLANTED", f"eq(prevrandao(), {switch})")
    return text.replace(old, in_assembly.replace("PLANTED", f"(block.prevrandao == {switch})"))


def planted_sources() -> dict[str, str]:
    """Every source of the contracts with all defects in it, each behind its switch."""
    texts = {name: (CONTRACTS / name).read_text() for name in sources()}
    for planted in IN_CONTRACTS:
        for edit in planted.edits:
            texts[edit[0]] = planted_in(texts[edit[0]], edit, planted.switch)
    return {name: schema(text.encode(), []) for name, text in texts.items()}


def build() -> Path:
    """Compile the planted sources and the agreement tests' probes, unless that was done before."""
    texts = planted_sources()
    probes = {f"src/{path.name}": schema(path.read_bytes(), []) for path in judging.PROBES.glob("*.sol")}
    everything = {**texts, **probes}
    mark = hashlib.sha256("\0".join(everything[name] for name in sorted(everything)).encode()).hexdigest()
    folder = WORK / "planted"
    told = folder / "of.txt"
    if told.is_file() and told.read_text() == mark:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    with Compiler() as compiler:
        write_artifacts(folder, compiler.compile([*sources(), MANAGER], texts)["artifacts"])
        write_artifacts(folder, compiler.compile(sorted(probes), everything)["artifacts"])
    told.write_text(mark)
    return folder


@pytest.fixture(scope="module")
def runner() -> Iterator[judging.Tests]:
    """Runs tests over the planted build, each in a fork with one defect switched on."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed; the planted contracts must be compiled")
    pytest.importorskip("pyrevm")
    tests = judging.Tests(build())
    try:
        yield tests
    finally:
        tests.close()


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources and tests in another place."""
    place = tmp_path_factory.mktemp("planted") / "hanse"
    shutil.copytree(ROOT, place, ignore=LEFT_BEHIND)
    return place


def test_table__every_text__stands_once_and_every_test_is_there() -> None:
    """Texts move; a defect that can no longer be planted must not pass for one that was found."""
    planted_sources()
    for planted in OFF_CHAIN:
        for edit in planted.edits:
            planted_in((ROOT / edit[0]).read_text(), edit, 0)
    for planted in (*IN_CONTRACTS, *OFF_CHAIN):
        for test in planted.tests:
            file, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / file).read_text(), test


def test_table__every_line_with_a_test__is_planted() -> None:
    """A line whose test was never seen to fail may be tested by nothing."""
    named = re.compile(r"^def test_([po]\d\d)__", re.MULTILINE)
    tested = {
        line.upper() for path in HERE.parent.rglob("test_*.py") for line in named.findall(path.read_text())
    }
    assert {planted.line for planted in (*IN_CONTRACTS, *OFF_CHAIN)} == tested


@pytest.mark.deep
def test_table__nothing_planted__every_test_passes(runner: judging.Tests) -> None:
    """A test that fails on the sound contracts could not tell of a defect."""
    answer = runner.run(
        0, sorted({test for planted in IN_CONTRACTS for test in planted.tests}), TIMEOUT_S, is_first=False
    )
    assert (answer["failed"], answer["words"], answer["code"]) == ([], [], 0)


@pytest.mark.deep
@pytest.mark.parametrize("planted", IN_CONTRACTS, ids=lambda planted: planted.name)
def test_planted__in_the_contracts__its_tests_fail(runner: judging.Tests, planted: Planted) -> None:
    answer = runner.run(planted.switch, list(planted.tests), TIMEOUT_S, is_first=False)
    assert "isTimeout" not in answer, f"{planted.name} runs for ever"
    told = dict(zip(answer["failed"], answer["words"], strict=True))
    for test in planted.tests:
        words = [said for failed, said in told.items() if failed.partition("[")[0] == test]
        assert words, f"{test} stays green"
        # A fixture that breaks tells nothing of what the test asserts.
        assert all(said.startswith("call: ") for said in words), words


@pytest.mark.deep
@pytest.mark.parametrize("planted", OFF_CHAIN, ids=lambda planted: planted.name)
def test_planted__off_chain__its_tests_fail(copied: Path, planted: Planted) -> None:
    sound = {edit[0]: (copied / edit[0]).read_text() for edit in planted.edits}
    environment = {**os.environ, "PYTHONPATH": f"{copied}{os.pathsep}{copied / 'scripts'}"}
    try:
        for edit in planted.edits:
            (copied / edit[0]).write_text(planted_in((copied / edit[0]).read_text(), edit, 0))
        for test in planted.tests:
            words = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "", "-p", "no:cacheprovider", test]
            done = subprocess.run(
                words, cwd=copied, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 1, f"{test} stays green\n{done.stdout}"
            assert "FAILED" in done.stdout, done.stdout
    finally:
        for file, text in sound.items():
            (copied / file).write_text(text)
