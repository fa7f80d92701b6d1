"""Random histories of several buyers, suppliers and funders in two currencies, compared with books kept in Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.enums import DayCount, FundBy, Phase, SettleOn
from settlement.chain.bindings.receivables import Receivables, Settled
from settlement.chain.bindings.structs import LineTerms
from tests.contracts.harness import Outcome, Reverted, Snapshot, engines
from tests.contracts.world import DAY, JPY, USD, World, build_world
from tests.properties.trade_model import ON_CLEARANCE, Book, Line, Order, Refused

BUYERS, SUPPLIERS, BANKS = ("buyer", "buyer2"), ("supplier", "supplier2"), ("bank", "bank2")
MEMBERS = (*BUYERS, *SUPPLIERS, *BANKS, "treasury")
CURRENCIES = (USD, JPY)
MOST_ORDERS = 6
LAST_DAY = 3000
START_MINOR = {"buyer": 70_000, "buyer2": 10_000, "bank": 300_000, "bank2": 60_000}
OFFERS: tuple[dict[str, Any], ...] = (
    {"actor": "bank", "currency": USD, "limit": 200_000, "fee_bps": 25},
    {"actor": "bank", "currency": JPY, "limit": 500_000, "recourse": True, "day_count": DayCount.ACT365},
    {"actor": "bank2", "currency": USD, "limit": 60_000, "advance_accepted": 9500, "grace_days": 0},
    {"actor": "bank2", "currency": JPY, "limit": 90_000, "advance_accepted": 0, "rate_bps": 9999},
)


@cache
def start() -> tuple[World, list[LineTerms], Snapshot]:
    """The network with little cash and four lines; every example starts from it."""
    world = build_world(engines()[-1])
    for actor, amount in START_MINOR.items():
        for currency in CURRENCIES:
            world.withdraw(actor, world.cash(actor, currency) - amount, currency)
    terms = []
    for offer in OFFERS:
        plain = {"order_cap": 90_000, "expiry": world.evm.now + 3600 * DAY}
        world.publish(**{**plain, **offer})
        terms.append(world.line_terms(**{**plain, **offer}))
    return world, terms, world.evm.snapshot()


def line_of(world: World, number: int, terms: LineTerms) -> Line:
    return Line(
        id=number,
        funder=world.actor_of(terms.funder),
        currency=terms.currency,
        limit=terms.limit,
        order_cap=terms.order_cap,
        rate_bps=terms.rate_bps,
        late_bps=terms.late_bps,
        fee_bps=terms.fee_bps,
        advances={1: terms.advance_accepted, 2: terms.advance_shipped, 3: terms.advance_released},
        basis=360 if terms.day_count == DayCount.ACT360 else 365,
        grace_s=terms.grace_days * DAY,
        recourse=terms.recourse,
    )


class TradeMachine(RuleBasedStateMachine):
    """Whatever happens in whatever order, chain and books agree: on refusals by name, on amounts to the unit."""

    def __init__(self) -> None:
        super().__init__()
        self.world, terms, base = start()
        self.world.evm.restore(base)
        cash: dict[tuple[int, str | int], int] = {
            (currency, name): amount for currency in CURRENCIES for name, amount in START_MINOR.items()
        }
        self.book = Book(self.world.evm.now, cash)
        self.book.lines = [line_of(self.world, n, each) for n, each in enumerate(terms, start=1)]
        self.begun = self.book.now
        self.most_released: dict[int, int] = {}

    def agree(self, act: Callable[[], Outcome[Any]], model: Callable[[], None]) -> Outcome[Any] | None:
        """Do it here and there; a refusal must be the same refusal."""
        expected: str | None = None
        try:
            model()
        except Refused as refused:
            expected = str(refused)
        if expected is None:
            return act()
        with pytest.raises(Reverted) as reverted:
            act()
        assert type(reverted.value.error).__name__ == expected
        return None

    def pick(self, data: st.DataObject, is_likely: Callable[[Order], bool]) -> Order:
        """Mostly an order where the act can succeed, now and then any: refusals must agree too."""
        every = list(self.book.orders.values())
        likely = [order for order in every if is_likely(order)]
        is_any = not likely or data.draw(st.integers(0, 5), label="any") == 5
        return data.draw(st.sampled_from(every if is_any else likely), label="order")

    def has_loans(self) -> bool:
        return any(order.loan and order.loan.principal for order in self.book.orders.values())

    @initialize(data=st.data())
    def first(self, data: st.DataObject) -> None:
        for _ in range(3):
            self.accept(data)

    @precondition(lambda self: len(self.book.orders) < MOST_ORDERS)
    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        world, line = self.world, data.draw(st.sampled_from([*self.book.lines, None]), label="line")
        currency = line.currency if line else data.draw(st.sampled_from(CURRENCIES))
        buyer, supplier = data.draw(st.sampled_from(BUYERS)), data.draw(st.sampled_from(SUPPLIERS))
        fund_by = data.draw(st.sampled_from([FundBy.NEVER] * 3 + list(FundBy)), label="fund_by")
        settle_on = data.draw(st.sampled_from(SettleOn), label="settle_on")
        signed = world.order(
            buyer=world.ids[buyer],
            supplier=world.ids[supplier],
            currency=currency,
            face=data.draw(st.one_of(st.integers(1, 20), st.integers(1000, 100_000)), label="face"),
            settle_on=settle_on,
            fund_by=fund_by,
            tenor_days=data.draw(st.sampled_from([0, 0, 0, 1, 30]), label="tenor"),
            late_bps=data.draw(st.sampled_from([0, 1, 2500]), label="late"),
            duty_cap=data.draw(st.sampled_from([0, 0, 1, 5000]), label="cap"),
            expiry=self.book.now + data.draw(st.sampled_from([1, 30, 120]), label="expiry") * DAY,
        )
        buyer_lei, supplier_lei = (self._lei(name) for name in (buyer, supplier))
        call = Receivables.fingerprint(buyer_lei, supplier_lei, signed.number, signed.year)
        order = Order(
            id=world.view("Receivables", call),
            buyer=buyer,
            supplier=supplier,
            currency=currency,
            face=signed.face,
            settle_on=settle_on,
            fund_by=fund_by,
            tenor_s=signed.tenor_days * DAY,
            late_bps=signed.late_bps,
            duty_cap=signed.duty_cap,
            expiry=signed.expiry,
            line=line,
            loan=None,
        )
        self.agree(lambda: world.accept(signed, line.id if line else 0), lambda: self.book.accept(order))

    def _lei(self, actor: str) -> bytes:
        from eth_utils.crypto import keccak

        return keccak(text=f"LEI OF {actor}")[:20]

    def can_draw(self, order: Order) -> bool:
        is_open = order.loan is not None and order.loan.is_open and not (order.hold or order.is_touched)
        is_open = is_open and order.late is None
        return is_open and self.book.now <= order.expiry and self.book.drawable(order) > 0

    @precondition(lambda self: any(self.can_draw(order) for order in self.book.orders.values()))
    @rule(data=st.data())
    def draw(self, data: st.DataObject) -> None:
        order = self.pick(data, self.can_draw)
        most = self.book.drawable(order) if order.loan else 5
        amounts = [most, most, (most + 1) // 2, most + 1, 0]
        amount = data.draw(st.sampled_from(amounts), label="amount")
        index = order.loan.draws if order.loan else 0
        self.agree(
            lambda: self.world.draw(order.id, amount, index, order.supplier),
            lambda: self.book.draw(order, amount),
        )

    @precondition(lambda self: self.book.orders)
    @rule(data=st.data())
    def attest(self, data: st.DataObject) -> None:
        order = self.pick(data, lambda order: order.phase != Phase.CLOSED)
        parts = [order.face, order.face, 0, order.face // 3, order.face // 2, order.face - 1, order.face + 7]
        phases = [Phase.CLEARED] * 4 + [Phase.RELEASED] * 3 + [Phase.SHIPPED, Phase.ACCEPTED]
        phase = data.draw(st.sampled_from(phases), label="phase")
        state: dict[str, Any] = {
            "phase": int(phase),
            "hold": data.draw(st.sampled_from([False, False, False, True]), label="hold"),
            "refused": data.draw(st.sampled_from([False] * 7 + [True]), label="refused"),
            "released": data.draw(st.sampled_from([*parts, order.released]), label="released"),
            "duty": data.draw(st.sampled_from([0, 1, 3000, 9000]), label="duty"),
        }
        seq = order.seq + 1
        done = self.agree(
            lambda: self.world.attest(order.id, seq, **state), lambda: self.book.attest(order, **state)
        )
        if done is not None:
            self.most_released[order.id] = max(self.most_released.get(order.id, 0), state["released"])
            self._check_payment(order, done)
            # I-19
            assert not (state["hold"] and done.every(Settled))

    def can_settle(self, order: Order) -> bool:
        return order.phase != Phase.CLOSED and (order.late is not None or self.book.payable(order) > 0)

    @precondition(lambda self: any(self.can_settle(order) for order in self.book.orders.values()))
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        order = self.pick(data, self.can_settle)
        done = self.agree(lambda: self.world.settle(order.id), lambda: self.book.settle(order))
        if done is not None:
            self._check_payment(order, done)

    def _check_payment(self, order: Order, done: Outcome[Any]) -> None:
        """I-15 the holder gets nothing before the lender is whole; I-14 in the event's own figures."""
        for settled in done.every(Settled):
            assert settled.to_funder + settled.to_holder == settled.face + settled.late
            if order.line and settled.to_holder:
                assert self.world.outstanding(order.id) == (0, 0)

    @precondition(lambda self: any(self.book.now > order.expiry for order in self.book.orders.values()))
    @rule(data=st.data())
    def lapse(self, data: st.DataObject) -> None:
        order = self.pick(
            data, lambda order: self.book.now > order.expiry and self.book.undelivered(order) > 0
        )
        self.agree(lambda: self.world.lapse(order.id), lambda: self.book.lapse(order))

    @precondition(lambda self: self.has_loans())
    @rule(data=st.data(), payer=st.sampled_from([*SUPPLIERS, "buyer2"]), amount=st.integers(0, 80_000))
    def repay(self, data: st.DataObject, payer: str, amount: int) -> None:
        order = self.pick(data, lambda order: bool(order.loan and order.loan.principal))
        self.agree(
            lambda: self.world.repay(order.id, amount, payer), lambda: self.book.repay(order, payer, amount)
        )

    @precondition(lambda self: self.has_loans())
    @rule(data=st.data())
    def recourse(self, data: st.DataObject) -> None:
        order = self.pick(data, lambda order: self.book.due_from_supplier(order) > 0)
        self.agree(lambda: self.world.recourse(order.id), lambda: self.book.recourse(order))

    @rule(actor=st.sampled_from(MEMBERS), currency=st.sampled_from(CURRENCIES), amount=st.integers(1, 50_000))
    def deposit(self, actor: str, currency: int, amount: int) -> None:
        self.world.deposit(actor, amount, currency)
        self.book.cash[currency, actor] = self.book.cash.get((currency, actor), 0) + amount

    @rule(actor=st.sampled_from(MEMBERS), currency=st.sampled_from(CURRENCIES), share=st.integers(1, 2))
    def withdraw(self, actor: str, currency: int, share: int) -> None:
        amount = self.book.cash.get((currency, actor), 0) // share
        if amount:
            self.world.withdraw(actor, amount, currency)
            self.book.cash[currency, actor] -= amount

    @precondition(lambda self: self.book.now < self.begun + LAST_DAY * DAY)
    @rule(seconds=st.sampled_from([1, 3600, DAY, DAY + 1, 20 * DAY, 50 * DAY]))
    def wait(self, seconds: int) -> None:
        self.book.now = self.world.evm.advance(seconds)

    @invariant()
    def accounts_agree(self) -> None:
        """I-01 the sum of all accounts is the ledger's total, and every account is what the books say."""
        for currency in CURRENCIES:
            for member in MEMBERS:
                assert self.world.cash(member, currency) == self.book.cash.get((currency, member), 0), member
            held = [order for order in self.book.orders.values() if order.currency == currency]
            for order in held:
                assert self.world.cash(order.id, currency) == self.book.held(order)
            total = sum(amount for (code, _), amount in self.book.cash.items() if code == currency)
            insurer = self.world.cash("insurer", currency)
            assert self.world.view("CashLedger", CashLedger.total_of(currency)) == total + insurer

    @invariant()
    def orders_agree(self) -> None:
        """I-07 face = paid + reduced + open; I-17 paid is within what was ever released; I-09 by the refusals."""
        for order in self.book.orders.values():
            found = self.world.position(order.id)
            assert (found.phase, found.hold, found.lapsed) == (order.phase, order.hold, order.lapsed)
            assert (found.paid, found.reduced, found.released) == (order.paid, order.reduced, order.released)
            assert (found.due, found.seq) == (order.due, order.seq)
            assert (found.duty_paid, found.duty_demanded) == (order.duty_paid, order.duty_demanded)
            assert (found.late_accrued, found.late_since) == (order.late or 0, order.late_since)
            assert found.face - found.paid - found.reduced >= 0
            assert found.paid <= self.most_released.get(order.id, 0)
            payable = self.world.view("Receivables", Receivables.payable_now(order.id)).payable
            assert payable == (self.book.payable(order) if order.phase != Phase.CLOSED else 0)

    @invariant()
    def loans_agree(self) -> None:
        """I-10 I-11 I-13 principal, interest and the sum of uses are what the rules say, within the limit."""
        for order in self.book.orders.values():
            if order.loan is not None:
                assert self.world.outstanding(order.id) == self.book.outstanding(order)
        for line in self.book.lines:
            assert self.world.used(line.id) == line.used
            assert 0 <= line.used <= line.limit
            loans = [order.loan for order in self.book.orders.values() if order.line is line and order.loan]
            assert line.used == sum(loan.use for loan in loans)


assert ON_CLEARANCE == SettleOn.CLEARANCE

QUICK = settings(max_examples=250, stateful_step_count=50, suppress_health_check=list(HealthCheck))
DEEP = settings(max_examples=3000, stateful_step_count=60, suppress_health_check=list(HealthCheck))


class TestTrade(TradeMachine.TestCase):  # type: ignore[misc,valid-type]  # Hypothesis builds the class at run time
    """I-01 I-07 I-10 I-11 I-13 I-14 I-15 I-17 I-19 over random histories."""

    settings = QUICK


@pytest.mark.deep
class TestTradeDeep(TradeMachine.TestCase):  # type: ignore[misc,valid-type]  # the same
    """The same for longer."""

    settings = DEEP
