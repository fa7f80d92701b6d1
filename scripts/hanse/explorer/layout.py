"""Text on a terminal: columns that line up, pairs of names and values, lines that break between values."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from hanse.explorer.values import Shown

INDENT = "  "


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, left: frozenset[int] = frozenset()
) -> list[str]:
    """Columns as wide as their widest cell, numbers to the right, the columns of ``left`` to the left."""
    cells = [list(heads), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    return [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def pairs(facts: dict[str, str]) -> list[str]:
    """Names and values under one another; what is empty is left out."""
    told = {name: text for name, text in facts.items() if text}
    width = max((len(name) for name in told), default=0)
    return [f"{name.ljust(width)}  {text}" for name, text in told.items()]


def tree(shown: Sequence[Shown], depth: int = 1) -> list[str]:
    """Fields one a line, those of structs and arrays below their own."""
    width = max((len(one.name) for one in shown if not one.parts), default=0)
    lines: list[str] = []
    for one in shown:
        if one.parts:
            lines += [f"{INDENT * depth}{one.name}", *tree(one.parts, depth + 1)]
        else:
            lines.append(f"{INDENT * depth}{one.name.ljust(width)}  {one.text}".rstrip())
    return lines


def inline(shown: Sequence[Shown]) -> list[str]:
    """Fields as ``name value``, in short; those of structs and arrays in brackets behind their own."""
    return [f"{one.name} {_short(one)}" for one in shown]


def _short(one: Shown) -> str:
    if one.is_array:
        return " ".join(_short(part) for part in one.parts)
    if one.parts:
        return f"({', '.join(inline(one.parts))})"
    return one.short or "(empty)"


def wrapped(first: str, parts: Sequence[str], indent: str) -> list[str]:
    """A line that begins with ``first``; on a terminal it breaks between parts, and in long ones between their fields."""
    if not sys.stdout.isatty():
        return ["  ".join([first, *parts])]
    width = shutil.get_terminal_size((100, 24)).columns
    lines, line = [], first
    for part in parts:
        if len(indent) + len(part) <= width:
            pieces = [("  ", part)]
        else:
            begin, *others = part.split(", ")
            pieces = [("  ", begin), *((", ", one) for one in others)]
        for joint, piece in pieces:
            if len(line) + len(joint) + len(piece) + 1 > width and line.strip():
                lines.append(line + joint.rstrip())
                line = indent + piece
            else:
                line += joint + piece
    return [*lines, line]


def time_text(timestamp: int) -> str:
    """A block's time. Units: Unix seconds."""
    try:
        return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return f"{timestamp} (Unix seconds)"


def percent_text(part: int, whole: int) -> str:
    """A share with one digit after the point, rounded down."""
    tenths = part * 1_000 // whole if whole else 0
    return f"{tenths // 10}.{tenths % 10} %"
