"""What a contract says about its own risks, and what it never does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from house_rules.source import Finding, Source

_UNCHECKED = re.compile(r"\bunchecked\s*\{")
_LOOP = re.compile(r"\b(?:for|while)\s*\(|\bdo\s*\{")
_BOUND = re.compile(r"\bat most\b|\bbound|\bno more than\b", re.IGNORECASE)
_NEVER = {
    r"\btx\s*\.\s*origin\b": "tx.origin; ask for a signature, or msg.sender",
    r"\bselfdestruct\b": "selfdestruct; code stays where it is",
    r"\.\s*transfer(?:From)?\s*\(": "a raw transfer; SafeERC20 takes tokens that answer nothing",
    r"\bblock\s*\.\s*number\b": "block.number; time is block.timestamp, as Clock reads it",
}


def unchecked_reason(source: Source) -> Iterator[Finding]:
    """Arithmetic that may wrap says why it does not: above the block, or in its first line."""
    for number, _ in _code(source, _UNCHECKED):
        if not _comment_at(source.lines, number):
            yield source.finding(number, "unchecked-reason", "say why nothing here can wrap, in a comment")


def loop_bound(source: Source) -> Iterator[Finding]:
    """A loop that somebody else can lengthen is a way to stop the contract: its bound is stated beside it."""
    for number, _ in _code(source, _LOOP):
        if not _BOUND.search(_comment_at(source.lines, number)):
            yield source.finding(
                number, "loop-bound", "say what bounds this loop: // at most ..., // bounded by ..."
            )


def never(source: Source) -> Iterator[Finding]:
    """What no contract of this house uses."""
    for pattern, message in _NEVER.items():
        for number, _ in _code(source, re.compile(pattern)):
            yield source.finding(number, "never-in-contracts", message)


def _code(source: Source, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Lines whose code, comments apart, holds the pattern."""
    if not source.path.endswith(".sol") or source.is_test:
        return
    for number, line in enumerate(source.lines, start=1):
        code = line.split("//", maxsplit=1)[0]
        if pattern.search(code) and not code.lstrip().startswith(("*", "/*")):
            yield number, code


def _comment_at(lines: list[str], number: int) -> str:
    """The comments that belong to a line: in it, right above it, and at the start of the block it opens."""
    said = [lines[number - 1].partition("//")[2]]
    above = number - 2
    while above >= 0 and lines[above].lstrip().startswith("//"):
        said.append(lines[above].lstrip(" /"))
        above -= 1
    below = number
    while below < len(lines) and lines[below].lstrip().startswith("//"):
        said.append(lines[below].lstrip(" /"))
        below += 1
    return " ".join(said).strip()
