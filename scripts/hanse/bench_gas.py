"""Gas of the trade's verbs on a fresh embedded chain, from the receipts of real transactions.

Gas is exact: two runs give the same figures. "First" is the first order of parties whose accounts are empty; "gas" is the
median of later orders of the same parties, which is what an order costs day by day.
"""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_utils.crypto import keccak

from hanse.bench_batches import BATCH_BARS, measure_batches
from hanse.bench_cover import COVER_BARS, measure_cover
from settlement.chain.abi import Call
from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.enums import DayCount, FundBy, Phase, SettleOn
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import (
    Acceptance,
    Assignment,
    Attestation,
    Consents,
    CreditNote,
    Draw,
    LineTerms,
    PurchaseOrder,
    Repayment,
    Seat,
    Split,
)
from settlement.chain.bindings.test_cash import TestCash
from settlement.chain.client import ChainClient
from settlement.chain.deployment import Deployment, deploy_suite
from settlement.chain.direct import send_and_wait, wait_for
from settlement.chain.gateways import open_gateways
from settlement.chain.gateways.cash_token import creation_code
from settlement.chain.local.server import LocalNode
from settlement.chain.messages import message_from_struct
from settlement.chain.signer import SignerName, Unsigned, demo_signer
from settlement.chain.wanted import Wanted
from settlement.days import DAY_S
from settlement.errors import ChainError
from settlement.ids import MemberId, lei_hash
from settlement.money import currency
from settlement.settings import LOCAL_CHAIN_ID
from settlement.typed_data import sign, struct_hash, typed_message

COUNTRY: Final = 276
USD: Final = currency("USD")
_MOST_GAS: Final = 8_000_000
ROUNDS: Final = 4
"""One first round and three steady ones."""

# Bars of DESIGN section 10; None where it names none.
BARS: Final[dict[str, int | None]] = {
    "accept": 130_000,
    "accept_with_extension": 155_000,
    "draw_first": 95_000,
    "draw": 80_000,
    "repay": None,
    "attest_3of5": 75_000,
    "attest_7of9": None,
    "attest_settle_3of5": 130_000,
    "attest_settle_3of5_2payees": None,
    "attest_settle_7of9": None,
    "credit_note": None,
    **BATCH_BARS,
    "split4": None,
    # Three payees and four shares, 22,000 each.
    "settle_split4": 218_000,
    "assign": None,
    **COVER_BARS,
    "lifecycle": 355_000,
}
_BUYER, _SUPPLIER, _FUNDER, _CUSTOMS, _INSURER = 1, 2, 4, 8, 16
_ROLES: Final = {
    "buyer": _BUYER,
    "supplier": _SUPPLIER,
    "bank": _FUNDER,
    "treasury": _CUSTOMS,
    **{f"customs{n}": _CUSTOMS for n in range(1, 10)},
    "insurer": _INSURER,
    **{f"tier{n}": _SUPPLIER for n in range(1, 5)},
}
_DUTY_MINOR: Final = 5_000_00
_COMMITTEES: Final = {COUNTRY: (3, "customs", 5), 528: (7, "border", 9)}
"""Threshold, whose keys, and how many seats, by jurisdiction; the keys of the second are the same members'."""


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
        bench = open_bench(client, Path(folder, "deployment.json"))
        for _ in range(ROUNDS):
            for name, gas in bench.play().items():
                figures[name].append(gas)
        figures |= measure_cover(bench, USD.number)
        figures |= measure_batches(bench)
    return {
        name: {"gas": int(statistics.median(figures[name][1:])), "bar": bar, "first": figures[name][0]}
        for name, bar in BARS.items()
    }


