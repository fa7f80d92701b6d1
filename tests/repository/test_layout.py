"""The project's outline: what lies at the top, what the documents point at, what the packages import."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = {
    *("pyproject.toml", "README.md", "LICENSE", ".gitignore", ".ci"),
    *("contracts", "settlement", "oracle", "api", "tests", "scripts", "docs"),
}
PACKAGES = ("api", "oracle", "settlement", "contracts", "scripts/hanse")
OWN = {"api", "oracle", "settlement", "contracts", "hanse"}
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def tracked(root: Path) -> list[str]:
    """Paths under version control; an unpacked source archive has none and is taken whole."""
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return listed.stdout.splitlines()
    return [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]


def test_layout__top_of_the_project__is_what_design_says(project_root: Path) -> None:
    assert {path.split("/")[0] for path in tracked(project_root)} == TOP


@pytest.mark.parametrize("command", ["scripts/demo", "scripts/up", "scripts/test"])
def test_readme__each_command__is_named_and_can_be_run(project_root: Path, command: str) -> None:
    assert command in (project_root / "README.md").read_text()
    assert (project_root / command).stat().st_mode & 0o111


def test_documents__relative_links__point_at_files(project_root: Path) -> None:
    documents = [project_root / path for path in tracked(project_root) if path.endswith(".md")]
    assert documents
    broken = [
        f"{document.relative_to(project_root)}: {target}"
        for document in documents
        if document.is_file()
        for target in LINK.findall(document.read_text())
        if not (document.parent / target).exists()
    ]
    assert broken == []


def imported(root: Path) -> Iterator[tuple[str, str]]:
    """(top module, file) of every import in the packages that the wheel carries."""
    for package in PACKAGES:
        for path in (root / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    modules = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    modules = [node.module or ""]
                else:
                    continue
                yield from ((module.split(".")[0], path.relative_to(root).as_posix()) for module in modules)


def test_dependencies__every_imported_package__is_declared(project_root: Path) -> None:
    """A package that only comes along with another one is gone when the other changes its mind."""
    project = tomllib.loads((project_root / "pyproject.toml").read_text())["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    declared = {canonicalize_name(Requirement(line).name) for line in [*project["dependencies"], *extras]}
    distributions = packages_distributions()
    undeclared = {
        f"{module} ({path})"
        for module, path in imported(project_root)
        if module not in OWN | set(sys.stdlib_module_names)
        and not {canonicalize_name(name) for name in distributions.get(module, [])} & declared
    }
    assert sorted(undeclared) == []
