"""The whole bench: transfers, the trade, calls, memory, logs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hanse.bench_chain.load import Fleet
from hanse.bench_chain.report import Bar, machine, ratio_bars, volume_bars
from hanse.bench_chain.rounds import all_players, call_rounds, play_rounds, prepare_all
from hanse.bench_chain.trade import sign_trade
from hanse.bench_chain.volume import measure_logs, measure_memory


@dataclass(frozen=True)
class Sizes:
    """How much is played: transfers, orders (three transactions each) and calls in each round; blocks of the longest log
    query; transactions of the memory's run. Nothing of what is 0.
    """

    rounds: int = 5
    transfers: int = 1_000
    orders: int = 50
    calls: int = 500
    blocks: int = 100_000
    volume: int = 100_000


QUICK = Sizes(rounds=1, transfers=50, orders=2, calls=10, blocks=200, volume=500)


def bench_chain(sizes: Sizes, say: Callable[[str], None]) -> dict[str, Any]:
    """Every figure, and the bars beside them. ``say`` gets a line of progress now and then.

    Raises: ChainError when a system fails a transaction: its figures would say nothing.
    """
    figures: dict[str, Any] = {"machine": machine()}
    with tempfile.TemporaryDirectory(prefix="hanse-bench-") as made:
        folder = Path(made)
        bars = list(_speed(folder, sizes, figures, say))
        memory = measure_memory(folder, sizes.volume, say) if sizes.volume else None
        blocks = sorted({min(1_000, sizes.blocks), sizes.blocks} - {0})
        logs = measure_logs(folder, blocks, say) if blocks else {}
    bars += volume_bars(memory, logs)
    return {**figures, "memory": memory, "logs": logs, "bars": [bar.shown() for bar in bars]}


def _speed(folder: Path, sizes: Sizes, figures: dict[str, Any], say: Callable[[str], None]) -> Iterator[Bar]:
    fleet = Fleet()
    # The trade first: many systems' clocks go a second on with each block, and its signatures expire.
    trade = sign_trade(fleet, sizes.rounds, sizes.orders) if sizes.orders else None
    transfers = [fleet.transfers(sizes.transfers) for _ in range(sizes.rounds)] if sizes.transfers else []
    if not transfers and trade is None:
        return
    with all_players(folder) as players:
        if trade is not None:
            prepare_all(players, trade.setup)
        say(f"set up: {', '.join(player.name for player in players)}")
        for work, rounds in (("trade", trade.rounds if trade else []), ("transfers", transfers)):
            if rounds:
                rates = play_rounds(players, rounds)
                figures[work] = rates.table()
                say(f"{work}: played")
                yield from ratio_bars(work, rates)
        if trade is not None and sizes.calls:
            calls = call_rounds(players, trade.book, trade.view, rounds=sizes.rounds, count=sizes.calls)
            figures["eth_call"] = calls.table()
