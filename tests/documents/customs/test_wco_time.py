"""Mirrors settlement/documents/customs/wco_time.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.documents.customs.wco_time import read_issue_time, write_issue_time
from settlement.errors import DocumentRefused


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("20260302145534Z", 0),
        ("20260302155534+01", 60),
        ("20260302155534+0100", 60),
        ("20260302155534+01:00", 60),
        ("20260302092534-0530", -330),
        ("20260302145534+0000", 0),
    ],
)
def test_d12__one_moment_in_many_zones__is_one_second_and_its_offset(text: str, offset: int) -> None:
    assert read_issue_time(text, "304", "f") == (1_772_463_334, offset)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("20260302145534", "304"),
        ("20260302", "102"),
        ("202603021455", "203"),
        ("20260302145534Z", "203"),
        ("20260230145534Z", "304"),
        ("20260302245534Z", "304"),
        ("Wed Nov 13 00:00:00 UTC 2019", ""),
        ("2026-03-02T14:55:34Z", "304"),
        ("19690302145534Z", "304"),
        ("21070302145534Z", "304"),
        ("\u0662\u0660260302145534Z", "304"),
        ("20260302145534+99", "304"),
    ],
)
def test_d12__a_time_without_zone_or_off_the_calendar__is_refused(text: str, form: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        read_issue_time(text, form, "IssueDateTime")
    assert refused.value.field == "IssueDateTime"


@given(st.integers(86_400, (1 << 32) - 1), st.integers(-14 * 60, 14 * 60))
def test_write_issue_time__any_moment_and_zone__is_read_back(issued_at: int, offset: int) -> None:
    assert read_issue_time(write_issue_time(issued_at, offset), "304", "f") == (issued_at, offset)
