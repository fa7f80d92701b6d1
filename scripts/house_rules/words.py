"""Docstrings where STYLE asks for them, and words that mean unfinished work."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from house_rules.source import MONEY_PACKAGES, Finding, Source

_UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b")
_BANNER = re.compile(r"^#\s*[-=*~#]{4,}")
_HEAD = re.compile(r"^(\s*)(Units|Holds|Raises|Source):\s*$")
_MIGRATIONS = "settlement/store/migrations/"  # each says what it does in the message Alembic puts at its top
_REQUIRE_TEXT = re.compile(r"\brequire\s*\(")


def unfinished(source: Source) -> Iterator[Finding]:
    """What is not done stands in the issue, not in the code."""
    for number, line in enumerate(source.lines, start=1):
        found = _UNFINISHED.search(line)
        if found:
            yield source.finding(number, "unfinished", f"{found[0]}: do it, or say it in the issue's note")


def stub(source: Source) -> Iterator[Finding]:
    """No part is a stub: a body of ``...`` or NotImplementedError belongs to protocols only."""
    open_classes = {
        id(member)
        for node in source.nodes()
        if isinstance(node, ast.ClassDef) and any("Protocol" in ast.dump(base) for base in node.bases)
        for member in node.body
    }
    for function in source.functions():
        decorators = " ".join(ast.dump(decorator) for decorator in function.decorator_list)
        if id(function) in open_classes or "overload" in decorators or "abstract" in decorators:
            continue
        if any(isinstance(node, ast.Raise) and "NotImplemented" in ast.dump(node) for node in function.body):
            yield source.finding(function.lineno, "stub", f"{function.name} is not implemented")
        elif all(isinstance(node, ast.Expr) and _is_ellipsis(node.value) for node in function.body):
            yield source.finding(function.lineno, "stub", f"{function.name} has no body")


def banner(source: Source) -> Iterator[Finding]:
    """A file that needs banners holds several concepts."""
    for line, comment in source.comments.items():
        if _BANNER.match(comment):
            yield source.finding(line, "banner", "banner comment; split the file, or leave it out")


def missing_docstring(source: Source) -> Iterator[Finding]:
    """Every module, and every public class and function at its top, says what it is for."""
    if source.tree is None or source.folder not in MONEY_PACKAGES or source.path.startswith(_MIGRATIONS):
        return
    if source.tree.body and ast.get_docstring(source.tree) is None:
        yield source.finding(1, "docstring", "the module has no docstring")
    for node in source.tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not node.name.startswith("_") and ast.get_docstring(node) is None:
            yield source.finding(node.lineno, "docstring", f"{node.name} is public and has no docstring")


def empty_head(source: Source) -> Iterator[Finding]:
    """A head with nothing under it is left out."""
    lines = source.lines
    for number, line in enumerate(lines, start=1):
        head = _HEAD.match(line)
        follows = lines[number] if number < len(lines) else ""
        if head and source.path.endswith(".py") and not follows.startswith(head[1] + " "):
            yield source.finding(number, "empty-head", f"{head[2]}: has nothing under it; leave it out")


def solidity_require(source: Source) -> Iterator[Finding]:
    """``if (!ok) revert Error();`` names the error and gives coverage a branch."""
    if not source.path.endswith(".sol"):
        return
    for number, line in enumerate(source.lines, start=1):
        if _REQUIRE_TEXT.search(line.split("//", maxsplit=1)[0]) and not line.lstrip().startswith("*"):
            yield source.finding(number, "require", "require; write if (!ok) revert Error();")


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...
