"""A small network on the embedded node, reached by JSON-RPC alone: members, cash, a line, a committee, and their acts."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_utils.crypto import keccak

from settlement.chain.bindings.enums import Answer, DayCount, FundBy, PayoutKind, Phase, SettleOn
from settlement.chain.bindings.structs import (
    Acceptance,
    Attestation,
    Draw,
    LineTerms,
    Observation,
    Policy,
    PoolFunding,
    PurchaseOrder,
    Seat,
)
from settlement.chain.client import ChainClient, Receipt
from settlement.chain.deployment import Deployment, deploy_suite, load_deployment
from settlement.chain.direct import send_and_wait
from settlement.chain.gateways import Gateways, open_gateways
from settlement.chain.gateways.cash_token import CashTokenGateway, deploy_test_cash
from settlement.chain.local.server import LocalNode
from settlement.chain.local.settings import ChainSettings
from settlement.chain.messages import message_from_struct
from settlement.chain.signer import demo_signer
from settlement.chain.wanted import Wanted
from settlement.ids import MemberId, OrderId, lei_hash
from settlement.money import currency
from settlement.store.engine import transaction
from settlement.store.handles import Engine
from settlement.store.repositories.intents import add_intent
from settlement.typed_data import sign, typed_message

DAY: Final = 86_400
HOUR: Final = 3_600
COUNTRY: Final = 276
YEAR: Final = 2026
USD: Final = currency("USD")
RICH_MINOR: Final = 10_000_000_00
PERIL: Final = 1
PLACE: Final = b"CNSHA".ljust(32, b"\0")
OBSERVERS: Final = ("observer1", "observer2", "observer3")
ROLES: Final = {
    "buyer": 1,
    "supplier": 2,
    "bank": 4,
    "insurer": 16,
    "customs1": 8,
    "customs2": 8,
    "customs3": 8,
}
"""In the order of enrolment: member ids count from 1."""


def key_of(actor: str) -> bytes:
    """An actor's own key."""
    return keccak(text=f"hanse tests, {actor}")


def address_of(actor: str) -> str:
    """The address of that key."""
    return str(Account.from_key(key_of(actor)).address)


def lei_of(actor: str) -> str:
    """Something in an LEI's place: the chain sees its hash only."""
    return actor.upper().ljust(20, "0")


def member_of(actor: str) -> MemberId:
    """An actor's member id."""
    return MemberId(list(ROLES).index(actor) + 1)


