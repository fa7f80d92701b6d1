"""A disruption observer: signs the index readings it received and hands them in.

A reading is what the observer's own source says of one (peril, place, day). No reading is no statement: missing data is
not the peril (O11).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from oracle.inbox import Envelope, Inbox
from oracle.key_file import SigningKey
from oracle.network import business_time, deadline_on_grid, signing_domain
from oracle.refusal import first_wrong_field
from oracle.signed_book import SignedBook
from settlement import typed_data
from settlement.days import DAY_S
from settlement.errors import EvidenceError, HanseError, InputRefused
from settlement.ids import bucket_of, place_bytes
from settlement.wire.client import HanseClient, Refused
from settlement.wire.cover import Peril, Place
from settlement.wire.model import Day, IndexValue, Instant

log = structlog.get_logger(__name__)


class Reading(BaseModel):
    """One index value as the observer's source gave it; ``value`` in the peril's index units."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    peril: Peril
    place: Place
    day: Day
    value: IndexValue
    observed_at: Instant
    source: Annotated[str, Field(max_length=200)] = ""

    @property
    def bucket(self) -> bytes:
        """The (peril, place, day) that the reading speaks of."""
        return bucket_of(self.peril, place_bytes(self.place), self.day)


def read_reading(raw: bytes) -> Reading:
    """Read a reading.

    Raises: InputRefused naming the first field that is wrong.
    """
    try:
        reading = Reading.model_validate_json(raw)
    except ValidationError as wrong:
        raise first_wrong_field("reading", wrong) from wrong
    if reading.observed_at < reading.day * DAY_S:
        raise InputRefused(
            f"reading: observed_at {reading.observed_at} lies before day {reading.day}", field="observed_at"
        )
    return reading


@dataclass
class Observer:
    """One observer's seat. ``step`` hands in every reading whose day is over and that was not handed in yet."""

    name: str
    key: SigningKey
    inbox: Inbox
    book: SignedBook
    api: HanseClient
    _done: set[str] = field(default_factory=set)
    _handed: dict[str, int] = field(default_factory=dict)
    _trouble: dict[str, str] = field(default_factory=dict)

    def step(self) -> None:
        """Sign and hand in what is due."""
        waiting = [one for one in self.inbox.all() if one.kind == "reading" and one.sha256 not in self._done]
        if not waiting:
            return
        now_at = business_time(self.api)
        for envelope in waiting:
            try:
                self._attend(envelope, now_at)
                self._trouble.pop(envelope.sha256, None)
            except HanseError as refused:
                if _is_final(refused):
                    self._done.add(envelope.sha256)
                self._trouble[envelope.sha256] = str(refused)
                log.warning("reading_not_handed_in", observer=self.name, reason=str(refused))

    def describe(self) -> dict[str, Any]:
        """What this observer has received and done."""
        return {
            "observer": self.name,
            "key": self.key.address,
            "readings": [one.sha256 for one in self.inbox.all() if one.kind == "reading"],
            "handed_in": sorted(dict(self._handed)),
            "trouble": dict(self._trouble),
        }

    def _attend(self, envelope: Envelope, now_at: int) -> None:
        """Hand a reading in once its day is over, and again if its signature ran out before it was on chain."""
        reading = read_reading(envelope.raw)
        if (reading.day + 1) * DAY_S > now_at or self._handed.get(envelope.sha256, 0) >= now_at:
            return
        if self._is_on_chain(reading):
            self._done.add(envelope.sha256)
            return
        deadline_at = deadline_on_grid(now_at)
        self._hand_in(reading, deadline_at)
        self._handed[envelope.sha256] = deadline_at

    def _is_on_chain(self, reading: Reading) -> bool:
        page = self.api.get(
            "/v1/cover/observations", peril=reading.peril, place=reading.place, day=reading.day
        )
        return any(
            one["observer"].lower() == self.key.address.lower()
            for bucket in page["items"]
            for one in bucket["observations"]
        )

    def _hand_in(self, reading: Reading, deadline_at: int) -> None:
        self.book.enter(reading.bucket.hex(), str(reading.value), reading.model_dump(mode="json"))
        domain = signing_domain(self.api, "IndexOracle")
        message = {
            "bucket": reading.bucket,
            "answer": typed_data.VALUE_ANSWER,
            "value": reading.value,
            "observedAt": reading.observed_at,
            "deadline": deadline_at,
        }
        typed = typed_data.typed_message("Observation", domain.chain_id, domain.contract, message)
        body = reading.model_dump(mode="json", exclude={"source"})
        body |= {
            "deadline_at": deadline_at,
            "signature": "0x" + typed_data.sign(typed, self.key.secret).hex(),
        }
        self.api.post("/v1/cover/observations", body)
        log.info("reading_handed_in", observer=self.name, place=reading.place, day=reading.day)


def _is_final(refused: HanseError) -> bool:
    """Whether trying again cannot help: the reading itself is refused, or this place has been spoken for already."""
    if isinstance(refused, Refused):
        # A seat may be given, or become known to the service, a moment later.
        return refused.status in {409, 422} and refused.code != "not_a_seat"
    return isinstance(refused, InputRefused | EvidenceError)
