"""Random values of ABI parameters in the form eth_abi gives them back, for round trips through the bindings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]
Enums = Mapping[str, Sequence[str]]


def values_of(parameters: Sequence[Json], enums: Enums) -> st.SearchStrategy[tuple[Any, ...]]:
    """One tuple with a value for each parameter."""
    return st.tuples(*(value_of(parameter, enums) for parameter in parameters))


def value_of(parameter: Json, enums: Enums) -> st.SearchStrategy[Any]:
    """One value of the parameter's type; enum values stay inside the enum."""
    kind = str(parameter["type"])
    array = re.match(r"^(.*)\[(\d*)\]$", kind)
    if array:
        inner = value_of(parameter | {"type": array[1]}, enums)
        low, high = (int(array[2]), int(array[2])) if array[2] else (0, 3)
        return st.lists(inner, min_size=low, max_size=high).map(tuple)
    if kind == "tuple":
        return values_of(parameter["components"], enums)
    internal = re.sub(r"(\[\d*\])+$", "", str(parameter.get("internalType", "")))
    if internal.startswith("enum "):
        return st.integers(0, len(enums[internal.split(".")[-1].removeprefix("enum ")]) - 1)
    return _elementary(kind)


def _elementary(kind: str) -> st.SearchStrategy[Any]:
    if kind == "bool":
        return st.booleans()
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
    if kind == "string":
        return st.text(st.characters(codec="utf-8"), max_size=40)
    if kind.startswith("bytes"):
        length = kind.removeprefix("bytes")
        return st.binary(min_size=int(length or 0), max_size=int(length or 70))
    bits = int(kind.removeprefix("u").removeprefix("int") or 256)
    if kind.startswith("u"):
        return st.integers(0, (1 << bits) - 1)
    return st.integers(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def plain(value: Any) -> Any:
    """A decoded value as eth_abi would have given it: structs as tuples, enums as ints, addresses in lower case."""
    if is_dataclass(value):
        return tuple(plain(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, str) and re.fullmatch(r"0x[0-9a-fA-F]{40}", value):
        return value.lower()
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value
