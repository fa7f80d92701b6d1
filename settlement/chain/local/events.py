"""What happened on the chain, told to whoever listens: by the writer thread, once it is on disk.

A listener runs on the writer thread and keeps it from mining, so it only passes on what it was told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from settlement.chain.local.formats.blocks import Block
from settlement.chain.local.formats.transactions import Transaction

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BlockStored:
    """A block became the head."""

    block: Block


@dataclass(frozen=True, slots=True)
class BlocksTaken:
    """Blocks were taken off, newest first. Of those without transactions nobody was told anything but that they
    were there, so they are left out.
    """

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A transaction was let in and its turn can come; the block that it is mined into is told of afterwards."""

    transaction: Transaction


Event = BlockStored | BlocksTaken | Waiting
Listener = Callable[[Event], None]


class Events:
    """The node's listeners. Any thread may come and go; each is told of everything from then on, in the chain's order."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()

    def listen(self, listener: Listener) -> None:
        self._listeners = (*self._listeners, listener)

    def leave(self, listener: Listener) -> None:
        self._listeners = tuple(one for one in self._listeners if one != listener)

    def publish(self, event: Event) -> None:
        """Tell all. For the writer thread."""
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:  # noqa: BLE001  what happened is on disk; a listener's defect must not undo its answer
                _log.exception("a listener failed on %s", type(event).__name__)
