"""The fold over any history: what holds whatever the authority says, however it arrives."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from settlement.documents.customs.basis import DeclarationScope, ItemShare, OrderBasis
from settlement.documents.customs.event import CustomsEvent, Duty, ItemScope, Kind
from settlement.documents.customs.fold import fold
from settlement.money import Money, currency

USD, EUR = currency("USD"), currency("EUR")
NUMBERS = ["A", "B", "STRANGER"]
RELEASES = {Kind.RELEASED, Kind.CLEARED}
HOLDS = {Kind.CONTROL, Kind.DOCUMENTS_REQUIRED}
ENDS = {Kind.REJECTED, Kind.INVALIDATED, Kind.REFUSED}

moneys = st.builds(Money, st.integers(0, 2_000), st.sampled_from([USD, EUR]))
scopes = st.lists(
    st.builds(
        ItemScope,
        st.integers(1, 3),
        st.none() | st.sampled_from(["1", "2.5", "9999"]),
        st.sampled_from(["C62", "KGM", ""]),
        st.none() | moneys,
    ),
    max_size=2,
    unique_by=lambda scope: scope.sequence,
).map(tuple)


def event_of(
    at: int,
    kind: Kind,
    number: str,
    version: int,
    status: str,
    items: tuple[ItemScope, ...],
    demanded: Sequence[Money],
) -> CustomsEvent:
    return CustomsEvent(
        authority="NL",
        declaration_number=number,
        declaration_version=version,
        message_id="",
        raw_code="",
        kind=kind,
        reason_code="",
        status_code=status,
        items=items,
        duties=tuple(Duty("A00", amount) for amount in demanded),
        issued_at=at,
        issued_offset_minutes=0,
        received_at=0,
        raw_sha256="",
        trader_reference="",
    )


def numbered(events: list[CustomsEvent]) -> list[CustomsEvent]:
    """Give each message its own id and content hash."""
    from dataclasses import replace

    return [replace(one, message_id=f"m{at:02}", raw_sha256=f"{at:064x}") for at, one in enumerate(events)]


histories = st.lists(
    st.builds(
        event_of,
        st.integers(0, 6),
        st.sampled_from(list(Kind)),
        st.sampled_from(NUMBERS),
        st.integers(1, 3),
        st.sampled_from(["", "4", "67"]),
        scopes,
        st.lists(moneys, max_size=2),
    ),
    max_size=14,
).map(numbered)

bases = st.sampled_from(
    [
        OrderBasis(1_000, USD, {"A": DeclarationScope(1_000)}),
        OrderBasis(
            1_000,
            USD,
            {"A": DeclarationScope(1_000, (ItemShare(1, 333, "3", "C62"), ItemShare(2, 667, "7.5", "KGM")))},
        ),
        OrderBasis(
            1_000,
            USD,
            {"A": DeclarationScope(400, (ItemShare(1, 400, "4", "C62"),)), "B": DeclarationScope(600)},
        ),
        OrderBasis(1_000, USD, {"A": DeclarationScope(0), "B": DeclarationScope(999, (ItemShare(1, 999),))}),
    ]
)


@given(histories, bases, st.data())
def test_d13__any_order_and_repetition_of_messages__gives_the_same_state(
    events: list[CustomsEvent], basis: OrderBasis, drawn: st.DataObject
) -> None:
    again = drawn.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    shuffled = drawn.draw(st.permutations([*events, *again]))
    assert fold(shuffled, basis) == fold(events, basis)


@given(histories, bases)
def test_fold__released_value__never_exceeds_face_or_share(
    events: list[CustomsEvent], basis: OrderBasis
) -> None:
    """I-17 rests on it: no state that members sign releases more than was ordered."""
    state = fold(events, basis)
    assert 0 <= state.released_value_minor <= basis.face_minor
    assert all(
        0 <= course.released_minor <= basis.declarations[course.number].value_minor
        for course in state.courses
    )
    assert state.seq == sum(one.declaration_number in basis.declarations for one in events)


@given(histories, bases)
def test_fold__without_a_release__nothing_is_released(events: list[CustomsEvent], basis: OrderBasis) -> None:
    state = fold([one for one in events if one.kind not in RELEASES], basis)
    assert state.released_value_minor == 0
    assert state.phase.name in {"ACCEPTED", "SHIPPED"}


@given(histories, bases, st.sampled_from(sorted(HOLDS)), st.integers(1, 3))
def test_d04__a_hold_issued_last__always_beats_releases_before_it(
    events: list[CustomsEvent], basis: OrderBasis, kind: Kind, version: int
) -> None:
    """I-19 rests on it: whatever came before, and in the same second, the order is on hold."""
    number = next(iter(basis.declarations))
    # Refused goods stay refused under a control; they release nothing, so there is nothing to hold.
    before = [one for one in events if one.kind is not Kind.REFUSED]
    hold = event_of(6, kind, number, version, "", (), ())
    ended_at_once = [
        one for one in before if one.kind in ENDS and one.issued_at == 6 and one.declaration_number == number
    ]
    history = numbered([*(one for one in before if one not in ended_at_once), hold])
    assert fold(history, basis).hold


@given(histories, bases)
def test_fold__a_stranger_s_declaration__changes_nothing_signed(
    events: list[CustomsEvent], basis: OrderBasis
) -> None:
    own = [one for one in events if one.declaration_number in basis.declarations]
    whole, alone = fold(events, basis), fold(own, basis)
    assert whole.unmatched == tuple(sorted(one.message_id for one in events if one not in own))
    assert (whole.messages_hash, whole.courses, whole.event_at) == (
        alone.messages_hash,
        alone.courses,
        alone.event_at,
    )


@given(histories, bases)
def test_fold__a_whole_clearance_issued_last__releases_everything(
    events: list[CustomsEvent], basis: OrderBasis
) -> None:
    final = [event_of(9, Kind.CLEARED, number, 3, "", (), ()) for number in basis.declarations]
    state = fold(numbered([*events, *final]), basis)
    assert state.released_value_minor == sum(scope.value_minor for scope in basis.declarations.values())
    assert (state.hold, state.refused, state.phase.name) == (False, False, "CLEARED")
