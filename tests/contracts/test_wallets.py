"""Members whose account is a contract: ERC-1271 beside plain signatures, in every verb that takes one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from eth_utils.crypto import keccak

from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.enums import FundBy
from settlement.chain.bindings.receivables import Accepted, Receivables
from settlement.chain.bindings.test_cash import TestCash
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.covers import open_desk
from tests.contracts.harness import NOBODY, Reverted, reverts, signer
from tests.contracts.harness.pyevm import PyEvm
from tests.contracts.odd_wallets import ANSWERS, Wallet, odd_wallet, wallet, yes_man
from tests.contracts.world import (
    CAST,
    COUNTRY,
    DAY,
    GOVERNOR,
    RELAYER,
    RICH,
    RICH_MINOR,
    USD,
    World,
    build_world,
)

OWNER = signer(60)


def with_wallet(world: World, actor: str, code: bytes | None = None) -> Wallet:
    """Put a company with an account of code, whose owner is ``OWNER``, in the actor's place."""
    at = world.evm.deploy(code or wallet(OWNER.address), GOVERNOR.address, "TestCash")
    lei = keccak(text=f"LEI OF THE WALLET OF {actor}")[:20]
    enroll = TrustedNetwork.enroll(lei, at, COUNTRY, CAST[actor][1], 1, world.evm.now + 3650 * DAY)
    world.ids[actor] = world.govern("TrustedNetwork", enroll).value
    world.accounts[actor] = Wallet(OWNER.key, at)
    if actor in RICH:
        pay_in(world, actor)
    return Wallet(OWNER.key, at)


def pay_in(world: World, actor: str) -> None:
    """Cash from a relayer: an account with code sends no transactions."""
    scale = world.view("CashLedger", CashLedger.token_of(USD)).scale
    token, tokens = world.tokens[USD], RICH_MINOR * scale
    world.evm.call(token, TestCash.mint(RELAYER.address, tokens), RELAYER.address)
    world.evm.call(token, TestCash.approve(world.at["CashLedger"], tokens), RELAYER.address)
    world.send("CashLedger", CashLedger.deposit(USD, world.ids[actor], RICH_MINOR))


def accept_and_lock(world: World) -> bool:
    with_wallet(world, "buyer")
    return world.cash(world.accepted(fund_by=FundBy.ACCEPTED)) > 0


def accept_as_supplier(world: World) -> bool:
    with_wallet(world, "supplier")
    return world.accepted() > 0


def publish(world: World) -> bool:
    with_wallet(world, "bank")
    return world.publish() > 0


def draw(world: World) -> bool:
    with_wallet(world, "supplier")
    order = world.accepted(line=world.publish())
    world.draw(order, 1_000_00)
    return world.cash("supplier") == 1_000_00


def repay(world: World) -> bool:
    order = world.accepted(line=world.publish())
    world.draw(order, 1_000_00)
    with_wallet(world, "buyer2")
    world.repay(order, 1_000_00, "buyer2")
    return world.outstanding(order) == (0, 0)


def withdraw(world: World) -> bool:
    with_wallet(world, "buyer")
    world.withdraw("buyer", 7_00)
    return world.cash("buyer") == RICH_MINOR - 7_00


def insure(world: World) -> bool:
    with_wallet(world, "insurer")
    with_wallet(world, "supplier")
    pay_in(world, "supplier")
    desk = open_desk(world)
    return desk.bought(world.accepted()).insured == world.ids["supplier"]


VERBS = [accept_and_lock, accept_as_supplier, publish, draw, repay, withdraw, insure]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
def test_account_with_code__agrees__acts_in_every_verb(world: World, verb: Callable[[World], bool]) -> None:
    assert verb(world)


def test_account_with_code__asked_about_anything_else__acts_for_nobody(world: World) -> None:
    """O05: the account is asked about this digest, so another act's signature is none."""
    buyer = with_wallet(world, "buyer")
    order, other = world.order(), world.order()
    acceptance = world.acceptance(order)
    foreign = buyer.sign(world.at["Receivables"], other)
    by_supplier = world.sign("supplier", "Receivables", acceptance)
    with reverts(errors.KeyNotValid(NOBODY, 1)):
        world.send("Receivables", Receivables.accept(order, acceptance, foreign, by_supplier))
    stranger = Wallet(signer(61).key, buyer.address).sign(world.at["Receivables"], order)
    with reverts(errors.KeyNotValid(NOBODY, 1)):
        world.send("Receivables", Receivables.accept(order, acceptance, stranger, by_supplier))


