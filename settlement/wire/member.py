"""Members of the network and the API keys of their systems."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from settlement.wire.model import Address, Answer, Instant, Jurisdiction, MemberNumber, Wish
from settlement.wire.transaction import Transaction
from settlement.wire.words import LaneWord, RoleWord

LeiText = Annotated[
    str, Field(pattern=r"^[0-9A-Z]{18}[0-9]{2}$", description="ISO 17442, check digits included")
]


class MemberWish(Wish):
    """A company to enrol; ``account`` is its address, which becomes its first signing key."""

    lei: LeiText
    name: Annotated[str, Field(min_length=1, max_length=200)]
    account: Address
    jurisdiction: Jurisdiction
    roles: Annotated[list[RoleWord], Field(min_length=1)]
    lane: LaneWord = "standard"
    valid_until: Instant


class Member(Answer):
    """A member as the network knows it; ``lei`` and ``name`` where this service enrolled it."""

    id: int
    lei: str | None
    lei_hash: str
    name: str | None
    account: str
    jurisdiction: int
    roles: list[RoleWord]
    lane: LaneWord
    valid_until: Instant
    status: Literal["none", "active", "suspended", "expelled"]


class MemberAnswer(Answer):
    """The 202 answer to an enrolment; ``member`` once the network has it."""

    lei: str
    member: Member | None
    transaction: Transaction


class ClientWish(Wish):
    """An API key to issue: for a member's system, or for an operator when ``member`` is null."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    member: MemberNumber | None = None


class ApiClient(Answer):
    """A client of the API. ``api_key`` is shown in the answer that made it, never again."""

    id: str
    name: str
    member: int | None
    scopes: list[str]
    api_key: str = Field(repr=False)
