"""Gas of the trade's verbs on a fresh embedded chain, from the receipts of real transactions.

Gas is exact: two runs give the same figures. "First" is the first order of parties whose accounts are empty; "gas" is the
median of later orders of the same parties, which is what an order costs day by day.
"""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_utils.crypto import keccak

from settlement.chain.abi import Call
from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.enums import DayCount, FundBy, Phase, SettleOn
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import (
    Acceptance,
    Attestation,
    Draw,
    LineTerms,
    PurchaseOrder,
    Repayment,
    Seat,
)
from settlement.chain.bindings.test_cash import TestCash
from settlement.chain.client import ChainClient
from settlement.chain.deployment import Deployment, deploy_suite
from settlement.chain.direct import send_and_wait
from settlement.chain.gateways import open_gateways
from settlement.chain.gateways.cash_token import creation_code
from settlement.chain.local.server import LocalNode
from settlement.chain.messages import message_from_struct
from settlement.chain.signer import demo_signer
from settlement.chain.wanted import Wanted
from settlement.errors import ChainError
from settlement.ids import MemberId, lei_hash
from settlement.money import currency
from settlement.settings import LOCAL_CHAIN_ID
from settlement.typed_data import sign, struct_hash, typed_message

DAY_S: Final = 86_400
COUNTRY: Final = 276
USD: Final = currency("USD")
ROUNDS: Final = 4
"""One first round and three steady ones."""

# Bars of DESIGN section 10; None where it names none.
BARS: Final[dict[str, int | None]] = {
    "accept": 130_000,
    "accept_with_extension": 155_000,
    "draw_first": 95_000,
    "draw_next": 80_000,
    "attest_3of5": 75_000,
    "attest_settle_3of5": 130_000,
    "attest_settle_3of5_2payees": None,
    "repay": None,
    "lifecycle": 355_000,
}
_BUYER, _SUPPLIER, _FUNDER, _CUSTOMS = 1, 2, 4, 8
_ROLES: Final = {
    "buyer": _BUYER,
    "supplier": _SUPPLIER,
    "bank": _FUNDER,
    "treasury": _CUSTOMS,
    **{f"customs{n}": _CUSTOMS for n in range(1, 6)},
}
_DUTY_MINOR: Final = 5_000_00


def measure_gas() -> dict[str, dict[str, int | None]]:
    """Deploy, play a few orders, and give {verb: {"gas", "bar", "first"}}.

    Holds: ``lifecycle`` is accept + first draw + attestation with settlement of one order without duty.
    """
    figures: dict[str, list[int]] = defaultdict(list)
    with (
        tempfile.TemporaryDirectory(prefix="hanse-gas-") as folder,
        LocalNode(Path(folder, "chain")) as node,
        ChainClient(node.url, LOCAL_CHAIN_ID) as client,
    ):
        bench = _open(client, Path(folder, "deployment.json"))
        for _ in range(ROUNDS):
            for name, gas in bench.play().items():
                figures[name].append(gas)
    return {
        name: {"gas": int(statistics.median(figures[name][1:])), "bar": bar, "first": figures[name][0]}
        for name, bar in BARS.items()
    }


