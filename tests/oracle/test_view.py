"""A member's view of an order: a function of what it received, whatever the order, the repeats and the other orders."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.inbox import Envelope
from oracle.view import OrderView, Received, read_envelopes, view_of
from settlement.documents.customs.event import ItemScope
from settlement.errors import Conflict, InputRefused
from settlement.ids import OrderId
from tests.oracle.mail import (
    ACCEPTED,
    CLEARED,
    CONTROL,
    MRN,
    ORDER,
    OTHER_MRN,
    OTHER_ORDER,
    REJECTED,
    RELEASED,
    link,
    notice,
    refusal,
)
from tests.oracle.service import NOW_AT

Mail = tuple[str, bytes]


def received(mail: Iterable[Mail]) -> Received:
    return read_envelopes(
        Envelope(kind, raw, NOW_AT + at, None, str(hash(raw))) for at, (kind, raw) in enumerate(mail)
    )


def basis(*values: int, declarations: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    lines = [
        {
            "position": position,
            "quantity": "10",
            "unit": "C62",
            "value": {"value": str(value), "currency": "USD"},
        }
        for position, value in enumerate(values, start=1)
    ]
    face = {"value": str(sum(values)), "currency": "USD"}
    return {"face": face, "lines": lines, "declarations": list(declarations)}


def view(mail: Iterable[Mail], order: OrderId = ORDER, terms: dict[str, Any] | None = None) -> OrderView:
    return view_of(order, 276, received(mail), terms or basis(600_00, 400_00))


STORY = (
    link(),
    notice(ACCEPTED, 1),
    notice(CONTROL, 2),
    notice(RELEASED, 3, items=[ItemScope(1, "4", "C62")]),
    notice(RELEASED, 4, items=[ItemScope(1, "6", "C62")]),
    notice(CLEARED, 9),
)
NOISE = (
    link(OTHER_ORDER, OTHER_MRN),
    notice(RELEASED, 5, number=OTHER_MRN),
    notice(CONTROL, 6, number="26GB00000000000003R"),
    ("wco", b"<not-customs/>"),
    ("link", b"{}"),
)


def test_view__link_alone__is_the_pre_lodged_state() -> None:
    content = view([link()]).content
    assert (content["seq"], content["phase"], content["released"]) == (1, 1, 0)
    assert (content["hold"], content["refused"], content["eventAt"]) == (False, False, NOW_AT - 1_000)


def test_view__whole_story__is_cleared_with_all_released() -> None:
    content = view(STORY).content
    assert (content["seq"], content["phase"], content["released"]) == (6, 4, 1_000_00)
    assert (content["hold"], content["eventAt"]) == (False, NOW_AT - 1_000 + 9)


def test_d04__released_while_a_later_hold_is_open__is_held() -> None:
    content = view([link(), notice(RELEASED, 1), notice(CONTROL, 2)]).content
    assert (content["released"], content["hold"]) == (1_000_00, True)


@given(seed=st.randoms(use_true_random=False), repeats=st.lists(st.integers(0, 5), max_size=6))
def test_view__any_order_and_repeats__same_content(seed: random.Random, repeats: list[int]) -> None:
    """I-21: what a member would sign is a function of the set of messages."""
    mail = [*STORY, *(STORY[at] for at in repeats), *NOISE]
    seed.shuffle(mail)
    expected = view(STORY)
    assert view(mail).content == expected.content
    assert view(mail).content_hash == expected.content_hash


@given(subset=st.sets(st.integers(1, 5), max_size=4))
def test_view__one_message_missing__another_seq(subset: set[int]) -> None:
    """I-21: two different sets of one member never claim the same number."""
    some = [STORY[0], *(STORY[at] for at in sorted(subset))]
    for at in set(range(1, 6)) - subset:
        assert view([*some, STORY[at]]).seq == view(some).seq + 1


def test_view__later_message_of_the_same_count__another_content() -> None:
    one, other = view([link(), notice(RELEASED, 3)]), view([link(), notice(CONTROL, 3)])
    assert one.seq == other.seq
    assert one.content_hash != other.content_hash


def test_d13__message_id_with_two_contents__silences_its_order_only() -> None:
    torn = [notice(RELEASED, 3, name="m1"), notice(CONTROL, 3, name="m1")]
    mail = [*STORY, *NOISE, *torn]
    with pytest.raises(Conflict, match="m1 came with two contents"):
        view(mail)
    assert view(mail, OTHER_ORDER).content == view(NOISE, OTHER_ORDER).content
    crossed = [notice(RELEASED, 3, name="m2"), notice(RELEASED, 3, number=OTHER_MRN, name="m2")]
    for order in (ORDER, OTHER_ORDER):
        with pytest.raises(Conflict, match="m2 came with two contents"):
            view([*STORY, *NOISE, *crossed], order)


@pytest.mark.parametrize("is_reversed", [False, True])
def test_d13__link_id_with_two_contents__silences_the_orders_it_names(is_reversed: bool) -> None:
    torn = [link(lines=(1,), name="l1"), link(OTHER_ORDER, lines=(2,), name="l1")]
    mail = [*STORY, *NOISE, *(reversed(torn) if is_reversed else torn)]
    for order in (ORDER, OTHER_ORDER):
        with pytest.raises(Conflict, match="two contents"):
            view(mail, order)
    unconcerned = OrderId(0xC3)
    assert view([*mail, link(unconcerned, "26GB00000000000003R")], unconcerned).seq == 2


def test_d03__one_order_two_declarations__each_releases_its_lines() -> None:
    mail = [link(lines=(1,)), link(number=OTHER_MRN, lines=(2,), at=1)]
    assert view([*mail, notice(RELEASED, 3)]).content["released"] == 600_00
    assert view([*mail, notice(RELEASED, 3, number=OTHER_MRN)]).content["released"] == 400_00
    both = view([*mail, notice(CLEARED, 3), notice(CLEARED, 4, number=OTHER_MRN)]).content
    assert (both["released"], both["phase"]) == (1_000_00, 4)


def test_d03__one_declaration_two_orders__each_gets_its_own_lines() -> None:
    mail = [link(lines=(1,), name="a"), link(OTHER_ORDER, lines=(2,), name="b"), notice(CLEARED, 3)]
    assert view(mail).content["released"] == 600_00
    assert view(mail, OTHER_ORDER).content["released"] == 400_00


@pytest.mark.parametrize("is_reversed", [False, True])
def test_d14__rejected_then_lodged_under_a_new_number__new_one_takes_the_lines_over(
    is_reversed: bool,
) -> None:
    mail = [
        link(),
        notice(ACCEPTED, 1),
        notice(REJECTED, 2),
        link(number=OTHER_MRN, at=5),
        notice(ACCEPTED, 6, number=OTHER_MRN),
    ]
    done = [*mail, notice(CLEARED, 9, number=OTHER_MRN)]
    content = view(reversed(done) if is_reversed else done).content
    assert (content["seq"], content["phase"], content["released"]) == (6, 4, 1_000_00)
    # Every step of it has a number of its own.
    assert [view(done[:count]).seq for count in range(1, 7)] == [1, 2, 3, 4, 5, 6]


def test_view__lines_named_by_two_declarations__are_released_once() -> None:
    """I-17: overlapping shares never add up to more than the goods."""
    mail = [link(lines=(1,)), link(number=OTHER_MRN, lines=(1,), at=1)]
    both = view([*mail, notice(CLEARED, 3), notice(CLEARED, 4, number=OTHER_MRN)]).content
    assert both["released"] == 600_00


def test_view__link_names_a_line_the_order_has_not__is_refused() -> None:
    with pytest.raises(InputRefused, match="names line 3; the order has 2"):
        view([link(lines=(1, 3))])


def test_view__declaration_of_the_signed_terms__needs_no_link() -> None:
    terms = basis(600_00, 400_00, declarations=({"number": MRN, "lines": [2]},))
    content = view([notice(CLEARED, 3)], terms=terms).content
    assert (content["seq"], content["released"]) == (1, 400_00)
    assert view([notice(CLEARED, 3)]).seq == 0


def test_view__refused_goods__say_so() -> None:
    content = view([link(), notice(ACCEPTED, 1), refusal(2)]).content
    assert (content["refused"], content["released"]) == (True, 0)


def test_read__what_cannot_be_read__is_shown_with_its_reason() -> None:
    found = received([*STORY, ("wco", b"<not-customs/>"), ("link", b"[]"), ("reading", b"{}")])
    assert len(found.events) == 5
    assert len(found.unreadable) == 3
    assert all(reason for _, reason in found.unreadable)


def test_view__placed_by_the_authority__its_own_date_stays_in_the_bytes() -> None:
    kind, raw = notice(RELEASED, 3)
    placed = read_envelopes(
        [
            Envelope("link", link()[1], NOW_AT, None, "0"),
            Envelope(kind, raw, NOW_AT, NOW_AT - 7, "1"),
        ]
    )
    content = view_of(ORDER, 276, placed, basis(1)).content
    assert content["eventAt"] == NOW_AT - 7
