"""CashLedger: listing, deposits, withdrawals, moves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from settlement.chain.abi import Panic
from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import CashLedger, CurrencyListed, Deposited, Moved, Withdrawn
from settlement.chain.bindings.enums import Status
from settlement.chain.bindings.structs import Leg, Withdrawal
from settlement.chain.bindings.test_cash import TestCash
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.harness import CHAIN_ID, Signer, reverts, signer
from tests.contracts.world import DAY, JPY, KWD, USD, World, list_cash

SPARE = signer(30)
EUR, CHF = 978, 756


def withdrawal(world: World, actor: str = "buyer", **changes: object) -> Withdrawal:
    plain = Withdrawal(
        member=world.ids[actor], currency=USD, amount=500, nonce=1001, deadline=world.evm.now + DAY
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # a table of changed fields


def approve(world: World, key: Signer, amount: int, currency: int = USD) -> None:
    token = world.tokens[currency]
    world.evm.call(token, TestCash.mint(key.address, amount), key.address)
    world.evm.call(token, TestCash.approve(world.at["CashLedger"], amount), key.address)


def token_balance(world: World, holder: str, currency: int = USD) -> int:
    return int(world.evm.view(world.tokens[currency], TestCash.balance_of(holder)))


# Listing


@pytest.mark.parametrize(
    ("currency", "decimals", "exponent", "scale"),
    [(EUR, 2, 2, 1), (CHF, 18, 2, 10**16), (KWD, 3, 3, 1), (152, 6, 0, 10**6)],
)
def test_list__token__has_its_scale(
    world: World, currency: int, decimals: int, exponent: int, scale: int
) -> None:
    code = TestCash.deploy("T", "T", decimals)
    token = world.evm.deploy(code, SPARE.address, "TestCash")
    done = world.govern("CashLedger", CashLedger.list(currency, exponent, token))
    assert done.one(CurrencyListed) == CurrencyListed(currency, token, exponent, scale)
    found = world.view("CashLedger", CashLedger.token_of(currency))
    assert (found.token, found.scale, found.exponent) == (token, scale, exponent)
    # A dinar has three decimals, a yen none: what goes in as minor units comes out as them.
    world.tokens[currency] = token
    world.deposit("buyer", 12_345, currency)
    assert world.cash("buyer", currency) == 12_345
    assert token_balance(world, world.at["CashLedger"], currency) == 12_345 * scale


def test_list__fewer_decimals_than_the_currency__is_refused(world: World) -> None:
    token = world.evm.deploy(TestCash.deploy("T", "T", 2), SPARE.address, "TestCash")
    with reverts(errors.ScaleNotWhole(2, 3)):
        world.govern("CashLedger", CashLedger.list(KWD, 3, token))
    wide = world.evm.deploy(TestCash.deploy("T", "T", 63), SPARE.address, "TestCash")
    with reverts(errors.ScaleNotWhole(63, 2)):
        world.govern("CashLedger", CashLedger.list(EUR, 2, wide))


def test_list__taken_or_impossible_currency__is_refused(world: World) -> None:
    token = world.evm.deploy(TestCash.deploy("T", "T", 6), SPARE.address, "TestCash")
    with reverts(errors.CurrencyTaken(USD)):
        world.govern("CashLedger", CashLedger.list(USD, 2, token))
    with reverts(errors.CurrencyTaken(USD)):
        world.govern("CashLedger", CashLedger.list(EUR, 2, world.tokens[USD]))
    for currency in (0, 1000):
        with reverts(errors.CurrencyUnknown(currency)):
            world.govern("CashLedger", CashLedger.list(currency, 2, token))
    with reverts(errors.AccessManagedUnauthorized(SPARE.address)):
        world.send("CashLedger", CashLedger.list(EUR, 2, token), SPARE)


# Deposits


def test_i01__deposits_and_withdrawals__keep_the_sum_of_accounts(world: World) -> None:
    """I-01 the sum of accounts is what the ledger holds, donations apart."""
    total = world.view("CashLedger", CashLedger.total_of(USD))
    scale = world.view("CashLedger", CashLedger.token_of(USD)).scale
    assert token_balance(world, world.at["CashLedger"]) == total * scale
    world.deposit("supplier", 777)
    world.withdraw("buyer", 333)
    total = world.view("CashLedger", CashLedger.total_of(USD)) - total
    assert total == 444
    # A donation belongs to nobody and blocks nothing.
    world.evm.call(world.tokens[USD], TestCash.mint(world.at["CashLedger"], 5), SPARE.address)
    world.withdraw("buyer", 1)
    held = token_balance(world, world.at["CashLedger"])
    assert held == world.view("CashLedger", CashLedger.total_of(USD)) * scale + 5


def test_deposit__by_anyone__credits_the_member(world: World) -> None:
    approve(world, SPARE, 42 * 10**4)
    done = world.send("CashLedger", CashLedger.deposit(USD, world.ids["supplier"], 42), SPARE)
    assert done.one(Deposited) == Deposited(USD, world.ids["supplier"], 42)
    assert world.cash("supplier") == 42


def test_deposit__nothing_unknown_or_unlisted__is_refused(world: World) -> None:
    with reverts(errors.AmountOutOfRange(0)):
        world.send("CashLedger", CashLedger.deposit(USD, world.ids["supplier"], 0), SPARE)
    with reverts(errors.UnknownMember(99)):
        world.send("CashLedger", CashLedger.deposit(USD, 99, 1), SPARE)
    with reverts(errors.CurrencyUnknown(EUR)):
        world.send("CashLedger", CashLedger.deposit(EUR, world.ids["supplier"], 1), SPARE)


def test_p29__total_beyond_56_bits__is_refused(world: World) -> None:
    """P29: the sum of accounts stays in its word, so no account can leave its own."""
    most = 2**56 - 1
    total = world.view("CashLedger", CashLedger.total_of(USD))
    approve(world, SPARE, most * 10**4)
    with reverts(errors.AmountOutOfRange(most + total)):
        world.send("CashLedger", CashLedger.deposit(USD, world.ids["supplier"], most), SPARE)
    world.send("CashLedger", CashLedger.deposit(USD, world.ids["supplier"], most - total), SPARE)
    assert world.view("CashLedger", CashLedger.total_of(USD)) == most


def permit(world: World, owner: Signer, value: int, nonce: int = 0) -> tuple[int, int, bytes, bytes]:
    """An ERC-2612 permit for the ledger."""
    from eth_account import Account

    token, deadline = world.tokens[USD], world.evm.now + DAY
    domain = {"name": "Test Dollar", "version": "1", "chainId": CHAIN_ID, "verifyingContract": token}
    words = ("owner", "address"), ("spender", "address"), ("value", "uint256"), ("nonce", "uint256")
    types = {"Permit": [{"name": n, "type": t} for n, t in (*words, ("deadline", "uint256"))]}
    message = {
        "owner": owner.address,
        "spender": world.at["CashLedger"],
        "value": value,
        "nonce": nonce,
        "deadline": deadline,
    }
    signed = Account.sign_typed_data(owner.key.to_bytes(), domain, types, message)
    return deadline, signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")


def test_p32__front_run_permit__does_not_break_the_deposit(world: World) -> None:
    """P32: a permit that somebody else used first still lets the deposit through."""
    owner = world.key("supplier")
    world.evm.call(world.tokens[USD], TestCash.mint(owner.address, 10**6), owner.address)
    deadline, v, r, s = permit(world, owner, 100 * 10**4)
    call = TestCash.permit(owner.address, world.at["CashLedger"], 100 * 10**4, deadline, v, r, s)
    world.evm.call(world.tokens[USD], call, SPARE.address)
    deposit = CashLedger.deposit_with_permit(USD, world.ids["supplier"], 100, deadline, v, r, s)
    world.send("CashLedger", deposit, SPARE)
    assert world.cash("supplier") == 100


def test_deposit_with_permit__signed_for_this__is_credited_once(world: World) -> None:
    owner = world.key("supplier")
    world.evm.call(world.tokens[USD], TestCash.mint(owner.address, 10**7), owner.address)
    signed = permit(world, owner, 100 * 10**4)
    deposit = CashLedger.deposit_with_permit(USD, world.ids["supplier"], 100, *signed)
    world.send("CashLedger", deposit, SPARE)
    with reverts(errors.TokenShortPaid(0, 100 * 10**4)):
        world.send("CashLedger", deposit, SPARE)
    with reverts(errors.CurrencyUnknown(EUR)):
        wrong = CashLedger.deposit_with_permit(EUR, world.ids["supplier"], 100, *signed)
        world.send("CashLedger", wrong, SPARE)


def test_p39__standing_approval__is_not_consent_to_a_deposit(world: World) -> None:
    """P39: an approval left behind lets nobody pull cash with a permit that was never signed."""
    owner = world.key("supplier")
    approve(world, owner, 10**9)
    nonsense = (world.evm.now + DAY, 27, b"\x01" * 32, b"\x01" * 32)
    with reverts(errors.TokenShortPaid(10**9, 100 * 10**4)):
        deposit = CashLedger.deposit_with_permit(USD, world.ids["supplier"], 100, *nonsense)
        world.send("CashLedger", deposit, SPARE)
    allowance = TestCash.allowance(world.at["CashLedger"], owner.address)
    assert world.evm.view(world.tokens[USD], allowance) == 0


# Withdrawals


def test_withdraw__signed__pays_the_members_account(world: World) -> None:
    account = world.key("buyer").address
    free, outside = world.cash("buyer"), token_balance(world, account)
    done = world.withdraw("buyer", 500)
    assert done.one(Withdrawn) == Withdrawn(USD, world.ids["buyer"], 500)
    assert world.cash("buyer") == free - 500
    assert token_balance(world, account) == outside + 500 * 10**4


def test_withdraw__by_the_members_own_key__needs_no_signature(world: World) -> None:
    free = world.cash("buyer")
    world.send("CashLedger", CashLedger.withdraw(withdrawal(world), b""), world.key("buyer"))
    assert world.cash("buyer") == free - 500
    with reverts(errors.NotTheMember(world.ids["buyer"])):
        call = CashLedger.withdraw(withdrawal(world, nonce=1002), b"")
        world.send("CashLedger", call, world.key("supplier"))


def test_i02__withdrawal_signed_by_another__is_refused(world: World) -> None:
    """I-02 free cash leaves an account only by its holder's signature."""
    request = withdrawal(world)
    with reverts(errors.NotTheMember(world.ids["buyer"])):
        call = CashLedger.withdraw(request, world.sign("supplier", "CashLedger", request))
        world.send("CashLedger", call)
    with reverts(errors.KeyNotValid):
        call = CashLedger.withdraw(request, SPARE.sign(world.at["CashLedger"], request))
        world.send("CashLedger", call)
    world.give_key("buyer", SPARE, 8, 499)
    with reverts(errors.KeyLimitExceeded(SPARE.address, 500, 499)):
        call = CashLedger.withdraw(request, SPARE.sign(world.at["CashLedger"], request))
        world.send("CashLedger", call)


