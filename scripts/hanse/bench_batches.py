"""Fifty clearances in one transaction: of one buyer and line, and of fifty of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from settlement.chain.abi import Call
from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.structs import AttestationBatch
from settlement.chain.bindings.test_cash import TestCash
from settlement.chain.bindings.trusted_network import TrustedNetwork
from settlement.chain.signer import demo_signer
from settlement.days import DAY_S
from settlement.ids import lei_hash
from settlement.money import currency

if TYPE_CHECKING:
    from hanse.bench_gas import Bench

BATCH_BARS: Final[dict[str, int | None]] = {"batch50_same_each": 52_000, "batch50_distinct_each": 72_000}
_ITEMS: Final = 50
_NUMBERS: Final = range(1, _ITEMS + 1)
_ROUNDS: Final = 2
_YEARS_S: Final = 3650 * DAY_S
_CASH_MINOR: Final = 1_000_000_00
_ROLES: Final = {"buyer": 1, "supplier": 2, "bank": 4}


def measure_batches(bench: Bench) -> dict[str, list[int]]:
    """Gas of one clearance in a batch of fifty, each with a loan to repay; the first round and a steady one."""
    figures: dict[str, list[int]] = {}
    figures["batch50_same_each"] = [_clear(bench, [("", 1)] * _ITEMS) for _ in range(_ROUNDS)]
    traders = _enrol(bench)
    figures["batch50_distinct_each"] = [_clear(bench, traders) for _ in range(_ROUNDS)]
    return figures


def _clear(bench: Bench, traders: list[tuple[str, int]]) -> int:
    book = bench.deployment.receivables
    acceptances = [bench.acceptance(trader, line) for trader, line in traders]
    bench.send_all([(book, call) for _, call in acceptances])
    orders = [bench.client.call(book, question) for question, _ in acceptances]
    draws = [
        (book, bench.drawing(order, 50_000_00, trader=trader))
        for order, (trader, _) in zip(orders, traders, strict=True)
    ]
    bench.send_all(draws)
    bench.wait(10)
    batch = AttestationBatch(tuple(bench.state(order, 1) for order in orders))
    call = ClearanceOracle.attest_batch(batch, bench.quorum(batch))
    (gas,) = bench.send_all([(bench.deployment.clearance_oracle, call)])
    return gas // _ITEMS


def _enrol(bench: Bench) -> list[tuple[str, int]]:
    """Fifty buyers, suppliers and banks, each bank with a line of its own: their names, and the line's number."""
    from hanse.bench_gas import COUNTRY, address, lei_of

    network, ledger = bench.deployment.trusted_network, bench.deployment.cash_ledger
    known = int(bench.client.call(network, TrustedNetwork.member_count()))
    lines = int(bench.client.call(bench.deployment.receivables, CreditLines.line_count()))
    names = [f"{kind}{n:02d}" for n in _NUMBERS for kind in _ROLES]
    until = bench.now + _YEARS_S
    enrolments: list[tuple[str, Call[Any]]] = []
    for number, name in enumerate(names, start=known + 1):
        role = _ROLES[name.rstrip("0123456789")]
        call = TrustedNetwork.enroll(lei_hash(lei_of(name)), address(name), COUNTRY, role, 1, until)
        enrolments.append((network, call))
        bench.members[name] = number
    bench.send_all(enrolments, "governor")

    usd = currency("USD").number
    listing = bench.client.call(ledger, CashLedger.token_of(usd))
    rich = [name for name in names if not name.startswith("supplier")]
    amount = _CASH_MINOR * len(rich) * listing.scale
    calls: list[tuple[str, Call[Any]]] = [
        (listing.token, TestCash.mint(demo_signer("relayer").address, amount)),
        (listing.token, TestCash.approve(ledger, amount)),
    ]
    calls += [(ledger, CashLedger.deposit(usd, bench.members[name], _CASH_MINOR)) for name in rich]
    calls += [(bench.deployment.receivables, bench.offering(f"bank{n:02d}")) for n in _NUMBERS]
    bench.send_all(calls)
    return [(f"{n:02d}", lines + n) for n in _NUMBERS]
