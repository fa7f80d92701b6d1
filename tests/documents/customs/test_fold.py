"""Mirrors settlement/documents/customs/fold.py and course.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from settlement.documents.customs.basis import DeclarationScope, ItemShare, OrderBasis
from settlement.documents.customs.event import CustomsEvent, ItemScope
from settlement.documents.customs.fold import CustomsPhase, CustomsState, fold
from settlement.documents.customs.wco import customs_event_from_wco
from settlement.errors import Conflict
from settlement.money import Money, currency
from tests.documents.customs.messages import (
    ACC,
    CLE,
    CPI,
    CTL,
    DOC,
    EOG,
    INV,
    MRN,
    OTHER_MRN,
    RCV,
    REJ,
    REQ,
    RES,
    ROG,
    START,
    message,
    refusal,
    tax,
)  # fmt: skip

USD = currency("USD")
FACE = 1_000_000
SHIRTS = ItemShare(1, 600_000, "120", "C62")
YARN = ItemShare(2, 400_000, "7.5", "KGM")
ONE = OrderBasis(FACE, USD, {MRN: DeclarationScope(FACE, (SHIRTS, YARN))})
SPLIT = OrderBasis(
    FACE,
    USD,
    {
        MRN: DeclarationScope(600_000, (SHIRTS,)),
        OTHER_MRN: DeclarationScope(400_000, (replace(YARN, sequence=1),)),
    },
)

Standing = tuple[str, bool, bool, int]


def standing(events: Sequence[CustomsEvent], basis: OrderBasis = ONE) -> Standing:
    """Phase, hold, refused and released value: what money depends on."""
    state = fold(events, basis)
    return state.phase.name, state.hold, state.refused, state.released_value_minor


def folder(samples: Path, name: str) -> list[CustomsEvent]:
    return [
        customs_event_from_wco(path.read_bytes(), 0)
        for path in sorted((samples / "customs_wco_hmrc" / name).glob("[0-9]*.xml"))
    ]


def basis_of(number: str, code: str = "SEK", face: int = 622_500) -> OrderBasis:
    return OrderBasis(face, currency(code), {number: DeclarationScope(face)})


def test_fold__no_message__is_the_accepted_order() -> None:
    state = fold([], ONE)
    assert (state.seq, state.phase, state.released_value_minor, state.event_at) == (
        0,
        CustomsPhase.ACCEPTED,
        0,
        0,
    )
    assert not state.hold
    assert not state.refused


def test_fold__hmrcs_control_then_clearance__ends_cleared_whole(samples: Path) -> None:
    events = folder(samples, "im017a_control_then_clear")
    state = fold(events, basis_of("21GB7X8M7S6NG8N6R0"))
    assert (state.seq, state.phase, state.hold, state.refused) == (10, CustomsPhase.CLEARED, False, False)
    assert (state.released_value_minor, state.event_at) == (622_500, 1_626_708_769)
    assert (state.duty_minor, state.foreign_duty) == (0, (Money(24_640, currency("GBP")),))
    assert fold(events, basis_of("21GB7X8M7S6NG8N6R0", "GBP")).duty_minor == 24_640


def test_fold__hmrcs_control_message_by_message__holds_until_the_clearance(samples: Path) -> None:
    events = folder(samples, "im017a_control_then_clear")
    basis = basis_of("21GB7X8M7S6NG8N6R0")
    states = [fold(events[: upto + 1], basis) for upto in range(len(events))]
    assert [state.hold for state in states] == [False, False] + [True] * 7 + [False]
    assert [state.released_value_minor for state in states] == [0] * 9 + [622_500]
    assert [state.seq for state in states] == list(range(1, 11))


def test_fold__hmrcs_straight_clearance__is_cleared(samples: Path) -> None:
    events = folder(samples, "im001a_straight_clear")
    assert standing(events, basis_of("24GB22WOA1EV2P6AR5")) == ("CLEARED", False, False, 622_500)


def test_fold__each_of_hmrcs_notifications__acts_on_its_own_declaration(samples: Path) -> None:
    events = folder(samples, "each_notification")
    expected = {
        "19GBCKKCQSXV2FGVA8": ("CLEARED", False, False, 622_500),
        "20GB1OJPU2P01FGVR4": ("RELEASED", False, False, 622_500),
        "20GB1Q3RTK463FGVR4": ("ACCEPTED", True, False, 0),
        "23GBCXDLLRXMOCTAA4": ("ACCEPTED", True, False, 0),
        "20GB1NA4Y2YSRFGVR6": ("ACCEPTED", False, False, 0),
        "20GB7HGPXUC5DFGVR2": ("ACCEPTED", False, False, 0),
        "20GB0NKQGSX2IX8PR5": ("ACCEPTED", False, False, 0),
    }
    assert {number: standing(events, basis_of(number)) for number in expected} == expected


def test_o10__what_is_not_final__releases_nothing() -> None:
    early = [message(code, at) for at, code in enumerate([ACC, RCV, RES, REQ, CPI, "15", "99"])]
    assert standing([*early, tax(9, 500)]) == ("ACCEPTED", False, False, 0)


def test_d01__partial_releases__add_up_at_the_signed_prices() -> None:
    first = message(ROG, 1, items=[ItemScope(1, "40", "C62")])
    second = message(ROG, 2, items=[ItemScope(1, "80", "C62"), ItemScope(2, "2.5", "KGM")])
    assert standing([first]) == ("RELEASED", False, False, 200_000)
    assert standing([first, second]) == ("RELEASED", False, False, 600_000 + 133_333)
    assert standing([first, second, message(CLE, 3)]) == ("CLEARED", False, False, FACE)


def test_d01__more_than_was_ordered__is_capped_at_the_items_value() -> None:
    over = message(ROG, 1, items=[ItemScope(1, "126", "C62")])
    twice = message(ROG, 2, items=[ItemScope(1, "126", "C62")])
    assert standing([over, twice])[3] == 600_000
    assert standing([message(ROG, 1, items=[ItemScope(2, value=Money(999_999, USD))])])[3] == 400_000


def test_d01__goods_released_and_then_cleared__count_once() -> None:
    part = [ItemScope(1, "40", "C62")]
    released, cleared = message(ROG, 1, items=part), message(CLE, 2, items=part)
    assert standing([released]) == ("RELEASED", False, False, 200_000)
    assert standing([released, cleared]) == ("CLEARED", False, False, 200_000)


def test_d01__an_item_named_without_quantity__is_released_whole() -> None:
    assert standing([message(ROG, 1, items=[ItemScope(2)])]) == ("RELEASED", False, False, 400_000)


@pytest.mark.parametrize(
    "named",
    [
        ItemScope(1, "40", "KGM"),
        ItemScope(1, "40", ""),
        ItemScope(3),
        ItemScope(1, value=Money(1, currency("EUR"))),
    ],
)
def test_fold__what_cannot_be_measured__counts_nothing_and_is_named(named: ItemScope) -> None:
    odd = message(ROG, 1, items=[named])
    state = fold([odd], ONE)
    assert (state.released_value_minor, state.unmeasured) == (0, (odd.message_id,))


def test_fold__items_that_were_not_agreed_on__are_measured_by_value_only() -> None:
    bare = OrderBasis(FACE, USD, {MRN: DeclarationScope(FACE)})
    named, counted = message(ROG, 1, items=[ItemScope(1)]), message(ROG, 2, items=[ItemScope(2, "40", "C62")])
    assert standing([named, counted], bare) == ("ACCEPTED", False, False, 0)
    assert fold([named, counted], bare).unmeasured == tuple(sorted([named.message_id, counted.message_id]))
    values = [ItemScope(1, value=Money(700_000, USD)), ItemScope(2, value=Money(200_000, USD))]
    assert standing([message(ROG, 3, items=values)], bare)[3] == 900_000
    values = [ItemScope(1, value=Money(700_000, USD)), ItemScope(2, value=Money(700_000, USD))]
    assert standing([message(ROG, 3, items=values)], bare)[3] == FACE


def test_d03__one_bill_two_declarations__each_releases_its_share() -> None:
    first, second = message(CLE, 1), message(ROG, 2, number=OTHER_MRN)
    assert standing([first], SPLIT) == ("CLEARED", False, False, 600_000)
    assert standing([first, second], SPLIT) == ("RELEASED", False, False, FACE)
    final = message(CLE, 3, number=OTHER_MRN)
    assert standing([first, second, final], SPLIT) == ("CLEARED", False, False, FACE)


def test_d03__one_declaration_of_two_orders__releases_to_each_its_share() -> None:
    small = OrderBasis(250_000, USD, {MRN: DeclarationScope(250_000, (ItemShare(7, 250_000, "50", "C62"),))})
    half = message(ROG, 1, items=[ItemScope(1, "60", "C62"), ItemScope(7, "25", "C62")])
    assert standing([half]) == ("RELEASED", False, False, 300_000)
    assert standing([half], small) == ("RELEASED", False, False, 125_000)


def test_fold__a_declaration_outside_the_basis__is_left_out_and_shown() -> None:
    mine, stranger = message(ACC, 1), message(CLE, 2, number=OTHER_MRN)
    state = fold([mine, stranger], ONE)
    alone = fold([mine], ONE)
    assert state.unmatched == (stranger.message_id,)
    assert replace(state, unmatched=()) == alone


def test_d04__hold_release_hold_again__is_on_hold() -> None:
    course = [message(CTL, 1), message(ROG, 2), message(CTL, 3), message(ROG, 4)]
    assert [standing(course[:upto])[1] for upto in range(1, 5)] == [True, False, True, False]
    assert [standing(course[:upto])[3] for upto in range(1, 5)] == [0, FACE, FACE, FACE]


def test_d04__a_hold_on_one_declaration__holds_the_order() -> None:
    released, held = message(CLE, 1), message(DOC, 2, number=OTHER_MRN)
    assert standing([released, held], SPLIT) == ("CLEARED", True, False, 600_000)


def test_d04__control_and_release_in_one_second__is_on_hold() -> None:
    assert standing([message(CTL, 1), message(ROG, 1)]) == ("RELEASED", True, False, FACE)
    assert standing([message(CTL, 1), message(CLE, 1, version=2)])[1]


def test_d04__a_release_of_an_older_version__lifts_no_newer_hold() -> None:
    held = message(CTL, 1, version=2)
    assert standing([held, message(ROG, 2, version=1)])[1]
    assert not standing([held, message(ROG, 2, version=2)])[1]
    assert not standing([held, message(ROG, 2, version=3)])[1]


def test_d05__a_release_invalidated_later__goes_back_to_nothing() -> None:
    released = message(ROG, 1)
    assert standing([released, message(INV, 2)]) == ("ACCEPTED", False, False, 0)
    assert standing([released, message(INV, 2), message(ROG, 3)]) == ("RELEASED", False, False, FACE)


def test_d06__release_before_final_duty__is_released_and_clearance_cleared() -> None:
    version_1 = [message(ACC, 1), tax(2, 700, status="67"), message(ROG, 3)]
    version_2 = [tax(4, 650, version=2), message(RES, 5, version=2), message(CLE, 5, version=2)]
    assert standing(version_1) == ("RELEASED", False, False, FACE)
    assert fold(version_1, ONE).duty_minor == 0
    assert standing(version_1 + version_2) == ("CLEARED", False, False, FACE)
    assert fold(version_1 + version_2, ONE).duty_minor == 650


def test_fold__a_duty_restated__replaces_the_one_before() -> None:
    assert fold([tax(1, 700), tax(2, 650)], ONE).duty_minor == 650
    assert fold([tax(1, 700), tax(2, 900, status="67", version=2)], ONE).duty_minor == 700
    assert fold([tax(1, 700), tax(2, 50, number=OTHER_MRN)], SPLIT).duty_minor == 750


def test_fold__duty_in_another_currency__is_reported_and_not_demanded() -> None:
    state = fold([tax(1, 700, code="EUR")], ONE)
    assert (state.duty_minor, state.foreign_duty) == (0, (Money(700, currency("EUR")),))


def test_fold__duty_of_an_invalidated_declaration__is_void() -> None:
    assert fold([tax(1, 700), message(INV, 2)], ONE).duty_minor == 0


def test_d14__rejected_and_lodged_again__is_not_final_and_goes_on() -> None:
    rejected = [message(ACC, 1), message(REJ, 2)]
    assert standing(rejected) == ("ACCEPTED", False, False, 0)
    assert standing([*rejected, message(ACC, 3, version=2), message(CLE, 4, version=2)]) == (
        "CLEARED",
        False,
        False,
        FACE,
    )
    new_number = OrderBasis(FACE, USD, {MRN: DeclarationScope(0), OTHER_MRN: DeclarationScope(FACE)})
    again = [*rejected, message(CLE, 4, number=OTHER_MRN)]
    assert standing(again, new_number) == ("CLEARED", False, False, FACE)


def test_d14__hmrcs_rejection__releases_nothing_and_refuses_nothing(samples: Path) -> None:
    assert standing(folder(samples, "im001b_rejected"), basis_of("22GB37AEDQ0215GAR0")) == (
        "ACCEPTED",
        False,
        False,
        0,
    )


def test_d14__a_rejected_amendment__leaves_the_version_before_it() -> None:
    released = [message(ACC, 1), message(ROG, 2)]
    assert standing([*released, message(REJ, 3, version=2)]) == ("RELEASED", False, False, FACE)
    assert standing([*released, message(CTL, 3, version=2), message(REJ, 4, version=2)])[1] is False
    assert standing([*released, message(CTL, 3, version=1), message(REJ, 4, version=2)])[1] is True


def test_d17__a_release_of_some_items__lifts_no_hold_of_others() -> None:
    held = message(CTL, 1, items=[ItemScope(1), ItemScope(2)])
    first, second = message(ROG, 2, items=[ItemScope(1)]), message(ROG, 3, items=[ItemScope(2)])
    assert standing([held, first]) == ("RELEASED", True, False, 600_000)
    assert standing([held, first, second]) == ("RELEASED", False, False, FACE)
    assert standing([held, message(ROG, 2)]) == ("RELEASED", False, False, FACE)


def test_d17__a_control_of_the_whole__is_lifted_for_what_is_released() -> None:
    part = message(ROG, 2, items=[ItemScope(1, "40", "C62")])
    assert standing([message(CTL, 1), part]) == ("RELEASED", False, False, 200_000)


def test_d17__released_goods_taken_back__are_subtracted() -> None:
    first, second = message(CLE, 1), message(CLE, 1, number=OTHER_MRN)
    assert standing([first, second], SPLIT)[3] == FACE
    assert standing([first, second, message(INV, 2, number=OTHER_MRN)], SPLIT) == (
        "CLEARED",
        False,
        False,
        600_000,
    )


def test_fold__a_refusal__is_refused_and_releases_nothing() -> None:
    assert standing([message(ACC, 1), message(CTL, 2), refusal(3)]) == ("ACCEPTED", False, True, 0)
    assert standing([message(ROG, 1), refusal(2)]) == ("ACCEPTED", False, True, 0)


def test_fold__an_invalidation_after_control__refuses_nothing() -> None:
    assert standing([message(ACC, 1), message(CTL, 2), message(INV, 3)]) == ("ACCEPTED", False, False, 0)


def test_fold__a_refusal__counts_only_when_nothing_else_can_come() -> None:
    refused = refusal(2, number=OTHER_MRN)
    assert not fold([refused], SPLIT).refused
    assert not fold([refused, message(ACC, 1)], SPLIT).refused
    assert standing([refused, message(ROG, 3)], SPLIT) == ("RELEASED", False, True, 600_000)
    assert fold([refused, message(INV, 3)], SPLIT).refused
    assert fold([refused, refusal(3)], SPLIT).refused


def test_fold__after_a_refusal__only_a_release_or_acceptance_reopens() -> None:
    course = [refusal(1), message(RCV, 2), message(CTL, 3), tax(4, 9)]
    assert standing(course) == ("ACCEPTED", False, True, 0)
    assert standing([*course, message(ROG, 5)]) == ("RELEASED", False, False, FACE)
    assert standing([*course, message(ACC, 5, version=2)]) == ("ACCEPTED", False, False, 0)


def test_fold__goods_that_left_the_exporting_country__are_shipped() -> None:
    assert standing([message(EOG, 1)])[0] == "SHIPPED"
    assert standing([message(EOG, 1), message(ROG, 2)])[0] == "RELEASED"


def test_d13__sent_again__is_a_no_op() -> None:
    once = [message(CTL, 1), message(ROG, 2, received_at=5)]
    again = [*once, message(ROG, 2, received_at=900), *once]
    assert fold(again, ONE) == fold(once, ONE)


def test_d13__one_id_with_other_bytes__is_a_conflict() -> None:
    first, other = message(ROG, 1, message_id="m-1"), message(ROG, 2, message_id="m-1")
    with pytest.raises(Conflict, match="m-1 came with two contents") as one_way:
        fold([first, other], ONE)
    with pytest.raises(Conflict) as other_way:
        fold([other, first], ONE)
    assert one_way.value.message == other_way.value.message
    assert one_way.value.code == "message_conflict"


def test_d13__a_release_numbered_after_a_hold_but_issued_before__is_held() -> None:
    """The files' numbers and arrival say release last; the authority's clock says hold last."""
    assert standing([message(CTL, 5, message_id="03"), message(ROG, 4, message_id="04")])[1]


def test_d13__hashes__depend_on_the_messages_and_nothing_else() -> None:
    a, b = message(ACC, 1), message(ROG, 2)
    state = fold([a, b], ONE)
    assert state.messages_hash == fold([b, a, a], ONE).messages_hash
    assert state.messages_hash != fold([a], ONE).messages_hash
    assert state.declaration_hash == fold([a], ONE).declaration_hash
    assert state.declaration_hash != fold([message(ACC, 1, number=OTHER_MRN)], SPLIT).declaration_hash
    joined = fold([replace(a, message_id="ab"), replace(b, message_id="c")], ONE)
    assert (
        joined.messages_hash
        != fold([replace(a, message_id="a"), replace(b, message_id="bc")], ONE).messages_hash
    )
    assert (state.seq, state.event_at) == (2, START + 2)
    assert isinstance(state, CustomsState)
