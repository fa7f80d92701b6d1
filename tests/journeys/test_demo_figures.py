"""The demo's JSON, figure by figure, against raw JSON-RPC and the ABIs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.journeys.conftest import Played
from tests.journeys.rpc import Log, Witness, chain_of

CLOSED = 5


@dataclass(frozen=True)
class Chain:
    """The chain of the finished demo and the addresses its report names."""

    witness: Witness
    contracts: dict[str, str]

    def events(self, contract: str, name: str, **fields: Any) -> list[Log]:
        """Events of one kind with these fields."""
        logs = self.witness.logs(contract, self.contracts[contract])
        return [
            log
            for log in logs
            if log.name == name and all(log.fields[key] == value for key, value in fields.items())
        ]


@pytest.fixture(scope="module")
def chain(four_trades: Played) -> Iterator[Chain]:
    """A node opened on what the demo left behind."""
    with chain_of(four_trades.folder) as witness:
        yield Chain(witness, four_trades.report["network"]["contracts"])


def minor(amount: dict[str, str]) -> int:
    """Minor units of an amount in the report."""
    return int(amount["value"])


def test_demo__all_four_trades__ends_with_0_and_every_check_ok(four_trades: Played) -> None:
    """I-01, I-14: the demo's own checks."""
    assert four_trades.status == 0, four_trades.errors
    checks = four_trades.report["checks"]
    assert {"cash_conserved", "sql_equals_chain"} <= set(checks)
    assert all(check["ok"] and check["expected"] == check["found"] for check in checks.values())


def test_demo__phases__three_settled_and_one_refused(four_trades: Played) -> None:
    phases = [order["phase"] for order in four_trades.report["orders"]]
    assert phases == ["settled", "settled", "settled", "refused"]


@pytest.mark.parametrize("position", [1, 2, 3, 4])
def test_demo__amounts_of_an_order__equal_the_events_on_chain(
    four_trades: Played, chain: Chain, position: int
) -> None:
    """I-07, I-14, I-15: recomputed from logs and views alone."""
    row = four_trades.order(position)
    order = int(row["id"], 16)
    settled = [log.fields for log in chain.events("Receivables", "Settled", order=order)]
    assert minor(row["paid"]["funder"]) == sum(one["toFunder"] for one in settled)
    assert minor(row["paid"]["holder"]) == sum(one["toHolder"] for one in settled)
    assert minor(row["paid"]["customs"]) == sum(one["toCustoms"] for one in settled)
    assert minor(row["buyer_debited"]) == sum(one["face"] + one["late"] + one["toCustoms"] for one in settled)
    drawn = [log.fields["amount"] for log in chain.events("CreditLines", "Drawn", order=order)]
    assert minor(row["drawn"]) == sum(drawn) > 0
    interest = [log.fields["interest"] for log in chain.events("CreditLines", "Repaid", order=order)]
    assert minor(row["interest"]) == sum(interest) > 0

    position_now = chain.witness.view("OrderDesk", chain.contracts["OrderDesk"], "positionOf", order)
    assert position_now["phase"] == CLOSED
    assert position_now["face"] == minor(row["face"]) == position_now["paid"] + position_now["reduced"]
    assert position_now["paid"] == sum(one["face"] for one in settled)


@pytest.mark.parametrize("position", [1, 2, 3, 4])
def test_demo__transactions_of_an_order__are_those_that_logged_its_events(
    four_trades: Played, chain: Chain, position: int
) -> None:
    row = four_trades.order(position)
    order = int(row["id"], 16)
    where = {
        "accept": chain.events("Receivables", "Accepted", order=order),
        "draw": chain.events("CreditLines", "Drawn", order=order),
        "settle": chain.events("Receivables", "Settled", order=order),
    }
    for verb, logs in where.items():
        assert row["tx"][verb] == (logs[-1].tx if logs else None), verb
        assert row["gas"][verb] == (chain.witness.gas_of(logs[-1].tx) if logs else None), verb


def test_demo__settlement_of_trade_1__is_the_attesting_transaction(four_trades: Played, chain: Chain) -> None:
    """I-17: the clearance itself pays; the k signatures' seats stand in the same transaction's log."""
    row = four_trades.order(1)
    attested = chain.events("ClearanceOracle", "Attested", order=int(row["id"], 16))
    assert attested[-1].tx == row["tx"]["settle"]
    assert attested[-1].fields["seatBitmap"].bit_count() >= 3