@dataclass
class Bench:
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

        abroad, _ = self.accept(duty_cap=_DUTY_MINOR, country=528)
        self.draw(abroad, 50_000_00, 0)
        attest_abroad = self.attest(abroad, 1, phase=Phase.SHIPPED, released=0, country=528)
        self.wait(10)
        settle_abroad = self.attest(abroad, 2, duty=_DUTY_MINOR, country=528)

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
            "draw": draw_next,
            "attest_3of5": attest,
            "attest_7of9": attest_abroad,
            "attest_settle_7of9": settle_abroad,
            "attest_settle_3of5": settle_taxed,
            "attest_settle_3of5_2payees": settle,
            **self.play_shares(),
            "repay": self.repay(lent, 1_000_00),
            "credit_note": self.credit(lent, 5_000_00),
            "lifecycle": life,
        }

    def play_shares(self) -> dict[str, int]:
        """One order that is split in five: a share is assigned, all are paid with the duty in the attestation."""
        order, _ = self.accept(duty_cap=_DUTY_MINOR)
        split, assign = self.split(order), self.assign(order | 1)
        self.draw(order, 30_000_00, 0)
        self.wait(10)
        return {
            "split4": split,
            "settle_split4": self.attest(order, 1, duty=_DUTY_MINOR),
            "assign": assign,
        }

    def accept(self, duty_cap: int = 0, country: int = COUNTRY) -> tuple[int, int]:
        """An accepted order on the line: its id, and the gas."""
        fingerprint, call = self.acceptance(duty_cap=duty_cap, country=country)
        at = self.deployment.receivables
        gas = self.send(at, call)
        return self.client.call(at, fingerprint), gas

    def acceptance(
        self,
        trader: str = "",
        line: int = 1,
        *,
        duty_cap: int = 0,
        country: int = COUNTRY,
    ) -> tuple[Call[int], Call[int]]:
        """The question for the id of a fresh order of these traders, and the call that accepts it."""
        self.number += 1
        buyer, supplier = f"buyer{trader}", f"supplier{trader}"
        order = PurchaseOrder(
            buyer=self.members[buyer],
            supplier=self.members[supplier],
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
            jurisdiction=country,
            expiry=self.now + 120 * DAY_S,
            deadline=self.now + DAY_S,
        )
        at = self.deployment.receivables
        signed_hash = struct_hash(
            typed_message("PurchaseOrder", LOCAL_CHAIN_ID, at, message_from_struct(order))
        )
        acceptance = Acceptance(signed_hash, line, 1, order.deadline)
        signed = self.sign(buyer, at, order), self.sign(supplier, at, acceptance)
        parties = lei_hash(lei_of(buyer)), lei_hash(lei_of(supplier))
        return (
            Receivables.fingerprint(*parties, order.number, order.year),
            Receivables.accept(order, acceptance, *signed),
        )

    def draw(self, order: int, amount: int, index: int) -> int:
        """Gas of the supplier's draw."""
        return self.send(self.deployment.receivables, self.drawing(order, amount, index))

    def drawing(self, order: int, amount: int, index: int = 0, trader: str = "") -> Call[None]:
        """The call that draws."""
        at = self.deployment.receivables
        request = Draw(order, index, amount, self.now + DAY_S)
        return Receivables.draw(request, self.sign(f"supplier{trader}", at, request))

    def split(self, order: int) -> int:
        """Gas of four shares for four tier-2 suppliers."""
        at = self.deployment.receivables
        holders = tuple(self.members[f"tier{n}"] for n in range(1, 5))
        request = Split(order, self.members["supplier"], 1, holders, (10_000_00,) * 4, self.now + DAY_S)
        return self.send(at, Receivables.split(request, self.sign("supplier", at, request)))

    def assign(self, share: int) -> int:
        """Gas of handing the first share on to the second supplier of tier 2."""
        at = self.deployment.receivables
        holder, to = self.members["tier1"], self.members["tier2"]
        request = Assignment(share, holder, to, 10_000_00, self.number, self.now + DAY_S)
        return self.send(at, Receivables.assign(request, self.sign("tier1", at, request)))

    def repay(self, order: int, amount: int) -> int:
        """Gas of the supplier's repayment."""
        at = self.deployment.credit_lines
        signed = Repayment(order, self.members["supplier"], amount, self.number, self.now + DAY_S)
        return self.send(at, CreditLines.repay(signed, self.sign("supplier", at, signed)))

    def credit(self, order: int, amount: int) -> int:
        """Gas of a credit note that buyer, holder and lender signed."""
        at = self.deployment.receivables
        note = CreditNote(order, amount, keccak(text="note"), self.number, self.now + DAY_S)
        buyer, holder, lender = (self.sign(actor, at, note) for actor in ("buyer", "supplier", "bank"))
        consents = Consents(buyer=buyer, supplier=b"", holder=holder, funder=lender)
        return self.send(at, Receivables.credit(note, consents))

    def attest(
        self,
        order: int,
        seq: int,
        *,
        phase: Phase = Phase.CLEARED,
        released: int = 100_000_00,
        duty: int = 0,
        country: int = COUNTRY,
    ) -> int:
        """Gas of a quorum's state and of what it settles."""
        at = self.deployment.clearance_oracle
        state = replace(
            self.state(order, seq), phase=phase, released=released, duty=duty, jurisdiction=country
        )
        return self.send(at, ClearanceOracle.attest(state, self.quorum(state, country)))

    def state(self, order: int, seq: int) -> Attestation:
        """An order that is cleared as a whole."""
        now = self.now
        return Attestation(
            order=order,
            jurisdiction=COUNTRY,
            seq=seq,
            phase=Phase.CLEARED,
            hold=False,
            refused=False,
            released=100_000_00,
            duty=0,
            declarations=keccak(text="declarations"),
            messages=keccak(text=f"messages {seq}"),
            event_at=now - 1,
            deadline=now - now % 3600 + 3600,
        )

    def quorum(self, struct: object, country: int = COUNTRY) -> bytes:
        """As many signatures as are needed."""
        threshold, whose, _ = _COMMITTEES[country]
        at = self.deployment.clearance_oracle
        return b"".join(self.sign(f"{whose}{n}", at, struct) for n in range(1, threshold + 1))

    def offering(self, bank: str) -> Call[Any]:
        """The call that opens a bank's line."""
        at = self.deployment.receivables
        terms = LineTerms(
            line=0,
            funder=self.members[bank],
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
            committed=False,
            commitment_bps=0,
            longest_days=0,
            expiry=self.now + 3650 * DAY_S,
            nonce=1,
            deadline=self.now + DAY_S,
        )
        return CreditLines.publish(terms, self.sign(bank, at, terms))

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

    def send_all(self, calls: Sequence[tuple[str, Call[Any]]], who: SignerName = "relayer") -> list[int]:
        """Gas of transactions sent in one go, in their order."""
        signer, fees = demo_signer(who), self.client.fees()
        first = self.client.nonce(signer.address)
        signed = [
            signer.sign(Unsigned(first + n, to, call.data, _MOST_GAS, fees.ceiling, fees.priority))
            for n, (to, call) in enumerate(calls)
        ]
        refused = [trouble for trouble in self.client.send_many([one.raw for one in signed]) if trouble]
        if refused:
            raise refused[0]
        hashes = [one.tx_hash for one in signed]
        wait_for(lambda: self.client.receipt(hashes[-1]), f"transaction {hashes[-1]} was not mined")
        receipts = self.client.receipts(hashes)
        gas = [receipt.gas_used for receipt in receipts if receipt and receipt.is_success]
        if len(gas) != len(calls):
            raise ChainError(
                f"{len(calls) - len(gas)} of {len(calls)} transactions failed; trade by hand to see why"
            )
        return gas


