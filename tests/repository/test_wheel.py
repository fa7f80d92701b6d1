"""The wheel, alone in an empty environment, plays the demo."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

DEMO_TIMEOUT_S = 300


@pytest.fixture(scope="module")
def wheel(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(
        command, cwd=project_root, capture_output=True, text=True, check=False, timeout=120
    )
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python whose environment holds the wheel and, by one path line, the locked packages - not the checkout.

    The line adds the test environment's packages without reading its own path files, so the checkout that those
    name stays out of sight, and nothing is fetched.
    """
    folder = tmp_path_factory.mktemp("empty") / "venv"
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site_packages = folder / "lib" / version / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site_packages)
    locked = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site_packages / "locked.pth").write_text("".join(f"{path}\n" for path in sorted(locked)))
    return folder / "bin" / "python"


def run(python: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-I", *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=DEMO_TIMEOUT_S
    )


def test_wheel__its_contents__are_the_five_packages_and_the_artifacts(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"api", "oracle", "settlement", "contracts", "hanse"}
    contract_files = {Path(name).suffix for name in names if name.startswith("contracts/")}
    assert contract_files == {".py", ".json"}
    assert any(name.startswith("contracts/artifacts/") for name in names)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_wheel__imported_outside_the_checkout__comes_from_the_wheel(
    python: Path, project_root: Path, tmp_path: Path
) -> None:
    names = "api, oracle, settlement, contracts, hanse"
    program = f"import {names}; print(*[m.__file__ for m in ({names})], sep='\\n')"
    found = run(python, tmp_path, "-c", program)
    assert found.returncode == 0, found.stderr
    for place in found.stdout.splitlines():
        assert Path(place).is_relative_to(python.parent.parent)
        assert not Path(place).is_relative_to(project_root)


# What an installer writes into bin/hanse, whatever the wheel names there.
CONSOLE_SCRIPT = """
import sys
from importlib.metadata import entry_points
command = entry_points(group="console_scripts")["hanse"].load()
sys.argv[0] = "hanse"
sys.exit(command())
"""


def test_wheel__the_console_command__is_the_command_line_of_hanse(python: Path, tmp_path: Path) -> None:
    found = run(python, tmp_path, "-c", CONSOLE_SCRIPT, "--help")
    assert found.returncode == 0, found.stderr
    assert "demo" in found.stdout


def test_wheel__the_console_command_with_a_refused_document__is_one_line_and_status_2(
    python: Path, tmp_path: Path
) -> None:
    (tmp_path / "order.json").write_text('{"number": "PO-1", "number": "PO-2"}')
    refused = run(python, tmp_path, "-c", CONSOLE_SCRIPT, "demo", "--order", "order.json")
    assert refused.returncode == 2, refused.stderr
    assert refused.stdout == ""
    [line] = refused.stderr.splitlines()
    assert "'number' stands twice" in line


def test_wheel__demo_in_an_empty_environment__prints_one_object_with_all_checks_passed(
    python: Path, tmp_path: Path
) -> None:
    played = run(python, tmp_path, "-m", "hanse", "demo", "--json")
    assert played.returncode == 0, played.stderr[-4000:]
    told: dict[str, Any] = json.loads(played.stdout)
    assert {"network", "orders", "policies", "checks"} <= told.keys()
    assert told["orders"]
    assert told["checks"]
    assert [name for name, check in told["checks"].items() if not check["ok"]] == []
