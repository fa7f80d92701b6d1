"""Which text of which source each instruction of a contract's code came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
JUMPI = 0x57


@dataclass(frozen=True, order=True)
class Span:
    """A part of a source, in bytes."""

    source: str
    start: int
    end: int

    def holds(self, other: Span) -> bool:
        """Whether the other one lies within."""
        return self.source == other.source and self.start <= other.start and other.end <= self.end


def spans(artifact: Json) -> dict[int, Span]:
    """Span of the instruction at each program counter; instructions that no source stands behind are left out."""
    deployed = artifact["deployedBytecode"]
    code = bytes.fromhex(deployed["object"])
    found: dict[int, Span] = {}
    fields = ["0", "0", "-1"]
    counter = 0
    for item in deployed["sourceMap"].split(";"):
        # An empty field repeats the one before it.
        for at, value in enumerate(item.split(":")[:3]):
            fields[at] = value or fields[at]
        start, length, source = (int(field) for field in fields)
        if source >= 0:
            found[counter] = Span(deployed["sources"][source], start, start + length)
        instruction = code[counter] if counter < len(code) else 0
        counter += 1 + (instruction - 0x5F if 0x60 <= instruction <= 0x7F else 0)
    return found


def masked(code: bytes, artifact: Json) -> bytes:
    """Code with its immutables empty, as the compiler hands it out."""
    plain = bytearray(code)
    for places in artifact["deployedBytecode"]["immutableReferences"].values():
        for place in places:
            plain[place["start"] : place["start"] + place["length"]] = bytes(place["length"])
    return bytes(plain)


def nodes(tree: Any) -> Iterator[Json]:
    """Every node of a syntax tree, parents first."""
    if isinstance(tree, list):
        for item in tree:
            yield from nodes(item)
    elif isinstance(tree, dict):
        if "nodeType" in tree:
            yield tree
        for value in tree.values():
            if isinstance(value, dict | list):
                yield from nodes(value)


def span_of(source: str, node: Json) -> Span:
    """Where a node stands."""
    start, length, _ = (int(part) for part in node["src"].split(":"))
    return Span(source, start, start + length)