@dataclass
class Trade:
    """A network, and what its members sign."""

    node: LocalNode
    client: ChainClient
    deployment: Deployment
    gateways: Gateways
    folder: Path
    orders: int = 0

    @property
    def now(self) -> int:
        """Business time."""
        return self.client.time()

    def sign(self, actor: str, contract: str, struct: object) -> bytes:
        """An actor's signature over a struct for one of the suite's contracts."""
        message = message_from_struct(struct)
        return sign(typed_message(type(struct).__name__, 31337, contract, message), key_of(actor))

    def send(self, wanted: Wanted, by: str = "relayer") -> Receipt:
        """Have it on chain without any sender of ours; ``relayer`` stands for somebody else who relays."""
        signer = demo_signer("governor" if by == "governor" else "relayer")
        return send_and_wait(self.client, signer, wanted.to or None, wanted.calldata)

    def want(self, engine: Engine, wanted: Wanted, *, created_at: int = 0) -> str:
        """Queue it as an intent; its id."""
        with transaction(engine) as session:
            return add_intent(
                session,
                signer=wanted.signer,
                kind=wanted.kind,
                to_address=wanted.to,
                calldata="0x" + wanted.calldata.hex(),
                effect_key=wanted.effect_key,
                occasion=wanted.occasion,
                subject=wanted.subject,
                created_at=created_at,
            ).id

    def advance(self, seconds: int) -> None:
        """Let business time pass."""
        self.client.ask("evm_increaseTime", seconds)
        self.client.ask("evm_mine")

    def order(self, **changes: Any) -> PurchaseOrder:
        """An order of 100,000.00 USD, settled on release, open account; ``changes`` override fields."""
        self.orders += 1
        plain = PurchaseOrder(
            buyer=member_of("buyer"),
            supplier=member_of("supplier"),
            number=f"PO{self.orders:04d}",
            year=YEAR,
            currency=USD.number,
            face=100_000_00,
            document=keccak(text="document"),
            settle_on=SettleOn.RELEASE,
            fund_by=FundBy.NEVER,
            tenor_days=0,
            late_bps=1000,
            duty_cap=0,
            jurisdiction=COUNTRY,
            expiry=self.now + 60 * DAY,
            deadline=self.now + DAY,
        )
        return replace(plain, **changes)

    def id_of(self, order: PurchaseOrder) -> OrderId:
        """The order's fingerprint."""
        return self.gateways.receivables.fingerprint(
            lei_hash(lei_of("buyer")), lei_hash(lei_of("supplier")), order.number, order.year
        )

    def accept(self, order: PurchaseOrder, line: int = 1) -> Wanted:
        """Both parties' signatures under an order."""
        at = self.deployment.receivables
        terms_hash = self.gateways.receivables.terms_hash(order)
        acceptance = Acceptance(terms_hash, line, 1 if line else 0, order.deadline)
        return self.gateways.receivables.accept(
            self.id_of(order),
            order,
            acceptance,
            self.sign("buyer", at, order),
            self.sign("supplier", at, acceptance),
        )

    def draw(self, order: PurchaseOrder, amount_minor: int, index: int = 0) -> Wanted:
        """The supplier's draw."""
        request = Draw(self.id_of(order), index, amount_minor, self.now + DAY)
        return self.gateways.lines.draw(request, self.sign("supplier", self.deployment.credit_lines, request))

    def attest(self, order: PurchaseOrder, seq: int = 1, **changes: Any) -> Wanted:
        """Two of three customs members: the whole order is released, unless ``changes`` say otherwise."""
        now = self.now
        plain = Attestation(
            order=self.id_of(order),
            jurisdiction=COUNTRY,
            seq=seq,
            phase=Phase.RELEASED,
            hold=False,
            refused=False,
            released=order.face,
            duty=0,
            declarations=keccak(text="declaration"),
            messages=keccak(text="messages"),
            event_at=now - 1,
            deadline=now - now % HOUR + HOUR,
        )
        attestation = replace(plain, **changes)
        at = self.deployment.clearance_oracle
        signatures = b"".join(self.sign(actor, at, attestation) for actor in ("customs1", "customs2"))
        return self.gateways.clearance.attest(attestation, signatures)

    def fund_pool(self, amount_minor: int = 1_000_000_00) -> Wanted:
        """The insurer's capital."""
        funding = PoolFunding(member_of("insurer"), USD.number, amount_minor, 1, self.now + DAY)
        return self.gateways.cover.fund(
            funding, self.sign("insurer", self.deployment.disruption_cover, funding)
        )

    def policy(self, order: PurchaseOrder, **changes: Any) -> Policy:
        """Cover for the order, three days long, from the day after tomorrow."""
        first = self.now // DAY + 2
        plain = Policy(
            insurer=member_of("insurer"),
            insured=member_of("supplier"),
            order=self.id_of(order),
            currency=USD.number,
            sum=50_000_00,
            premium=500_00,
            peril=PERIL,
            place=PLACE,
            first_day=first,
            last_day=first + 2,
            kind=PayoutKind.LINEAR,
            attach=100,
            exhaust=200,
            step_at=(),
            step_pays=(),
            no_data_bps=0,
            waiting_days=1,
            nonce=7,
            deadline=self.now + DAY,
        )
        return replace(plain, **changes)

    def buy(self, terms: Policy, insured: str = "supplier") -> Wanted:
        """Both parties' signatures under a policy."""
        at = self.deployment.disruption_cover
        policy = self.gateways.cover.policy_id(terms)
        return self.gateways.cover.buy(
            policy, terms, self.sign("insurer", at, terms), self.sign(insured, at, terms)
        )

    def observe(self, observer: str, day: int, value: int) -> Wanted:
        """One observer's reading of the policy's peril and place."""
        bucket = self.gateways.index.bucket(PERIL, PLACE, day)
        reading = Observation(bucket, Answer.VALUE, value, self.now - 1, self.now + DAY)
        signature = self.sign(observer, self.deployment.index_oracle, reading)
        return self.gateways.index.observe(PERIL, PLACE, day, reading, signature, address_of(observer))

    def deposit(self, actor: str, amount_minor: int) -> None:
        """Fresh cash of an actor's own, in the ledger."""
        self.send(self.permitted_deposit(actor, amount_minor))

    def permitted_deposit(self, actor: str, amount_minor: int) -> Wanted:
        """Mint test cash to an actor's account; its permit to take it into the ledger."""
        listed = self.gateways.ledger.token(USD.number)
        token = CashTokenGateway(self.client, listed.token)
        self.send(token.mint(address_of(actor), amount_minor * listed.scale, "test"))
        deadline = self.now + DAY
        permit = {
            "owner": address_of(actor),
            "spender": self.deployment.cash_ledger,
            "value": amount_minor * listed.scale,
            "nonce": token.permit_nonce(address_of(actor)),
            "deadline": deadline,
        }
        typed = typed_message("Permit", 31337, token.address, permit, domain_name=token.name())
        signature = sign(typed, key_of(actor))
        return self.gateways.ledger.deposit_with_permit(
            USD.number, member_of(actor), amount_minor, deadline, signature
        )

    def balance(self, actor: str) -> int:
        """An actor's free cash. Units: minor units of USD."""
        return self.gateways.ledger.balance(USD.number, member_of(actor))


