"""What a member has signed, kept before it leaves the house, so that it never signs two contents for one place (I-21)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from settlement.durable_file import write_durably_once
from settlement.errors import EvidenceError


class SignedBook:
    """One file for each place, a place being (order, seq) of an attestation or (bucket) of an observation."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder

    def content_at(self, place: str) -> str | None:
        """The content hash signed for a place, if any."""
        path = self._folder / f"{place}.json"
        return json.loads(path.read_text(encoding="ascii"))["content"] if path.exists() else None

    def enter(self, place: str, content: str, message: dict[str, Any]) -> None:
        """Promise one content for a place, durably. The same content again is fine.

        Holds:  I-21.
        Raises: EvidenceError when other content was signed for this place before.
        """
        try:
            entry = json.dumps({"content": content, "message": message})
            write_durably_once(self._folder / f"{place}.json", entry)
        except FileExistsError:
            earlier = self.content_at(place)
            if earlier != content:
                raise EvidenceError(
                    f"{place}: content {earlier} was signed before; {content} is refused"
                ) from None