def open_bench(client: ChainClient, deployment_file: Path) -> Bench:
    """The suite with its members, a committee of five, cash and a line."""
    governor = demo_signer("governor")
    deployment = deploy_suite(client, governor, deployment_file)
    chain = open_gateways(client, deployment)

    def govern(wanted: Wanted) -> None:
        send_and_wait(client, governor, wanted.to, wanted.calldata)

    until = client.time() + 3650 * DAY_S
    for actor, roles in _ROLES.items():
        govern(chain.network.enrol(lei_hash(lei_of(actor)), address(actor), COUNTRY, roles, 1, until))
    # Members are counted from 1 in the order of enrolment.
    members = {actor: MemberId(number) for number, actor in enumerate(_ROLES, start=1)}
    for country, (threshold, whose, count) in _COMMITTEES.items():
        seats = tuple(Seat(address(f"{whose}{n}"), members[f"customs{n}"]) for n in range(1, count + 1))
        govern(chain.clearance.seat(country, threshold, members["treasury"], seats))
    token = send_and_wait(client, governor, None, creation_code(USD)).created
    if token is None:
        raise ChainError("the test token was mined without an address; is this an EVM chain?")
    govern(chain.ledger.list_currency(USD.number, USD.exponent, token))
    bench = Bench(client, deployment, {actor: int(member) for actor, member in members.items()})
    govern(chain.index.seat(2, tuple(address(f"observer{n}") for n in range(1, 4))))
    for actor in ("buyer", "bank", "insurer"):
        _deposit(bench, token, actor, 100_000_000_00)
    bench.send(deployment.receivables, bench.offering("bank"))
    return bench


def _deposit(bench: Bench, token: str, actor: str, amount: int) -> None:
    ledger = bench.deployment.cash_ledger
    scale = bench.client.call(ledger, CashLedger.token_of(USD.number)).scale
    bench.send(token, TestCash.mint(demo_signer("relayer").address, amount * scale))
    bench.send(token, TestCash.approve(ledger, amount * scale))
    bench.send(ledger, CashLedger.deposit(USD.number, bench.members[actor], amount))


def _key(actor: str) -> bytes:
    return keccak(text=f"hanse gas measurement, {actor}")


def address(actor: str) -> str:
    """Of the actor's key."""
    return str(Account.from_key(_key(actor)).address)


def lei_of(actor: str) -> str:
    """Of no company."""
    return actor.upper().ljust(20, "0")