def test_withdraw__again_late_too_much_or_nothing__is_refused(world: World) -> None:
    request = withdrawal(world)
    call = CashLedger.withdraw(request, world.sign("buyer", "CashLedger", request))
    world.send("CashLedger", call)
    assert world.view("CashLedger", CashLedger.is_nonce_used(world.ids["buyer"], 1001))
    assert not world.view("CashLedger", CashLedger.is_nonce_used(world.ids["buyer"], 1002))
    with reverts(errors.NonceUsed(world.ids["buyer"], 1001)):
        world.send("CashLedger", call)
    free = world.cash("buyer")
    with reverts(errors.InsufficientCash(USD, world.ids["buyer"], free, free + 1)):
        world.withdraw("buyer", free + 1)
    with reverts(errors.AmountOutOfRange(0)):
        world.withdraw("buyer", 0)
    with reverts(errors.CurrencyUnknown(EUR)):
        world.withdraw("buyer", 1, EUR)
    late = withdrawal(world, nonce=1003)
    signed = world.sign("buyer", "CashLedger", late)
    world.evm.set_time(late.deadline + 1)
    with reverts(errors.SignatureExpired(late.deadline)):
        world.send("CashLedger", CashLedger.withdraw(late, signed))
    world.evm.set_time(late.deadline)
    world.send("CashLedger", CashLedger.withdraw(late, signed))


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.EXPELLED])
def test_p33__member_out_of_standing__still_takes_its_free_cash(world: World, status: Status) -> None:
    """P33: standing is asked at every act of trade; nobody's free cash is kept for it (I-03)."""
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids["buyer"], status))
    free = world.cash("buyer")
    world.withdraw("buyer", free)
    assert world.cash("buyer") == 0


