"""What all artifacts declare together: each struct, enum and custom error once, and one surface per contract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from contracts import MODULES, Artifact
from hanse.bindgen.shapes import BindingsRefused, Json, canonical, declared_name, signature


@dataclass(frozen=True)
class Surface:
    """One contract as callers see it: its own ABI, and what linked libraries emit and revert in its name."""

    name: str
    artifact: Artifact
    abi: tuple[Json, ...]
    foreign: frozenset[str] = frozenset()
    """Signatures of events that another contract's interface declares; their class is there."""

    def entries(self, kind: str) -> list[Json]:
        """The functions, events or errors, each signature once, overloads with fewer parameters first."""
        by_signature = {
            signature(entry): entry
            for entry in self.abi
            if entry["type"] == kind and not (kind == "event" and signature(entry) in self.foreign)
        }
        return sorted(
            by_signature.values(), key=lambda entry: (entry["name"], len(entry["inputs"]), signature(entry))
        )

    @property
    def constructor_inputs(self) -> Sequence[Json]:
        """Parameters of the constructor; none when it is not declared."""
        found: list[Sequence[Json]] = [
            entry["inputs"] for entry in self.abi if entry["type"] == "constructor"
        ]
        return found[0] if found else ()


@dataclass(frozen=True)
class Suite:
    """Everything the bindings are rendered from."""

    surfaces: tuple[Surface, ...]
    structs: dict[str, Sequence[Json]]
    enums: dict[str, tuple[str, ...]]
    errors: dict[str, Json]


def suite_of(artifacts: Iterable[Artifact]) -> Suite:
    """Gather the artifacts.

    Raises: BindingsRefused when one name stands for two shapes.
    """
    by_name = {artifact.name: artifact for artifact in artifacts}
    surfaces = tuple(_surfaces(by_name))
    structs: dict[str, Sequence[Json]] = {}
    enums: dict[str, tuple[str, ...]] = {}
    errors: dict[str, Json] = {}
    for surface in surfaces:
        for name, members in surface.artifact.enums.items():
            if enums.setdefault(name, members) != members:
                raise BindingsRefused(f"two enums are called {name}; rename one")
        for parameter in _parameters(surface):
            _gather_structs(parameter, structs)
        for error in surface.entries("error"):
            if signature(errors.setdefault(error["name"], error)) != signature(error):
                raise BindingsRefused(f"two custom errors are called {error['name']}; rename one")
    return Suite(surfaces, structs, enums, errors)


def _surfaces(by_name: dict[str, Artifact]) -> Iterator[Surface]:
    owners = _event_owners(by_name)
    for name, artifact in sorted(by_name.items()):
        if artifact.kind == "interface":
            implemented = name.removeprefix("I")
            # Callers name the contract; its interface stands in only while no code is built.
            if implemented not in by_name and not _is_of_another(artifact, by_name):
                yield Surface(implemented, artifact, artifact.abi)
            continue
        libraries = [by_name[library] for library in artifact.bytecode.libraries if library in by_name]
        shared = [
            entry for library in libraries for entry in library.abi if entry["type"] in ("event", "error")
        ]
        own = artifact.abi
        if artifact.kind == "library":
            # Library functions are called by code that was linked to them, never from outside.
            own = tuple(entry for entry in own if entry["type"] != "function")
        modules = [by_name[module] for module in MODULES.get(name, ()) if module in by_name]
        called_here = [entry for module in modules for entry in module.abi if entry["type"] == "function"]
        foreign = frozenset(event for event, owner in owners.items() if owner != name)
        yield Surface(name, artifact, (*own, *shared, *called_here), foreign)


def _is_of_another(interface: Artifact, by_name: dict[str, Artifact]) -> bool:
    """Whether one contract declares all of it, events included, beside its own interface."""
    declared = {signature(entry) for entry in interface.abi}
    has_events = any(entry["type"] == "event" for entry in interface.abi)
    contracts = (artifact for artifact in by_name.values() if artifact.kind == "contract")
    return has_events and any(
        declared <= {signature(entry) for entry in contract.abi if "name" in entry} for contract in contracts
    )


def _event_owners(by_name: dict[str, Artifact]) -> dict[str, str]:
    """The contract whose interface declares an event, by the event's signature, where exactly one does."""
    owners: dict[str, set[str]] = {}
    for name, artifact in by_name.items():
        if artifact.kind == "interface" and name.removeprefix("I") in by_name:
            for entry in artifact.abi:
                if entry["type"] == "event":
                    owners.setdefault(signature(entry), set()).add(name.removeprefix("I"))
    return {event: names.pop() for event, names in owners.items() if len(names) == 1}


def _parameters(surface: Surface) -> Iterator[Json]:
    for entry in surface.abi:
        yield from entry.get("inputs", ())
        yield from entry.get("outputs", ())


def _gather_structs(parameter: Json, structs: dict[str, Sequence[Json]]) -> None:
    name = declared_name(parameter, "struct")
    if name is None:
        return
    components = parameter["components"]
    for part in components:
        _gather_structs(part, structs)
    known = structs.setdefault(name, components)
    if _layout(known) != _layout(components):
        raise BindingsRefused(f"two structs are called {name}; rename one")


def _layout(components: Sequence[Json]) -> list[tuple[str, str]]:
    return [(part["name"], canonical(part)) for part in components]
