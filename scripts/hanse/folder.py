"""The data folder: private to its owner, one process tree at a time, and a note of what runs where."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from settlement.durable_file import write_durably
from settlement.errors import Conflict


@dataclass
class FolderLock:
    """Held while a process tree runs on the folder; the kernel lets go of it however the holder ends."""

    descriptor: int

    def release(self) -> None:
        """Let the next process tree start."""
        os.close(self.descriptor)


def prepare_folder(folder: Path) -> None:
    """Make the folder with mode 0700 and let every file of this process be born 0600."""
    os.umask(0o077)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    (folder / "logs").mkdir(mode=0o700, exist_ok=True)


def lock_folder(folder: Path) -> FolderLock:
    """Take the folder for this process tree.

    Raises: Conflict when another one holds it.
    """
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Conflict(
            f"another hanse runs on {folder}; stop it, or give this one --data DIR", code="folder_in_use"
        ) from None
    return FolderLock(descriptor)


def write_run_note(folder: Path, note: dict[str, Any]) -> None:
    """Keep what runs where (process ids and URLs, no secrets), for a second ``up`` and for tests."""
    write_durably(folder / "run.json", json.dumps(note, indent=1))


def read_run_note(folder: Path) -> dict[str, Any] | None:
    """What the last process tree said about itself, or None."""
    path = folder / "run.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
