"""A small network on the bare EVM: the suite deployed, members enrolled, cash in two currencies, a committee seated."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import rlp
from eth_utils.crypto import keccak

from contracts import MODULES
from settlement.chain.abi import Call, checksum
from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.disruption_cover import DisruptionCover
from settlement.chain.bindings.enums import DayCount, FundBy, Phase, SettleOn
from settlement.chain.bindings.governance import Governance
from settlement.chain.bindings.index_oracle import IndexOracle
from settlement.chain.bindings.order_desk import OrderDesk
from settlement.chain.bindings.receivable_renderer import ReceivableRenderer
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.settlement_desk import SettlementDesk
from settlement.chain.bindings.share_desk import ShareDesk
from settlement.chain.bindings.structs import (
    Acceptance,
    Attestation,
    Draw,
    KeyGrant,
    KeyRevocation,
    LineTerms,
    Loan,
    Position,
    PurchaseOrder,
    Repayment,
    ReserveMove,
    ReserveRelease,
    Seat,
    Withdrawal,
    WriteOff,
)
from settlement.chain.bindings.test_cash import TestCash
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.harness import NOBODY, Evm, Outcome, Signer, new_evm, signer
from tests.contracts.harness.signers import struct_hash

DAY: Final = 86_400
BUYER, SUPPLIER, FUNDER, CUSTOMS, INSURER, OBSERVER, CARRIER, ARBITER = (1 << n for n in range(8))
USD, JPY, KWD = 840, 392, 414
COUNTRY: Final = 276
YEAR: Final = 2023
RELAYER: Final = signer(9)
DELAY: Final = 2 * DAY
GOVERNOR: Final = signer(0)
RICH_MINOR: Final = 100_000_000_00

# Actor: signer index, roles. The order is that of enrolment, so member ids count from 1.
CAST: Final = {
    "buyer": (1, BUYER),
    "supplier": (2, SUPPLIER),
    "bank": (3, FUNDER),
    "buyer2": (4, BUYER),
    "supplier2": (5, SUPPLIER),
    "bank2": (6, FUNDER),
    "insurer": (7, INSURER),
    "treasury": (8, CUSTOMS),
    **{f"customs{n}": (10 + n, CUSTOMS) for n in range(1, 6)},
    "carrier": (16, CARRIER),
    "arbiter": (17, ARBITER),
    "arbiter2": (18, ARBITER),
}
RICH: Final = ("buyer", "bank", "buyer2", "bank2", "insurer")


@dataclass
class World:
    """Addresses of the suite, ids of the members, and the acts that tests need again and again.

    ``code`` says where each contract's own code lies; in ``at`` modules have the address they are called at.
    """

    evm: Evm
    at: dict[str, str]
    tokens: dict[int, str]
    ids: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, Signer] = field(default_factory=dict)
    code: dict[str, str] = field(default_factory=dict)
    _numbers: int = 0

    def key(self, actor: str) -> Signer:
        """The actor's account key, or the account with code that the test gave it."""
        return self.accounts.get(actor) or signer(CAST[actor][0])

    def send(self, contract: str, call: Call[Any], sender: Signer = RELAYER) -> Outcome[Any]:
        """One transaction; the relayer sends it unless told otherwise."""
        return self.evm.call(self.at[contract], call, sender.address)

    def view(self, contract: str, call: Call[Any]) -> Any:
        """One question."""
        return self.evm.view(self.at[contract], call)

    def sign(self, actor: str, contract: str, struct: object) -> bytes:
        """The actor's signature over a struct for one of the suite's contracts."""
        return self.key(actor).sign(self.at[contract], struct)

    # Keys

    def give_key(self, actor: str, key: Signer, scopes: int, limit: int) -> Outcome[None]:
        """The actor gives itself another key, which proves that somebody has it."""
        self._numbers += 1
        grant = KeyGrant(self.ids[actor], key.address, scopes, limit, self._numbers, self.evm.now + DAY)
        possession = key.sign(self.at["TrustedNetwork"], grant)
        call = TrustedNetwork.grant_key(grant, self.sign(actor, "TrustedNetwork", grant), possession)
        return self.send("TrustedNetwork", call)

    def revoke_key(self, actor: str, key: str) -> Outcome[None]:
        """The actor gives up one of its keys, perhaps the account that it signs with."""
        self._numbers += 1
        revocation = KeyRevocation(self.ids[actor], key, self._numbers, self.evm.now + DAY)
        call = TrustedNetwork.revoke_key(revocation, self.sign(actor, "TrustedNetwork", revocation))
        return self.send("TrustedNetwork", call)

    # Orders

    def order(self, **changes: Any) -> PurchaseOrder:
        """An order of 100,000.00 USD, settled on clearance, open account, not yet used; ``changes`` override fields."""
        self._numbers += 1
        plain = PurchaseOrder(
            buyer=self.ids["buyer"],
            supplier=self.ids["supplier"],
            number=f"PO{self._numbers:06d}",
            year=YEAR,
            currency=USD,
            face=100_000_00,
            document=keccak(text="document"),
            settle_on=SettleOn.CLEARANCE,
            fund_by=FundBy.NEVER,
            tenor_days=0,
            late_bps=1000,
            duty_cap=0,
            jurisdiction=COUNTRY,
            expiry=self.evm.now + 120 * DAY,
            deadline=self.evm.now + DAY,
        )
        return replace(plain, **changes)

    def actor_of(self, member: int) -> str:
        """The name behind a member id."""
        return next(name for name, id_ in self.ids.items() if id_ == member)

    def acceptance(self, order: PurchaseOrder, line: int = 0, version: int = 1) -> Acceptance:
        """The supplier's answer to an order."""
        return Acceptance(
            order=struct_hash(order), line=line, version=version if line else 0, deadline=self.evm.now + DAY
        )

    def accept(self, order: PurchaseOrder | None = None, line: int = 0, version: int = 1) -> Outcome[int]:
        """Accept an order with both signatures; ``value`` is its id."""
        order = order or self.order()
        acceptance = self.acceptance(order, line, version)
        by_buyer = self.sign(self.actor_of(order.buyer), "Receivables", order)
        by_supplier = self.sign(self.actor_of(order.supplier), "Receivables", acceptance)
        return self.send("Receivables", Receivables.accept(order, acceptance, by_buyer, by_supplier))

    def accepted(self, line: int = 0, version: int = 1, **changes: Any) -> int:
        """The id of a fresh accepted order."""
        return int(self.accept(self.order(**changes), line, version).value)

    def attestation(self, order: int, seq: int, **changes: Any) -> Attestation:
        """A state of an order: cleared, all released, no duty, no hold."""
        plain = Attestation(
            order=order,
            jurisdiction=COUNTRY,
            seq=seq,
            phase=Phase.CLEARED,
            hold=False,
            refused=False,
            released=2**56 - 1,
            duty=0,
            declarations=keccak(text="declarations"),
            messages=keccak(text=f"messages {seq}"),
            event_at=self.evm.now,
            deadline=(self.evm.now // 3600 + 1) * 3600,
        )
        return replace(plain, **changes)

    def attest(
        self, order: int, seq: int, seats: tuple[int, ...] = (1, 2, 3), **changes: Any
    ) -> Outcome[None]:
        """Send an attestation signed by these customs members."""
        return self.relay(self.attestation(order, seq, **changes), seats)

    def relay(self, state: Attestation, seats: tuple[int, ...] = (1, 2, 3)) -> Outcome[None]:
        """Send a given attestation signed by these customs members."""
        signatures = b"".join(self.sign(f"customs{n}", "ClearanceOracle", state) for n in seats)
        return self.send("ClearanceOracle", ClearanceOracle.attest(state, signatures))

    def settle(self, order: int) -> Outcome[None]:
        """Anyone settles."""
        return self.send("Receivables", Receivables.settle(order))

    def lapse(self, order: int) -> Outcome[None]:
        """Anyone lapses."""
        return self.send("Receivables", Receivables.lapse(order))

    # Loans

    def line_terms(self, actor: str = "bank", **changes: Any) -> LineTerms:
        """A line of 1,000,000.00 USD at 8 %, 80 % advance when accepted, 90 % when released, without recourse."""
        self._numbers += 1
        plain = LineTerms(
            line=0,
            funder=self.ids[actor],
            currency=USD,
            limit=1_000_000_00,
            order_cap=500_000_00,
            rate_bps=800,
            late_bps=200,
            fee_bps=0,
            advance_accepted=8000,
            advance_shipped=8500,
            advance_released=9000,
            day_count=DayCount.ACT360,
            grace_days=10,
            recourse=False,
            buyer_lanes=0b110,
            supplier_lanes=0b110,
            committed=False,
            commitment_bps=0,
            longest_days=0,
            expiry=self.evm.now + 365 * DAY,
            nonce=self._numbers,
            deadline=self.evm.now + DAY,
        )
        return replace(plain, **changes)

    def publish(self, actor: str = "bank", **changes: Any) -> int:
        """The id of a new line, or of the line whose next version this is."""
        terms = self.line_terms(actor, **changes)
        signed = self.sign(actor, "CreditLines", terms)
        return int(self.send("CreditLines", CreditLines.publish(terms, signed)).value.line)

    def draw(self, order: int, amount: int, index: int = 0, actor: str = "supplier") -> Outcome[None]:
        """The supplier draws."""
        request = Draw(order=order, index=index, amount=amount, deadline=self.evm.now + DAY)
        return self.send("CreditLines", Receivables.draw(request, self.sign(actor, "CreditLines", request)))

    def repay(self, order: int, amount: int, actor: str = "supplier") -> Outcome[None]:
        """A member repays out of its free cash."""
        self._numbers += 1
        signed = Repayment(
            order=order,
            payer=self.ids[actor],
            amount=amount,
            nonce=self._numbers,
            deadline=self.evm.now + DAY,
        )
        return self.send("CreditLines", CreditLines.repay(signed, self.sign(actor, "CreditLines", signed)))

    def recourse(self, order: int) -> Outcome[None]:
        """Anyone takes from the supplier what falls to it."""
        return self.send("CreditLines", CreditLines.recourse(order))

    def release(self, order: int, actor: str = "supplier") -> Outcome[None]:
        """A member gives the undrawn part of a reserve back."""
        signed = ReserveRelease(order=order, member=self.ids[actor], deadline=self.evm.now + DAY)
        return self.send("CreditLines", CreditLines.release(signed, self.sign(actor, "CreditLines", signed)))

    def move_reserve(
        self, order: int, old: int, line: int, actor: str = "supplier", **changes: Any
    ) -> Outcome[None]:
        """The supplier lets the first version of another line stand behind its order."""
        self._numbers += 1
        plain = ReserveMove(
            order=order,
            from_line=old,
            from_version=1 if old else 0,
            line=line,
            version=1,
            nonce=self._numbers,
            deadline=self.evm.now + DAY,
        )
        signed = replace(plain, **changes)
        return self.send(
            "CreditLines", CreditLines.move_reserve(signed, self.sign(actor, "CreditLines", signed))
        )

    def write_off(self, order: int, actor: str = "bank") -> Outcome[None]:
        """The funder makes the principal a loss."""
        signed = WriteOff(order=order, funder=self.ids[actor], deadline=self.evm.now + DAY)
        return self.send(
            "CreditLines", CreditLines.write_off(signed, self.sign(actor, "CreditLines", signed))
        )

    # Cash

    def deposit(self, actor: str, amount: int, currency: int = USD) -> None:
        """New cash from outside into the actor's account."""
        key = self.key(actor)
        scale = self.view("CashLedger", CashLedger.token_of(currency)).scale
        token = self.tokens[currency]
        self.evm.call(token, TestCash.mint(key.address, amount * scale), key.address)
        self.evm.call(token, TestCash.approve(self.at["CashLedger"], amount * scale), key.address)
        self.send("CashLedger", CashLedger.deposit(currency, self.ids[actor], amount), key)

    def withdraw(self, actor: str, amount: int, currency: int = USD) -> Outcome[None]:
        """The actor takes cash out."""
        self._numbers += 1
        signed = Withdrawal(
            member=self.ids[actor],
            currency=currency,
            amount=amount,
            nonce=self._numbers,
            deadline=self.evm.now + DAY,
        )
        return self.send("CashLedger", CashLedger.withdraw(signed, self.sign(actor, "CashLedger", signed)))

    def drain(self, actor: str, currency: int = USD) -> None:
        """The actor takes out all it has."""
        self.withdraw(actor, self.cash(actor, currency), currency)

    def cash(self, actor: str | int, currency: int = USD) -> int:
        """Balance of an actor's free account, or of any account by number."""
        account = self.ids[actor] if isinstance(actor, str) else actor
        return int(self.view("CashLedger", CashLedger.balance_of(currency, account)))

    # Views

    def position(self, order: int) -> Position:
        """The order as stored."""
        found: Position = self.view("Receivables", Receivables.position_of(order))
        return found

    def loan(self, order: int) -> Loan:
        """The loan as stored."""
        found: Loan = self.view("CreditLines", CreditLines.loan_of(order))
        return found

    def outstanding(self, order: int) -> tuple[int, int]:
        """Interest due and principal now."""
        found = self.view("CreditLines", CreditLines.outstanding_of(order))
        return found.interest, found.principal

    def used(self, line: int) -> int:
        """The line's sum of uses."""
        return int(self.view("CreditLines", CreditLines.usage_of(line)).used)

    def govern(self, contract: str, call: Call[Any]) -> Outcome[Any]:
        """A governance act."""
        return self.send(contract, call, GOVERNOR)


def build_world(engine: str = "py-evm") -> World:
    """Deploy the suite in its order, enrol the cast, list two currencies, seat 3 of 5 customs members."""
    evm = new_evm(engine)
    code = _deploy(evm)
    host = {module: name for name, modules in MODULES.items() for module in modules}
    world = World(evm, {name: code[host.get(name, name)] for name in code}, {}, code=code)
    for actor, (index, roles) in CAST.items():
        lei = keccak(text=f"LEI OF {actor}")[:20]
        enroll = TrustedNetwork.enroll(lei, signer(index).address, COUNTRY, roles, 1, evm.now + 3650 * DAY)
        world.ids[actor] = world.govern("TrustedNetwork", enroll).value
    list_cash(world, USD, "Test Dollar", decimals=6, exponent=2)
    list_cash(world, JPY, "Test Yen", decimals=18, exponent=0)
    for actor in RICH:
        for currency in (USD, JPY):
            world.deposit(actor, RICH_MINOR, currency)
    customs = [f"customs{n}" for n in range(1, 6)]
    seats = tuple(Seat(key=world.key(actor).address, member=world.ids[actor]) for actor in customs)
    world.govern("ClearanceOracle", ClearanceOracle.seat(COUNTRY, 3, world.ids["treasury"], seats))
    return world


def list_cash(world: World, currency: int, name: str, *, decimals: int, exponent: int) -> str:
    """A new token, listed for a currency."""
    code = TestCash.deploy(name, name[:4].upper(), decimals)
    token = world.evm.deploy(code, GOVERNOR.address, "TestCash")
    world.govern("CashLedger", CashLedger.list(currency, exponent, token))
    world.tokens[currency] = token
    return token


def _deploy(evm: Evm) -> dict[str, str]:
    deployer = signer(0).address
    names = ["Governance", "TrustedNetwork", "CashLedger", "Receivables", "OrderDesk", "CreditLines"]
    names += ["ShareDesk", "SettlementDesk", "ReceivableRenderer"]
    names += ["ClearanceOracle", "IndexOracle", "DisruptionCover"]
    raw = bytes.fromhex(deployer[2:])
    at = {name: checksum("0x" + keccak(rlp.encode([raw, n]))[12:].hex()) for n, name in enumerate(names)}
    manager, network, ledger = at["Governance"], at["TrustedNetwork"], at["CashLedger"]
    receivables, cover, clearance = at["Receivables"], at["DisruptionCover"], at["ClearanceOracle"]
    codes = {
        "Governance": Governance.deploy(deployer, DELAY),
        "TrustedNetwork": TrustedNetwork.deploy(manager, NOBODY),
        "CashLedger": CashLedger.deploy(manager, network, receivables, cover),
        "Receivables": Receivables.deploy(
            network,
            ledger,
            clearance,
            NOBODY,
            *(at[name] for name in ("OrderDesk", "CreditLines", "ShareDesk", "SettlementDesk")),
        ),
        "OrderDesk": OrderDesk.deploy(network, ledger, receivables, clearance),
        "CreditLines": CreditLines.deploy(network, ledger, receivables, cover),
        "ShareDesk": ShareDesk.deploy(network, ledger, receivables, at["ReceivableRenderer"]),
        "SettlementDesk": SettlementDesk.deploy(network, ledger, receivables, clearance),
        "ReceivableRenderer": ReceivableRenderer.deploy(),
        "ClearanceOracle": ClearanceOracle.deploy(manager, network, receivables),
        "IndexOracle": IndexOracle.deploy(manager),
        "DisruptionCover": DisruptionCover.deploy(
            network, ledger, receivables, receivables, at["IndexOracle"]
        ),
    }
    for name, code in codes.items():
        assert evm.deploy(code, deployer, name) == at[name], f"{name} was deployed out of order"
    return at
