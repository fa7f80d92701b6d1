"""The test network's authorities: customs that issue messages, and weather services, into the members' own inboxes."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2

from hanse.waiting import wait_for
from oracle.run import MemberFolder, member_folder

_TIMEOUT_S = 30


class Authority:
    """Delivers to inboxes over loopback HTTP with each member's token; the service's API takes no part in it."""

    def __init__(self, folder: Path, kind: str, count: int) -> None:
        self._folders = [member_folder(folder, kind, number) for number in range(1, count + 1)]
        self._http = httpx2.Client(timeout=_TIMEOUT_S, trust_env=False)

    def deliver(
        self, kind: str, raw: bytes, *, placed_at: int | None = None, members: Sequence[int] | None = None
    ) -> None:
        """Put one item into the inboxes of the given members (numbers from 1), or of all."""
        for number in members or range(1, len(self._folders) + 1):
            self.deliver_to(number, kind, raw, placed_at=placed_at)

    def deliver_to(self, number: int, kind: str, raw: bytes, *, placed_at: int | None = None) -> None:
        """Put one item into one member's inbox."""
        folder = self._folders[number - 1]
        envelope = {"kind": kind, "raw": base64.b64encode(raw).decode("ascii"), "placed_at": placed_at}
        wait_for(lambda: self._post(folder, envelope), f"delivery into the inbox of {folder.name}")

    def view(self, number: int) -> dict[str, Any]:
        """What one member has seen and done."""
        folder = self._folders[number - 1]
        return dict(self._http.get(f"{_door(folder)}/view", headers=_token(folder)).raise_for_status().json())

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def _post(self, folder: MemberFolder, envelope: dict[str, Any]) -> bool | None:
        try:
            answer = self._http.post(f"{_door(folder)}/inbox", json=envelope, headers=_token(folder))
        except (httpx2.TransportError, FileNotFoundError):
            # The member's process may be coming up again, at another door.
            return None
        answer.raise_for_status()
        return True


def _door(folder: MemberFolder) -> str:
    return str(json.loads((folder.path / "door.json").read_text(encoding="utf-8"))["url"])


def _token(folder: MemberFolder) -> dict[str, str]:
    return {"Authorization": f"Bearer {folder.token()}"}
