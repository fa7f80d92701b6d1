"""Mirrors settlement/order_number.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.errors import InputRefused
from settlement.order_number import canonical_number


@pytest.mark.parametrize(
    "written",
    [
        "PO-2026/0042",
        "  po-2026/0042  ",
        "Po 2026 0042",
        "PO20260042",
        "p.o.2026.0042",
        "PO\u20112026\u20110042",  # non-breaking hyphens
        "\uff30\uff2f\uff12\uff10\uff12\uff16\uff10\uff10\uff14\uff12",  # full-width forms
        "PO\u00a02026\u200b0042",  # no-break and zero-width spaces
        "0PO20260042",
        "000-PO-2026-0042",
        "\tPO_2026_0042\r\n",
    ],
)
def test_p01__the_same_number_reformatted__has_one_canonical_form(written: str) -> None:
    assert canonical_number(written) == "PO20260042"


def test_canonical_number__different_numbers__stay_different() -> None:
    written = ["34", "340", "3-4-0-1", "A34", "34A", "PO34", "PO034"]
    assert len({canonical_number(one) for one in written}) == len(written)


@pytest.mark.parametrize("empty", ["", "   ", "-/.", "0", "000", "0-0-0", "\u200b"])
def test_p01__a_blank_number__is_refused(empty: str) -> None:
    with pytest.raises(InputRefused) as refused:
        canonical_number(empty)
    assert refused.value.field == "number"


@pytest.mark.parametrize(
    "written",
    [
        "PO\u00c934",  # E acute
        "PO\u0130",  # dotted capital I
        "PO\u0131",  # dotless i, upper-cased it would be I
        "STRA\u00dfE1",  # sharp s, upper-cased it would be SS
        "\u0420O34",  # Cyrillic Er, looks like P
        "PO\u0663\u0664",  # Arabic-Indic digits
        "PO3x\u0338",  # a combining stroke over x
        "PO\ud80034",  # half a surrogate pair
        "PO\ue00034",  # private use
    ],
)
def test_canonical_number__a_character_without_ascii_form__is_refused(written: str) -> None:
    with pytest.raises(InputRefused, match="no ASCII form"):
        canonical_number(written)


def test_canonical_number__the_longest__is_accepted_and_one_more_refused() -> None:
    assert canonical_number("A" * 32) == "A" * 32
    assert canonical_number("0" * 100 + "A" * 32) == "A" * 32
    with pytest.raises(InputRefused, match="33 characters"):
        canonical_number("A" * 33)
    with pytest.raises(InputRefused, match="201 characters"):
        canonical_number("A" + "-" * 200)


@given(st.text(max_size=60))
def test_canonical_number__of_any_text__is_normal_or_refused(text: str) -> None:
    try:
        number = canonical_number(text)
    except InputRefused:
        return
    assert 1 <= len(number) <= 32
    assert set(number) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    assert not number.startswith("0")
    assert canonical_number(number) == number


@given(
    st.from_regex(r"[A-Z1-9][A-Z0-9]{0,20}", fullmatch=True),
    st.sampled_from(["-", " ", "/", ".", "_", "\u2013"]),
)
def test_p01__separators_anywhere__change_nothing(number: str, separator: str) -> None:
    assert canonical_number(separator.join(number.lower())) == number
