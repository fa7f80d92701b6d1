"""The whole demo on a running tree: four trades, or one real order, and the checks at the end."""

from __future__ import annotations

from typing import Any

from hanse.demo.report import Check, interest_check, order_checks, order_report, policy_report, tell_checks
from hanse.demo.stage import Stage, minor
from hanse.demo.trades import controlled, refused, straight, typhoon
from hanse.network import ensure_demo_cash, ensure_lines, ensure_pool
from hanse.tree import Tree
from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.test_cash import TestCash
from settlement.chain.client import ChainClient
from settlement.order_number import canonical_number
from settlement.store.engine import open_database
from settlement.verify import verify

FIRST_TRADE_CASH = {("buyer", "GBP"): 16_000_000}
"""Free cash the buyer brings for trade 1: face and duty. Units: minor units."""

DEMO_CASH = {("buyer", "GBP"): 22_000_000, ("buyer", "USD"): 14_000_000}
POOL_CAPITAL_MINOR = 10_000_000


def play_first_trade(tree: Tree) -> None:
    """Trade 1 alone, or the rest of it; nothing where it is settled already."""
    stage = tree.stage
    if _is_settled(stage, straight.PLAN.number):
        return
    stage.timeline.title("The network")
    ensure_lines(stage)
    ensure_demo_cash(stage, FIRST_TRADE_CASH)
    straight.play(stage)


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
    """The cash of every currency, and every projection table against the chain at one block."""
    engine = open_database(tree.settings.database_url)
    try:
        with ChainClient(tree.settings.chain_url, tree.settings.chain_id) as client:
            books = verify(engine, client, tree.deployment)
            cash = _cash_conserved(tree, client)
    finally:
        engine.dispose()
    tables = Check(
        "sql_equals_chain",
        {one.name: one.expected for one in books.checks},
        {one.name: one.found for one in books.checks},
    )
    return [cash, tables]


def _cash_conserved(tree: Tree, client: ChainClient) -> Check:
    """I-01: what each token says the ledger holds, against the sum of all accounts the API shows."""
    operator = tree.stage.client("operator")
    ledger = tree.deployment.cash_ledger
    held = {}
    for listed in operator.get("/v1/network")["currencies"]:
        scale = client.call(ledger, CashLedger.token_of(listed["number"])).scale
        held[listed["currency"]] = client.call(listed["token"], TestCash.balance_of(ledger)) // scale
    accounts: dict[str, int] = dict.fromkeys(held, 0)
    for account in operator.items("/v1/cash/accounts"):
        accounts[account["balance"]["currency"]] += minor(account["balance"])
    return Check("cash_conserved", held, accounts)


def _is_settled(stage: Stage, number: str) -> bool:
    rows = stage.client("buyer").items("/v1/orders")
    return any(row["number"] == canonical_number(number) and row["phase"] == "settled" for row in rows)
