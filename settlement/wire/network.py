"""The network as a whole, and its clock."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settlement.wire.cash import Currency
from settlement.wire.model import Answer, Instant, Wish


class Committee(Answer):
    """A customs committee: k of n."""

    jurisdiction: int
    version: int
    threshold: int
    treasury: int
    members: list[int]


class Network(Answer):
    """Which chain, which contracts, which committees and currencies."""

    chain_id: int
    genesis_hash: str
    deployment_block: int
    contracts: dict[str, str]
    committees: list[Committee]
    currencies: list[Currency]
    observers: list[str]
    observer_threshold: int


class Clock(Answer):
    """Business time is the next block's; wall time is this machine's."""

    business_time: Instant
    wall_time: Instant
    chain_id: int
    block: int


class ClockWish(Wish):
    """How far business time moves forward; never back.

    Units:  seconds.
    """

    seconds: Annotated[int, Field(strict=True, ge=1, le=400 * 86_400)]


class Liveness(Answer):
    """The service runs."""

    status: str = "ok"


class Readiness(Answer):
    """Each thing the service needs, and whether it answers."""

    status: str
    checks: dict[str, str]
