"""What one committee member received, kept as received: a folder of envelopes, one file each, in order of receipt.

An envelope is JSON: the raw bytes, when they came, and, on test networks, when the authority placed them in business time.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from dataclasses import dataclass
from pathlib import Path

from settlement.durable_file import write_durably
from settlement.errors import InputRefused

MAX_MESSAGE_BYTES = 2 * 1024 * 1024
MAX_MESSAGES = 100_000


@dataclass(frozen=True)
class Envelope:
    """One received item.

    Units:  ``received_at`` unix seconds; ``placed_at`` unix seconds of business time, or None to trust the item's own date.
    """

    kind: str
    raw: bytes
    received_at: int
    placed_at: int | None
    sha256: str


class Inbox:
    """An append-only folder. Safe for one process with several threads; survives being killed at any moment."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._changed = threading.Condition()
        self._is_closed = False
        kept = sorted(folder.glob("*.json"))
        self._envelopes = [self._read(path) for path in kept]
        # After the last number, not the count: a file taken out by hand must not make another be written over.
        self._next = int(kept[-1].stem) + 1 if kept else 0
        self._known = {_identity(envelope) for envelope in self._envelopes}

    def put(self, kind: str, raw: bytes, received_at: int, placed_at: int | None) -> bool:
        """Keep an item; the very same item again is a no-op.

        Returns whether it was new.
        Raises: InputRefused when it is empty, too large, or the inbox is full.
        """
        if not 0 < len(raw) <= MAX_MESSAGE_BYTES:
            raise InputRefused(
                f"message has {len(raw)} bytes; 1 to {MAX_MESSAGE_BYTES} are taken", field="raw"
            )
        envelope = Envelope(kind, raw, received_at, placed_at, hashlib.sha256(raw).hexdigest())
        with self._changed:
            if _identity(envelope) in self._known:
                return False
            if len(self._envelopes) >= MAX_MESSAGES:
                raise InputRefused(f"inbox holds {MAX_MESSAGES} messages; archive it and start a new one")
            self._write(self._next, envelope)
            self._next += 1
            self._envelopes.append(envelope)
            self._known.add(_identity(envelope))
            self._changed.notify_all()
        return True

    def all(self) -> tuple[Envelope, ...]:
        """Everything received so far, oldest first."""
        with self._changed:
            return tuple(self._envelopes)

    def wait_for_more_than(self, count: int, timeout_s: int) -> None:
        """Return once more than ``count`` items are here, the inbox is closed, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or len(self._envelopes) > count, timeout=timeout_s)

    def close(self) -> None:
        """Nobody need wait any longer (used when stopping)."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _write(self, position: int, envelope: Envelope) -> None:
        document = {
            "kind": envelope.kind,
            "received_at": envelope.received_at,
            "placed_at": envelope.placed_at,
            "sha256": envelope.sha256,
            "raw": base64.b64encode(envelope.raw).decode("ascii"),
        }
        write_durably(self._folder / f"{position:08d}.json", json.dumps(document))

    @staticmethod
    def _read(path: Path) -> Envelope:
        document = json.loads(path.read_text(encoding="ascii"))
        return Envelope(
            document["kind"],
            base64.b64decode(document["raw"]),
            document["received_at"],
            document["placed_at"],
            document["sha256"],
        )


def _identity(envelope: Envelope) -> tuple[str, str]:
    # Not the time it was placed at: one message has one place, the first that was given.
    return envelope.kind, envelope.sha256
