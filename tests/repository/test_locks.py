"""What is installed is pinned, hashed, and says nothing about where it was fetched."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PINNED = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+?)(?: ; .*)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
HOSTS = [
    host.replace(" ", "") for host in ("pypi .org", "python hosted.org", "registry .npmjs", "deb .debian.org")
]
LOCKS = ("runtime", "test", "tools", "slither")


def read_lock(root: Path, name: str) -> dict[str, tuple[str, int]]:
    """Name -> (version, number of hashes); any line of another shape fails the test."""
    packages: dict[str, tuple[str, int]] = {}
    current = ""
    for line in (root / "scripts" / "locks" / f"{name}.txt").read_text().splitlines():
        pinned = PINNED.match(line)
        if line.startswith("#"):
            continue
        if pinned:
            current = pinned[1]
            assert current not in packages, f"{name}: {current} is pinned twice"
            packages[current] = (pinned[2], 0)
        else:
            assert HASH.match(line), f"{name}: {line!r} is neither a pin nor a hash"
            packages[current] = (packages[current][0], packages[current][1] + 1)
    return packages


def declared(root: Path, name: str) -> list[Requirement]:
    project: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text())
    runtime: list[str] = project["project"]["dependencies"]
    groups: dict[str, list[str]] = project["dependency-groups"]
    chosen = {"runtime": runtime, "test": runtime + groups["test"]}
    return [Requirement(line) for line in chosen.get(name) or groups[name]]


@pytest.mark.parametrize("name", LOCKS)
def test_t23__each_lock__every_package_is_pinned_and_hashed(project_root: Path, name: str) -> None:
    packages = read_lock(project_root, name)
    assert len(packages) > 10
    assert [package for package, (_, hashes) in packages.items() if hashes == 0] == []


@pytest.mark.parametrize("name", LOCKS)
def test_t23__each_lock__meets_what_pyproject_asks_for(project_root: Path, name: str) -> None:
    packages = read_lock(project_root, name)
    for requirement in declared(project_root, name):
        version = packages[canonicalize_name(requirement.name)][0]
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement} but {version}"


def test_t23__compiled_packages__have_wheels_of_several_platforms(project_root: Path) -> None:
    """One machine's wheels alone would leave all others without a hash to match."""
    packages = read_lock(project_root, "test")
    for name in ("lmdb", "lxml", "coincurve", "pydantic-core", "psycopg-binary", "ckzg", "quantlib"):
        assert packages[name][1] >= 20, f"{name} has only {packages[name][1]} hashes"


def test_t23__the_locks_together__hold_one_version_of_each_package(project_root: Path) -> None:
    runtime, test, tools, apart = (read_lock(project_root, name) for name in LOCKS)
    assert apart["web3"] != runtime["web3"], "the same by now: slither may live with the other tools"
    assert runtime.items() <= test.items()
    assert {name: tools[name] for name in tools.keys() & test.keys()} == {
        name: test[name] for name in tools.keys() & test.keys()
    }


def test_t23__every_lock__names_no_host_and_no_path(project_root: Path) -> None:
    for lock in (project_root / "scripts" / "locks").glob("*.txt"):
        text = lock.read_text()
        for word in ("://", "file:", "--index-url", "--extra-index-url", "--find-links", " @ ", "-e "):
            assert word not in text, f"{lock.name} holds {word!r}"


def test_t23__the_compilers_lock__has_integrity_and_no_address(project_root: Path) -> None:
    text = (project_root / "contracts" / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert all("integrity" in entry for place, entry in packages.items() if place)
    assert not any("://" in str(entry.get("resolved", "")) for entry in packages.values())
    assert not any(host in text for host in HOSTS)
