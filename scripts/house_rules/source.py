"""One file as the rules see it, and what they say about it."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

Function = ast.FunctionDef | ast.AsyncFunctionDef
MONEY_PACKAGES = ("settlement", "oracle", "api")


@dataclass(frozen=True, order=True)
class Finding:
    """One breach: where, of which rule, and what to do."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Source:
    """A file by its path from the project's root; ``tree`` and ``comments`` are there for Python only."""

    path: str
    text: str
    tree: ast.Module | None = None
    comments: dict[int, str] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """The file's lines, without their ends."""
        return self.text.splitlines()

    @property
    def folder(self) -> str:
        """The top folder, such as ``settlement``."""
        return PurePosixPath(self.path).parts[0]

    @property
    def is_test(self) -> bool:
        """Whether the file is part of the test suite."""
        return self.folder == "tests"

    def nodes(self) -> Iterator[ast.AST]:
        """Every node of the tree, none where the file is not Python."""
        return iter(()) if self.tree is None else ast.walk(self.tree)

    def functions(self) -> Iterator[Function]:
        """Every function and method, nested ones too."""
        return (node for node in self.nodes() if isinstance(node, Function))

    def finding(self, line: int, rule: str, message: str) -> Finding:
        """A finding in this file."""
        return Finding(self.path, line, rule, message)


def read_source(path: str, text: str) -> Source:
    """Parse one file; of languages other than Python only the text is looked at.

    Raises: SyntaxError when Python does not parse.
    """
    if not path.endswith(".py") and not text.startswith("#!/usr/bin/env python"):
        return Source(path, text)
    tree = ast.parse(text, path)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
    return Source(path, text, tree, comments)
