"""Calls, events and errors read with the names that the compiled contracts give their parts.

The generated bindings read what the service needs; here everything is read, also of contracts nobody named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_utils.crypto import keccak

from contracts import MODULES, load_artifact
from settlement.chain.abi import checksum, decode, decode_topics
from settlement.chain.deployment import CONTRACTS
from settlement.errors import ChainError

KNOWN = (*CONTRACTS, "TestCash")
"""Contracts whose calls and logs are read, the suite's first."""


@dataclass(frozen=True)
class Field:
    """One named value.

    ``kind`` is the canonical ABI type, ``declared`` what the source says ("enum Phase", "struct Leg[]").
    Shapes: ``value`` is an int, str, bytes or bool; a tuple of fields for a struct; a list of fields for an array.
    """

    name: str
    kind: str
    declared: str
    value: Any


@dataclass(frozen=True)
class Decoded:
    """A call, event or error: who declares it, its name, its fields."""

    contract: str
    name: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Any:
        """A field's value, None when there is none of that name."""
        return next((one.value for one in self.fields if one.name == name), None)


@dataclass(frozen=True)
class _Entry:
    contract: str
    name: str
    inputs: tuple[dict[str, Any], ...]

    @property
    def signature(self) -> str:
        return f"{self.name}({','.join(canonical_type(one) for one in self.inputs)})"

    @property
    def indexed(self) -> int:
        return sum(bool(one.get("indexed")) for one in self.inputs)


def canonical_type(parameter: dict[str, Any]) -> str:
    """A parameter's type as selectors and eth_abi spell it."""
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(canonical_type(one) for one in parameter["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


@cache
def _entries(contract: str, sort: str) -> tuple[_Entry, ...]:
    declared = load_artifact(contract).abi
    return tuple(
        _Entry(contract, entry["name"], tuple(entry["inputs"])) for entry in declared if entry["type"] == sort
    )


@cache
def _by_hash(contract: str, sort: str) -> dict[bytes, list[_Entry]]:
    """Entries by the hash of their signature: of one contract and its modules, or of all when it is empty."""
    table: dict[bytes, list[_Entry]] = {}
    for name in (contract, *MODULES.get(contract, ())) if contract else KNOWN:
        for entry in _entries(name, sort):
            found = table.setdefault(keccak(text=entry.signature), [])
            if all(one.inputs != entry.inputs for one in found):
                found.append(entry)
    return table


@cache
def _by_selector(contract: str, sort: str) -> dict[bytes, list[_Entry]]:
    return {full[:4]: entries for full, entries in _by_hash(contract, sort).items()}


def read_call(contract: str | None, calldata: bytes) -> Decoded | None:
    """A call of a contract of ours, or of one nobody named (None); None when it cannot be read."""
    return _read(_by_selector(contract or "", "function").get(calldata[:4], []), calldata[4:])


def read_error(revert: bytes) -> Decoded | None:
    """A custom error that any contract of the suite declares."""
    return _read(_by_selector("", "error").get(revert[:4], []), revert[4:])


def read_event(contract: str | None, topics: Sequence[bytes], body: bytes) -> Decoded | None:
    """A log of a contract of ours, or of one nobody named (None); None when it cannot be read."""
    if not topics:
        return None
    for entry in _by_hash(contract or "", "event").get(topics[0], []):
        if entry.indexed != len(topics) - 1:
            continue
        try:
            return Decoded(entry.contract, entry.name, _event_fields(entry, topics, body))
        except ChainError:
            continue
    return None


def event_topics(event: str | None, contract: str | None) -> list[bytes]:
    """The first topics of events of this name, of a contract or module, or of any; without a name of all of it."""
    names = (contract, *MODULES.get(contract, ())) if contract else KNOWN
    found = {
        keccak(text=entry.signature)
        for name in names
        for entry in _entries(name, "event")
        if event is None or entry.name.lower() == event.lower()
    }
    return sorted(found)


def event_names(contract: str | None) -> list[str]:
    """Names of events, of one contract or module, or of all."""
    names = (contract, *MODULES.get(contract, ())) if contract else KNOWN
    return sorted({entry.name for name in names for entry in _entries(name, "event")})


def enum_text(declared: str, number: int) -> str | None:
    """The member's name of an enum of the contracts, None when there is no such member."""
    name = declared.removeprefix("enum ").rpartition(".")[2]
    for contract in KNOWN:
        members = load_artifact(contract).enums.get(name)
        if members is not None:
            return members[number] if number < len(members) else None
    return None


def _read(entries: Iterable[_Entry], body: bytes) -> Decoded | None:
    for entry in entries:
        try:
            values = decode([canonical_type(one) for one in entry.inputs], body)
        except ChainError:
            continue
        return Decoded(entry.contract, entry.name, _fields(entry.inputs, values))
    return None


def _event_fields(entry: _Entry, topics: Sequence[bytes], body: bytes) -> tuple[Field, ...]:
    indexed = [one for one in entry.inputs if one["indexed"]]
    plain = [one for one in entry.inputs if not one["indexed"]]
    # Of a value without a fixed length only the hash is in the topic.
    kinds = ["bytes32" if _is_hashed(one) else canonical_type(one) for one in indexed]
    told = dict(zip((one["name"] for one in indexed), decode_topics(kinds, topics), strict=True))
    told |= zip(
        (one["name"] for one in plain), decode([canonical_type(one) for one in plain], body), strict=True
    )
    return tuple(
        _field(one | {"type": "bytes32"} if one["indexed"] and _is_hashed(one) else one, told[one["name"]])
        for one in entry.inputs
    )


def _is_hashed(parameter: dict[str, Any]) -> bool:
    kind = parameter["type"]
    return kind in ("string", "bytes") or kind.startswith("tuple") or kind.endswith("]")


def _fields(parameters: Sequence[dict[str, Any]], values: Sequence[Any]) -> tuple[Field, ...]:
    return tuple(_field(one, value) for one, value in zip(parameters, values, strict=True))


def _field(parameter: dict[str, Any], value: Any) -> Field:
    kind = canonical_type(parameter)
    declared = str(parameter.get("internalType", kind))
    if kind.endswith("]"):
        of_one = parameter | {
            "type": str(parameter["type"]).rpartition("[")[0],
            "internalType": declared.rpartition("[")[0],
            "name": parameter["name"],
        }
        return Field(parameter["name"], kind, declared, [_field(of_one, one) for one in value])
    if kind.startswith("("):
        return Field(parameter["name"], kind, declared, _fields(parameter["components"], value))
    return Field(parameter["name"], kind, declared, checksum(value) if kind == "address" else value)
