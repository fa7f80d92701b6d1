"""The suite's three forms of a signature beside OpenZeppelin's SignatureChecker: one question, the same answer or a
named difference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import pytest
from eth_utils.crypto import keccak

from settlement.chain.abi import decode
from settlement.chain.bindings import errors
from settlement.chain.bindings.enums import FundBy
from tests.contracts.assembler import Word, assemble, creation
from tests.contracts.harness import NOBODY, Evm, Signer, new_evm, reverts, signer
from tests.contracts.harness.pyevm import PyEvm
from tests.contracts.odd_wallets import ANSWERS, MAGIC, Wallet, odd_wallet, wallet, yes_man
from tests.contracts.standards import CONSENT, deploy_reference, plain_call, reference_code
from tests.contracts.test_wallets import with_wallet
from tests.contracts.world import World

OWNER, OTHER, CALLER = signer(60), signer(61), signer(62)
DIGEST: Final = keccak(text="what is asked")
FOREIGN: Final = keccak(text="something else")
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
IDENTITY: Final = "0x" + "00" * 19 + "04"


@dataclass(frozen=True)
class Claim:
    """Somebody says that this account signed this."""

    account: str
    signature: bytes
    has_code: bool = field(default=False, kw_only=True)

    def encoded(self) -> bytes:
        """As the suite wants it: an account with code names itself before its signature."""
        return bytes.fromhex(self.account[2:]) + self.signature if self.has_code else self.signature


def flipped(signature: bytes) -> bytes:
    """The other signature of the same key, with s in the upper half."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def by_owner(change: Callable[[bytes], bytes]) -> Callable[[Evm], Claim]:
    return lambda _: Claim(OWNER.address, change(OWNER.sign_digest(DIGEST)))


def account(code: bytes, signature: bytes) -> Callable[[Evm], Claim]:
    return lambda evm: Claim(evm.deploy(code, signer(0).address, "TestCash"), signature, has_code=True)


def with_owner(sign: Callable[[Signer], bytes]) -> Callable[[Evm], Claim]:
    """OpenZeppelin's account of the owner, asked about a signature."""
    return account(reference_code("ReferenceAccount", OWNER.address), sign(OWNER))


def slow() -> bytes:
    """Creation code of an account that agrees once it has burned 60,000 gas."""
    swap, greater = b"\x90", b"\x11"
    burned: list[Word] = ["GAS", ":again", "DUP1", "GAS", swap, "SUB"]
    again: list[Word] = [60_000, greater, "@again", "JUMPI"]
    agree: list[Word] = [b"\x7f" + MAGIC + bytes(28), 0, "MSTORE", 32, 0, "RETURN"]
    return creation(assemble([*burned, *again, *agree]))


def delegated(evm: Evm) -> str:
    """A plain key that runs the code of an account which refuses everybody."""
    assert isinstance(evm, PyEvm)
    code = evm.deploy(odd_wallet("true"), signer(0).address, "TestCash")
    evm.put_code(OTHER.address, bytes.fromhex("ef0100" + code[2:]))
    return OTHER.address