# Moves

OPERATORS = tuple(signer(n) for n in (31, 32))


def with_own_operators(world: World) -> World:
    """The same network with a ledger whose operators are keys of this test, since a contract cannot send for itself."""
    manager, network = world.at["Governance"], world.at["TrustedNetwork"]
    code = CashLedger.deploy(manager, network, *(key.address for key in OPERATORS))
    ledger = world.evm.deploy(code, SPARE.address, "CashLedger")
    bare = replace(world, at={**world.at, "CashLedger": ledger}, tokens={})
    list_cash(bare, USD, "Test Dollar", decimals=2, exponent=2)
    for actor in ("buyer", "bank"):
        bare.deposit(actor, 1000)
    return bare


def test_i02__moves__are_for_the_two_trade_contracts_only(world: World) -> None:
    """I-02 the set of contracts that can move cash is fixed at deployment."""
    operators = [CashLedger.receivables(), CashLedger.disruption_cover()]
    names = ["Receivables", "DisruptionCover"]
    assert [world.view("CashLedger", call) for call in operators] == [world.at[name] for name in names]
    legs = (Leg(world.ids["buyer"], world.ids["supplier"], 1),)
    for stranger in (SPARE, world.key("buyer"), signer(0)):
        with reverts(errors.NotOperator(stranger.address)):
            world.send("CashLedger", CashLedger.move(USD, legs), stranger)
    bare = with_own_operators(world)
    for operator in OPERATORS:
        done = bare.send("CashLedger", CashLedger.move(USD, legs), operator)
        assert done.one(Moved).legs == legs
    assert bare.cash("supplier") == 2


