"""What every model on the wire is made of: strict requests, plain answers, and the types their fields share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, Strict, WithJsonSchema

UINT32_LIMIT = 1 << 32
DAY_LIMIT = 50_000

_RFC3339 = {"type": "string", "format": "date-time", "examples": ["2026-03-02T09:30:00Z"]}


class Wish(BaseModel):
    """A request's body: a field it does not know is refused (T03)."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """A resource as it is answered."""

    model_config = ConfigDict(frozen=True)


def instant_from_text(value: object) -> int:
    """Read an RFC 3339 time with offset as unix seconds.

    Raises: ValueError for other notations, a missing offset, fractions of a second, or a time that 32 bits do not hold.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        seconds = value  # unix seconds, as our own code writes them
    elif isinstance(value, str) and len(value) <= 40:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None or moment.microsecond:
            raise ValueError("a time carries its offset (Z or +01:00) and whole seconds")
        seconds = int(moment.timestamp())
    else:
        raise ValueError("a time is an RFC 3339 string such as 2026-03-02T09:30:00Z")
    if not 0 <= seconds < UINT32_LIMIT:
        raise ValueError("a time lies between 1970 and 2106")
    return seconds


def instant_text(at: int) -> str:
    """Write unix seconds as RFC 3339 in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Instant = Annotated[
    int,
    BeforeValidator(instant_from_text),
    PlainSerializer(instant_text, return_type=str, when_used="json"),
    WithJsonSchema(_RFC3339),
]
"""Unix seconds in Python, RFC 3339 on the wire."""

Flag = Annotated[bool, Strict()]
"""True or false, never 0, 1 or a word."""

Count = Annotated[int, Strict(), Field(ge=0, lt=UINT32_LIMIT)]
MemberNumber = Annotated[
    int, Strict(), Field(ge=1, lt=UINT32_LIMIT, description="a member's id in the network")
]
LineNumber = Annotated[int, Strict(), Field(ge=1, lt=UINT32_LIMIT)]
Version = Annotated[int, Strict(), Field(ge=1, lt=1 << 16)]
BasisPoints = Annotated[int, Strict(), Field(ge=0, le=10_000)]
Jurisdiction = Annotated[int, Strict(), Field(ge=1, le=999, description="ISO 3166-1 numeric")]
IndexValue = Annotated[int, Strict(), Field(ge=0, lt=1 << 53, description="units of the peril's index")]

CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 alphabetic")]
HexId = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$", description="a 256-bit id or hash")]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
SignatureText = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{130}$", description="r, s, v: 65 bytes")]
Day = Annotated[int, Strict(), Field(ge=0, lt=DAY_LIMIT, description="unix day: days since 1970-01-01")]
