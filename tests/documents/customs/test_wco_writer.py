"""Mirrors settlement/documents/customs/wco_writer.py: what is written is what is read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from settlement.documents.customs.event import Duty, ItemScope, Kind
from settlement.documents.customs.wco import customs_event_from_wco
from settlement.documents.customs.wco_writer import REFUSAL, wco_notification
from settlement.money import Money, currency

names = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", min_size=1, max_size=30)
amounts = st.builds(
    Money, st.integers(0, (1 << 56) - 1), st.sampled_from(["USD", "JPY", "KWD"]).map(currency)
)
quantities = st.builds(
    lambda whole, part: f"{whole}.{part}" if part else str(whole),
    st.integers(0, 10**12),
    st.sampled_from(["", "5", "125"]),
)
items = st.dictionaries(
    st.integers(1, 999),
    st.tuples(st.none() | quantities, st.sampled_from(["", "C62", "KGM"]), st.none() | amounts),
    max_size=6,
).map(
    lambda named: [
        ItemScope(at, quantity, unit if quantity else "", value)
        for at, (quantity, unit, value) in sorted(named.items())
    ]
)
duties = st.lists(st.builds(Duty, st.sampled_from(["A00", "B00"]), amounts, st.integers(1, 9)), max_size=6)


@given(
    st.sampled_from(["01", "05", "08", "09", "10", "99"]),
    names,
    st.integers(1, 99),
    names,
    st.integers(86_400, 2**32 - 1),
    items,
)
def test_wco_notification__whatever_is_written__is_read_back(
    code: str, number: str, version: int, message_id: str, issued_at: int, named: list[ItemScope]
) -> None:
    raw = wco_notification(
        code,
        number,
        version,
        message_id,
        issued_at,
        issued_offset_minutes=60,
        trader_reference="T-1",
        authority="NLDOUANE",
        items=named,
    )
    event = customs_event_from_wco(raw, 5)
    assert (event.raw_code, event.declaration_number, event.declaration_version) == (code, number, version)
    assert (event.message_id, event.issued_at, event.issued_offset_minutes) == (message_id, issued_at, 60)
    assert (event.trader_reference, event.authority, event.received_at) == ("T-1", "NLDOUANE", 5)
    assert event.items == tuple(named)


@given(duties)
def test_wco_notification__duties_in_any_currency__are_read_back_exactly(demanded: list[Duty]) -> None:
    event = customs_event_from_wco(wco_notification("13", "26NL1", 1, "m", 86_400, duties=demanded), 0)
    assert sorted(event.duties, key=repr) == sorted(demanded, key=repr)
    assert event.status_code == ("4" if demanded else "")


def test_wco_notification__the_refusal__is_read_as_one() -> None:
    code, reason = REFUSAL
    assert (
        customs_event_from_wco(wco_notification(code, "26NL1", 1, "m", 1, reason_code=reason), 0).kind
        is Kind.REFUSED
    )


def test_wco_notification__the_same_message_twice__is_the_same_bytes() -> None:
    assert wco_notification("08", "26NL1", 1, "m", 1) == wco_notification("08", "26NL1", 1, "m", 1)
