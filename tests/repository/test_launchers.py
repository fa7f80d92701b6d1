"""The launchers find a Python, build one environment once, and say plainly what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap

WRITTEN_BY_PIP = "ERROR: No matching distribution found for coincurve==21.0.0"


@pytest.fixture
def checkout(tmp_path: Path, project_root: Path) -> Path:
    """The launchers alone, in a folder of their own with an empty lock."""
    scripts = tmp_path / "checkout" / "scripts"
    (scripts / "locks").mkdir(parents=True)
    for name in ("launch", "demo", "up", "test", "bootstrap.py"):
        shutil.copy2(project_root / "scripts" / name, scripts / name)
    return scripts.parent


def write_program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def launch(checkout: Path, path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a launcher with nothing on PATH but `path`, where `dirname` is linked."""
    (path / "dirname").symlink_to(shutil.which("dirname") or "/usr/bin/dirname")
    environment = {"PATH": str(path), "HOME": str(path)}
    command = ["/bin/sh", str(checkout / "scripts" / words[0]), *words[1:]]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_launch__a_shim_that_fails_before_a_python_that_works__takes_the_latter(
    checkout: Path, tmp_path: Path
) -> None:
    path = tmp_path / "bin"
    path.mkdir()
    write_program(path / "python3.12", "echo 'pyenv: command not found' >&2; exit 127")
    write_program(path / "python3", f'exec "{sys.executable}" "$@"')
    (checkout / "scripts" / "bootstrap.py").write_text("import sys; print('ran', *sys.argv[1:])")
    done = launch(checkout, path, "demo", "--json", "a b")
    assert (done.returncode, done.stdout) == (0, "ran demo --json a b\n")


def test_launch__no_supported_python__says_which_are_and_how_to_name_one(
    checkout: Path, tmp_path: Path
) -> None:
    path = tmp_path / "bin"
    path.mkdir()
    write_program(path / "python3", "exit 1")
    done = launch(checkout, path, "up")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "3.11, 3.12, 3.13 or 3.14" in done.stderr
    assert "HANSE_PYTHON=" in done.stderr


def test_bootstrap__two_at_once_then_a_broken_environment__one_is_made_and_made_again(checkout: Path) -> None:
    command = [sys.executable, str(checkout / "scripts" / "bootstrap.py"), "install"]
    environment = {**os.environ, "PYTHONPATH": ""}
    both = [
        subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert [out for out, _ in said] == ["", ""]
    assert sum("making .venv" in err for _, err in said) == 1

    python = checkout / ".venv" / "bin" / "python"
    paths = subprocess.run(
        [str(python), "-c", "import sys; print(*sys.path, sep='\\n')"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert {str(checkout), str(checkout / "scripts")} <= set(paths.stdout.splitlines())

    python.unlink()
    python.symlink_to("/nowhere/python3")
    again = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=120)
    assert "making .venv" in again.stderr
    assert python.resolve().exists()


def test_bootstrap__no_venv_module__names_the_debian_package(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "VENV", checkout / ".venv")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(bootstrap.CannotPrepare, match=r"apt-get install python3\.\d+-venv"):
        bootstrap._make_environment()
    assert not (checkout / ".venv").exists()


def test_bootstrap__no_wheel_for_the_platform__the_package_is_recognised() -> None:
    found = bootstrap._NO_WHEEL.search(f"WARNING: something\n{WRITTEN_BY_PIP}\n")
    assert found
    assert found[1] == "coincurve"
    assert bootstrap._NO_WHEEL.search("ERROR: Could not open requirements file") is None


def test_bootstrap__an_unknown_lock__is_refused_by_name(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "LOCKS", checkout / "scripts" / "locks")
    (checkout / "scripts" / "locks" / "runtime.txt").write_text("")
    with pytest.raises(bootstrap.CannotPrepare, match=r"no lock 'nightly'.*there are: runtime"):
        bootstrap._install("nightly")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], ["-n", "2", "--dist", "loadfile"]),
        (["--deep"], ["-n", "2", "--dist", "loadfile", "-m", ""]),
        (["tests/repository"], ["tests/repository"]),
        (["--deep", "-k", "kill"], ["-m", "", "-k", "kill"]),
    ],
)
def test_bootstrap__words_for_pytest__spread_the_whole_suite_only(given: list[str], words: list[str]) -> None:
    assert bootstrap._pytest_words(given) == ["-m", "pytest", "-q", *words]
