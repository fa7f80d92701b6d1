"""Runs committee members and observers, each a task of its own with its key file, inbox and signed book.

Folder of one member: ``key``, ``token`` and ``api_key`` (mode 600), ``drop/`` (files put here are taken in), ``inbox/``,
``signed/``, ``door.json`` (where its inbox listens). Nothing is shared between members but this process; a real member
runs one of them on its own computer.
"""

from __future__ import annotations

import json
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path

import structlog

from oracle.customs_member import CustomsMember
from oracle.drop_folder import take_dropped
from oracle.inbox import Inbox
from oracle.inbox_server import InboxServer
from oracle.key_file import SigningKey, read_key_file, write_key_file
from oracle.observer import Observer
from oracle.signed_book import SignedBook
from settlement.durable_file import write_durably
from settlement.errors import HanseError
from settlement.wire.client import HanseClient

_LOOK_AGAIN_S = 1

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class MemberFolder:
    """Where one member keeps its things."""

    path: Path

    @property
    def name(self) -> str:
        """The member's name is its folder's."""
        return self.path.name

    def key(self) -> SigningKey:
        """The member's key, made at first use."""
        file = self.path / "key"
        return read_key_file(file) if file.exists() else write_key_file(file, secrets.token_bytes(32))

    def token(self) -> str:
        """What the authority shows at the inbox's door, made at first use."""
        file = self.path / "token"
        if not file.exists():
            write_durably(file, secrets.token_urlsafe(32))
        return file.read_text(encoding="ascii").strip()


def member_folder(root: Path, kind: str, number: int) -> MemberFolder:
    """The folder of one member or observer, made with mode 700; ``kind`` is ``customs`` or ``observer``."""
    path = root / "oracle" / f"{kind}-{number}"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return MemberFolder(path)


class RunningMember:
    """A member with its door open and its loop going, until ``stop``."""

    def __init__(self, folder: MemberFolder, api: HanseClient, *, is_observer: bool) -> None:
        inbox = Inbox(folder.path / "inbox")
        seat = Observer if is_observer else CustomsMember
        self._member = seat(folder.name, folder.key(), inbox, SignedBook(folder.path / "signed"), api)
        self._inbox = inbox
        self._drop = folder.path / "drop"
        self._drop.mkdir(mode=0o700, exist_ok=True)
        self._is_stopping = threading.Event()
        self._door = InboxServer(inbox, folder.token(), self._member.describe)
        host, port = self._door.server_address[:2]
        write_durably(folder.path / "door.json", json.dumps({"url": f"http://{host!s}:{port}"}))
        self._threads = [
            threading.Thread(target=self._door.serve_forever, name=f"{folder.name}-door", daemon=True),
            threading.Thread(target=self._loop, name=folder.name, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def request_stop(self) -> None:
        """Take nothing in any more and end after the step under way."""
        self._is_stopping.set()
        self._inbox.close()
        self._door.shutdown()

    def join(self) -> None:
        """Return once it has ended."""
        self._door.server_close()
        for thread in self._threads:
            thread.join()

    def _loop(self) -> None:
        seen = -1
        while not self._is_stopping.is_set():
            if seen >= 0:
                self._inbox.wait_for_more_than(seen, _LOOK_AGAIN_S)
            seen = len(self._inbox.all())
            try:
                take_dropped(self._drop, self._inbox)
                self._member.step()
            except (HanseError, OSError) as trouble:
                # The service may be down or the disk full for a while; what was received is tried again.
                log.warning("step_failed", member=self._member.name, reason=str(trouble))
