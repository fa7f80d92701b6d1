"""A chain's folder by itself, while no node has it."""

from __future__ import annotations

from pathlib import Path

from settlement.chain.local.checking import find_faults
from settlement.chain.local.store.storage import Storage


def faults_of(folder: Path) -> list[str]:
    """What does not fit together in the whole of the folder."""
    storage = Storage(folder)
    try:
        return list(find_faults(storage))
    finally:
        storage.close()
