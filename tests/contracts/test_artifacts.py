"""The committed artifacts are what the committed sources compile to, proved without a compiler.

The metadata that the compiler writes into each artifact lists the keccak256 of every source file it read, and its own
version and settings. Equal hashes, settings and version mean equal output; `scripts/build_contracts --check` repeats
the compilation itself.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from contracts import Artifact, ArtifactMissing, NotLinked, artifact_names, load_artifact, read_artifact

CONTRACTS = Path(__file__).parents[2] / "contracts"
ARTIFACTS = [load_artifact(name) for name in artifact_names()]
COMPILER = "0.8.37"
SIZE_LIMIT = 24_000


def hashes_of(artifacts: list[Artifact]) -> Iterator[tuple[str, str, str]]:
    """Artifact, source name and listed hash, for every source of every artifact."""
    for artifact in artifacts:
        for source, about in json.loads(artifact.metadata)["sources"].items():
            yield artifact.name, source, about["keccak256"]


def found_hash(folder: Path, source: str) -> str:
    path = folder / source
    return "0x" + keccak(path.read_bytes()).hex() if path.is_file() else "missing"


def stale(artifacts: list[Artifact], folder: Path) -> list[str]:
    """What does not fit between the project's sources and the artifacts; empty when fresh."""
    listed = [
        (name, source, expected)
        for name, source, expected in hashes_of(artifacts)
        if source.startswith("src/")
    ]
    wrong = [
        f"{name}: {source} is {found_hash(folder, source)}, compiled was {expected}"
        for name, source, expected in listed
        if found_hash(folder, source) != expected
    ]
    present = {path.relative_to(folder).as_posix() for path in (folder / "src").rglob("*.sol")}
    return wrong + [
        f"{source} is in no artifact" for source in sorted(present - {source for _, source, _ in listed})
    ]


def test_artifacts__sources_as_committed__fresh() -> None:
    assert stale(ARTIFACTS, CONTRACTS) == []


def test_artifacts__one_source_changed_added_or_removed__stale(tmp_path: Path) -> None:
    shutil.copytree(CONTRACTS / "src", tmp_path / "src")
    baseline = stale(ARTIFACTS, tmp_path)
    changed = tmp_path / "src/interfaces/ICashLedger.sol"
    text = changed.read_text()
    changed.write_text(text + "\n")
    assert any("ICashLedger.sol is 0x" in line for line in set(stale(ARTIFACTS, tmp_path)) - set(baseline))
    changed.unlink()
    assert any("ICashLedger.sol is missing" in line for line in stale(ARTIFACTS, tmp_path))
    changed.write_text(text)
    (tmp_path / "src/Extra.sol").write_text("contract Extra {}")
    assert set(stale(ARTIFACTS, tmp_path)) - set(baseline) == {"src/Extra.sol is in no artifact"}


def test_artifacts__openzeppelin__is_the_pinned_release() -> None:
    modules = CONTRACTS / "node_modules"
    if not (modules / "@openzeppelin").is_dir():
        pytest.skip("contracts/node_modules is not there; scripts/build_contracts installs it")
    foreign = [entry for entry in hashes_of(ARTIFACTS) if not entry[1].startswith("src/")]
    assert foreign
    assert [entry for entry in foreign if found_hash(modules, entry[1]) != entry[2]] == []


@pytest.mark.parametrize("artifact", ARTIFACTS, ids=lambda artifact: artifact.name)
def test_artifact__compiler_and_settings__are_the_pinned_ones(artifact: Artifact) -> None:
    metadata: dict[str, Any] = json.loads(artifact.metadata)
    assert metadata["compiler"]["version"].split("+")[0] == COMPILER
    settings = metadata["settings"]
    assert settings["optimizer"] == {"enabled": True, "runs": 200}
    assert settings["evmVersion"] == "prague"
    assert settings["viaIR"] is True
    assert settings["metadata"] == {"bytecodeHash": "none"}
    assert settings["compilationTarget"] == {artifact.source_name: artifact.name}


@pytest.mark.parametrize("artifact", ARTIFACTS, ids=lambda artifact: artifact.name)
def test_artifact__abi__is_the_one_in_the_metadata(artifact: Artifact) -> None:
    assert json.loads(artifact.metadata)["output"]["abi"] == list(artifact.abi)


@pytest.mark.parametrize("artifact", ARTIFACTS, ids=lambda artifact: artifact.name)
def test_artifact__deployed_code__fits_with_the_margin(artifact: Artifact) -> None:
    assert len(artifact.deployed_bytecode.raw) <= SIZE_LIMIT
    assert artifact.is_deployable == (artifact.kind != "interface")


def test_lockfile__compiler_and_library__pinned_without_a_registry() -> None:
    package = json.loads((CONTRACTS / "package.json").read_text())
    assert package["dependencies"] == {
        "@openzeppelin/contracts": "5.7.0",
        "js-sha3": "0.8.0",
        "solc": COMPILER,
    }
    lock = json.loads((CONTRACTS / "package-lock.json").read_text())
    entries = {name: entry for name, entry in lock["packages"].items() if name}
    assert all(entry["integrity"].startswith("sha512-") for entry in entries.values())
    assert [name for name, entry in entries.items() if "resolved" in entry] == []


def test_load_artifact__unknown_name__says_what_is_there() -> None:
    assert load_artifact("AccessManager").is_deployable
    with pytest.raises(ArtifactMissing, match="AccessManager"):
        load_artifact("Nothing")


def test_linked__library_addresses__in_their_places_or_refused(tmp_path: Path) -> None:
    place = "__$0123456789abcdef0123456789abcdef01$__"
    code = {
        "object": f"6001{place}6002",
        "linkReferences": {"src/L.sol": {"Cold": [{"start": 2, "length": 20}]}},
    }
    built = json.loads((CONTRACTS / "artifacts/AccessManager.json").read_text()) | {"bytecode": code}
    path = tmp_path / "A.json"
    path.write_text(json.dumps(built))
    bytecode = read_artifact(path).bytecode
    assert bytecode.libraries == ("Cold",)
    assert bytecode.linked({"Cold": "0x" + "ab" * 20}) == bytes.fromhex("6001" + "ab" * 20 + "6002")
    with pytest.raises(NotLinked, match="Cold"):
        bytecode.linked()
