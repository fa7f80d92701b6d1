"""The modules that all contracts share: enums, structs, errors and the registry."""

from __future__ import annotations

from eth_utils.crypto import keccak

from contracts import MODULES
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
from hanse.bindgen.shapes import fields_of, signature, snake
from hanse.bindgen.suite import Suite
from hanse.bindgen.surface import surface_module

_EVENT_PROTOCOL = '''class Event(Protocol):
    """The class of one event."""

    TOPIC: ClassVar[bytes]

    @classmethod
    def from_log(cls, topics: Sequence[bytes], body: bytes) -> Any:
        """Read one log."""'''

_ERROR_PROTOCOL = '''class CustomError(Protocol):
    """The class of one custom error."""

    SELECTOR: ClassVar[bytes]

    @classmethod
    def from_body(cls, body: bytes) -> Any:
        """Read what follows the selector."""'''


def modules_of(suite: Suite) -> dict[str, str]:
    """File name to text, for the whole ``bindings`` package. Same artifacts in, same bytes out."""
    shared = {
        "__init__.py": module("Typed calls, events, errors, structs and enums of the contracts."),
        "enums.py": _enums(suite),
        "structs.py": _structs(suite),
        "errors.py": _errors(suite),
        "registry.py": _registry(suite),
    }
    return shared | {f"{snake(surface.name)}.py": surface_module(surface) for surface in suite.surfaces}


def _enums(suite: Suite) -> str:
    blocks = []
    for name, members in sorted(suite.enums.items()):
        lines = [f"class {name}(IntEnum):", f'    """Solidity enum {name}."""', ""]
        # Upper case, since Solidity's favourite first member is Python's None.
        lines += [f"    {snake(member).rstrip('_').upper()} = {at}" for at, member in enumerate(members)]
        blocks.append("\n".join(lines))
    return module("Enums of the contracts, members in upper case.", ["from enum import IntEnum"], blocks)


def _structs(suite: Suite) -> str:
    blocks = []
    for name, components in sorted(suite.structs.items()):
        fields = fields_of(components, structs_prefix="")
        lines = class_head(name, f"Solidity struct {name}.")
        lines += [f'    ABI_TYPE: ClassVar[str] = "({",".join(field.shape.abi for field in fields)})"', ""]
        lines += [*field_lines(fields), "", "    def to_abi(self) -> tuple[Any, ...]:"]
        given = [field.shape.to_abi(f"self.{field.name}") for field in fields]
        lines += ['        """The values as eth_abi takes them."""']
        lines += [
            listed("return (", given, ")", "        ")
            if len(given) > 1
            else f"        return {tuple_text(given)}"
        ]
        lines += ["", "    @classmethod", f"    def from_abi(cls, values: Sequence[Any]) -> {name}:"]
        lines += ['        """The struct of values that eth_abi gave."""']
        lines += [listed("return cls(", by_name(fields, converted(fields)), ")", "        ")]
        blocks.append("\n".join(lines))
    imports = ["from collections.abc import Sequence", "from dataclasses import dataclass"]
    imports += ["from typing import Any, ClassVar", "", "from settlement.chain import abi"]
    return module("Structs of the contracts, each once.", [*imports, f"from {PACKAGE} import enums"], blocks)


def _errors(suite: Suite) -> str:
    blocks = []
    for name, entry in sorted(suite.errors.items()):
        fields = fields_of(entry["inputs"])
        text = signature(entry)
        lines = class_head(name, f"Custom error {text}.")
        lines += [f'    SIGNATURE: ClassVar[str] = "{text}"']
        lines += [f'    SELECTOR: ClassVar[bytes] = bytes.fromhex("{keccak(text=text)[:4].hex()}")', ""]
        lines += [*field_lines(fields), *([""] if fields else []), "    @classmethod"]
        lines += [
            f"    def from_body(cls, body: bytes) -> {name}:",
            '        """Read what follows the selector."""',
        ]
        lines += [f"        {'values = ' if fields else ''}abi.decode({types_text(fields)}, body)"]
        lines += [listed("return cls(", by_name(fields, converted(fields)), ")", "        ")]
        blocks.append("\n".join(lines))
    imports = ["from dataclasses import dataclass", "from typing import ClassVar", ""]
    imports += ["from settlement.chain import abi", f"from {PACKAGE} import enums, structs"]
    return module("Custom errors of all contracts, each once.", imports, blocks)


def _registry(suite: Suite) -> str:
    names = {surface.name: snake(surface.name) for surface in suite.surfaces}
    imports = ["from collections.abc import Sequence", "from typing import Any, ClassVar, Protocol", ""]
    imports += [listed(f"from {PACKAGE} import (", ["errors", *sorted(names.values())], ")")]
    events = ["EVENTS: dict[str, dict[bytes, type[Event]]] = {"]
    for name, file in names.items():
        # The contract comes last: an event that a module tells too has its class.
        files = [*(names[module] for module in MODULES.get(name, ()) if module in names), file]
        told = f"{file}.EVENTS" if len(files) == 1 else f"({', '.join(f'*{one}.EVENTS' for one in files)})"
        events.append(f'    "{name}": {{event.TOPIC: event for event in {told}}},')
    events += ["}", '"""Events by the name of the contract at a log\'s address, and topic."""', ""]
    every = [
        "ALL_ERRORS: tuple[type[CustomError], ...] = (",
        *(f"    errors.{name}," for name in sorted(suite.errors)),
        ")",
    ]
    selectors = [
        "",
        "ERRORS: dict[bytes, type[CustomError]] = {error.SELECTOR: error for error in ALL_ERRORS}",
    ]
    selectors += ['"""Custom errors of all contracts by selector."""', ""]
    hashes = [
        "ABI_HASHES: dict[str, str] = {",
        *(f'    "{name}": {file}.ABI_HASH,' for name, file in names.items()),
        "}",
    ]
    blocks = [_EVENT_PROTOCOL, _ERROR_PROTOCOL, "\n".join([*events, *every, *selectors, *hashes])]
    return module("Which class reads which topic or selector.", imports, blocks)
