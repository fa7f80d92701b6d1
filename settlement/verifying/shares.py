"""Shares of split orders and undertakings behind orders."""

from __future__ import annotations

from collections import defaultdict

from settlement.chain.bindings.receivables import Receivables
from settlement.errors import HanseError
from settlement.ids import id_from_text
from settlement.store.tables_projection import AccountBalance, Receivable, Share, Undertaking
from settlement.verifying.pinned import Pinned
from settlement.verifying.report import Tally


def compare_shares(pinned: Pinned) -> list[Tally]:
    """Every share and undertaking as stored on chain (I-07, I-08)."""
    return [_shares(pinned), _undertakings(pinned)]


def _shares(pinned: Pinned) -> Tally:
    """Asked of every order, so that a share the database lacks shows."""
    tally = Tally("shares")
    by_order: defaultdict[str, dict[int, Share]] = defaultdict(dict)
    for row in pinned.rows(Share):
        by_order[row.order][row.number] = row
    cash = {row.account: row.balance_minor for row in pinned.rows(AccountBalance)}
    orders = [row.order for row in pinned.rows(Receivable)]
    calls = [Receivables.shares_of(id_from_text(order)) for order in orders]
    answers = pinned.ask(pinned.deployment.receivables, calls)
    for order, answer in zip(orders, answers, strict=True):
        rows = by_order.pop(order, {})
        if isinstance(answer, HanseError):
            tally.wrong(f"shares of order {order}: {answer.message}")
            continue
        tally.same(f"order {order} numbers of its shares", [one.number for one in answer], sorted(rows))
        for one in answer:
            kept = rows.get(one.number)
            if kept is None:
                continue
            tally.all_same(
                f"order {order} share {one.number}",
                {
                    "holder": (one.holder, kept.holder),
                    "face": (one.face, kept.face_minor),
                    "reduced": (one.reduced, kept.reduced_minor),
                    "paid": (one.paid, kept.paid_minor),
                    "aside": (one.aside, cash.get(kept.share, 0)),
                    "settlements": (one.settlements, kept.settlements),
                },
            )
    for order in by_order:
        tally.wrong(f"shares of order {order}, which is not there")
    return tally


def _undertakings(pinned: Pinned) -> Tally:
    tally = Tally("undertakings")
    found = {row.order: row for row in pinned.rows(Undertaking)}
    orders = [row.order for row in pinned.rows(Receivable)]
    calls = [Receivables.guarantee_of(id_from_text(order)) for order in orders]
    answers = pinned.ask(pinned.deployment.receivables, calls)
    for order, answer in zip(orders, answers, strict=True):
        row = found.pop(order, None)
        if isinstance(answer, HanseError):
            tally.wrong(f"undertaking of order {order}: {answer.message}")
            continue
        stored = (0, 0, 0, 0)
        if row is not None:
            stored = (row.guarantor, row.left_minor, row.claim_minor, row.expiry_at)
        tally.same(
            f"order {order} undertaking",
            (answer.guarantor, answer.left, answer.claim, answer.expiry),
            stored,
        )
    for order in found:
        tally.wrong(f"undertaking of order {order}, which is not there")
    return tally
