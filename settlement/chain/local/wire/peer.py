"""The other end of a connection that carries messages both ways."""

from __future__ import annotations

from typing import Protocol


class Peer(Protocol):
    """A client that can be told something without having asked."""

    def tell(self, message: bytes) -> None: ...
