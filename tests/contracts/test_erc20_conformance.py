"""TestCash, and OpenZeppelin's token beside it: the behaviour of an ERC-20 token that CashLedger and wallets count on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from settlement.chain.abi import Call
from settlement.chain.bindings import errors
from settlement.chain.bindings.test_cash import Approval, TestCash, Transfer
from tests.contracts.harness import NOBODY, Evm, Outcome, engines, new_evm, reverts, signer
from tests.contracts.standards import reference_code

HOLDER, OTHER, SPENDER = signer(1), signer(2), signer(3)
MOST = 2**256 - 1


class Cash:
    """A fresh token of six decimals of which the holder has a hundred units."""

    def __init__(self, code: Callable[[str, str, int], bytes]) -> None:
        self.evm: Evm = new_evm(engines()[-1])
        self.at = self.evm.deploy(code("Test Dollar", "TUSD", 6), HOLDER.address, "TestCash")
        self.send(TestCash.mint(HOLDER.address, 100))

    def send(self, call: Call[Any], sender: str = HOLDER.address) -> Outcome[Any]:
        return self.evm.call(self.at, call, sender)

    def view(self, call: Call[Any]) -> Any:
        return self.evm.view(self.at, call)

    def balances(self) -> tuple[int, int]:
        return self.view(TestCash.balance_of(HOLDER.address)), self.view(TestCash.balance_of(OTHER.address))


@pytest.fixture(params=["ours", "reference"])
def cash(request: pytest.FixtureRequest) -> Cash:
    """What is said here of ERC-20 is said of OpenZeppelin's own token as well."""
    return Cash(TestCash.deploy if request.param == "ours" else partial(reference_code, "ReferenceCash"))


def test_metadata__name_symbol_decimals__are_as_deployed(cash: Cash) -> None:
    found = [cash.view(call) for call in (TestCash.name(), TestCash.symbol(), TestCash.decimals())]
    assert found == ["Test Dollar", "TUSD", 6]


def test_mint__anybody__adds_to_supply_with_a_transfer_from_nobody(cash: Cash) -> None:
    done = cash.send(TestCash.mint(OTHER.address, 5), SPENDER.address)
    assert done.one(Transfer) == Transfer(NOBODY, OTHER.address, 5)
    assert cash.view(TestCash.total_supply()) == 105
    with reverts(errors.ERC20InvalidReceiver(NOBODY)):
        cash.send(TestCash.mint(NOBODY, 1))


@pytest.mark.parametrize("amount", [0, 1, 100])
def test_transfer__up_to_the_balance__moves_it_and_says_so(cash: Cash, amount: int) -> None:
    done = cash.send(TestCash.transfer(OTHER.address, amount))
    assert done.value is True
    assert done.one(Transfer) == Transfer(HOLDER.address, OTHER.address, amount)
    assert cash.balances() == (100 - amount, amount)
    assert cash.view(TestCash.total_supply()) == 100


def test_transfer__beyond_the_balance_or_to_nobody__is_refused(cash: Cash) -> None:
    with reverts(errors.ERC20InsufficientBalance(HOLDER.address, 100, 101)):
        cash.send(TestCash.transfer(OTHER.address, 101))
    with reverts(errors.ERC20InvalidReceiver(NOBODY)):
        cash.send(TestCash.transfer(NOBODY, 1))
    assert cash.balances() == (100, 0)


def test_transfer__to_oneself__changes_nothing(cash: Cash) -> None:
    cash.send(TestCash.transfer(HOLDER.address, 100))
    assert cash.balances() == (100, 0)


def test_approve__sets_and_sets_again(cash: Cash) -> None:
    for amount in (7, 3, 0):
        done = cash.send(TestCash.approve(SPENDER.address, amount))
        assert done.value is True
        assert done.one(Approval) == Approval(HOLDER.address, SPENDER.address, amount)
        assert cash.view(TestCash.allowance(HOLDER.address, SPENDER.address)) == amount
    with reverts(errors.ERC20InvalidSpender(NOBODY)):
        cash.send(TestCash.approve(NOBODY, 1))


def test_transfer_from__within_the_allowance__uses_it_up(cash: Cash) -> None:
    cash.send(TestCash.approve(SPENDER.address, 60))
    move = TestCash.transfer_from(HOLDER.address, OTHER.address, 60)
    assert cash.send(move, SPENDER.address).value is True
    assert cash.balances() == (40, 60)
    assert cash.view(TestCash.allowance(HOLDER.address, SPENDER.address)) == 0
    with reverts(errors.ERC20InsufficientAllowance(SPENDER.address, 0, 1)):
        cash.send(TestCash.transfer_from(HOLDER.address, OTHER.address, 1), SPENDER.address)


def test_transfer_from__one_past_allowance_or_balance__is_refused(cash: Cash) -> None:
    cash.send(TestCash.approve(SPENDER.address, 60))
    with reverts(errors.ERC20InsufficientAllowance(SPENDER.address, 60, 61)):
        cash.send(TestCash.transfer_from(HOLDER.address, OTHER.address, 61), SPENDER.address)
    cash.send(TestCash.approve(SPENDER.address, 101))
    with reverts(errors.ERC20InsufficientBalance(HOLDER.address, 100, 101)):
        cash.send(TestCash.transfer_from(HOLDER.address, OTHER.address, 101), SPENDER.address)
    assert cash.balances() == (100, 0)


def test_transfer_from__unlimited_allowance__stays(cash: Cash) -> None:
    cash.send(TestCash.approve(SPENDER.address, MOST))
    cash.send(TestCash.transfer_from(HOLDER.address, OTHER.address, 1), SPENDER.address)
    assert cash.view(TestCash.allowance(HOLDER.address, SPENDER.address)) == MOST
