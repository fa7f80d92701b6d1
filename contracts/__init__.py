"""The compiled contracts, as ``scripts/build_contracts`` wrote them into ``contracts/artifacts``.

Nothing here needs a compiler or Node: the artifacts are committed and travel in the wheel.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

Json = dict[str, Any]
LinkReferences = dict[str, dict[str, list[dict[str, int]]]]

MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    "Receivables": ("OrderDesk", "CreditLines", "ShareDesk", "SettlementDesk")
}
"""Contracts that run at another one's address, by its name: their calls go there, their events come from there."""


class ArtifactMissing(LookupError):
    """No artifact of that name was built."""


class NotLinked(ValueError):
    """Code that calls libraries was asked for without their addresses."""


@dataclass(frozen=True)
class Code:
    """One piece of compiled code, with the places where library addresses belong.

    Holds: places of library addresses contain zero bytes until ``linked`` fills them.
    """

    raw: bytes
    link_references: LinkReferences

    @property
    def libraries(self) -> tuple[str, ...]:
        """Names of the libraries whose addresses the code needs, sorted."""
        return tuple(sorted(name for by_name in self.link_references.values() for name in by_name))

    def linked(self, libraries: Mapping[str, str] | None = None) -> bytes:
        """The code with library addresses (0x hex, by library name) in their places.

        Raises: NotLinked naming the libraries that are missing.
        """
        given = libraries or {}
        missing = [name for name in self.libraries if name not in given]
        if missing:
            raise NotLinked(f"the code calls libraries whose addresses were not given: {', '.join(missing)}")
        code = bytearray(self.raw)
        for by_name in self.link_references.values():
            for name, places in by_name.items():
                address = bytes.fromhex(given[name].removeprefix("0x"))
                for place in places:
                    code[place["start"] : place["start"] + place["length"]] = address
        return bytes(code)


@dataclass(frozen=True)
class Artifact:
    """What the compiler said about one contract, linked library or interface.

    Holds: an interface has empty code; ``enums`` lists the members of every enum its sources declare.
    """

    name: str
    source_name: str
    kind: str
    abi: tuple[Json, ...]
    enums: dict[str, tuple[str, ...]]
    bytecode: Code
    deployed_bytecode: Code
    source_map: str
    sources: tuple[str, ...]
    immutable_references: dict[str, list[dict[str, int]]]
    storage_layout: Json
    metadata: str

    @property
    def is_deployable(self) -> bool:
        """Whether there is code to deploy."""
        return bool(self.bytecode.raw)


def artifact_names() -> tuple[str, ...]:
    """Names of all artifacts, sorted."""
    names = (entry.name for entry in files(__name__).joinpath("artifacts").iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in names if name.endswith(".json")))


@cache
def load_artifact(name: str) -> Artifact:
    """Read one artifact from the package.

    Raises: ArtifactMissing when none of that name was built.
    """
    place = files(__name__).joinpath("artifacts", f"{name}.json")
    if not place.is_file():
        raise ArtifactMissing(
            f"there is no artifact {name!r}; built are: {', '.join(artifact_names()) or 'none'}"
        )
    return read_artifact(place)


def read_artifact(place: Traversable) -> Artifact:
    """Read one artifact file from anywhere."""
    read = json.loads(place.read_text(encoding="utf-8"))
    deployed = read["deployedBytecode"]
    return Artifact(
        name=read["contractName"],
        source_name=read["sourceName"],
        kind=read["kind"],
        abi=tuple(read["abi"]),
        enums={name: tuple(members) for name, members in read["enums"].items()},
        bytecode=_code(read["bytecode"]),
        deployed_bytecode=_code(deployed),
        source_map=deployed["sourceMap"],
        sources=tuple(deployed["sources"]),
        immutable_references=deployed["immutableReferences"],
        storage_layout=read["storageLayout"],
        metadata=read["metadata"],
    )


def _code(compiled: Json) -> Code:
    text = compiled["object"]
    references: LinkReferences = compiled["linkReferences"]
    for by_name in references.values():
        for places in by_name.values():
            for place in places:
                # The compiler leaves a word that is not hex where an address belongs.
                start, length = 2 * place["start"], 2 * place["length"]
                text = text[:start] + "0" * length + text[start + length :]
    return Code(bytes.fromhex(text), references)
