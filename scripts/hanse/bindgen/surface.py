"""The module of one contract: its events, the answers of its functions, and its typed calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from hanse.bindgen.layout import (
    PACKAGE,
    by_name,
    class_head,
    converted,
    field_lines,
    listed,
    module,
    tuple_text,
    types_text,
)
from hanse.bindgen.shapes import TAKEN, Field, Json, fields_of, pascal, signature, snake
from hanse.bindgen.suite import Surface


@dataclass(frozen=True)
class Function:
    """One function with its Python name and what its answer becomes."""

    name: str
    entry: Json
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    answer: str
    has_answer_class: bool


def surface_module(surface: Surface) -> str:
    """The text of the contract's module."""
    imports = ["from collections.abc import Mapping, Sequence", "from dataclasses import dataclass"]
    imports += ["from typing import Any, ClassVar, NamedTuple", "", "from contracts import load_artifact"]
    imports += ["from settlement.chain import abi", f"from {PACKAGE} import enums, errors, structs"]
    digest = keccak(text=json.dumps(surface.abi, sort_keys=True, separators=(",", ":"))).hex()
    events = _named(surface.entries("event"), pascal)
    functions = [_function(name, entry) for name, entry in _named(surface.entries("function"), snake)]
    errors = [f"errors.{entry['name']}" for entry in surface.entries("error")]
    tables = [
        _table("EVENTS: tuple[type[Any], ...]", [name for name, _ in events]),
        _table("ERRORS: tuple[type[Any], ...]", errors),
    ]
    calls = [f"class {surface.name}:", f'    """Calls of {surface.name}."""']
    if surface.artifact.is_deployable:
        calls += ["", *_deploy(surface)]
    for function in functions:
        calls += ["", *_call(function)]
    blocks = [
        f'NAME = "{surface.name}"\nABI_HASH = "0x{digest}"',
        *(_event(surface.name, name, entry) for name, entry in events),
        "\n".join(tables),
        *(block for function in functions for block in _answer_blocks(function)),
        "\n".join(calls),
    ]
    return module(f"{surface.name}: events and typed calls.", imports, blocks)


def _table(head: str, items: Sequence[str]) -> str:
    return f"{head} = {tuple_text(items)}" if len(items) < 2 else listed(f"{head} = (", items, ")")


def _named(entries: Sequence[Json], style: Callable[[str], str]) -> list[tuple[str, Json]]:
    """Each entry with its Python name; the second of an overloaded name gets the suffix ``_2``."""
    seen: dict[str, int] = {}
    named = []
    for entry in entries:
        name = style(entry["name"])
        name = f"{name}_" if name in TAKEN else name
        seen[name] = seen.get(name, 0) + 1
        named.append((name if seen[name] == 1 else f"{name}_{seen[name]}", entry))
    return named


def _event(contract: str, name: str, entry: Json) -> str:
    fields = fields_of([_as_logged(parameter) for parameter in entry["inputs"]])
    indexed = [field for field in fields if field.is_indexed]
    plain = [field for field in fields if not field.is_indexed]
    text = signature(entry)
    lines = class_head(name, f"Event {text}.")
    lines += [f'    CONTRACT: ClassVar[str] = "{contract}"', f'    SIGNATURE: ClassVar[str] = "{text}"']
    lines += [f'    TOPIC: ClassVar[bytes] = bytes.fromhex("{keccak(text=text).hex()}")', ""]
    lines += [*field_lines(fields), *([""] if fields else []), "    @classmethod"]
    lines += [f"    def from_log(cls, topics: Sequence[bytes], body: bytes) -> {name}:"]
    lines += ['        """Read one log of this event."""']
    lines += [f"        {'indexed = ' if indexed else ''}abi.decode_topics({types_text(indexed)}, topics)"]
    lines += [f"        {'values = ' if plain else ''}abi.decode({types_text(plain)}, body)"]
    taken = dict(zip(indexed, converted(indexed, "indexed"), strict=True))
    taken |= dict(zip(plain, converted(plain), strict=True))
    lines += [listed("return cls(", by_name(fields, [taken[field] for field in fields]), ")", "        ")]
    return "\n".join(lines)


