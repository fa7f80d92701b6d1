"""The probe's artifact is compiled from the libraries as they are now."""

from __future__ import annotations

import json
from pathlib import Path

from eth_utils.crypto import keccak

from tests.agreement.library_probe import ARTIFACT

ROOT = Path(__file__).resolve().parents[2]


def test_probe__sources_behind_its_artifact__are_the_present_ones() -> None:
    sources = json.loads(json.loads(ARTIFACT.read_text())["metadata"])["sources"]
    places = {
        "src/LibraryProbe.sol": ARTIFACT.with_suffix(".sol"),
        **{f"src/lib/{name}.sol": ROOT / f"contracts/src/lib/{name}.sol" for name in LIBRARIES},
    }
    assert set(sources) == set(places)
    now = {name: "0x" + keccak(path.read_bytes()).hex() for name, path in places.items()}
    stale = {name for name, entry in sources.items() if entry["keccak256"] != now[name]}
    assert not stale, f"run tests/agreement/build_probe: {sorted(stale)} changed"


LIBRARIES = ("Interest", "Payout", "Waterfall")
