"""The gas bars of DESIGN section 10, on real transactions of the embedded chain."""

from __future__ import annotations

from hanse.bench_gas import BARS, measure_gas


def test_bench_gas__every_verb__meets_its_bar() -> None:
    figures = measure_gas()
    assert list(figures) == list(BARS)
    over = {
        name: (row["gas"], row["bar"])
        for name, row in figures.items()
        if row["bar"] is not None and (row["gas"] or 0) > row["bar"]
    }
    assert over == {}
    assert all((row["gas"] or 0) > 21_000 for row in figures.values())
