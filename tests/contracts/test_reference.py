"""The references' artifacts are compiled from their sources, the suite's library and its OpenZeppelin as they are now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from tests.contracts.standards import NAMES, REFERENCE, reference

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
FOREIGN = "@openzeppelin/"


def hashes(artifact: str) -> dict[str, str]:
    """Source hashes of one artifact, by virtual name."""
    metadata = json.loads(artifact)["metadata"]
    return {source: told["keccak256"] for source, told in json.loads(metadata)["sources"].items()}


@pytest.mark.parametrize("name", NAMES)
def test_reference__sources__are_compiled_in_as_they_are_now(name: str) -> None:
    found = hashes(json.dumps(reference(name)))
    own = {f"src/{name}.sol": REFERENCE / f"{name}.sol"}
    own |= {source: CONTRACTS / source for source in found if source.startswith("src/lib/")}
    now = {source: "0x" + keccak(path.read_bytes()).hex() for source, path in own.items()}
    assert now == {source: told for source, told in found.items() if not source.startswith(FOREIGN)}


def test_reference__openzeppelin__is_the_one_that_the_suite_was_compiled_with() -> None:
    """All sources that the suite uses as well are the same, and each reference shares some."""
    suite: dict[str, str] = {}
    for path in (CONTRACTS / "artifacts").glob("*.json"):
        suite |= {name: told for name, told in hashes(path.read_text()).items() if name.startswith(FOREIGN)}
    for name in NAMES:
        foreign = {
            s: told for s, told in hashes(json.dumps(reference(name))).items() if s.startswith(FOREIGN)
        }
        shared = foreign.keys() & suite.keys()
        assert shared, name
        assert {source: foreign[source] for source in shared} == {source: suite[source] for source in shared}


def test_reference__openzeppelin_where_it_is_installed__is_compiled_in_as_it_is() -> None:
    """Node is needed to compile only, so that this half looks at nothing where there is none."""
    installed = CONTRACTS / "node_modules"
    for name in NAMES:
        for source, told in hashes(json.dumps(reference(name))).items():
            path = installed / source
            if source.startswith(FOREIGN) and path.exists():
                assert told == "0x" + keccak(path.read_bytes()).hex(), (
                    f"run reference/build_reference: {source}"
                )