@dataclass
class _Bench:
    """A network whose acts tell their gas."""

    client: ChainClient
    deployment: Deployment
    members: dict[str, int]
    number: int = field(default=0)

    @property
    def now(self) -> int:
        return self.client.time()

    def play(self) -> dict[str, int]:
        """One round: an order with every step, one with duty, one for the whole life, one that is repaid."""
        order, accept = self.accept()
        draw_first = self.draw(order, 50_000_00, 0)
        draw_next = self.draw(order, 10_000_00, 1)
        self.wait(10)
        attest = self.attest(order, 1, phase=Phase.SHIPPED, released=0)
        self.wait(10)
        settle = self.attest(order, 2)

        taxed, with_extension = self.accept(duty_cap=_DUTY_MINOR)
        self.draw(taxed, 50_000_00, 0)
        self.wait(10)
        settle_taxed = self.attest(taxed, 1, duty=_DUTY_MINOR)

        whole, life = self.accept()
        life += self.draw(whole, 50_000_00, 0)
        self.wait(10)
        life += self.attest(whole, 1)

        lent, _ = self.accept()
        self.draw(lent, 50_000_00, 0)
        self.wait(10)
        return {
            "accept": accept,
            "accept_with_extension": with_extension,
            "draw_first": draw_first,
            "draw_next": draw_next,
            "attest_3of5": attest,
            "attest_settle_3of5": settle_taxed,
            "attest_settle_3of5_2payees": settle,
            "repay": self.repay(lent, 1_000_00),
            "lifecycle": life,
        }

    def accept(self, duty_cap: int = 0) -> tuple[int, int]:
        """An accepted order on the line: its id, and the gas."""
        self.number += 1
        order = PurchaseOrder(
            buyer=self.members["buyer"],
            supplier=self.members["supplier"],
            number=f"PO{self.number:06d}",
            year=2026,
            currency=USD.number,
            face=100_000_00,
            document=keccak(text=f"document {self.number}"),
            settle_on=SettleOn.CLEARANCE,
            fund_by=FundBy.NEVER,
            tenor_days=0,
            late_bps=1000,
            duty_cap=duty_cap,
            jurisdiction=COUNTRY,
            expiry=self.now + 120 * DAY_S,
            deadline=self.now + DAY_S,
        )
        at = self.deployment.receivables
        signed_hash = struct_hash(
            typed_message("PurchaseOrder", LOCAL_CHAIN_ID, at, message_from_struct(order))
        )
        acceptance = Acceptance(signed_hash, 1, 1, order.deadline)
        by_buyer, by_supplier = self.sign("buyer", at, order), self.sign("supplier", at, acceptance)
        gas = self.send(at, Receivables.accept(order, acceptance, by_buyer, by_supplier))
        fingerprint = Receivables.fingerprint(
            lei_hash(_lei("buyer")), lei_hash(_lei("supplier")), order.number, order.year
        )
        return self.client.call(at, fingerprint), gas

    def draw(self, order: int, amount: int, index: int) -> int:
        """Gas of the supplier's draw."""
        at = self.deployment.credit_lines
        request = Draw(order, index, amount, self.now + DAY_S)
        return self.send(at, CreditLines.draw(request, self.sign("supplier", at, request)))

    def repay(self, order: int, amount: int) -> int:
        """Gas of the supplier's repayment."""
        at = self.deployment.credit_lines
        signed = Repayment(order, self.members["supplier"], amount, self.number, self.now + DAY_S)
        return self.send(at, CreditLines.repay(signed, self.sign("supplier", at, signed)))

    def attest(
        self, order: int, seq: int, *, phase: Phase = Phase.CLEARED, released: int = 100_000_00, duty: int = 0
    ) -> int:
        """Gas of three customs members' state and of what it settles."""
        at, now = self.deployment.clearance_oracle, self.now
        state = Attestation(
            order=order,
            jurisdiction=COUNTRY,
            seq=seq,
            phase=phase,
            hold=False,
            refused=False,
            released=released,
            duty=duty,
            declarations=keccak(text="declarations"),
            messages=keccak(text=f"messages {seq}"),
            event_at=now - 1,
            deadline=now - now % 3600 + 3600,
        )
        signatures = b"".join(self.sign(f"customs{n}", at, state) for n in (1, 2, 3))
        return self.send(at, ClearanceOracle.attest(state, signatures))

    def wait(self, days: int) -> None:
        """Business time passes, so that there is interest to pay."""
        self.client.ask("evm_increaseTime", days * DAY_S)
        self.client.ask("evm_mine")

    def sign(self, actor: str, contract: str, struct: object) -> bytes:
        """The actor's signature over a struct."""
        typed = typed_message(type(struct).__name__, LOCAL_CHAIN_ID, contract, message_from_struct(struct))
        return sign(typed, _key(actor))

    def send(self, to: str, call: Call[Any]) -> int:
        """Gas of one transaction that a relayer sends."""
        return send_and_wait(self.client, demo_signer("relayer"), to, call.data).gas_used


def _open(client: ChainClient, deployment_file: Path) -> _Bench:
    """The suite with its members, a committee of five, cash and a line."""
    governor = demo_signer("governor")
    deployment = deploy_suite(client, governor, deployment_file)
    chain = open_gateways(client, deployment)

    def govern(wanted: Wanted) -> None:
        send_and_wait(client, governor, wanted.to, wanted.calldata)

    until = client.time() + 3650 * DAY_S
    for actor, roles in _ROLES.items():
        govern(chain.network.enrol(lei_hash(_lei(actor)), _address(actor), COUNTRY, roles, 1, until))
    # Members are counted from 1 in the order of enrolment.
    members = {actor: MemberId(number) for number, actor in enumerate(_ROLES, start=1)}
    seats = tuple(Seat(_address(f"customs{n}"), members[f"customs{n}"]) for n in range(1, 6))
    govern(chain.clearance.seat(COUNTRY, 3, members["treasury"], seats))
    token = send_and_wait(client, governor, None, creation_code(USD)).created
    if token is None:
        raise ChainError("the test token was mined without an address; is this an EVM chain?")
    govern(chain.ledger.list_currency(USD.number, USD.exponent, token))
    bench = _Bench(client, deployment, {actor: int(member) for actor, member in members.items()})
    for actor in ("buyer", "bank"):
        _deposit(bench, token, actor, 100_000_000_00)
    _publish(bench, until)
    return bench


def _deposit(bench: _Bench, token: str, actor: str, amount: int) -> None:
    ledger = bench.deployment.cash_ledger
    scale = bench.client.call(ledger, CashLedger.token_of(USD.number)).scale
    bench.send(token, TestCash.mint(demo_signer("relayer").address, amount * scale))
    bench.send(token, TestCash.approve(ledger, amount * scale))
    bench.send(ledger, CashLedger.deposit(USD.number, bench.members[actor], amount))


def _publish(bench: _Bench, until: int) -> None:
    at = bench.deployment.credit_lines
    terms = LineTerms(
        line=0,
        funder=bench.members["bank"],
        currency=USD.number,
        limit=10_000_000_00,
        order_cap=500_000_00,
        rate_bps=800,
        late_bps=200,
        fee_bps=25,
        advance_accepted=8000,
        advance_shipped=8500,
        advance_released=9000,
        day_count=DayCount.ACT360,
        grace_days=10,
        recourse=False,
        buyer_lanes=0b10,
        supplier_lanes=0b10,
        expiry=until,
        nonce=1,
        deadline=bench.now + DAY_S,
    )
    bench.send(at, CreditLines.publish(terms, bench.sign("bank", at, terms)))


def _key(actor: str) -> bytes:
    return keccak(text=f"hanse gas measurement, {actor}")


def _address(actor: str) -> str:
    return str(Account.from_key(_key(actor)).address)


def _lei(actor: str) -> str:
    return actor.upper().ljust(20, "0")
