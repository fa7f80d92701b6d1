"""Times and whole numbers between Python and the wire."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from settlement import typed_data
from settlement.wire.act import safe_integers
from settlement.wire.clearance import AttestedState
from settlement.wire.model import UINT32_LIMIT, Answer, Instant, instant_from_text, instant_text
from settlement.wire.network import ClockWish


@given(st.integers(0, UINT32_LIMIT - 1))
def test_instant__there_and_back__is_the_same_second(at: int) -> None:
    assert instant_from_text(instant_text(at)) == at


@pytest.mark.parametrize(
    ("text", "at"), [("1970-01-01T00:00:00Z", 0), ("2030-01-01T01:00:00+01:00", 1_893_456_000), (7, 7)]
)
def test_instant__with_offset__is_unix_seconds(text: Any, at: int) -> None:
    assert instant_from_text(text) == at


@pytest.mark.parametrize(
    "value",
    [
        "2030-01-01T00:00:00",
        "2030-01-01",
        "2030-01-01T00:00:00.1Z",
        "x" * 41,
        -1,
        UINT32_LIMIT,
        True,
        1.5,
        None,
    ],
)
def test_instant__without_offset_or_out_of_range__is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"time|Invalid"):
        instant_from_text(value)


def test_instant__on_the_wire__is_rfc_3339() -> None:
    class Shown(Answer):
        at: Instant

    assert Shown(at=0).model_dump_json() == '{"at":"1970-01-01T00:00:00Z"}'
    assert Shown(at=0).model_dump() == {"at": 0}
    assert Shown.model_json_schema()["properties"]["at"]["format"] == "date-time"


@pytest.mark.parametrize("seconds", [True, 1.0, "1", None])
def test_count__anything_but_an_integer__is_refused(seconds: Any) -> None:
    with pytest.raises(ValidationError):
        ClockWish.model_validate({"seconds": seconds})
    assert ClockWish.model_validate({"seconds": 1}).seconds == 1


def test_safe_integers__from_2_to_the_53__are_digits() -> None:
    plain = {"a": [2**53 - 1, 2**53, True], "b": {"c": 2**256 - 1}, "d": "text"}
    assert safe_integers(plain) == {
        "a": [2**53 - 1, str(2**53), True],
        "b": {"c": str(2**256 - 1)},
        "d": "text",
    }


@given(st.integers(0, 2**256 - 1))
def test_typed_data__integers_as_digits__sign_the_same(order: int) -> None:
    typed = typed_data.typed_message(
        "Draw", 31337, "0x" + "11" * 20, {"order": order, "index": 0, "amount": 5, "deadline": 9}
    )
    assert typed_data.digest(safe_integers(typed)) == typed_data.digest(typed)


def test_attested_state__as_message__has_the_fields_that_are_signed() -> None:
    state = AttestedState.model_validate(
        {
            "order": "0x" + "0" * 63 + "7",
            "jurisdiction": 826,
            "seq": 3,
            "phase": "cleared",
            "hold": False,
            "refused": False,
            "released": "15",
            "duty": "0",
            "declarations": "0x" + "aa" * 32,
            "messages": "0x" + "bb" * 32,
            "event_at": "1970-01-01T00:00:05Z",
            "deadline_at": "1970-01-01T01:00:00Z",
        }
    )
    message = state.message()
    assert list(message) == [name for name, _ in typed_data.TYPES["Attestation"]]
    assert (message["order"], message["phase"], message["released"], message["deadline"]) == (7, 4, 15, 3_600)
    assert message["messages"] == b"\xbb" * 32
