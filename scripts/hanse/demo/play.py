"""The whole demo on a running tree: four trades, or one real order, and the checks at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hanse.demo.report import Check, interest_check, order_checks, order_report, policy_report, tell_checks
from hanse.demo.stage import Stage
from hanse.demo.trades import controlled, refused, straight, typhoon
from hanse.network import ensure_demo_cash, ensure_lines, ensure_pool
from hanse.tree import Tree
from hanse.waiting import wait_for
from settlement.chain.client import ChainClient
from settlement.store.engine import open_database
from settlement.verify import verify

FIRST_TRADE_CASH = {("buyer", "GBP"): 16_000_000}
"""Free cash the buyer brings for trade 1: face and duty. Units: minor units."""

DEMO_CASH = {("buyer", "GBP"): 22_000_000, ("buyer", "USD"): 14_000_000}
POOL_CAPITAL_MINOR = 10_000_000


def play_first_trade(tree: Tree) -> str:
    """Trade 1 alone, or the rest of it.

    Returns the order's id.
    """
    stage = tree.stage
    stage.timeline.title("The network")
    ensure_lines(stage)
    if not _is_played(stage, straight.PLAN.number):
        ensure_demo_cash(stage, FIRST_TRADE_CASH)
    return straight.play(stage)


def play_four_trades(tree: Tree) -> dict[str, Any]:
    """All four trades.

    Returns the object that ``--json`` prints.
    """
    stage = tree.stage
    stage.timeline.title("The network")
    ensure_lines(stage)
    ensure_demo_cash(stage, DEMO_CASH)
    ensure_pool(stage, "GBP", POOL_CAPITAL_MINOR)
    first = straight.play(stage)
    second = controlled.play(stage)
    third, policy = typhoon.play(stage)
    fourth = refused.play(stage)
    orders = [order_report(stage, order) for order in (first, second, third, fourth)]
    policies = [policy_report(stage, policy)]
    checks = [
        interest_check(stage, first),
        Check("refused_order_paid_nothing", "0", orders[3]["buyer_debited"]["value"]),
    ]
    return conclude(tree, orders, policies, checks)


def conclude(
    tree: Tree, orders: list[dict[str, Any]], policies: list[dict[str, Any]], checks: list[Check]
) -> dict[str, Any]:
    """Check what was played against the chain and the books, and tell it."""
    stage = tree.stage
    checks = [*order_checks(stage, orders), *checks, *books_checks(tree)]
    tell_checks(stage.timeline, checks)
    return {
        "network": stage.client("operator").get("/v1/network"),
        "orders": orders,
        "policies": policies,
        "checks": {
            check.name: {"ok": check.is_ok, "expected": check.expected, "found": check.found}
            for check in checks
        },
    }


def is_all_ok(report: dict[str, Any]) -> bool:
    """Whether every check of a report holds."""
    return all(check["ok"] for check in report["checks"].values())


def books_checks(tree: Tree) -> list[Check]:
    """``hanse verify``'s checks, once the projection has caught up with the chain's head."""
    engine = open_database(tree.settings.database_url)
    try:
        with ChainClient(tree.settings.chain_url, tree.settings.chain_id) as client:
            report = verify(engine, client, tree.deployment)
    finally:
        engine.dispose()
    return [Check(one.name, one.expected, one.found) for one in report.checks]


def _is_played(stage: Stage, number: str) -> bool:
    rows = stage.client("buyer").items("/v1/orders")
    return any(row["number"] == number.replace("-", "") and row["phase"] == "settled" for row in rows)


def wait_until(look: Callable[[], bool], what: str) -> None:
    """Wait for a yes."""
    wait_for(lambda: True if look() else None, what)
