"""The course of one declaration: its messages read in the authority's order, step by step.

The rules stand in the table of ``fold``; here each is one branch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from settlement.documents.customs.basis import DeclarationScope
from settlement.documents.customs.event import CustomsEvent, Duty, Kind
from settlement.documents.customs.measure import measure
from settlement.money import Currency

PROVISIONAL = "67"
"""Status of a duty calculated but not yet demanded; HMRC's samples end with status 4 once the debt is final."""

_HOLDS = frozenset({Kind.CONTROL, Kind.DOCUMENTS_REQUIRED})
_RELEASES = frozenset({Kind.RELEASED, Kind.CLEARED})
_ENDS = frozenset({Kind.REJECTED, Kind.INVALIDATED, Kind.REFUSED})
_OPENS = frozenset({Kind.ACCEPTED, Kind.RECEIVED, Kind.AMENDED}) | _HOLDS | _RELEASES
_REOPENS_REFUSED = frozenset({Kind.ACCEPTED}) | _RELEASES


@dataclass(frozen=True)
class Course:
    """Where one declaration stands.

    Units:  ``released_minor`` of the order's currency, at most the declaration's share.
    """

    number: str
    released_minor: int
    is_held: bool
    is_cleared: bool
    is_released_whole: bool
    is_exited: bool
    is_alive: bool
    is_refused: bool
    duties: tuple[Duty, ...]
    unmeasured: tuple[str, ...]


def course_of(
    number: str, events: Iterable[CustomsEvent], scope: DeclarationScope, currency: Currency
) -> Course:
    """Read one declaration's distinct messages in the authority's order."""
    walk = _Walk()
    for event in sorted(events, key=reading_order):
        walk.take(event)
    return walk.course(number, scope, currency)


def reading_order(event: CustomsEvent) -> tuple[int, int, int, str]:
    """Issue time first: versions and functions only settle what one second leaves open."""
    return event.issued_at, _precedence(event.kind), event.declaration_version, event.message_id


def _precedence(kind: Kind) -> int:
    if kind in _RELEASES:
        return 1
    if kind in _HOLDS:
        return 2
    return 3 if kind in _ENDS else 0


@dataclass
class _Walk:
    """What has been said of a declaration so far; ``versions`` are those that are alive."""

    holds: list[CustomsEvent] = field(default_factory=list)
    releases: list[CustomsEvent] = field(default_factory=list)
    duty: CustomsEvent | None = None
    versions: set[int] = field(default_factory=set)
    is_exited: bool = False
    is_refused: bool = False

    def take(self, event: CustomsEvent) -> None:
        """Apply the next message."""
        if self.is_refused and event.kind not in _REOPENS_REFUSED:
            return
        if event.kind in _ENDS:
            self._end(event)
            return
        if event.kind in _OPENS:
            self.is_refused = False
            self.versions.add(event.declaration_version)
        if event.kind in _RELEASES:
            self.releases.append(event)
            self.holds = [left for hold in self.holds if (left := _left_of(hold, event)) is not None]
        elif event.kind in _HOLDS:
            self.holds.append(event)
        elif event.kind is Kind.DUTY and event.status_code != PROVISIONAL:
            self.duty = event
        elif event.kind is Kind.EXITED:
            self.is_exited = True

    def _end(self, event: CustomsEvent) -> None:
        """Take back one version where it was rejected, everything where the declaration was ended.

        An amendment's rejection leaves the version before it standing.
        """
        if event.kind is Kind.REJECTED:
            dead = {event.declaration_version}
        else:
            self.is_refused = event.kind is Kind.REFUSED
            dead = {one.declaration_version for one in [*self.holds, *self.releases]} | self.versions
            self.duty = None
        self.holds = [hold for hold in self.holds if hold.declaration_version not in dead]
        self.releases = [one for one in self.releases if one.declaration_version not in dead]
        self.versions -= dead
        if self.duty is not None and self.duty.declaration_version in dead:
            self.duty = None

    def course(self, number: str, scope: DeclarationScope, currency: Currency) -> Course:
        """What the messages come to, measured against the declaration's share of the order."""
        released = measure(self.releases, scope, currency)
        cleared = measure([one for one in self.releases if one.kind is Kind.CLEARED], scope, currency)
        return Course(
            number=number,
            released_minor=released.value_minor,
            is_held=bool(self.holds),
            is_cleared=bool(self.releases) and cleared.value_minor == released.value_minor,
            is_released_whole=released.value_minor == scope.value_minor,
            is_exited=self.is_exited,
            is_alive=bool(self.versions),
            is_refused=self.is_refused,
            duties=() if self.duty is None else self.duty.duties,
            unmeasured=released.unmeasured,
        )


def _left_of(hold: CustomsEvent, release: CustomsEvent) -> CustomsEvent | None:
    """What a later release leaves of a hold; None when it lifts it whole."""
    if release.declaration_version < hold.declaration_version:
        return hold
    if release.is_whole:
        return None
    # A control of the whole declaration names no items: nothing of it is left either.
    named = {item.sequence for item in release.items}
    still = tuple(item for item in hold.items if item.sequence not in named)
    return replace(hold, items=still) if still else None
