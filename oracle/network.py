"""What a committee member or observer asks of the service: the network's addresses and business time."""

from __future__ import annotations

from dataclasses import dataclass

from settlement.wire.client import HanseClient
from settlement.wire.model import instant_from_text

_HOUR_S = 3600
_MARGIN_S = 1800


@dataclass(frozen=True)
class SigningDomain:
    """The chain and the contract that a signature is for (I-20)."""

    chain_id: int
    contract: str


def signing_domain(api: HanseClient, contract: str) -> SigningDomain:
    """Ask for the address of one contract of the suite.

    Raises: Refused, Unreachable.
    """
    network = api.get("/v1/network")
    return SigningDomain(network["chain_id"], network["contracts"][contract])


def business_time(api: HanseClient) -> int:
    """Unix seconds of the next block.

    Raises: Refused, Unreachable.
    """
    return instant_from_text(api.get("/v1/clock")["business_time"])


def deadline_on_grid(now_at: int) -> int:
    """The full hour between half an hour and an hour and a half ahead, the same for all members of one half hour.

    Source: CONTRACTS.md, Evidence: hourly grid, at most two hours ahead.
    """
    return -(-(now_at + _MARGIN_S) // _HOUR_S) * _HOUR_S
