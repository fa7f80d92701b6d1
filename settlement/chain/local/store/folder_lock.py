"""One process per folder: a lock the operating system drops when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self

from settlement.chain.local.faults import FolderInUse, FolderUnusable

LOCK_NAME = "node.lock"


class FolderLock:
    """Held from ``acquire`` to ``release``; the file names its holder for whoever comes second."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, folder: Path) -> Self:
        """Take the folder, made if it is not there.

        Raises: FolderInUse, naming the process that has it; FolderUnusable when nothing can be written there.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise _unusable(folder, exc) from exc
        try:
            # flock, not lockf: a second opening within this very process must be refused as well.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            holder = os.pread(descriptor, 64, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise FolderInUse(
                f"the chain folder {folder} is in use by process {holder}; "
                "stop that process, or give this node another folder with --data"
            ) from exc
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        except OSError as exc:
            os.close(descriptor)
            raise _unusable(folder, exc) from exc
        return cls(descriptor)

    def release(self) -> None:
        """Give the folder free. Harmless when done twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _unusable(folder: Path, exc: OSError) -> FolderUnusable:
    return FolderUnusable(
        f"the chain folder {folder} cannot be written: {exc.strerror}; "
        "make room on the disk, or give this node another folder with --data"
    )