def test_demo__interest_of_trade_1__equals_quantlib(four_trades: Played, chain: Chain) -> None:
    """I-13: 45 whole days at 6 % on actual/365, rounded up to the penny."""
    quantlib = pytest.importorskip("QuantLib", reason="QuantLib has no wheel here")
    row = four_trades.order(1)
    order = int(row["id"], 16)
    (drawn,) = chain.events("CreditLines", "Drawn", order=order)
    (repaid,) = chain.events("CreditLines", "Repaid", order=order)
    days = (chain.witness.time_of(repaid.block) - chain.witness.time_of(drawn.block)) // 86_400
    assert days == 45
    rate = quantlib.InterestRate(0.06, quantlib.Actual365Fixed(), quantlib.Simple, quantlib.Annual)
    start = quantlib.Date(1, 1, 2026)
    interest = drawn.fields["amount"] * (rate.compoundFactor(start, start + days) - 1)
    assert minor(row["interest"]) == math.ceil(interest)


def test_demo__partial_release_of_trade_2__pays_the_bank_before_the_supplier(
    four_trades: Played, chain: Chain
) -> None:
    """I-15, I-19: held first, then 60 % of the face, then the rest."""
    order = int(four_trades.order(2)["id"], 16)
    recorded = [log.fields for log in chain.events("Receivables", "Recorded", order=order)]
    assert any(one["hold"] for one in recorded)
    first, second = [log.fields for log in chain.events("Receivables", "Settled", order=order)]
    assert (first["face"], second["face"]) == (4_800_000, 3_200_000)
    assert first["toHolder"] == 0
    assert second["toHolder"] > 0


def test_demo__policy_of_trade_3__paid_the_lender_first(four_trades: Played, chain: Chain) -> None:
    """I-23, I-25: median 455 between 330 and 500 of 70,000.00, rounded down, the loan before the insured."""
    (policy,) = four_trades.report["policies"]
    (paid,) = chain.events("DisruptionCover", "CoverPaid", policy=int(policy["id"], 16))
    (fixed,) = [log for log in chain.events("IndexOracle", "IndexFixed") if log.fields["median"] == 455]
    assert paid.fields["bucket"] == fixed.fields["bucket"]
    assert policy["triggered"]
    assert minor(policy["payout"]) == paid.fields["payout"] == 7_000_000 * (455 - 330) // (500 - 330)
    order = int(four_trades.order(3)["id"], 16)
    (repaid,) = chain.events("CreditLines", "Repaid", order=order)
    assert repaid.fields["outstanding"] == 0
    assert minor(policy["to_loss_payee"]) == repaid.fields["interest"] + repaid.fields["principal"]
    assert minor(policy["to_insured"]) == paid.fields["payout"] - minor(policy["to_loss_payee"]) > 0


def test_demo__refusal_of_trade_4__paid_nothing_and_the_supplier_gave_the_loan_back(
    four_trades: Played, chain: Chain
) -> None:
    """I-17: nothing was released, so nothing was paid; the loan came out of the supplier's cash."""
    row = four_trades.order(4)
    order = int(row["id"], 16)
    assert chain.events("Receivables", "Settled", order=order) == []
    repaid = [log.fields for log in chain.events("CreditLines", "Repaid", order=order)]
    assert {one["source"] for one in repaid} == {2}
    assert sum(one["principal"] for one in repaid) == minor(row["drawn"])
    assert minor(row["buyer_debited"]) == 0


def test_demo__cash_in_each_currency__is_conserved(four_trades: Played, chain: Chain) -> None:
    """I-01: deposits less withdrawals = ledger total = sum over accounts = what the token says the ledger holds."""
    ledger = chain.contracts["CashLedger"]
    balances: dict[tuple[int, int], int] = {}
    for log in chain.witness.logs("CashLedger", ledger):
        fields = log.fields
        if log.name in {"Deposited", "Withdrawn"}:
            sign = 1 if log.name == "Deposited" else -1
            key = (fields["currency"], fields["member"])
            balances[key] = balances.get(key, 0) + sign * fields["amount"]
        if log.name == "Moved":
            for origin, target, amount in fields["legs"]:
                for account, change in ((origin, -amount), (target, amount)):
                    key = (fields["currency"], account)
                    balances[key] = balances.get(key, 0) + change
    currencies = {currency for currency, _ in balances}
    assert len(currencies) == 2
    for currency in currencies:
        total = sum(value for (code, _), value in balances.items() if code == currency)
        token, scale, _ = chain.witness.view("CashLedger", ledger, "tokenOf", currency)
        held = chain.witness.view("TestCash", token, "balanceOf", ledger)
        assert total == chain.witness.view("CashLedger", ledger, "totalOf", currency)
        assert held == total * scale
    for (currency, account), value in balances.items():
        assert chain.witness.view("CashLedger", ledger, "balanceOf", currency, account) == value >= 0
