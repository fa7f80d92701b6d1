"""Blocks and the events in them, as the follower hands them to the store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BlockHeader:
    """One block of the chain.

    Units:  ``timestamp`` is unix seconds; hashes are ``0x`` and 64 lower-case hex digits.
    """

    number: int
    hash: str
    parent_hash: str
    timestamp: int


@dataclass(frozen=True)
class PlacedEvent:
    """One decoded event (a dataclass of ``settlement.chain.bindings``) and where it was logged.

    Units:  ``contract`` is the contract's name, such as ``Receivables``; ``log_index`` counts within the block.
    """

    contract: str
    event: object
    log_index: int
    tx_hash: str
