"""The figures beside their bars, as one JSON object or as text."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from hanse.bench_chain.rounds import ETH_TESTER, ETH_TESTER_PURE, NODE_MANY, NODE_ONE, PY_EVM, Rates

_PACKAGES: Final = ("py-evm", "eth-tester", "coincurve", "eth-hash", "pycryptodome", "lmdb")
# What a ratio compares, and the least it must be.
_LEAST_RATIOS: Final = (
    (NODE_MANY, ETH_TESTER_PURE, 5.0),
    (NODE_MANY, ETH_TESTER, 1.5),
    (NODE_MANY, PY_EVM, 0.6),
    (NODE_ONE, ETH_TESTER_PURE, 5.0),
    (NODE_ONE, ETH_TESTER, 1.5),
)
MOST_GROWTH: Final = 1.1
"""The most memory of the second half of a long run, by the most of its first half."""
MOST_LOGS_MS: Final = 10


@dataclass(frozen=True)
class Bar:
    """A figure and what it must be: at least, or at most."""

    name: str
    figure: float
    bar: float
    is_least: bool

    @property
    def is_met(self) -> bool:
        return self.figure >= self.bar if self.is_least else self.figure <= self.bar

    def shown(self) -> dict[str, Any]:
        return {**asdict(self), "is_met": self.is_met}


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def ratio_bars(work: str, rates: Rates) -> Iterator[Bar]:
    """Our node by the others, the median of pairs played one after the other."""
    for ours, other, least in _LEAST_RATIOS:
        ratio = rates.ratio(ours, other)
        if ratio is not None:
            yield Bar(f"{work}: {ours} / {other}", round(ratio, 2), least, is_least=True)


def volume_bars(memory: Mapping[str, Any] | None, logs: Mapping[str, Any]) -> Iterator[Bar]:
    """Memory and logs."""
    if memory is not None:
        count = memory["states"][-1]["transactions"]
        yield Bar(f"memory over {count} transactions, growth", memory["growth"], MOST_GROWTH, is_least=False)
    for blocks, figures in logs.items():
        name = f"eth_getLogs over {blocks} blocks, ms"
        yield Bar(name, figures["whole_range"]["median_ms"], MOST_LOGS_MS, is_least=False)


def as_text(figures: Mapping[str, Any]) -> Iterator[str]:
    """The same for people."""
    for work in ("transfers", "trade", "eth_call"):
        if work in figures:
            yield f"{work + ', a second':<40}{'median':>10}{'low':>10}{'high':>10}"
            for name, row in sorted(figures[work].items(), key=lambda item: float(item[1]["median"])):
                yield f"  {name:<38}{row['median']:>10,.0f}{row['low']:>10,.0f}{row['high']:>10,.0f}"
    if figures.get("memory"):
        yield "memory, KiB: transactions, resident, of these own"
        for state in figures["memory"]["states"]:
            own = "?" if state["own"] is None else f"{state['own']:,}"
            yield f"  {state['transactions']:>9,}{state['rss']:>12,}{own:>12}"
    for blocks, row in figures.get("logs", {}).items():
        yield f"eth_getLogs over {blocks} blocks, ms: " + ", ".join(
            f"{name.replace('_', ' ')} {one['median_ms']} (95 %: {one['p95_ms']}, {one['found']} found)"
            for name, one in row.items()
            if isinstance(one, dict)
        )
    yield f"{'bars':<60}{'figure':>9}{'bar':>8}"
    for bar in figures["bars"]:
        sign = ">=" if bar["is_least"] else "<="
        missed = "" if bar["is_met"] else "  missed"
        yield f"  {bar['name']:<58}{bar['figure']:>9}{sign:>4}{bar['bar']:>4}{missed}"
