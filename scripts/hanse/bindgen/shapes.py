"""How an ABI type looks in Python: its annotation, and the expressions that convert to and from what eth_abi takes."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_ARRAY = re.compile(r"^(.*)\[(\d*)\]$")
_BYTES_N = re.compile(r"^bytes(\d+)$")
TAKEN = frozenset({"abi", "cls", "deploy", "enums", "errors", "libraries", "self", "structs"})
"""Names that the generated text uses itself; a parameter or function of that name gets a trailing underscore."""


class BindingsRefused(ValueError):
    """The ABIs cannot be given one unambiguous Python form."""


@dataclass(frozen=True)
class Shape:
    """One ABI type.

    ``to_abi`` and ``from_abi`` turn the text of an expression into the text of the converted expression.
    """

    abi: str
    python: str
    to_abi: Callable[[str], str]
    from_abi: Callable[[str], str]


@dataclass(frozen=True)
class Field:
    """One named parameter or struct member."""

    name: str
    shape: Shape
    is_indexed: bool = False


def snake(name: str) -> str:
    """``maxAdvanceBps`` -> ``max_advance_bps``; a Python keyword gets a trailing underscore."""
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name.strip("_"))
    lowered = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", spaced).lower()
    return f"{lowered}_" if keyword.iskeyword(lowered) else lowered


def pascal(name: str) -> str:
    """``accountOf`` -> ``AccountOf``."""
    stripped = name.strip("_")
    return stripped[:1].upper() + stripped[1:]


def canonical(parameter: Json) -> str:
    """The ABI type with tuples spelled out, as it stands in signatures."""
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(canonical(part) for part in parameter['components'])}){kind.removeprefix('tuple')}"


def signature(entry: Json) -> str:
    """``name(type,type)``, what selectors and topics are hashed from."""
    return f"{entry['name']}({','.join(canonical(parameter) for parameter in entry['inputs'])})"


def declared_name(parameter: Json, keyword_: str) -> str | None:
    """The last name in an internal type such as ``struct IReceivables.Order[]``, if it is one of that kind."""
    internal = str(parameter.get("internalType", ""))
    if not internal.startswith(f"{keyword_} "):
        return None
    return re.sub(r"(\[\d*\])+$", "", internal.removeprefix(f"{keyword_} ")).split(".")[-1]


def shape_of(parameter: Json, structs_prefix: str = "structs.") -> Shape:
    """The Python form of one parameter.

    Raises: BindingsRefused for types the contracts should not use (fixed point, function pointers).
    """
    array = _ARRAY.match(parameter["type"])
    if array:
        inner = shape_of(parameter | {"type": array[1]}, structs_prefix)
        return _array_of(inner, array[2])
    kind = str(parameter["type"])
    struct = declared_name(parameter, "struct")
    enum = declared_name(parameter, "enum")
    if kind == "tuple":
        if struct is None:
            raise BindingsRefused(f"parameter {parameter.get('name')!r} is a tuple without a struct's name")
        owner = f"{structs_prefix}{struct}"
        return Shape(
            canonical(parameter), owner, lambda x: f"{x}.to_abi()", lambda x: f"{owner}.from_abi({x})"
        )
    if enum is not None:
        return Shape(kind, f"enums.{enum}", lambda x: f"int({x})", lambda x: f"enums.{enum}({x})")
    return _elementary(kind)


def _elementary(kind: str) -> Shape:
    bytes_n = _BYTES_N.match(kind)
    if bytes_n:
        return Shape(kind, "bytes", lambda x: f"abi.fixed({x}, {bytes_n[1]})", _same)
    if kind == "address":
        return Shape(kind, "str", _same, lambda x: f"abi.checksum({x})")
    if re.match(r"^u?int\d+$", kind):
        return Shape(kind, "int", _same, _same)
    plain = {"bool": "bool", "bytes": "bytes", "string": "str"}
    if kind not in plain:
        raise BindingsRefused(f"type {kind!r} has no Python form")
    return Shape(kind, plain[kind], _same, _same)


def _array_of(inner: Shape, length: str) -> Shape:
    # Nested comprehensions need names of their own.
    item = "item" + "_" * inner.abi.count("[")
    to_abi = f"[{inner.to_abi(item)} for {item} in {{}}]"
    from_abi = f"tuple({inner.from_abi(item)} for {item} in {{}})"
    return Shape(
        f"{inner.abi}[{length}]",
        f"tuple[{inner.python}, ...]",
        _same if inner.to_abi("x") == "x" else to_abi.format,
        # eth_abi gives tuples already where nothing in them is converted.
        _same if inner.from_abi("x") == "x" else from_abi.format,
    )


def _same(expression: str) -> str:
    return expression


def fields_of(parameters: Sequence[Json], structs_prefix: str = "structs.") -> tuple[Field, ...]:
    """Named fields of a parameter list; nameless ones are called ``arg0``, ``arg1``.

    Raises: BindingsRefused when two would have the same Python name.
    """
    names = [snake(parameter["name"]) or f"arg{at}" for at, parameter in enumerate(parameters)]
    names = [f"{name}_" if name in TAKEN else name for name in names]
    if len(set(names)) != len(names):
        raise BindingsRefused(f"two parameters have the same Python name: {', '.join(names)}")
    return tuple(
        Field(name, shape_of(parameter, structs_prefix), bool(parameter.get("indexed", False)))
        for name, parameter in zip(names, parameters, strict=True)
    )
