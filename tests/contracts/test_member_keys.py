"""Keys and accounts: given with consent and proof, revoked at once, replaced in the open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.enums import Status
from settlement.chain.bindings.structs import (
    AccountRefusal,
    AccountReplacement,
    Key,
    KeyGrant,
    KeyRevocation,
)
from settlement.chain.bindings.test_cash import TestCash
from settlement.chain.bindings.trusted_network import (
    AccountProposed,
    AccountRefused,
    AccountReplaced,
    KeyRevoked,
    KeySet,
    TrustedNetwork,
)
from tests.contracts.harness import NOBODY, Outcome, Signer, reverts, signer
from tests.contracts.world import DAY, GOVERNOR, USD, World

NETWORK = "TrustedNetwork"
ALL_SCOPES, NO_LIMIT = 0xFFFF, 2**56 - 1
SIGN_ORDER, DRAW, PAY, WITHDRAW, PUBLISH, KEYS = 1, 2, 4, 8, 16, 64
SPARE, CLERK, THIRD = signer(30), signer(31), signer(32)


def grant_of(world: World, new: Signer = SPARE, **changes: Any) -> KeyGrant:
    plain = KeyGrant(world.ids["supplier"], new.address, DRAW, 500, 1, world.evm.now + DAY)
    return replace(plain, **changes)


def grant(
    world: World, given: KeyGrant, by: Signer, key: Signer | None = None, sender: Signer | None = None
) -> Outcome[None]:
    """Relay a grant that ``by`` and the new key signed; ``sender`` stands for its own signature."""
    at = world.at[NETWORK]
    consent = b"" if by is sender else by.sign(at, given)
    possession = b"" if key is None or key is sender else key.sign(at, given)
    return world.send(NETWORK, TrustedNetwork.grant_key(given, consent, possession), sender or CLERK)


def key_of(world: World, key: Signer) -> Key:
    found: Key = world.view(NETWORK, TrustedNetwork.key_of(key.address))
    return found


def replace_account(
    world: World, to: Signer, by: Signer | None, nonce: int = 50, proven_by: Signer | None = None
) -> Outcome[None]:
    asked = AccountReplacement(world.ids["supplier"], to.address, nonce, world.evm.now + DAY)
    at = world.at[NETWORK]
    consent = by.sign(at, asked) if by else b""
    return world.send(
        NETWORK, TrustedNetwork.replace_account(asked, consent, (proven_by or to).sign(at, asked))
    )


def propose(world: World, account: str) -> Outcome[None]:
    return world.govern(NETWORK, TrustedNetwork.propose_account(world.ids["supplier"], account))


def test_grant__scopes_and_limit__bind(world: World) -> None:
    supplier = world.ids["supplier"]
    done = grant(world, grant_of(world), world.key("supplier"), SPARE)
    assert done.one(KeySet) == KeySet(SPARE.address, supplier, DRAW, 500)
    assert key_of(world, SPARE) == Key(member=supplier, scopes=DRAW, status=Status.ACTIVE, limit=500)
    assert world.view(NETWORK, TrustedNetwork.signer(SPARE.address, DRAW)) == supplier
    with reverts(errors.KeyNotValid(SPARE.address, SIGN_ORDER)):
        world.view(NETWORK, TrustedNetwork.signer(SPARE.address, SIGN_ORDER))
    assert world.view(NETWORK, TrustedNetwork.signer_for(SPARE.address, DRAW, 500)) == supplier
    with reverts(errors.KeyLimitExceeded(SPARE.address, 501, 500)):
        world.view(NETWORK, TrustedNetwork.signer_for(SPARE.address, DRAW, 501))


def test_grant__callers_themselves__need_no_signature(world: World) -> None:
    account = world.key("supplier")
    grant(world, grant_of(world), account, SPARE, sender=account)
    given = grant_of(world, THIRD, nonce=2)
    grant(world, given, account, THIRD, sender=THIRD)
    assert key_of(world, THIRD).scopes == DRAW


def test_grant__without_the_members_consent__is_refused(world: World) -> None:
    """I-20: neither governance nor a stranger gives a member a key."""
    for stranger in (GOVERNOR, SPARE):
        with reverts(errors.KeyNotValid(stranger.address, KEYS)):
            grant(world, grant_of(world), stranger, SPARE)
    with reverts(errors.NotSignedBy(world.ids["supplier"])):
        grant(world, grant_of(world), world.key("buyer"), SPARE)


def test_grant__key_that_nobody_shows__is_refused(world: World) -> None:
    for other in (CLERK, world.key("supplier")):
        with reverts(errors.KeyNotProven(SPARE.address)):
            grant(world, grant_of(world), world.key("supplier"), other)
    with reverts(errors.KeyNotProven(SPARE.address)):
        grant(world, grant_of(world), world.key("supplier"))


@pytest.mark.parametrize("changes", [{"scopes": 0}, {"key": NOBODY}])
def test_grant__senseless_key__is_refused(world: World, changes: dict[str, Any]) -> None:
    with reverts(errors.InvalidMember()):
        grant(world, grant_of(world, **changes), world.key("supplier"), SPARE)


def test_grant__another_members_or_given_up_or_the_accounts_own__is_refused(world: World) -> None:
    account = world.key("supplier")
    for taken in (world.key("buyer"), account):
        with reverts(errors.KeyTaken(taken.address)):
            grant(world, grant_of(world, taken), account, taken)
    world.give_key("supplier", SPARE, DRAW, 500)
    world.revoke_key("supplier", SPARE.address)
    with reverts(errors.KeyTaken(SPARE.address)):
        grant(world, grant_of(world), account, SPARE)


def test_grant__late_or_twice__is_refused(world: World) -> None:
    account = world.key("supplier")
    late = grant_of(world, deadline=world.evm.now - 1)
    with reverts(errors.SignatureExpired(late.deadline)):
        grant(world, late, account, SPARE)
    given = grant_of(world, deadline=world.evm.now)
    grant(world, given, account, SPARE)
    assert world.view(NETWORK, TrustedNetwork.is_nonce_used(world.ids["supplier"], 1))
    with reverts(errors.NonceUsed(world.ids["supplier"], 1)):
        grant(world, given, account, SPARE)


def test_grant__key_with_keys__gives_no_more_than_it_has(world: World) -> None:
    world.give_key("supplier", CLERK, KEYS | DRAW, 500)
    for scopes, limit in ((PAY, 500), (DRAW | WITHDRAW, 500), (DRAW, 501)):
        with reverts(errors.BeyondReach(CLERK.address)):
            grant(world, grant_of(world, scopes=scopes, limit=limit), CLERK, SPARE)
    grant(world, grant_of(world, nonce=900), CLERK, SPARE)
    with reverts(errors.KeyNotValid(SPARE.address, KEYS)):
        grant(world, grant_of(world, THIRD, nonce=901), SPARE, THIRD)


def test_grant__change_of_a_key__asks_for_the_reach_of_the_old_one(world: World) -> None:
    """A clerk narrows what it could have given, and nothing above it."""
    world.give_key("supplier", CLERK, KEYS | DRAW, 500)
    world.give_key("supplier", SPARE, DRAW, 501)
    with reverts(errors.BeyondReach(CLERK.address)):
        grant(world, grant_of(world, limit=1, nonce=900), CLERK)
    account = world.key("supplier")
    grant(world, grant_of(world, limit=500, nonce=901), account)
    grant(world, grant_of(world, limit=1, nonce=902), CLERK)
    assert key_of(world, SPARE).limit == 1


def test_i20__revoked_key__is_dead_at_once_and_for_ever(world: World) -> None:
    """I-20 a key acts only while it is active; it never comes back."""
    supplier = world.ids["supplier"]
    world.give_key("supplier", SPARE, DRAW, 500)
    done = world.revoke_key("supplier", SPARE.address)
    assert done.one(KeyRevoked) == KeyRevoked(SPARE.address, supplier)
    with reverts(errors.KeyNotValid(SPARE.address, DRAW)):
        world.view(NETWORK, TrustedNetwork.signer(SPARE.address, DRAW))
    with reverts(errors.KeyNotValid(SPARE.address, 0)):
        world.revoke_key("supplier", SPARE.address)


def test_revoke__by_itself_its_equal_or_nobody_else(world: World) -> None:
    supplier = world.ids["supplier"]
    world.give_key("supplier", SPARE, DRAW, 500)
    world.give_key("supplier", CLERK, KEYS | DRAW, 499)
    revocation = KeyRevocation(supplier, SPARE.address, 9, world.evm.now + DAY)
    for stranger, refusal in (
        (CLERK, errors.BeyondReach(CLERK.address)),
        (world.key("buyer"), errors.NotSignedBy(supplier)),
        (GOVERNOR, errors.KeyNotValid(GOVERNOR.address, KEYS)),
    ):
        signature = stranger.sign(world.at[NETWORK], revocation)
        with reverts(refusal):
            world.send(NETWORK, TrustedNetwork.revoke_key(revocation, signature))
    with reverts(errors.KeyNotValid(SPARE.address, 0)):
        foreign = replace(revocation, member=world.ids["buyer"])
        world.send(NETWORK, TrustedNetwork.revoke_key(foreign, b""), SPARE)
    world.send(NETWORK, TrustedNetwork.revoke_key(revocation, b""), SPARE)
    assert key_of(world, SPARE).status == Status.EXPELLED


def test_p31__relayed_grant__spends_the_members_nonce_not_the_relayers(world: World) -> None:
    """P31: acting for somebody else leaves the actor's own nonces and keys as they were."""
    grant(world, grant_of(world), world.key("supplier"), SPARE, sender=SPARE)
    grant(world, grant_of(world, THIRD, nonce=2), world.key("supplier"), THIRD, sender=world.key("buyer"))
    used = [
        world.view(NETWORK, TrustedNetwork.is_nonce_used(world.ids[actor], 2))
        for actor in ("supplier", "buyer")
    ]
    assert used == [True, False]
    assert key_of(world, world.key("buyer")).scopes == ALL_SCOPES


