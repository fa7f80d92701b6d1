"""The gas bars of DESIGN section 10 and the committed figures, on real transactions of the embedded chain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hanse.bench_gas import BARS, measure_gas
from hanse.gas_file import complaints, read_gas, rises, write_gas
from settlement.errors import InputRefused

KEPT = {"accept": {"gas": 100_000, "first": 200_000}}


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, int | None]]:
    return measure_gas()


def test_bench_gas__every_verb__meets_its_bar(figures: dict[str, dict[str, int | None]]) -> None:
    assert list(figures) == list(BARS)
    over = {
        name: (row["gas"], row["bar"])
        for name, row in figures.items()
        if row["bar"] is not None and (row["gas"] or 0) > row["bar"]
    }
    assert over == {}
    assert all((row["gas"] or 0) > 21_000 for name, row in figures.items() if not name.startswith("batch"))


def test_bench_gas__committed_figures__stand(figures: dict[str, dict[str, int | None]]) -> None:
    """A rise above one per cent fails until `hanse bench gas --write --reason ...` was committed."""
    assert complaints(read_gas()["verbs"], figures) == []


@pytest.mark.parametrize(
    ("gas", "first", "found"),
    [
        (101_000, 202_000, {}),
        (90_000, 150_000, {}),
        (101_001, 200_000, {"accept": [100_000, 101_001]}),
        (100_000, 202_001, {"accept, first": [200_000, 202_001]}),
    ],
)
def test_rises__one_per_cent__is_the_bound(gas: int, first: int, found: dict[str, list[int]]) -> None:
    assert rises(KEPT, {"accept": {"gas": gas, "first": first}}) == found


def test_complaints__verb_without_a_figure__is_one() -> None:
    measured = {"draw": {"gas": 1, "first": 1}}
    assert complaints(KEPT, measured) == ["accept is no longer measured", "draw is not in the file"]


def test_write__rise__needs_a_reason_and_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "gas.json"
    write_gas(KEPT, "", "2026-01-01", path)
    dearer = {"accept": {"gas": 120_000, "first": 200_000}}
    with pytest.raises(InputRefused, match="accept rose"):
        write_gas(dearer, " ", "2026-01-02", path)
    assert read_gas(path) == {"verbs": KEPT, "history": []}
    write_gas(dearer, "undertakings", "2026-01-02", path)
    entry = {"date": "2026-01-02", "reason": "undertakings", "rises": {"accept": [100_000, 120_000]}}
    assert json.loads(path.read_text()) == {"verbs": dearer, "history": [entry]}
    write_gas(KEPT, "", "2026-01-03", path)
    assert read_gas(path) == {"verbs": KEPT, "history": [entry]}
