"""Whole networks for journeys, played by the commands that users run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Played:
    """A finished demo: its folder, its exit status, and what it printed."""

    folder: Path
    status: int
    report: dict[str, Any]
    errors: str

    def order(self, position: int) -> dict[str, Any]:
        """One order of the report, trades counted from 1."""
        row: dict[str, Any] = self.report["orders"][position - 1]
        return row


def run_hanse(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, with the project on its path."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "scripts")])
    env = {**os.environ, "PYTHONPATH": path, **(environment or {})}
    return subprocess.run(
        [sys.executable, "-m", "hanse", *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def play(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> Played:
    """Run ``hanse demo --json`` on a folder that stays."""
    done = run_hanse("demo", "--json", "--data", str(folder), *arguments, environment=environment)
    assert done.stdout, done.stderr
    return Played(folder, done.returncode, json.loads(done.stdout), done.stderr)


@pytest.fixture(scope="session")
def four_trades(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The demo, played once for all tests that look at it."""
    return play(tmp_path_factory.mktemp("four-trades"))


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real documents; tests that need them skip visibly where they are not."""
    folder = Path(os.environ.get("HANSE_SAMPLES", ROOT.parent / "shared" / "samples"))
    if not folder.is_dir():
        pytest.skip("real sample documents are not here (HANSE_SAMPLES names their folder)")
    return folder