@pytest.mark.parametrize("answer", sorted(ANSWERS))
def test_account_with_code__answers_otherwise__is_no_consent(world: World, answer: str) -> None:
    """O01: only the exact magic value counts, whatever else comes back and however long it is."""
    with_wallet(world, "supplier", odd_wallet(answer))
    with reverts(errors.KeyNotValid(NOBODY, 1)):
        world.accept()


def test_account_with_code__burns_all_it_gets__costs_the_relayer_a_bounded_sum() -> None:
    """An account's answer costs the relayer 50,000 gas at the most."""
    costs = {}
    for answer in ("nothing", "all gas"):
        world = build_world("py-evm")
        with_wallet(world, "supplier", odd_wallet(answer))
        with pytest.raises(Reverted) as refused:
            world.accept()
        costs[answer] = refused.value.gas or 0
    assert 45_000 < costs["all gas"] - costs["nothing"] <= 50_000


def test_p06__account_that_vouches_for_itself__is_no_member(world: World) -> None:
    """P06: what an account says of its own signatures makes it nobody's key; only the network's word counts."""
    at = world.evm.deploy(yes_man(), GOVERNOR.address, "TestCash")
    order = world.order()
    acceptance = world.acceptance(order)
    itself = bytes.fromhex(at[2:]) + b"yes"
    by_supplier = world.sign("supplier", "Receivables", acceptance)
    with reverts(errors.KeyNotValid(at, 1)):
        world.send("Receivables", Receivables.accept(order, acceptance, itself, by_supplier))


@pytest.mark.parametrize("length", [1, 19, 20, 64, 66])
def test_o01__other_lengths_for_a_plain_key__are_nobodys(world: World, length: int) -> None:
    """O01: a plain account has no code to ask, so only its own 65 bytes speak for it."""
    buyer = world.key("buyer")
    order = world.order()
    acceptance = world.acceptance(order)
    padded = (bytes.fromhex(buyer.address[2:]) + buyer.sign(world.at["Receivables"], order))[:length]
    by_supplier = world.sign("supplier", "Receivables", acceptance)
    with reverts(errors.KeyNotValid(NOBODY, 1)):
        world.send("Receivables", Receivables.accept(order, acceptance, padded, by_supplier))


def test_account_with_code__own_call__needs_no_signature() -> None:
    world = build_world("py-evm")
    buyer = with_wallet(world, "buyer")
    order = world.order()
    acceptance = world.acceptance(order)
    by_supplier = world.sign("supplier", "Receivables", acceptance)
    done = world.send("Receivables", Receivables.accept(order, acceptance, b"", by_supplier), buyer)
    assert done.one(Accepted).buyer == world.ids["buyer"]


def test_delegated_account__plain_signature__is_still_its_own() -> None:
    """An EIP-7702 account has code, and signs with its own key like any other."""
    world = build_world("py-evm")
    assert isinstance(world.evm, PyEvm)
    key = world.key("buyer").address
    refusing = world.evm.deploy(odd_wallet("true"), GOVERNOR.address, "TestCash")
    world.evm.put_code(key, bytes.fromhex("ef0100" + refusing[2:]))
    world.accept()
    order = world.order()
    acceptance = world.acceptance(order)
    asked = bytes.fromhex(key[2:]) + world.sign("buyer", "Receivables", order)
    by_supplier = world.sign("supplier", "Receivables", acceptance)
    with reverts(errors.KeyNotValid(NOBODY, 1)):
        world.send("Receivables", Receivables.accept(order, acceptance, asked, by_supplier))


def test_p32__chain_that_splits__takes_no_signature_of_the_other_branch() -> None:
    """P32: the domain separator follows the chain id of the moment, so neither branch replays the other's acts."""
    world = build_world("py-evm")
    assert isinstance(world.evm, PyEvm)
    old = world.order()
    acceptance = world.acceptance(old)
    by_buyer = world.sign("buyer", "Receivables", old)
    by_supplier = world.sign("supplier", "Receivables", acceptance)
    world.evm.set_chain_id(99)
    accept = Receivables.accept(old, acceptance, by_buyer, by_supplier)
    with pytest.raises(Reverted) as refused:
        world.send("Receivables", accept)
    assert isinstance(refused.value.error, errors.KeyNotValid)
    buyer, supplier = world.key("buyer"), world.key("supplier")
    at = world.at["Receivables"]
    there = (buyer.sign(at, old, chain_id=99), supplier.sign(at, acceptance, chain_id=99))
    world.send("Receivables", Receivables.accept(old, acceptance, *there))
