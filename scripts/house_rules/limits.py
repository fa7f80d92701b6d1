"""How long a file and a function may be, and what a file may be called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from house_rules.source import Finding, Source

FILE_LINES = {".py": 500, ".sol": 400}
FUNCTION_LINES = 50
VAGUE_NAMES = frozenset({"common", "data", "info", "process", "base_classes", "stuff"})
VAGUE_WORDS = frozenset({"util", "utils", "helper", "helpers", "manager", "managers", "misc"})

_SOLIDITY_FUNCTION = re.compile(r"^\s*(function\s+(\w+)|constructor|modifier\s+(\w+))\b")


def file_length(source: Source) -> Iterator[Finding]:
    """A file that outgrows the limit holds more than one concept."""
    limit = FILE_LINES.get(PurePosixPath(source.path).suffix)
    length = len(source.lines)
    if limit is not None and length > limit:
        yield source.finding(1, "file-length", f"{length} lines, at most {limit}; split it by concept")


def function_length(source: Source) -> Iterator[Finding]:
    """Counted from ``def`` to the last line, docstring included, in tests too."""
    for function in source.functions():
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > FUNCTION_LINES:
            message = f"{function.name} has {length} lines, at most {FUNCTION_LINES}; name its parts"
            yield source.finding(function.lineno, "function-length", message)


def solidity_function_length(source: Source) -> Iterator[Finding]:
    """The same limit in contracts; braces are counted, which formatted Solidity allows."""
    if not source.path.endswith(".sol"):
        return
    lines = source.lines
    for start, line in enumerate(lines):
        named = _SOLIDITY_FUNCTION.match(line)
        if named is None:
            continue
        length = _block_length(lines[start:])
        if length > FUNCTION_LINES:
            name = named[2] or named[3] or "constructor"
            message = f"{name} has {length} lines, at most {FUNCTION_LINES}; name its parts"
            yield source.finding(start + 1, "function-length", message)


def _block_length(lines: list[str]) -> int:
    depth = 0
    for count, line in enumerate(lines, start=1):
        code = line.split("//", maxsplit=1)[0]
        depth += code.count("{") - code.count("}")
        if depth == 0 and ("}" in code or code.rstrip().endswith(";")):
            return count
    return len(lines)


def vague_name(source: Source) -> Iterator[Finding]:
    """A name that would fit any file tells nobody what is in this one."""
    for part in PurePosixPath(source.path).with_suffix("").parts:
        if part in VAGUE_NAMES or part.split("_")[-1] in VAGUE_WORDS:
            yield source.finding(1, "vague-name", f"{part!r} says nothing; name the concept it holds")
