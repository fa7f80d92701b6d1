"""The network as a whole, and its clock."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settlement.days import DAY_S
from settlement.wire.cash import Currency
from settlement.wire.model import Address, Answer, Instant, Jurisdiction, MemberNumber, Wish


class Committee(Answer):
    """A customs committee: k of n."""

    jurisdiction: int
    version: int
    threshold: int
    treasury: int
    members: list[int]


class SeatWish(Wish):
    """One seat: the member, and the plain account that signs for it."""

    member: MemberNumber
    key: Address


class CommitteeWish(Wish):
    """A customs committee to seat: ``threshold`` of the seats must sign, more than half of them."""

    jurisdiction: Jurisdiction
    threshold: Annotated[int, Field(strict=True, ge=1, le=16)]
    treasury: MemberNumber
    seats: Annotated[list[SeatWish], Field(min_length=1, max_length=16)]


class ObserversWish(Wish):
    """The observers to seat, and how many readings fix an index."""

    threshold: Annotated[int, Field(strict=True, ge=1, le=15)]
    keys: Annotated[list[Address], Field(min_length=1, max_length=15)]


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


LONGEST_ADVANCE_S = 400 * DAY_S
"""How far one request may move the clock."""


class ClockWish(Wish):
    """How far business time moves forward; never back. The answer has the time it moves to, and the block before.

    Units:  seconds.
    """

    seconds: Annotated[int, Field(strict=True, ge=1, le=LONGEST_ADVANCE_S)]


class Liveness(Answer):
    """The service runs."""

    status: str = "ok"


class Readiness(Answer):
    """Each thing the service needs, and whether it answers."""

    status: str
    checks: dict[str, str]
