"""Write a small file so that a kill or a power cut leaves either the old one or the whole new one."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_durably(path: Path, text: str) -> None:
    """Replace ``path`` by ``text``: born with mode 600, synced, renamed into place, the folder synced."""
    draft = path.with_name(f"{path.name}.new")
    _write(draft, text)
    draft.rename(path)
    _sync_folder(path)


def write_durably_once(path: Path, text: str) -> None:
    """Make ``path`` with ``text``, whole or not at all; of two writers at once only the first wins.

    Raises: FileExistsError when there is one already; it is not touched.
    """
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    _write(draft, text)
    try:
        # Unlike a rename, a link never replaces what is there.
        path.hardlink_to(draft)
    finally:
        draft.unlink()
    _sync_folder(path)


def _write(draft: Path, text: str) -> None:
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
