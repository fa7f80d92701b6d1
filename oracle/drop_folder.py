"""The folder side of a member's inbox: files that the authority's own systems drop are taken in, oldest name first.

``NAME.xml`` is a customs message, ``NAME.link.json`` a declaration link, ``NAME.reading.json`` an index reading. Writers
put a file there by renaming it into place; other names are left alone.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import structlog

from oracle.inbox import Inbox
from settlement.errors import InputRefused

_KINDS: Final = {".link.json": "link", ".reading.json": "reading", ".xml": "wco"}

log = structlog.get_logger(__name__)


def take_dropped(folder: Path, inbox: Inbox) -> int:
    """Move what was dropped into the inbox; what it refuses stays beside as ``NAME.refused``.

    Returns how many files were looked at.
    Raises: OSError when the disk does not let it.
    """
    dropped = [(path, kind) for path in sorted(folder.iterdir()) if (kind := _kind(path.name)) is not None]
    for path, kind in dropped:
        try:
            inbox.put(kind, path.read_bytes(), int(time.time()), None)
        except InputRefused as refused:
            log.warning("dropped_file_refused", file=path.name, reason=refused.message)
            path.rename(path.with_name(f"{path.name}.refused"))
        else:
            # Only once the inbox holds it durably; killed in between, it is taken again and known already.
            path.unlink()
    return len(dropped)


def _kind(name: str) -> str | None:
    if name.startswith("."):
        return None
    return next((kind for ending, kind in _KINDS.items() if name.endswith(ending)), None)
