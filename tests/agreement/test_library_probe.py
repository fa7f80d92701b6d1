"""The probes' artifacts are compiled from the libraries as they are now."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from tests.agreement.library_probe import PROBES

LIBRARIES = Path(__file__).resolve().parents[2] / "contracts/src/lib"
OPENED = re.compile(r'from "\./lib/(\w+\.sol)"')


@pytest.mark.parametrize("name", ["LibraryProbe", "QuorumProbe"])
def test_probe__libraries_it_opens__are_compiled_in_as_they_are_now(name: str) -> None:
    """What those import in turn (Quorum: Signature) is not asked for its answers, and may change."""
    sources = json.loads(json.loads((PROBES / f"{name}.json").read_text())["metadata"])["sources"]
    own = PROBES / f"{name}.sol"
    opened = OPENED.findall(own.read_text())
    assert opened
    places = {f"src/{name}.sol": own, **{f"src/lib/{each}": LIBRARIES / each for each in opened}}
    now = {source: "0x" + keccak(path.read_bytes()).hex() for source, path in places.items()}
    stale = [source for source, found in now.items() if sources[source]["keccak256"] != found]
    assert not stale, f"run tests/agreement/build_probe: {stale} changed"
