"""A bare EVM for contract tests: one interface, two engines. README.md shows how to use it."""

from __future__ import annotations

from tests.contracts.harness.port import (
    CHAIN_ID,
    GENESIS_AT,
    NOBODY,
    Evm,
    Execution,
    Log,
    Outcome,
    Reverted,
    Snapshot,
    reverts,
)
from tests.contracts.harness.signers import Signer, signer, typed_digest

__all__ = [
    "CHAIN_ID",
    "GENESIS_AT",
    "NOBODY",
    "Evm",
    "Execution",
    "Log",
    "Outcome",
    "Reverted",
    "Signer",
    "Snapshot",
    "engines",
    "new_evm",
    "reverts",
    "signer",
    "typed_digest",
]


def engines() -> list[str]:
    """Engines of this environment: py-evm always, revm where its wheel exists for this Python."""
    from importlib.util import find_spec

    return ["py-evm", *(["revm"] if find_spec("pyrevm") else [])]


def new_evm(engine: str = "py-evm") -> Evm:
    """An empty chain at GENESIS_AT on the named engine: ``py-evm`` (exact gas) or ``revm`` (volume)."""
    if engine == "revm":
        from tests.contracts.harness.revm import Revm

        return Revm()
    from tests.contracts.harness.pyevm import PyEvm

    return PyEvm()
