"""``hanse demo``: a network of its own, the trades, the checks, and everything ended again."""

from __future__ import annotations

import json
import sys

from hanse.actors import Cast
from hanse.demo.play import is_all_ok, play_four_trades
from hanse.demo.real_trade import RealTrade, play_real_trade
from hanse.demo.timeline import Timeline
from hanse.logs import configure_logs
from hanse.tree import start_tree
from settlement.errors import InputRefused
from settlement.settings import Settings


def run_demo(settings: Settings, trade: RealTrade | None, *, is_json: bool) -> bool:
    """Play the four trades, or the one of real documents, and print.

    Returns whether all checks hold.
    Raises: InputRefused when the folder was used before.
    """
    configure_logs()
    if settings.deployment_file.exists():
        raise InputRefused(
            f"{settings.folder} holds a network already; a demo needs a fresh one, give it another --data DIR",
            field="--data",
        )
    # With --json, stdout holds the object and nothing else.
    timeline = Timeline(stream=sys.stderr if is_json else sys.stdout)
    timeline.title("Starting a network of its own")
    cast = Cast() if trade is None else trade.cast
    tree = start_tree(settings, timeline, lambda line: timeline.note(f"{line} …"), cast)
    try:
        report = play_four_trades(tree) if trade is None else play_real_trade(tree, trade)
    finally:
        tree.stop()
    if is_json:
        print(json.dumps(report))
    return is_all_ok(report)
