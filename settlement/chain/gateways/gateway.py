"""What all gateways are: one contract at one address behind one client."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from settlement.chain.abi import Call
from settlement.chain.client import ChainClient

T = TypeVar("T")


@dataclass(frozen=True)
class Gateway:
    """One contract. Verbs give what is wanted; views ask at a block (number, hash or tag)."""

    client: ChainClient = field(repr=False)
    address: str

    def _ask(self, call: Call[T], block: str | int) -> T:
        return self.client.call(self.address, call, block=block)
