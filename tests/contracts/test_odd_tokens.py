"""CashLedger in front of tokens that misbehave."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.test_cash import TestCash
from tests.contracts.harness import Reverted, reverts, signer
from tests.contracts.odd_tokens import odd_token
from tests.contracts.world import World

EUR = 978
SPARE = signer(30)


def listed(world: World, code: bytes) -> str:
    token = world.evm.deploy(code, SPARE.address, "TestCash")
    world.govern("CashLedger", CashLedger.list(EUR, 2, token))
    world.tokens[EUR] = token
    return token


def test_p19__token_that_keeps_a_fee__makes_no_money_on_the_ledger(world: World) -> None:
    """P19: what did not arrive is not credited."""
    listed(world, odd_token(fee=1))
    with reverts(errors.TokenShortPaid(99, 100)):
        world.send("CashLedger", CashLedger.deposit(EUR, world.ids["buyer"], 100), SPARE)
    assert world.view("CashLedger", CashLedger.total_of(EUR)) == 0


def test_p19__token_without_return_values__works(world: World) -> None:
    """P19: old tokens answer nothing; both ways of the cash work all the same."""
    token = listed(world, odd_token(is_silent=True))
    world.send("CashLedger", CashLedger.deposit(EUR, world.ids["buyer"], 100), SPARE)
    world.withdraw("buyer", 40, EUR)
    assert world.cash("buyer", EUR) == 60
    assert world.evm.view(token, TestCash.balance_of(world.key("buyer").address)) == 40


def test_p20__hook_that_deposits_again__is_not_counted_twice(world: World) -> None:
    """P20: a token that calls back into deposit cannot be counted twice for one payment."""
    head = keccak(text="deposit(uint16,uint32,uint56)")[:4]
    payload = head + encode(("uint16", "uint32", "uint56"), (EUR, world.ids["supplier"], 100))
    listed(world, odd_token(calls=(world.at["CashLedger"], payload)))
    world.send("CashLedger", CashLedger.deposit(EUR, world.ids["buyer"], 100), SPARE)
    assert (world.cash("buyer", EUR), world.cash("supplier", EUR)) == (100, 0)
    assert world.view("CashLedger", CashLedger.total_of(EUR)) == 100


def test_p18__token_that_refuses_to_pay__stops_that_withdrawal_only(world: World) -> None:
    """P18: a rejecting token stops its own withdrawals; settlements inside the ledger never call it (I-04)."""
    listed(world, odd_token(is_refusing=True))
    world.send("CashLedger", CashLedger.deposit(EUR, world.ids["buyer"], 100_000_00), SPARE)
    with pytest.raises(Reverted):
        world.withdraw("buyer", 1, EUR)
    order = world.accepted(currency=EUR)
    world.attest(order, 1)
    assert world.cash("supplier", EUR) == 100_000_00
