"""Slither over the contracts, held against what is known: a new high or medium finding needs a written reason."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proofs.compiler import CONTRACTS, HERE, MANAGER, ROOT, WORK, Compiler, sources

BASELINE = HERE / "slither.toml"
LOCK = ROOT / "scripts" / "locks" / "slither.txt"
VENV = ROOT / ".venv" / "slither"
"""Inside ours, so that it goes when ours goes; it shares nothing with it."""
GATED = ("High", "Medium")

Key = tuple[str, str, str]


class CannotInstall(Exception):
    """The environment cannot be made here."""


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that Slither saw."""

    impact: str
    check: str
    contract: str
    function: str
    file: str
    line: int
    description: str

    @property
    def key(self) -> Key:
        """What stays the same when lines move."""
        return (self.check, self.contract, self.function)

    @property
    def keys(self) -> set[Key]:
        """Where its reason may stand: at the function, or at the contract as a whole."""
        return {self.key, (self.check, self.contract, "*")}


def environment() -> Path:
    """The Python that has Slither; installed on the first call, and again when the lock has changed.

    Raises: CannotInstall where the packages cannot be had.
    """
    python, stamp = VENV / "bin" / "python", VENV / "installed-lock"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if python.exists() and stamp.is_file() and stamp.read_text() == wanted:
        return python
    print("prove: installing scripts/locks/slither.txt (once)", file=sys.stderr)
    shutil.rmtree(VENV, ignore_errors=True)
    hashed = ["--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)]
    uv = shutil.which("uv", path=os.pathsep.join([str(ROOT / ".venv" / "bin"), os.environ.get("PATH", "")]))
    # As bootstrap.py does for ours: uv where it is, pip where only pip's configuration knows the way out.
    with_uv = [[uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(VENV)]] if uv else []
    with_uv += [[uv, "pip", "install", "--quiet", "--python", str(python), *hashed]] if uv else []
    with_pip = [
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *hashed],
    ]
    if not (with_uv and _succeed(with_uv)) and not _succeed(with_pip):
        raise CannotInstall("the packages of scripts/locks/slither.txt cannot be had here")
    stamp.write_text(wanted)
    return python


def _succeed(commands: list[list[str]]) -> bool:
    return all(subprocess.run(words, stdout=sys.stderr, check=False).returncode == 0 for words in commands)


def findings(python: Path) -> list[Finding]:
    """What Slither says about our sources; what it says about foreign ones is theirs."""
    WORK.mkdir(parents=True, exist_ok=True)
    told, found = WORK / "slither-in.json", WORK / "slither-out.json"
    with Compiler() as compiler:
        told.write_text(json.dumps(compiler.analyse([*sources(), MANAGER])))
    subprocess.run(
        [str(python), "-I", str(HERE / "analyse.py"), str(told), str(found)], cwd=CONTRACTS, check=True
    )
    wanted = [entry for entry in json.loads(found.read_text()) if entry["file"].startswith("src/")]
    fields = Finding.__dataclass_fields__
    return sorted({Finding(**{name: entry[name] for name in fields}) for entry in wanted})


@dataclass(frozen=True)
class Baseline:
    """Reasons for what stands: of one finding by check, contract and function, or of a check as a whole."""

    known: dict[Key, str]
    off: dict[str, str]


def read_baseline() -> Baseline:
    """What is committed."""
    read: dict[str, Any] = tomllib.loads(BASELINE.read_text())
    known = {
        (each["check"], each["contract"], each["function"]): each["reason"] for each in read.get("known", [])
    }
    return Baseline(known, read.get("off", {}))


def report(found: list[Finding], baseline: Baseline) -> int:
    """Print what is new and what is no longer seen; 1 where there is either."""
    known = baseline.known
    counts = Counter(finding.impact for finding in found)
    print("slither: " + ", ".join(f"{counts[impact]} {impact.lower()}" for impact in sorted(counts)))
    for check in baseline.off:
        print(f"off     {check}: {sum(finding.check == check for finding in found)} not shown")
    gated = [finding for finding in found if finding.impact in GATED and finding.check not in baseline.off]
    new = [finding for finding in gated if not finding.keys & set(known)]
    stale = sorted(set(known) - {key for finding in gated for key in finding.keys})
    for finding in new:
        print(f"new     {finding.impact} {finding.check} {finding.contract}.{finding.function}")
        print(f"        {finding.file}:{finding.line}: {finding.description}")
    for key in stale:
        print(f"stale   a reason is given for what is no longer found: {key}")
    print(
        f"slither: {len(gated) - len(new)} high or medium with a reason, {len(new)} without, {len(stale)} stale"
    )
    return 1 if new or stale else 0


def main(words: list[str]) -> int:
    """Install, analyse, compare; where the packages cannot be had, skipped in plain words, and 1 in CI."""
    if words:
        print("usage: scripts/prove slither", file=sys.stderr)
        return 2
    try:
        python = environment()
    except CannotInstall as missing:
        print(f"slither: SKIPPED, {missing}")
        return 1 if os.environ.get("CI") else 0
    return report(findings(python), read_baseline())