def test_replace_account__by_the_old_one__moves_cash_and_kills_the_old_key(world: World) -> None:
    old, new = world.key("buyer"), THIRD
    asked = AccountReplacement(world.ids["buyer"], new.address, 1, world.evm.now + DAY)
    at = world.at[NETWORK]
    call = TrustedNetwork.replace_account(asked, old.sign(at, asked), new.sign(at, asked))
    done = world.send(NETWORK, call)
    assert done.one(AccountReplaced) == AccountReplaced(world.ids["buyer"], old.address, new.address)
    assert done.one(KeyRevoked).key == old.address
    assert key_of(world, new) == Key(world.ids["buyer"], ALL_SCOPES, Status.ACTIVE, NO_LIMIT)
    with reverts(errors.KeyNotValid(old.address, WITHDRAW)):
        world.withdraw("buyer", 1)
    world.accounts["buyer"] = new
    world.withdraw("buyer", 5)
    assert world.evm.view(world.tokens[USD], TestCash.balance_of(new.address)) == 5 * 10**4


def test_replace_account__past_its_deadline_or_with_a_nonce_that_was_spent__is_refused(world: World) -> None:
    """I-20: who gave an account up and took it back is not moved again by the old signature."""
    old, at = world.key("supplier"), world.at[NETWORK]
    asked = AccountReplacement(world.ids["supplier"], THIRD.address, 50, world.evm.now + DAY)
    call = TrustedNetwork.replace_account(asked, old.sign(at, asked), THIRD.sign(at, asked))
    with world.evm.branch():
        world.evm.set_time(asked.deadline + 1)
        with reverts(errors.SignatureExpired(asked.deadline)):
            world.send(NETWORK, call)
    replace_account(world, SPARE, old)
    with reverts(errors.NonceUsed(world.ids["supplier"], 50)):
        replace_account(world, THIRD, SPARE)
    assert world.view(NETWORK, TrustedNetwork.account_of(world.ids["supplier"])) == SPARE.address


