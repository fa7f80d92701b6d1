"""Mutants of a source, all of them in one text: each stands behind a switch that block.prevrandao turns.

A compile takes seconds and a test takes milliseconds, so a text that holds many mutants is compiled once. With the
switch at 0 the text does what the source does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from proofs.source_map import Json, nodes

RELATIONS = {
    "<": ("<=", ">"),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
}
ARITHMETIC = {
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
    "%": ("*",),
    "&": ("|",),
    "|": ("&",),
    "^": ("&",),
    "<<": (">>",),
    ">>": ("<<",),
    "&&": ("||",),
    "||": ("&&",),
}
ASSIGNMENTS = {"+=": ("-=", "="), "-=": ("+=", "="), "*=": ("=",), "&=": ("|=", "="), "|=": ("&=", "=")}
DELETED = {"ExpressionStatement", "EmitStatement", "RevertStatement"}


@dataclass(frozen=True)
class Mutant:
    """One change. ``switch`` is unique within its source."""

    switch: int
    file: str
    line: int
    function: str
    kind: str
    code: str
    start: int
    end: int
    alternative: str

    @property
    def key(self) -> tuple[str, ...]:
        """What stays the same when lines move."""
        return (self.file.removeprefix("src/"), self.function, self.kind, self.code)

    @property
    def is_statement(self) -> bool:
        """Whether it takes a whole statement away."""
        return self.kind.removeprefix("without ") in DELETED


def mutants_of(source: str, tree: Json, text: bytes) -> list[Mutant]:
    """Every mutant of a source, numbered from 1."""
    found: list[Mutant] = []
    for function in nodes(tree):
        if function["nodeType"] not in ("FunctionDefinition", "ModifierDefinition") or not function.get(
            "body"
        ):
            continue
        name = str(function["name"] or function["kind"])
        for start, end, kind, alternative in _changes(function["body"], text):
            line = text.count(b"\n", 0, start) + 1
            code = " ".join(text[start:end].decode().split())[:70]
            found.append(Mutant(len(found) + 1, source, line, name, kind, code, start, end, alternative))
    return found


def _place(node: Json) -> tuple[int, int]:
    start, length, _ = (int(part) for part in node["src"].split(":"))
    return start, start + length


def _changes(body: Json, text: bytes) -> Iterator[tuple[int, int, str, str]]:
    for node in nodes(body):
        kind = node["nodeType"]
        start, end = _place(node)
        if kind in ("BinaryOperation", "Assignment"):
            yield from _operators(node, text)
        if kind in ("IfStatement", "Conditional"):
            place = _place(node["condition"])
            yield (*place, "always", "true")
            yield (*place, "never", "false")
        if kind == "Literal" and node["kind"] == "number" and not node["value"].startswith("0x"):
            value = text[start:end].decode()
            yield start, end, "one more", f"({value} + 1)"
            if value.strip("0_"):
                yield start, end, "zero", "0"
        if kind == "UnaryOperation" and node["operator"] == "!":
            yield start, end, "without !", text[start + 1 : end].decode()
        if kind in DELETED:
            yield start, text.index(b";", end) + 1, f"without {kind}", ""


def _operators(node: Json, text: bytes) -> Iterator[tuple[int, int, str, str]]:
    left = node.get("leftExpression") or node["leftHandSide"]
    right = node.get("rightExpression") or node["rightHandSide"]
    if left["nodeType"] == "TupleExpression" and node["nodeType"] == "Assignment":
        return
    start, end = _place(node)
    first, second = _place(left)[1], _place(right)[0]
    operator, between = node["operator"], text[first:second].decode()
    for other in {**RELATIONS, **ARITHMETIC, **ASSIGNMENTS}.get(operator, ()):
        changed = between.replace(operator, other, 1)
        alternative = text[start:first].decode() + changed + text[second:end].decode()
        yield start, end, f"{operator} as {other}", alternative


def schema(text: bytes, chosen: list[Mutant]) -> str:
    """The source with all chosen mutants behind their switches."""
    edits: dict[tuple[int, int], list[Mutant]] = {}
    for mutant in chosen:
        edits.setdefault((mutant.start, mutant.end), []).append(mutant)
    places = sorted(edits, key=lambda place: (place[0], -place[1]))
    written = _written(text, 0, len(text), places, edits)
    # The switch is read from the block, which no pure function may do.
    return re.sub(r"\bpure\b", "view", written)


def _written(
    text: bytes,
    start: int,
    end: int,
    places: list[tuple[int, int]],
    edits: dict[tuple[int, int], list[Mutant]],
) -> str:
    parts: list[str] = []
    at = start
    inner = [place for place in places if start <= place[0] and place[1] <= end]
    while inner:
        place = inner[0]
        within = [each for each in inner[1:] if each[0] >= place[0] and each[1] <= place[1]]
        parts.append(text[at : place[0]].decode())
        original = _written(text, *place, within, edits)
        parts.append(_switched(original, edits[place]))
        at = place[1]
        inner = [each for each in inner if each[0] >= at]
    parts.append(text[at:end].decode())
    return "".join(parts)


def _switched(original: str, mutants: list[Mutant]) -> str:
    for mutant in mutants:
        on = f"block.prevrandao == {mutant.switch}"
        if mutant.is_statement:
            original = f"{{ if (block.prevrandao != {mutant.switch}) {{ {original} }} }}"
        elif mutant.kind == "always":
            original = f"({on} || ({original}))"
        elif mutant.kind == "never":
            original = f"(block.prevrandao != {mutant.switch} && ({original}))"
        elif mutant.kind in ("one more", "zero"):
            original = f"uint256({on} ? {mutant.alternative} : {original})"
        else:
            original = f"({on} ? ({mutant.alternative}) : ({original}))"
    return original
