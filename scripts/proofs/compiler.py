"""The resident compiler, and a build of the contracts in which every statement keeps code of its own."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts"
HERE = Path(__file__).resolve().parent
WORK = ROOT / "build" / "proofs"
MANAGER = "@openzeppelin/contracts/access/manager/AccessManager.sol"

Json = dict[str, Any]


class CannotCompile(Exception):
    """The compiler refused, or is not there; ``places`` says where it found errors (file, start, end)."""

    def __init__(self, message: str, places: list[Json] | None = None) -> None:
        super().__init__(message)
        self.places = places or []


class Compiler:
    """One Node process that keeps the compiler loaded; a job takes seconds, its start another."""

    def __enter__(self) -> Compiler:
        _install()
        self._node = subprocess.Popen(
            ["node", str(HERE / "solc.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._node:
            self._node.kill()

    def compile(
        self, roots: list[str], changed: dict[str, str] | None = None, *, trees: bool = False
    ) -> Json:
        """Artifacts by contract, and syntax trees by source where they are asked for.

        Raises: CannotCompile with the compiler's words.
        """
        return self._ask({"roots": roots, "changed": changed or {}, "trees": trees})

    def analyse(self, roots: list[str]) -> Json:
        """The compiler's own output without code: syntax trees and interfaces of all sources, foreign ones too.

        Raises: CannotCompile with the compiler's words.
        """
        return self._ask({"roots": roots, "isAnalysis": True})

    def check(self, roots: list[str], changed: dict[str, str]) -> None:
        """Types only, no code.

        Raises: CannotCompile with the places of all errors.
        """
        self._ask({"roots": roots, "changed": changed, "isAnalysis": True, "isChecked": True})

    def _ask(self, job: Json) -> Json:
        asked, answered = self._node.stdin, self._node.stdout
        if asked is None or answered is None:
            raise CannotCompile("the compiler's process has no pipes")
        asked.write(json.dumps(job) + "\n")
        asked.flush()
        line = answered.readline()
        if not line:
            raise CannotCompile("the compiler's process ended")
        answer: Json = json.loads(line)
        if answer["errors"]:
            raise CannotCompile(answer["errors"][0], [place for place in answer["places"] if place])
        return answer


def _install() -> None:
    """Install the locked compiler where it is not there yet, as scripts/build_contracts does."""
    if (CONTRACTS / "node_modules" / "solc").is_dir():
        return
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise CannotCompile("node and npm are not installed; Node 18 or newer compiles the contracts")
    done = subprocess.run(["npm", "ci", "--loglevel=error"], cwd=CONTRACTS, stdout=sys.stderr, check=False)
    if done.returncode:
        raise CannotCompile("npm could not install contracts/package-lock.json; its own words stand above")


@dataclass(frozen=True)
class Build:
    """Compiled contracts by name and syntax trees by source, as of the sources' present text."""

    folder: Path
    artifacts: dict[str, Json]
    trees: dict[str, Json]

    def text(self, source: str) -> bytes:
        """A source as it was compiled; the trees' places count bytes."""
        return (CONTRACTS / source).read_bytes()


def sources() -> list[str]:
    """All of the project's sources by their virtual names."""
    return sorted(path.relative_to(CONTRACTS).as_posix() for path in (CONTRACTS / "src").rglob("*.sol"))


def minimal_build() -> Build:
    """Compile everything with the least optimisation there is; kept until a source or this compiler changes."""
    texts = [(CONTRACTS / name).read_bytes() for name in sources()]
    texts += [(HERE / "solc.mjs").read_bytes(), (CONTRACTS / "package-lock.json").read_bytes()]
    folder = WORK / hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]
    told = folder / "trees.json"
    if not told.is_file():
        with Compiler() as compiler:
            answer = compiler.compile([*sources(), MANAGER], trees=True)
        write_artifacts(folder, answer["artifacts"])
        told.write_text(json.dumps(answer["trees"]))
    artifacts = {
        path.stem: json.loads(path.read_text()) for path in sorted((folder / "artifacts").glob("*.json"))
    }
    return Build(folder, artifacts, json.loads(told.read_text()))


def write_artifacts(folder: Path, artifacts: list[Json]) -> None:
    """Lay artifacts down as the package `contracts` reads them."""
    (folder / "artifacts").mkdir(parents=True, exist_ok=True)
    for artifact in artifacts:
        (folder / "artifacts" / f"{artifact['contractName']}.json").write_text(json.dumps(artifact))
