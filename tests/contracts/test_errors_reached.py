"""Every custom error of the trade contracts is provoked by a test of this folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contracts import load_artifact

INTERFACES = (
    "ITrustedNetwork",
    "ICashLedger",
    "IReceivables",
    "IShareDesk",
    "ISettlementDesk",
    "ICreditLines",
    "IClearanceOracle",
    "IIndexOracle",
    "IDisruptionCover",
    "IOrderDesk",
    "IOrderChanges",
    "IDisputes",
)
HERE = Path(__file__).parent


def declared() -> list[str]:
    """Names of the errors that the interfaces declare."""
    return sorted(
        {
            entry["name"]
            for name in INTERFACES
            for entry in load_artifact(name).abi
            if entry["type"] == "error"
        }
    )


@pytest.fixture(scope="module")
def provoked() -> set[str]:
    """Names that tests of this folder expect in a revert."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py"))
    return set(re.findall(r"\berrors\.(\w+)", text))


@pytest.mark.parametrize("name", declared())
def test_error__declared__is_provoked(name: str, provoked: set[str]) -> None:
    assert name in provoked, f"no test makes a contract revert with {name}"
