"""`scripts/build_contracts` on a small project of its own; needs Node and the installed compiler, as the build does."""

from __future__ import annotations

import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "scripts/build_contracts"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (ROOT / "contracts/node_modules/solc").is_dir(),
    reason="no Node here, or contracts/node_modules is not installed; the build is a developer's tool",
)

SMALL = """// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;
enum Phase { None, Open }
contract Small {
    struct Box { uint56 free; Phase phase; }
    address public immutable owner = msg.sender;
    mapping(uint32 => Box) boxes;
    function open(uint32 member) external { boxes[member] = Box(7, Phase.Open); }
}
"""


def build(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    where = ["--src", str(folder / "src"), "--out", str(folder / "out")]
    return subprocess.run([BUILD, *where, *options], capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/Small.sol").write_text(SMALL)
    done = build(tmp_path, "Small")
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_build__one_contract__ids_of_the_run_are_names(project: Path) -> None:
    built = json.loads((project / "out/Small.json").read_text())
    assert built["enums"] == {"Phase": ["None", "Open"]}
    assert list(built["deployedBytecode"]["immutableReferences"]) == ["Small.owner"]
    assert built["storageLayout"]["storage"][0]["type"] == "t_mapping(t_uint32,t_struct(Small.Box)_storage)"
    assert built["deployedBytecode"]["sources"] == ["#generated", "src/Small.sol"] or built[
        "deployedBytecode"
    ]["sources"] == ["src/Small.sol"]
    text = json.dumps(built["storageLayout"])
    assert "astId" not in text


def test_build__another_file_in_the_same_run__same_bytes(project: Path) -> None:
    before = (project / "out/Small.json").read_bytes()
    another = SMALL.replace("Small", "Another").replace("enum Phase { None, Open }", 'import "./Small.sol";')
    (project / "src/Another.sol").write_text(another)
    assert build(project, "--all", "Small", "Another").returncode == 0
    assert (project / "out/Small.json").read_bytes() == before


def test_build__check__passes_when_fresh_and_names_what_differs(project: Path) -> None:
    assert build(project, "--check", "Small").returncode == 0
    source = project / "src/Small.sol"
    source.write_text(SMALL.replace("Box(7", "Box(8"))
    refused = build(project, "--check", "Small")
    assert (refused.returncode, "Small.json" in refused.stderr) == (1, True)
    assert build(project, "Small").stdout.startswith("1 of 1 source files compiled, 1 artifacts changed")
    assert build(project, "Small").stdout.startswith("0 of 1 source files compiled, 0 artifacts changed")


def test_build__error_or_too_large__exit_1_and_nothing_written(project: Path) -> None:
    before = (project / "out/Small.json").read_bytes()
    (project / "src/Small.sol").write_text(SMALL.replace("Phase.Open", "Phase.Shut"))
    refused = build(project, "Small")
    assert (refused.returncode, "nothing was written" in refused.stderr) == (1, True)
    assert (project / "out/Small.json").read_bytes() == before
    words = [sha256(bytes([at & 255, at >> 8])).hexdigest() for at in range(756)]
    blobs = ["".join(words[at : at + 28]) for at in range(0, 756, 28)]
    head = "external pure returns (bytes memory)"
    functions = [f'function blob{at}() {head} {{ return hex"{blob}"; }}' for at, blob in enumerate(blobs)]
    large = f"contract Large {{ {' '.join(functions)} }}"
    (project / "src/Large.sol").write_text(f"pragma solidity 0.8.37;\n{large}\n")
    refused = build(project, "Large")
    assert (refused.returncode, "larger than 24000 bytes: Large" in refused.stderr) == (1, True)
