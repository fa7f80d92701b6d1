"""Tests that can fail, wait on conditions and use the real parts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from house_rules.source import Finding, Function, Source

_NAME = re.compile(r"test_[a-z0-9]+(?:_[A-Za-z0-9]+)*__[A-Za-z0-9]+")
_PROVES = re.compile(r"raises|revert|assert|check|expect|verify|refuse|warns|fail|run_state_machine")


def test_name(source: Source) -> Iterator[Finding]:
    """``test_<subject>__<case>__<result>``, or the code of a checklist line for the subject."""
    for function in _tests(source):
        if not _NAME.match(function.name):
            message = f"{function.name}; call it test_<subject>__<case>__<result>"
            yield source.finding(function.lineno, "test-name", message)


def test_without_assertion(source: Source) -> Iterator[Finding]:
    """A test that cannot fail is a defect."""
    for function in _tests(source):
        asserts = any(isinstance(node, ast.Assert) for node in ast.walk(function))
        called = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
        if not asserts and not any(_PROVES.search(_last_name(name)) for name in called):
            message = f"{function.name} asserts nothing"
            yield source.finding(function.lineno, "no-assertion", message)


def sleeping_test(source: Source) -> Iterator[Finding]:
    """A test waits on a condition; a pause is either too short or too long."""
    if not source.is_test:
        return
    for node in source.nodes():
        if isinstance(node, ast.Call) and _last_name(node.func) == "sleep":
            yield source.finding(node.lineno, "sleep", "sleep in a test; wait on the condition")


def mocks(source: Source) -> Iterator[Finding]:
    """The real part starts in a second."""
    if not source.is_test:
        return
    for node in source.nodes():
        modules = (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
        if any(module.split(".")[:2] == ["unittest", "mock"] for module in modules) and isinstance(
            node, ast.stmt
        ):
            yield source.finding(node.lineno, "mock", "unittest.mock; start the real part")


def _tests(source: Source) -> Iterator[Function]:
    if source.is_test and PurePosixPath(source.path).name.startswith("test_"):
        yield from (function for function in source.functions() if function.name.startswith("test_"))


def _last_name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
