"""What all artifacts declare together: each struct, enum and custom error once, and one surface per contract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from contracts import Artifact
from hanse.bindgen.shapes import BindingsRefused, Json, canonical, declared_name, signature


@dataclass(frozen=True)
class Surface:
    """One contract as callers see it: its own ABI, and what linked libraries emit and revert in its name."""

    name: str
    artifact: Artifact
    abi: tuple[Json, ...]

    def entries(self, kind: str) -> list[Json]:
        """The functions, events or errors, each signature once, overloads with fewer parameters first."""
        by_signature = {signature(entry): entry for entry in self.abi if entry["type"] == kind}
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
    for name, artifact in sorted(by_name.items()):
        if artifact.kind == "interface":
            implemented = name.removeprefix("I")
            # Callers name the contract; its interface stands in only while no code is built.
            if implemented not in by_name:
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
        yield Surface(name, artifact, (*own, *shared))


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
