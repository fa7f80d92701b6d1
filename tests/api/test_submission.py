"""The characters of one member of a JSON object, as they stand."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.dependencies import wait_of
from api.orders.submission import member_text
from settlement.errors import InputRefused

SCALARS = st.none() | st.booleans() | st.integers() | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(st.dictionaries(st.text(), VALUES), VALUES, st.sampled_from([None, 0, 3]))
def test_member_text__any_object__gives_the_value_as_written(
    others: dict[str, object], value: object, indent: int | None
) -> None:
    body = others | {"document": value}
    text = json.dumps(body, indent=indent)
    assert json.loads(member_text(text, "document")) == value
    assert member_text(text, "document") in text


def test_member_text__keeps_odd_spacing_and_escapes() -> None:
    assert (
        member_text('  {"a":{"document":1} , "document" :\n { "x" : "\\u00e9" }}', "document")
        == '{ "x" : "\\u00e9" }'
    )


def test_member_text__missing__is_refused() -> None:
    with pytest.raises(InputRefused):
        member_text('{"terms": {"document": 1}}', "document")


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("wait=5", 5),
        ("respond-async, Wait=7", 7),
        ("wait=99999", 30),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("wait=٣", 0),
        ("wait=9999999999", 0),
        ("return=minimal", 0),
    ],
)
def test_prefer__wait__is_bounded(prefer: str | None, seconds: int) -> None:
    assert wait_of(prefer) == seconds
