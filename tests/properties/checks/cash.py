"""I-01 to I-04: what is in the ledger, who may take it, and that nobody stops it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from settlement.chain.bindings.receivables import Settled
from settlement.chain.bindings.settlement_desk import ShareSettled
from tests.properties.checks.orders import PAYING
from tests.properties.registry import proves
from tests.properties.step import Step


@proves("I-01", "per currency the accounts, holds among them, sum to the ledger's total")
def accounts_sum_to_the_total(step: Step) -> None:
    for currency, total in step.after.totals.items():
        assert sum(amount for (code, _), amount in step.after.cash.items() if code == currency) == total


@proves("I-01", "the ledger holds exactly the tokens of its total, and what was given to it past its door")
def tokens_back_the_total(step: Step) -> None:
    for currency, total in step.after.totals.items():
        donated = step.book.donated.get(currency, 0)
        assert step.after.tokens[currency] == total * step.scales[currency] + donated


@proves("I-01 I-14", "every account and every hold has what the books say, to the unit")
def accounts_are_the_books(step: Step) -> None:
    for (currency, account), amount in step.after.cash.items():
        assert amount == step.book.of(currency, account), account


@proves("I-01", "the total changes by deposits and withdrawals alone, by their amounts")
def totals_change_at_the_doors(step: Step) -> None:
    signs = {"deposit": 1, "withdraw": -1}
    sign = signs.get(step.verb, 0) if step.is_done else 0
    for currency, total in step.after.totals.items():
        is_this = sign and step.facts["currency"] == currency
        expected = sign * step.facts["amount"] if is_this else 0
        assert total - step.before.totals[currency] == expected


@proves("I-01", "a deposit credits its member and nobody else", on=("deposit",))
def deposits_reach_their_member(step: Step) -> None:
    member, currency = step.facts["member"], step.facts["currency"]
    assert step.change(currency, member) == step.facts["amount"]
    others = (key for key in step.after.cash if key != (currency, member))
    assert all(step.after.cash[key] == step.before.cash[key] for key in others)


@proves("I-02", "withdrawn cash arrives whole at the member's own account address", on=("withdraw",))
def withdrawals_reach_their_member(step: Step) -> None:
    member, currency, amount = (step.facts[name] for name in ("member", "currency", "amount"))
    assert step.change(currency, member) == -amount
    gained = step.after.outside[currency, member] - step.before.outside[currency, member]
    assert gained == amount * step.scales[currency]


@proves("I-02", "free cash falls only for a party that the verb's signatures or the order's terms bind")
def cash_leaves_by_consent(step: Step) -> None:
    order, facts = step.order, step.facts
    payers: set[Any] = set()
    if order is not None:
        funder = order.line.funder if order.line else None
        bound: dict[str, set[Any]] = {
            "accept": {order.buyer, order.supplier, funder},
            "attest": {order.buyer, order.id},
            "settle": {order.buyer, order.id},
            "lapse": {order.buyer, order.id},
            "draw": {funder},
            "repay": {facts.get("payer")},
            "recourse": {order.supplier},
            "undertake": {facts.get("guarantor")},
            "return_undertaking": set(),
            "refund_guarantor": {order.buyer},
        }
        payers = bound.get(step.verb, {order.buyer, order.supplier, order.holder, funder, order.id})
        payers |= {order.reserve_account, order.undertaking_account}
    elif step.verb == "withdraw":
        payers = {facts["member"]}
    payers |= set(facts.get("payers", ()))
    for key, amount in step.after.cash.items():
        assert amount >= step.before.cash.get(key, 0) or key[1] in payers, key


@proves("I-02", "nobody but the trade contracts can have the ledger move cash", on=("grab", "grab!"))
def strangers_move_nothing(step: Step) -> None:
    assert step.refused_by == "NotOperator"


@proves(
    "I-03 I-28",
    "nothing but a freeze of that very account stops a withdrawal within the balance, whatever the standing",
    on=("withdraw", "withdraw!"),
)
def withdrawals_are_not_stopped(step: Step) -> None:
    key = (step.facts["currency"], step.facts["member"])
    is_frozen = key in step.before.frozen
    assert step.is_done == (0 < step.facts["amount"] <= step.before.cash[key] and not is_frozen)


@proves(
    "I-04 I-28",
    "every payee, whatever its standing, is paid all that a settlement tells of it, in the same step",
    on=PAYING,
)
def payees_out_of_standing_are_paid(step: Step) -> None:
    order = step.order
    assert order is not None
    funder, shares = order.line.funder if order.line else "", {share.id: share for share in order.shares}
    # One member may be lender, holder and shareholder at once.
    gains: Counter[str | int] = Counter()
    for settled in step.every(Settled):
        gains[order.holder] += settled.to_holder
        gains[funder] += settled.to_funder
        gains[order.treasury] += settled.to_customs
    for told in step.every(ShareSettled):
        gains[told.share if told.is_aside else shares[told.share].holder] += told.face + told.late
    gains[funder] -= step.change(order.currency, order.reserve_account)
    for name in gains.keys() - {order.buyer, ""}:
        assert step.change(order.currency, name) == gains[name], name


@proves(
    "I-02 I-03",
    "frozen cash does not fall, and is credited like any other; who is frozen is what governance said",
)
def frozen_cash_stands_still(step: Step) -> None:
    assert step.after.frozen == set(step.book.frozen)
    for key in step.before.frozen & step.after.frozen:
        assert step.after.cash[key] >= step.before.cash[key]