CASES: Final[dict[str, Callable[[Evm], Claim]]] = {
    "its own": by_owner(bytes),
    "another's": lambda _: Claim(OTHER.address, OWNER.sign_digest(DIGEST)),
    "of something else": lambda _: Claim(OWNER.address, OWNER.sign_digest(FOREIGN)),
    "the other s": by_owner(flipped),
    "v of 0 or 1": by_owner(lambda plain: plain[:64] + bytes([plain[64] - 27])),
    "v of 29": by_owner(lambda plain: plain[:64] + b"\x1d"),
    "compact": by_owner(lambda plain: plain[:32] + bytes([plain[32] | (plain[64] - 27) << 7]) + plain[33:64]),
    "66 bytes": by_owner(lambda plain: plain + b"\x00"),
    "nothing": by_owner(lambda _: b""),
    "zeros": by_owner(lambda _: bytes(65)),
    "nobody's, of zeros": lambda _: Claim(NOBODY, bytes(64) + b"\x1b"),
    "account with its owner's": with_owner(lambda owner: owner.sign_digest(DIGEST)),
    "account with its owner's of something else": with_owner(lambda owner: owner.sign_digest(FOREIGN)),
    "account with the other s": with_owner(lambda owner: flipped(owner.sign_digest(DIGEST))),
    "account with another's": with_owner(lambda _: OTHER.sign_digest(DIGEST)),
    "account with nothing": with_owner(lambda _: b""),
    "account of the tests": account(wallet(OWNER.address), OWNER.sign_digest(DIGEST)),
    "account that agrees to nothing at all": account(yes_man(), b""),
    "account, 44 bytes": account(yes_man(), bytes(44)),
    "account, 45 bytes": account(yes_man(), bytes(45)),
    "account, 46 bytes": account(yes_man(), bytes(46)),
    "account, 1,000 bytes": account(yes_man(), b"\xff" * 1000),
    **{f"account that says {answer}": account(odd_wallet(answer), b"x") for answer in ANSWERS},
    "account that takes 60,000 gas": account(slow(), b"x"),
    "no account there": lambda _: Claim(signer(63).address, b"x", has_code=True),
    "plain key as an account": lambda _: Claim(OWNER.address, OWNER.sign_digest(DIGEST) * 2, has_code=True),
    "precompile that gives back what it is asked": lambda _: Claim(IDENTITY, b"x", has_code=True),
    "delegated key, plain": lambda evm: Claim(delegated(evm), OTHER.sign_digest(DIGEST)),
    "delegated key, its code": lambda evm: Claim(delegated(evm), b"x", has_code=True),
}


def answers(claim: Claim, evm: Evm, probe: str) -> tuple[str, str]:
    """What the suite and what OpenZeppelin make of a claim. The suite knows no key of zero."""
    check = plain_call("isSigned(address,bytes32,bytes)", claim.account, DIGEST, claim.signature)
    with evm.limited(2_000_000):
        is_signed = decode(("bool",), evm.call(probe, check, CALLER.address).value)[0]
        found = actor(evm, probe, claim.encoded(), CALLER)
    is_actor = found == claim.account.lower() != NOBODY
    return "consent" if is_actor else "nobody", "consent" if is_signed else "nobody"


def actor(evm: Evm, probe: str, signature: bytes, sender: Signer) -> str:
    """Who acts, as the suite sees it."""
    ask = plain_call("actor(bytes32,bytes)", DIGEST, signature)
    return str(decode(("address",), evm.call(probe, ask, sender.address).value)[0]).lower()


@pytest.mark.parametrize("case", list(CASES))
def test_signature__same_claim_as_openzeppelin__same_answer_or_a_named_difference(case: str) -> None:
    evm = new_evm("py-evm")
    probe = deploy_reference(evm, "ConsentProbe")
    found = answers(CASES[case](evm), evm, probe)
    if case in CONSENT:
        assert found == (CONSENT[case].ours, CONSENT[case].reference)
    else:
        assert found[0] == found[1]


def test_signature__cases__are_of_both_kinds() -> None:
    """Differences are of cases that are asked, and consent is among what both agree on."""
    assert set(CONSENT) <= set(CASES)
    evm = new_evm("py-evm")
    probe = deploy_reference(evm, "ConsentProbe")
    agreed = [case for case in CASES if answers(CASES[case](evm), evm, probe) == ("consent", "consent")]
    assert agreed == [
        "its own",
        "account with its owner's",
        "account of the tests",
        "account that agrees to nothing at all",
        "account, 44 bytes",
        "account, 46 bytes",
        "account, 1,000 bytes",
    ]


def test_difference__caller__without_a_signature_it_acts_itself() -> None:
    """The reason "caller": nobody else's consent comes out of it."""
    evm = new_evm("py-evm")
    probe = deploy_reference(evm, "ConsentProbe")
    for sender in (CALLER, OWNER):
        assert actor(evm, probe, b"", sender) == sender.address.lower()


def test_openzeppelins_account__as_a_members__acts_by_its_owner_alone(world: World) -> None:
    buyer = with_wallet(world, "buyer", reference_code("ReferenceAccount", OWNER.address))
    assert world.cash(world.accepted(fund_by=FundBy.ACCEPTED)) > 0
    world.accounts["buyer"] = Wallet(OTHER.key, buyer.address)
    with reverts(errors.KeyNotValid(NOBODY, 1)):
        world.accept()