def test_replace_account__without_reach_proof_or_freedom__is_refused(world: World) -> None:
    account = world.key("supplier")
    world.give_key("supplier", CLERK, ALL_SCOPES, NO_LIMIT - 1)
    with reverts(errors.BeyondReach(CLERK.address)):
        replace_account(world, SPARE, CLERK)
    with reverts(errors.KeyNotProven(SPARE.address)):
        replace_account(world, SPARE, account, proven_by=THIRD)
    for taken in (account, world.key("buyer")):
        with reverts(errors.KeyTaken(taken.address)):
            replace_account(world, taken, account)
    with reverts(errors.UnknownMember(99)):
        asked = AccountReplacement(99, SPARE.address, 1, world.evm.now + DAY)
        world.send(NETWORK, TrustedNetwork.replace_account(asked, b"", b""))
    world.give_key("supplier", SPARE, ALL_SCOPES, NO_LIMIT)
    replace_account(world, SPARE, SPARE)
    assert world.view(NETWORK, TrustedNetwork.account_of(world.ids["supplier"])) == SPARE.address


def test_withdraw__account_given_up__waits_for_another(world: World) -> None:
    """I-02: cash never goes to an address whose key was given up."""
    world.give_key("buyer", SPARE, WITHDRAW, NO_LIMIT)
    world.revoke_key("buyer", world.key("buyer").address)
    world.accounts["buyer"] = SPARE
    with reverts(errors.AccountGivenUp(world.ids["buyer"])):
        world.withdraw("buyer", 1)
    world.govern(NETWORK, TrustedNetwork.propose_account(world.ids["buyer"], THIRD.address))
    world.evm.advance(2 * DAY)
    asked = AccountReplacement(world.ids["buyer"], THIRD.address, 70, world.evm.now + DAY)
    call = TrustedNetwork.replace_account(asked, b"", THIRD.sign(world.at[NETWORK], asked))
    world.send(NETWORK, call)
    world.withdraw("buyer", 1)
    assert world.evm.view(world.tokens[USD], TestCash.balance_of(THIRD.address)) == 10**4


