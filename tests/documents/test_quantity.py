"""Mirrors settlement/documents/quantity.py."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.documents.quantity import Quantity, extension_minor, read_quantity, value_of_part
from settlement.errors import DocumentRefused
from settlement.money import currency


def test_read_quantity__plain_decimals__are_exact() -> None:
    assert read_quantity(" 7.5 ", "KGM", "q") == Quantity(Fraction(15, 2), "KGM")
    assert read_quantity("0.000000001", "", "q").count == Fraction(1, 10**9)


@pytest.mark.parametrize(
    "text", ["", "1e3", "-1", "+1", "1,5", ".5", "5.", "NaN", "1 000", "\u0663", "1" * 19, "0." + "1" * 10]
)
def test_read_quantity__other_notations__are_refused(text: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        read_quantity(text, "", "lines/1/quantity")
    assert refused.value.field == "lines/1/quantity"


@pytest.mark.parametrize(
    ("price", "quantity", "base", "code", "minor"),
    [
        ("50", "120", "1", "SEK", 600_000),
        ("0.125", "8", "1", "USD", 100),
        ("1", "1", "1", "JPY", 1),
        ("3", "1", "1", "KWD", 3000),
        ("10", "3", "100", "USD", 30),
    ],
)
def test_extension_minor__whole_minor_units__is_exact(
    price: str, quantity: str, base: str, code: str, minor: int
) -> None:
    read = [read_quantity(text, "", "f") for text in (price, quantity, base)]
    assert extension_minor(read[0], read[1], read[2], currency(code), "f") == minor


def test_extension_minor__a_part_of_a_minor_unit__is_refused() -> None:
    one, third = read_quantity("1", "", "f"), read_quantity("3", "", "f")
    with pytest.raises(DocumentRefused, match="minor units"):
        extension_minor(one, one, third, currency("USD"), "f")
    with pytest.raises(DocumentRefused, match="base quantity"):
        extension_minor(one, one, read_quantity("0", "", "f"), currency("USD"), "f")
    with pytest.raises(DocumentRefused, match="2\\^56"):
        extension_minor(read_quantity("9" * 18, "", "f"), one, one, currency("USD"), "f")


fractions = st.fractions(min_value=0, max_value=1000, max_denominator=1000)


@given(
    st.integers(0, 1 << 55),
    fractions,
    fractions,
    st.fractions(min_value=Fraction(1, 1000), max_value=1000, max_denominator=1000),
)
def test_d01__value_of_part__is_monotone_and_capped_at_the_whole(
    value: int, part: Fraction, more: Fraction, whole: Fraction
) -> None:
    once, again = value_of_part(value, part, whole), value_of_part(value, part + more, whole)
    assert 0 <= once <= again <= value
    assert value_of_part(value, whole, whole) == value
