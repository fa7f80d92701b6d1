"""Every customs message about an order, folded into the one state that a committee member signs.

The state is a pure function of the *set* of messages: not of when they arrived, in which order, or how often.

| message              | what it does to its declaration |
|----------------------|---------------------------------|
| accepted, received   | opens it; final for nothing (O10) |
| control              | hold, until a later release, clearance, rejection or invalidation of it |
| documents_required   | the same |
| released             | adds the items it names, or all of it, to the released value; lifts what was held before |
| cleared              | as released, and final: duty no longer changes |
| amended              | nothing by itself: what changed is in the duty and release of the new version |
| duty                 | restates its whole debt; the last one counts, a provisional one (status 67) demands nothing yet |
| payment_short        | nothing: the authority holds back a release that has not come |
| request_decided      | nothing: an answer to the trader's own request |
| exited               | the goods have left the exporting country: shipped |
| rejected             | that version is dead, with its releases and holds; a new version or number may follow (D14) |
| invalidated          | all its releases, holds and duty are void; the goods are not refused by that |
| refused              | as invalidated, and the goods will not come in; only a release or acceptance reopens it |
| other                | nothing; it is counted, hashed and shown |

A hold is lifted only by a message issued later: where two carry the same second the hold is read last, since a wrong
hold costs a day and a wrong release the money. A release of an older version does not lift a hold of a newer one.
A control of named items is lifted for them only by a release that names them or speaks for everything; a control of
the whole declaration by any release, since what a partial release does not name stays unreleased anyway.

**Order of reading**, in one declaration: issue time, then precedence (what only informs, releases, holds, ends), then
version, then message id.

A message about a declaration that is not in the basis is left out of everything signed, and shown.

Source: CONTRACTS.md Evidence; CHECKLISTS D01, D03 to D07, D13, D14, D17, O10.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from eth_utils.crypto import keccak

from settlement.documents.customs.basis import OrderBasis
from settlement.documents.customs.course import Course, course_of
from settlement.documents.customs.event import CustomsEvent
from settlement.errors import Conflict
from settlement.money import Currency, Money


class CustomsPhase(IntEnum):
    """How far customs have let an order; the numbers are those of ``Phase`` in contracts/src/lib/Terms.sol."""

    ACCEPTED = 1
    SHIPPED = 2
    RELEASED = 3
    CLEARED = 4


@dataclass(frozen=True)
class CustomsState:
    """The whole customs state of one order. Two members that saw the same messages hold equal states.

    ``phase`` is that of the released goods: cleared only when everything released so far is cleared.
    ``released_value_minor`` stays under a hold; nothing is payable while ``hold`` is on.
    The last four fields explain the state to people and are not signed.

    Units:  minor units of the order's currency, capped at its face; ``event_at`` unix seconds.
    """

    seq: int
    phase: CustomsPhase
    hold: bool
    refused: bool
    released_value_minor: int
    duty_minor: int
    declaration_hash: bytes
    messages_hash: bytes
    event_at: int
    foreign_duty: tuple[Money, ...]
    unmatched: tuple[str, ...]
    unmeasured: tuple[str, ...]
    courses: tuple[Course, ...]


def fold(events: Iterable[CustomsEvent], basis: OrderBasis) -> CustomsState:
    """Fold all messages that speak for an order into its state.

    Holds:  the same set of messages gives the same state; released value never exceeds face (I-17 depends on it).
    Raises: Conflict when one message id came with two contents.
    """
    distinct = _distinct(events)
    matched = [one for one in distinct if one.declaration_number in basis.declarations]
    spoken: dict[str, list[CustomsEvent]] = {}
    for one in matched:
        spoken.setdefault(one.declaration_number, []).append(one)
    numbers = sorted(spoken)
    courses = tuple(
        course_of(number, spoken[number], basis.declarations[number], basis.currency) for number in numbers
    )
    own, foreign = _duty(courses, basis.currency)
    return CustomsState(
        seq=len(matched),
        phase=_phase(courses),
        hold=any(course.is_held for course in courses),
        refused=_is_refused(courses, basis),
        # Within the face, since OrderBasis keeps the declarations' shares within it.
        released_value_minor=sum(course.released_minor for course in courses),
        duty_minor=own,
        declaration_hash=_hash_of(numbers),
        messages_hash=_hash_of(sorted(one.message_id for one in matched)),
        event_at=max((one.issued_at for one in matched), default=0),
        foreign_duty=foreign,
        unmatched=tuple(
            sorted(one.message_id for one in distinct if one.declaration_number not in basis.declarations)
        ),
        unmeasured=tuple(sorted(one for course in courses for one in course.unmeasured)),
        courses=courses,
    )


def _distinct(events: Iterable[CustomsEvent]) -> list[CustomsEvent]:
    """Each message once; the same id with the same bytes is the same message, however often it came.

    Raises: Conflict when one id came with different bytes.
    """
    by_id: dict[str, CustomsEvent] = {}
    for one in events:
        known = by_id.setdefault(one.message_id, one)
        if known.raw_sha256 != one.raw_sha256:
            first, second = sorted([known.raw_sha256, one.raw_sha256])
            raise Conflict(
                f"message {one.message_id} came with two contents (SHA-256 {first[:16]} and {second[:16]}); "
                "ask the authority which one it sent, nothing is signed meanwhile",
                code="message_conflict",
            )
    return list(by_id.values())


def _phase(courses: tuple[Course, ...]) -> CustomsPhase:
    """The phase of the goods released so far; one item only released keeps all from counting as cleared."""
    released = [course for course in courses if course.released_minor > 0]
    if released:
        return (
            CustomsPhase.CLEARED if all(course.is_cleared for course in released) else CustomsPhase.RELEASED
        )
    return CustomsPhase.SHIPPED if any(course.is_exited for course in courses) else CustomsPhase.ACCEPTED


def _is_refused(courses: tuple[Course, ...], basis: OrderBasis) -> bool:
    """Whether goods were refused and nothing of the order can still be released.

    A declaration of the basis that no message has come for yet can, and so can one that is alive and not released whole.
    """
    heard = {course.number for course in courses}
    awaited = any(number not in heard for number in basis.declarations)
    pending = any(course.is_alive and not course.is_released_whole for course in courses)
    return any(course.is_refused for course in courses) and not awaited and not pending


def _duty(courses: tuple[Course, ...], own: Currency) -> tuple[int, tuple[Money, ...]]:
    """The duty demanded in the order's currency, and what is demanded in others: that the buyer's cap does not cover."""
    totals: dict[str, Money] = {}
    for course in courses:
        for duty in course.duties:
            held = totals.get(duty.amount.currency.code)
            totals[duty.amount.currency.code] = duty.amount if held is None else held + duty.amount
    mine = totals.pop(own.code, None)
    return (0 if mine is None else mine.minor), tuple(totals[code] for code in sorted(totals))


def _hash_of(names: list[str]) -> bytes:
    """Hash of a sorted list of names, each with its length before it so that no two lists read alike."""
    return keccak(b"".join(len(name.encode()).to_bytes(4, "big") + name.encode() for name in names))
