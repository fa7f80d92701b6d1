"""Deposits, withdrawals and donations; a stranger who tries to move."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.structs import Leg, Withdrawal
from settlement.chain.bindings.test_cash import TestCash
from tests.properties.books.arithmetic import DAY
from tests.properties.books.keys import WITHDRAW
from tests.properties.market import CURRENCIES, MEMBERS, STRANGER
from tests.properties.rules.base import Act, Base
from tests.properties.rules.dice import DICE, Dice

FREEZABLE = ("buyer", "supplier", "bank", "trader")


class CashRules(Base):
    """I-01 to I-03."""

    @rule(
        actor=st.sampled_from(MEMBERS),
        currency=st.sampled_from(CURRENCIES),
        amount=st.one_of(st.integers(1, 10), st.integers(1, 50_000)),
    )
    def deposit(self, actor: str, currency: int, amount: int) -> None:
        """Anyone, for any member."""
        market, key = self.market, self.market.key(actor)
        value = amount * self.eye.scale(currency)
        ledger, token = market.at["CashLedger"], market.tokens[currency]
        market.evm.call(token, TestCash.mint(key.address, value), key.address)
        market.evm.call(token, TestCash.approve(ledger, value), key.address)
        call = CashLedger.deposit(currency, market.ids[actor], amount)
        self.step(
            "deposit",
            lambda: market.send("CashLedger", call, key),
            lambda: self.book.deposit(currency, actor, amount),
            member=actor,
            currency=currency,
            amount=amount,
        )

    @rule(
        dice=DICE,
        actor=st.sampled_from(MEMBERS),
        currency=st.sampled_from(CURRENCIES),
        part=st.sampled_from([0, 1, 2, 2, 3]),
    )
    def withdraw(self, dice: Dice, actor: str, currency: int, part: int) -> None:
        """All, half, nothing, or one unit more than there is."""
        has = self.book.of(currency, actor)
        amount = (0, has, (has + 1) // 2, has + 1)[part]
        signed = Withdrawal(self.market.ids[actor], currency, amount, self.nonce(), self.book.now + DAY)
        facts = {"member": actor, "currency": currency, "amount": amount}
        act = Act(
            "withdraw",
            "CashLedger",
            ((actor, signed),),
            lambda by: CashLedger.withdraw(signed, by),
            None,
            facts,
            (WITHDRAW, amount),
        )
        self.do(dice, act, lambda: self.book.withdraw(currency, actor, amount))

    @rule(currency=st.sampled_from(CURRENCIES), amount=st.integers(1, 1000))
    def donate(self, currency: int, amount: int) -> None:
        """Tokens sent to the ledger past its door are nobody's."""
        market, key = self.market, self.market.key(STRANGER)
        token = market.tokens[currency]
        market.evm.call(token, TestCash.mint(key.address, amount), key.address)

        def model() -> None:
            self.book.donated[currency] = self.book.donated.get(currency, 0) + amount

        call = TestCash.transfer(market.at["CashLedger"], amount)
        self.step("donate", lambda: market.evm.call(token, call, key.address), model)

    @rule(dice=DICE, thief=st.sampled_from([STRANGER, *MEMBERS]), currency=st.sampled_from(CURRENCIES))
    def grab(self, dice: Dice, thief: str, currency: int) -> None:
        """Nobody but the trade contracts moves cash (I-02)."""
        ids = self.market.ids
        victim = dice.of([name for name in MEMBERS if name != thief], "victim")
        leg = Leg(ids[victim], ids.get(thief, 0), max(1, self.book.of(currency, victim)))
        call = CashLedger.move(currency, (leg,))
        self.refused("grab", lambda: self.market.send("CashLedger", call, self.market.key(thief)))

    @rule(dice=DICE)
    def freeze(self, dice: Dice) -> None:
        """Governance freezes the free cash of one member in one currency, and mostly lets go again."""
        frozen = sorted(self.book.frozen)
        currency, member = dice.of(
            frozen * 4 + [(code, name) for code in CURRENCIES for name in FREEZABLE], "account"
        )
        is_frozen = dice.of((True, False), "freeze")
        call = CashLedger.freeze(currency, self.market.ids[str(member)], is_frozen)
        self.step(
            "freeze",
            lambda: self.market.govern("CashLedger", call),
            lambda: self.book.freeze(currency, str(member), is_frozen=is_frozen),
        )