def test_move__several_payers__is_all_or_nothing(world: World) -> None:
    bare = with_own_operators(world)
    buyer, supplier, bank = (bare.ids[name] for name in ("buyer", "supplier", "bank"))
    legs = (Leg(buyer, supplier, 5), Leg(buyer, bank, 7), Leg(supplier, bank, 2), Leg(buyer, buyer, 1))
    bare.send("CashLedger", CashLedger.move(USD, legs), OPERATORS[0])
    assert [bare.cash(name) for name in ("buyer", "supplier", "bank")] == [988, 3, 1009]
    beyond = (Leg(buyer, bank, 1), Leg(supplier, bank, 2), Leg(supplier, buyer, 2))
    with reverts(errors.InsufficientCash(USD, supplier, 3, 4)):
        bare.send("CashLedger", CashLedger.move(USD, beyond), OPERATORS[1])
    assert [bare.cash(name) for name in ("buyer", "supplier", "bank")] == [988, 3, 1009]


def test_p29__move_of_more_than_there_is__never_wraps(world: World) -> None:
    """P29: amounts near 2^256 neither wrap the payee's account nor the payer's debt."""
    bare = with_own_operators(world)
    buyer, bank, huge = bare.ids["buyer"], bare.ids["bank"], 2**256 - 1
    with reverts(errors.InsufficientCash):
        bare.send("CashLedger", CashLedger.move(USD, (Leg(buyer, bank, huge),)), OPERATORS[0])
    with reverts(Panic):
        legs = (Leg(buyer, bank, huge), Leg(buyer, bank, 2))
        bare.send("CashLedger", CashLedger.move(USD, legs), OPERATORS[0])
    with reverts(errors.InsufficientCash):
        bare.send("CashLedger", CashLedger.move(USD, (Leg(buyer, buyer, huge),)), OPERATORS[0])


def test_p34__account_zero__is_nobodys_and_stops_nothing(world: World) -> None:
    """P34: no zero member exists whose state could stop others."""
    with reverts(errors.UnknownMember(0)):
        world.send("CashLedger", CashLedger.deposit(USD, 0, 1), SPARE)
    with reverts(errors.UnknownMember(0)):
        world.govern("TrustedNetwork", TrustedNetwork.set_status(0, Status.SUSPENDED))


def test_list__second_token__is_apart_from_the_first(world: World) -> None:
    list_cash(world, EUR, "Test Euro", decimals=6, exponent=2)
    world.deposit("buyer", 9, EUR)
    assert (world.cash("buyer", EUR), world.cash("supplier", JPY)) == (9, 0)