def prepare(folder: Path) -> None:
    """Make the network in a folder of its own, for ``open_trade`` to copy."""
    with (
        LocalNode(folder / "chain", settings=ChainSettings()) as node,
        ChainClient(node.url, 31337) as client,
    ):
        deployment = deploy_suite(client, demo_signer("governor"), folder / "deployment.json")
        trade = Trade(node, client, deployment, open_gateways(client, deployment), folder)
        _govern(trade)
        for actor in ("buyer", "bank", "insurer"):
            trade.deposit(actor, RICH_MINOR)
        trade.send(_line(trade))


def _govern(trade: Trade) -> None:
    """Members, a currency, a committee of three and its observers, by the governor's key."""
    gateways = trade.gateways
    for actor, roles in ROLES.items():
        until = trade.now + 2000 * DAY
        wanted = gateways.network.enrol(lei_hash(lei_of(actor)), address_of(actor), COUNTRY, roles, 0, until)
        trade.send(wanted, by="governor")
    token = trade.send(deploy_test_cash(USD), by="governor").created
    assert token is not None
    trade.send(gateways.ledger.list_currency(USD.number, USD.exponent, token), by="governor")
    customs = ("customs1", "customs2", "customs3")
    seats = tuple(Seat(address_of(actor), member_of(actor)) for actor in customs)
    trade.send(gateways.clearance.seat(COUNTRY, 2, member_of("customs1"), seats), by="governor")
    observers = tuple(address_of(actor) for actor in OBSERVERS)
    trade.send(gateways.index.seat(2, observers), by="governor")


def open_trade(template: Path, folder: Path) -> Trade:
    """A fresh copy of the network, not started yet: enter its ``node`` first, as the fixture does."""
    shutil.copytree(template, folder)
    deployment = load_deployment(folder / "deployment.json")
    node = LocalNode(folder / "chain")
    node.__enter__()
    client = ChainClient(node.url, 31337)
    return Trade(node, client, deployment, open_gateways(client, deployment), folder)


def _line(trade: Trade) -> Wanted:
    terms = LineTerms(
        line=0,
        funder=member_of("bank"),
        currency=USD.number,
        limit=2_000_000_00,
        order_cap=500_000_00,
        rate_bps=600,
        late_bps=200,
        fee_bps=0,
        advance_accepted=5000,
        advance_shipped=7000,
        advance_released=8000,
        day_count=DayCount.ACT360,
        grace_days=5,
        recourse=False,
        buyer_lanes=1,
        supplier_lanes=1,
        committed=False,
        commitment_bps=0,
        longest_days=0,
        expiry=trade.now + 1000 * DAY,
        nonce=1,
        deadline=trade.now + DAY,
    )
    return trade.gateways.lines.publish(terms, trade.sign("bank", trade.deployment.credit_lines, terms))
