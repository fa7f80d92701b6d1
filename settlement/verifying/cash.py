"""Currencies and cash: every account, and their sum against the ledger's total and its tokens (I-01)."""

from __future__ import annotations

from collections import defaultdict

from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.test_cash import TestCash
from settlement.errors import HanseError
from settlement.ids import id_from_text, id_text, reserve_account
from settlement.store.tables_projection import (
    AccountBalance,
    ListedCurrency,
    Member,
    Receivable,
    Share,
    Undertaking,
)
from settlement.verifying.pinned import Pinned
from settlement.verifying.report import Tally


def compare_cash(pinned: Pinned) -> list[Tally]:
    """Units: minor units, but the token's own where the tally says so."""
    return [_currencies(pinned), _accounts(pinned), _conserved(pinned)]


def _currencies(pinned: Pinned) -> Tally:
    tally = Tally("currencies")
    rows = pinned.rows(ListedCurrency)
    answers = pinned.ask(pinned.deployment.cash_ledger, [CashLedger.token_of(row.currency) for row in rows])
    for row, answer in zip(rows, answers, strict=True):
        if isinstance(answer, HanseError):
            tally.wrong(f"currency {row.currency}: {answer.message}")
            continue
        expected = (answer.token, answer.scale, answer.exponent)
        tally.same(f"currency {row.currency}", expected, (row.token, row.scale, row.exponent))
    return tally


def _accounts(pinned: Pinned) -> Tally:
    tally = Tally("account_balances")
    rows = pinned.rows(AccountBalance)
    calls = [CashLedger.balance_of(row.currency, id_from_text(row.account)) for row in rows]
    answers = pinned.ask(pinned.deployment.cash_ledger, calls)
    members = {id_text(row.member) for row in pinned.rows(Member)}
    orders = [row.order for row in pinned.rows(Receivable)]
    holds = {*orders, *(row.share for row in pinned.rows(Share))}
    holds |= {row.account for row in pinned.rows(Undertaking)}
    holds |= {id_text(reserve_account(id_from_text(order))) for order in orders}
    for row, answer in zip(rows, answers, strict=True):
        what = f"currency {row.currency} account {row.account}"
        kind = "member" if row.account in members else "order" if row.account in holds else "pool"
        tally.same(what, (answer, kind), (row.balance_minor, row.kind))
    return tally


def _conserved(pinned: Pinned) -> Tally:
    tally = Tally("cash_conserved")
    sums: defaultdict[int, int] = defaultdict(int)
    for account in pinned.rows(AccountBalance):
        sums[account.currency] += account.balance_minor
    rows = pinned.rows(ListedCurrency)
    answers = pinned.ask(pinned.deployment.cash_ledger, [CashLedger.token_of(row.currency) for row in rows])
    for row, listed in zip(rows, answers, strict=True):
        if isinstance(listed, HanseError):
            tally.wrong(f"currency {row.currency}: {listed.message}")
            continue
        total = pinned.ask_one(pinned.deployment.cash_ledger, CashLedger.total_of(row.currency))
        tally.same(f"currency {row.currency} sum of accounts", total, sums[row.currency])
        held = pinned.ask_one(listed.token, TestCash.balance_of(pinned.deployment.cash_ledger))
        # Tokens sent to the ledger by mistake or as a gift are nobody's cash: more is sound, less is not.
        owed = total * listed.scale
        tally.same(f"currency {row.currency}: {held} token units cover {owed}", True, held >= owed)
    return tally