def test_i29__lost_account__is_replaced_after_two_days_in_the_open(world: World) -> None:
    """I-29 governance replaces a lost account after a delay that everybody sees."""
    done = propose(world, THIRD.address)
    due = world.evm.now + 2 * DAY
    assert done.one(AccountProposed) == AccountProposed(world.ids["supplier"], THIRD.address, due)
    assert world.view(NETWORK, TrustedNetwork.proposal_of(world.ids["supplier"])) == (THIRD.address, due)
    world.evm.set_time(due - 1)
    with reverts(errors.KeyNotValid(THIRD.address, KEYS)):
        replace_account(world, THIRD, THIRD)
    world.evm.set_time(due)
    with reverts(errors.KeyNotProven(THIRD.address)):
        replace_account(world, THIRD, None, proven_by=SPARE)
    replace_account(world, THIRD, None)
    assert world.view(NETWORK, TrustedNetwork.account_of(world.ids["supplier"])) == THIRD.address
    assert key_of(world, world.key("supplier")).status == Status.EXPELLED
    assert world.view(NETWORK, TrustedNetwork.proposal_of(world.ids["supplier"])) == (NOBODY, 0)


def test_refuse__member_whose_keys_live__stops_the_replacement(world: World) -> None:
    """I-29: a member that has not lost its account says so, by any key that has KEYS."""
    world.give_key("supplier", CLERK, KEYS, 0)
    world.give_key("supplier", SPARE, DRAW, 0)
    propose(world, THIRD.address)
    refusal = AccountRefusal(world.ids["supplier"], THIRD.address, 80, world.evm.now + DAY)
    at = world.at[NETWORK]
    with reverts(errors.KeyNotValid(SPARE.address, KEYS)):
        world.send(NETWORK, TrustedNetwork.refuse_account(refusal, SPARE.sign(at, refusal)))
    with reverts(errors.NotSignedBy(world.ids["supplier"])):
        world.send(NETWORK, TrustedNetwork.refuse_account(refusal, b""), world.key("buyer"))
    other = replace(refusal, account=SPARE.address)
    with reverts(errors.NotProposed(world.ids["supplier"], SPARE.address)):
        world.send(NETWORK, TrustedNetwork.refuse_account(other, b""), CLERK)
    done = world.send(NETWORK, TrustedNetwork.refuse_account(refusal, CLERK.sign(at, refusal)))
    assert done.one(AccountRefused) == AccountRefused(world.ids["supplier"], THIRD.address)
    world.evm.advance(3 * DAY)
    with reverts(errors.KeyNotValid(THIRD.address, KEYS)):
        replace_account(world, THIRD, THIRD)


def test_propose__senseless_account__is_refused(world: World) -> None:
    with reverts(errors.InvalidMember()):
        propose(world, NOBODY)


def test_publish__limit_of_the_key__bounds_the_line(world: World) -> None:
    """A line lets as much of the funder's cash go as its limit: no key offers more than it may move."""
    terms = world.line_terms()
    world.give_key("bank", SPARE, PUBLISH, terms.limit - 1)
    with reverts(errors.KeyLimitExceeded(SPARE.address, terms.limit, terms.limit - 1)):
        call = CreditLines.publish(terms, SPARE.sign(world.at["CreditLines"], terms))
        world.send("CreditLines", call)
    fitting = replace(terms, limit=terms.limit - 1)
    call = CreditLines.publish(fitting, SPARE.sign(world.at["CreditLines"], fitting))
    assert world.send("CreditLines", call).value.line == 1
