"""Every custom error that our sources declare is provoked by a test of this folder."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts import artifact_names, load_artifact

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "contracts" / "src"
EXPECTING = {"reverts", "raises"}


def declared() -> list[str]:
    """Names of the errors in all artifacts, but for those that only foreign sources declare."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.sol"))
    ours = set(re.findall(r"^\s*error (\w+)\(", text, re.MULTILINE))
    built = {
        entry["name"]
        for name in artifact_names()
        for entry in load_artifact(name).abi
        if entry["type"] == "error"
    }
    assert ours <= built
    return sorted(ours)


def errors_in(node: ast.AST) -> Iterator[str]:
    """X of every `errors.X` below the node."""
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == "errors":
            yield each.attr


def expected_in(node: ast.AST) -> Iterator[str]:
    """Errors that this very node expects: `reverts(...)`, a test's parameters, `assert` of what a revert was."""
    if isinstance(node, ast.Call):
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if called in EXPECTING:
            for given in node.args:
                yield from errors_in(given)
    elif isinstance(node, ast.FunctionDef):
        for decorator in node.decorator_list:
            yield from errors_in(decorator)
    elif isinstance(node, ast.Assert):
        yield from errors_in(node.test) if is_positive(node.test) else ()


def is_positive(test: ast.expr) -> bool:
    """`a == b`, or `isinstance(a, b)`."""
    if isinstance(test, ast.Compare):
        return all(isinstance(operator, ast.Eq) for operator in test.ops)
    return isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "isinstance"


@pytest.fixture(scope="module")
def provoked() -> set[str]:
    """Names that tests of this folder expect in a revert."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in HERE.glob("test_*.py")]
    return {name for tree in trees for node in ast.walk(tree) for name in expected_in(node)}


@pytest.mark.parametrize("name", declared())
def test_error__declared__is_provoked(name: str, provoked: set[str]) -> None:
    assert name in provoked, f"no test makes a contract revert with {name}"


def test_expected__mere_mention__does_not_count() -> None:
    text = """
def test() -> None:
    '''errors.A'''
    told = errors.B(1)
    assert told != errors.C
    assert not isinstance(told, errors.D)
    with reverts(errors.E(2)):
        act(errors.F)
"""
    found = {name for node in ast.walk(ast.parse(text)) for name in expected_in(node)}
    assert found == {"E"}
