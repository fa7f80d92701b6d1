"""CashLedger in front of tokens that misbehave."""

from __future__ import annotations

import base64
import json

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import Withdrawal
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


def shrink(world: World, token: str, amount: int) -> None:
    """The token takes from what the ledger has, by itself."""
    head = keccak(text="shrink(address,uint256)")[:4]
    world.evm.send_raw(
        token, head + encode(("address", "uint256"), (world.at["CashLedger"], amount)), SPARE.address
    )


def pay_in(world: World, amount: int, actor: str = "buyer") -> None:
    world.send("CashLedger", CashLedger.deposit(EUR, world.ids[actor], amount), SPARE)


def test_p19__token_that_shrinks_between__takes_no_more_in_and_still_pays_out(world: World) -> None:
    """P19: I-01: a later deposit must not fill what the token lost; who has cash still gets it."""
    token = listed(world, odd_token())
    pay_in(world, 100)
    pay_in(world, 50, "bank")
    assert world.view("CashLedger", CashLedger.backing_of(EUR)) == (150, 150)
    shrink(world, token, 1)
    assert world.view("CashLedger", CashLedger.backing_of(EUR)) == (149, 150)
    with reverts(errors.TokenShrunk(149, 150)):
        pay_in(world, 1)
    world.withdraw("buyer", 100, EUR)
    assert world.evm.view(token, TestCash.balance_of(world.key("buyer").address)) == 100
    with reverts(errors.TokenShrunk(49, 50)):
        pay_in(world, 1)


def test_p19__token_that_grows__is_a_gift_to_nobodys_account(world: World) -> None:
    """P19: I-01: what comes without a deposit is nobody's, and deposits go on."""
    token = listed(world, odd_token())
    pay_in(world, 100)
    world.evm.call(token, TestCash.mint(world.at["CashLedger"], 7), SPARE.address)
    assert (world.cash("buyer", EUR), world.view("CashLedger", CashLedger.total_of(EUR))) == (100, 100)
    pay_in(world, 1)
    assert world.view("CashLedger", CashLedger.backing_of(EUR)) == (108, 101)


def test_p19__token_that_takes_its_fee_beside__pays_nothing_out_of_the_others_cash(world: World) -> None:
    """P19: the ledger loses what leaves the member's account, not one unit more."""
    listed(world, odd_token(exit_fee=1))
    pay_in(world, 100)
    with reverts(errors.TokenOverdrawn(100, 59, 40)):
        world.withdraw("buyer", 40, EUR)
    assert world.cash("buyer", EUR) == 100


def test_p21__token_that_denies_a_transfer__leaves_the_account_as_it_was(world: World) -> None:
    """P21: a transfer's result is not ignored."""
    token = listed(world, odd_token(is_denying=True))
    pay_in(world, 100)
    with reverts(errors.SafeERC20FailedOperation(token)):
        world.withdraw("buyer", 40, EUR)
    assert world.cash("buyer", EUR) == 100


def test_p20__hook_that_withdraws_again__is_paid_once(world: World) -> None:
    """P20, P21: the account is debited before the token is called, and the ledger is not entered twice."""
    other = Withdrawal(world.ids["supplier"], EUR, 30, 77, world.evm.now + 3600)
    call = CashLedger.withdraw(other, world.sign("supplier", "CashLedger", other))
    token = listed(world, odd_token(calls=(world.at["CashLedger"], call.data)))
    pay_in(world, 100)
    pay_in(world, 30, "supplier")
    world.withdraw("buyer", 40, EUR)
    assert (world.cash("buyer", EUR), world.cash("supplier", EUR)) == (60, 30)
    assert not world.view("CashLedger", CashLedger.is_nonce_used(world.ids["supplier"], 77))
    assert world.evm.view(token, TestCash.balance_of(world.key("supplier").address)) == 0


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (encode(("string",), ("EURX",)), "EURX"),
        (None, ""),
        (b"EURX".ljust(32, b"\0"), ""),
        (word(32) + word(4)[:-1], ""),
        (word(32) + word(0), ""),
        (word(32) + word(4) + b"EURX", "EURX"),
        (word(32) + word(5) + b"EURX", ""),
        (word(64) + word(4) + b"EURX".ljust(32, b"\0"), ""),
        (word(2**256 - 1) + word(2**256 - 1), ""),
    ],
    ids=["whole", "none", "one word", "a byte short", "empty", "tight", "too long", "elsewhere", "absurd"],
)
def test_token_uri__token_with_any_symbol__is_drawn(world: World, answer: bytes | None, shown: str) -> None:
    """What a token says of its name stops nobody from seeing a receivable."""
    listed(world, odd_token(symbol=answer))
    order = world.accepted(currency=EUR)
    drawn = str(world.view("Receivables", Receivables.token_uri(order)))
    document = json.loads(base64.b64decode(drawn.partition(",")[2], validate=True))
    traits = {one["trait_type"]: one["value"] for one in document["attributes"]}
    assert (traits["Currency"], traits["Currency code"], traits["Face"]) == (shown, EUR, "100000.00")