def _as_logged(parameter: Json) -> Json:
    """An indexed value of dynamic size or of several words is its hash in the log."""
    kind = str(parameter["type"])
    is_hashed = kind in ("string", "bytes") or kind.endswith("]") or kind.startswith("tuple")
    if parameter["indexed"] and is_hashed:
        return parameter | {"type": "bytes32", "internalType": "bytes32"}
    return parameter


def _function(name: str, entry: Json) -> Function:
    outputs = fields_of(entry["outputs"])
    kinds = [field.shape.python for field in outputs]
    has_answer_class = len(outputs) > 1 and all(parameter["name"] for parameter in entry["outputs"])
    if has_answer_class:
        answer = f"{pascal(entry['name'])}Answer{name.removeprefix(snake(entry['name']))}"
        outputs = tuple(_beside_tuple_methods(field) for field in outputs)
    elif len(kinds) > 1:
        answer = f"tuple[{', '.join(kinds)}]"
    else:
        answer = kinds[0] if kinds else "None"
    return Function(name, entry, fields_of(entry["inputs"]), outputs, answer, has_answer_class)


def _beside_tuple_methods(field: Field) -> Field:
    return Field(f"{field.name}_", field.shape) if field.name in ("count", "index") else field


def _answer_blocks(function: Function) -> list[str]:
    """The decoder of one answer, after the named tuple it fills where all values have names."""
    blocks = []
    values = converted(function.outputs)
    lines = [f"def _{function.name}_answer(output: bytes) -> {function.answer}:"]
    if not values:
        lines += ["    abi.decode((), output)"]
        return ["\n".join(lines)]
    lines += [f"    values = abi.decode({types_text(function.outputs)}, output)"]
    if function.has_answer_class:
        doc = f'    """Answer of {signature(function.entry)}."""'
        head = [f"class {function.answer}(NamedTuple):", doc, "", *field_lines(function.outputs)]
        blocks.append("\n".join(head))
        lines += [listed(f"return {function.answer}(", by_name(function.outputs, values), ")", "    ")]
    elif len(values) == 1:
        lines += [f"    answer: {function.answer} = {values[0]}", "    return answer"]
    else:
        lines += [listed("return (", values, ")", "    ")]
    return [*blocks, "\n".join(lines)]


def _arguments(fields: Sequence[Field]) -> list[str]:
    return [f"{field.name}: {field.shape.python}" for field in fields]


def _encoded(fields: Sequence[Field]) -> str:
    given = tuple_text([field.shape.to_abi(field.name) for field in fields])
    return f"abi.encode({types_text(fields)}, {given})"


def _call(function: Function) -> list[str]:
    text = signature(function.entry)
    head = f") -> abi.Call[{function.answer}]:"
    selector = f'bytes.fromhex("{keccak(text=text)[:4].hex()}")'
    payload = f"{selector} + {_encoded(function.inputs)}" if function.inputs else selector
    is_view = function.entry["stateMutability"] in ("view", "pure")
    return [
        "    @staticmethod",
        listed(f"def {function.name}(", _arguments(function.inputs), head, "    "),
        f'        """{text}"""',
        "        return abi.Call(",
        f'            NAME, "{function.entry["name"]}", {payload}, {is_view}, _{function.name}_answer',
        "        )",
    ]


def _deploy(surface: Surface) -> list[str]:
    fields = fields_of(surface.constructor_inputs)
    libraries = surface.artifact.bytecode.libraries
    arguments = _arguments(fields) + (["libraries: Mapping[str, str]"] if libraries else [])
    about = f", linked to {', '.join(libraries)} at the given addresses" if libraries else ""
    code = f"load_artifact(NAME).bytecode.linked({'libraries' if libraries else ''})"
    return [
        "    @staticmethod",
        listed("def deploy(", arguments, ") -> bytes:", "    "),
        f'        """Creation code with its arguments{about}."""',
        f"        return {code}{f' + {_encoded(fields)}' if fields else ''}",
    ]
