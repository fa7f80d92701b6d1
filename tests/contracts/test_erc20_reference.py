"""TestCash beside OpenZeppelin's ERC20 with permits: the same bytes to both, the same outcome in every case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest
from eth_utils.crypto import keccak

from settlement.chain.abi import Call, encode
from settlement.chain.bindings.test_cash import TestCash
from tests.contracts.harness import NOBODY, Evm, engines, new_evm, signer
from tests.contracts.standards import Told, deploy_reference, told

HOLDER, OTHER, SPENDER = signer(1), signer(2), signer(3)
NAME, MOST = "Test Dollar", 2**256 - 1
HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
ORDER: Final = 2 * HALF_ORDER + 1

Step = tuple[str, Call[Any]]
Case = Callable[["Token"], list[Step]]


@dataclass(frozen=True)
class Token:
    """One of the two, on a chain of its own, where both have the same address and the holder a hundred units."""

    evm: Evm
    at: str

    def told(self, steps: list[Step]) -> list[Told]:
        return [told(self.evm, self.at, call.data, sender, self.books) for sender, call in steps]

    def books(self) -> list[object]:
        """Supply, balances, allowances and nonces."""
        people = [HOLDER.address, OTHER.address, SPENDER.address, NOBODY]
        asked: list[Call[Any]] = [TestCash.total_supply()]
        asked += [TestCash.balance_of(who) for who in people]
        asked += [TestCash.allowance(owner, who) for owner in people for who in people]
        asked += [TestCash.nonces(who) for who in people]
        return [self.evm.view(self.at, call) for call in asked]


def tokens() -> list[Token]:
    """Ours and OpenZeppelin's; on two chains, since a permit names the token's address."""
    found = []
    for is_ours in (True, False):
        evm = new_evm(engines()[-1])
        if is_ours:
            at = evm.deploy(TestCash.deploy(NAME, "TUSD", 6), signer(0).address, "TestCash")
        else:
            at = deploy_reference(evm, "ReferenceCash", NAME, "TUSD", 6)
        evm.call(at, TestCash.mint(HOLDER.address, 100), HOLDER.address)
        found.append(Token(evm, at))
    return found


def asking(call: Call[Any]) -> Case:
    return lambda _: [(HOLDER.address, call)]


def permit(token: Token, *, value: int = 60, nonce: int = 0, left: int = 60, **changes: Any) -> Call[Any]:
    """The holder's permit for the spender; ``changes`` put other words into it once it was signed."""
    deadline = token.evm.now + left
    separator = token.evm.view(token.at, TestCash.domain_separator())
    kind = keccak(text="Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)")
    words = (kind, HOLDER.address, SPENDER.address, value, nonce, deadline)
    struct = keccak(encode(("bytes32", "address", "address", "uint256", "uint256", "uint256"), words))
    signed = HOLDER.sign_digest(keccak(b"\x19\x01" + separator + struct))
    plain: dict[str, Any] = {
        "owner": HOLDER.address,
        "spender": SPENDER.address,
        "value": value,
        "deadline": deadline,
        "v": signed[64],
        "r": signed[:32],
        "s": signed[32:64],
    }
    return TestCash.permit(**(plain | changes))


def other_half(token: Token) -> list[Step]:
    """The same signature with the other s, which recovers to the same key."""
    plain = permit(token).data
    v, s = plain[4 + 5 * 32 - 1], int.from_bytes(plain[-32:], "big")
    flipped = permit(token, v=55 - v, s=(ORDER - s).to_bytes(32, "big"))
    return [(SPENDER.address, flipped)]


def permitted(token: Token) -> list[Step]:
    take = TestCash.transfer_from(HOLDER.address, OTHER.address, 60)
    return [(SPENDER.address, permit(token)), (SPENDER.address, take)]


def permitted_twice(token: Token) -> list[Step]:
    return [(SPENDER.address, permit(token)), (SPENDER.address, permit(token))]


def moves(*amounts: int, to: str = OTHER.address) -> Case:
    return lambda _: [(HOLDER.address, TestCash.transfer(to, amount)) for amount in amounts]


def spends(allowed: int, amount: int, to: str = OTHER.address) -> Case:
    return lambda _: [
        (HOLDER.address, TestCash.approve(SPENDER.address, allowed)),
        (SPENDER.address, TestCash.transfer_from(HOLDER.address, to, amount)),
    ]


def one_permit(**changes: Any) -> Case:
    return lambda token: [(SPENDER.address, permit(token, **changes))]


CASES: Final[dict[str, Case]] = {
    "name": asking(TestCash.name()),
    "symbol": asking(TestCash.symbol()),
    "decimals": asking(TestCash.decimals()),
    "domain": asking(TestCash.eip712_domain()),
    "separator": asking(TestCash.domain_separator()),
    "mint": asking(TestCash.mint(OTHER.address, 5)),
    "mint to nobody": asking(TestCash.mint(NOBODY, 5)),
    "mint past the last number": asking(TestCash.mint(OTHER.address, MOST)),
    "move": moves(0, 1, 99),
    "move one too many": moves(101),
    "move to nobody": moves(1, to=NOBODY),
    "move to oneself": moves(100, to=HOLDER.address),
    "approve and again": lambda _: [
        (HOLDER.address, TestCash.approve(SPENDER.address, amount)) for amount in (7, 3, 0, MOST)
    ],
    "approve nobody": asking(TestCash.approve(NOBODY, 1)),
    "spend": spends(60, 60),
    "spend none of none": spends(0, 0),
    "spend one past the allowance": spends(60, 61),
    "spend one past the balance": spends(101, 101),
    "spend to nobody": spends(60, 1, NOBODY),
    "spend of what has no end": spends(MOST, 1),
    "spend of nobody's": asking(TestCash.transfer_from(NOBODY, OTHER.address, 0)),
    "permit": permitted,
    "permit, last second": one_permit(left=0),
    "permit, too late": one_permit(left=-1),
    "permit twice": permitted_twice,
    "permit of another number": one_permit(nonce=1),
    "permit for another than was signed": one_permit(spender=OTHER.address),
    "permit by nobody": one_permit(owner=NOBODY),
    "permit with the other s": other_half,
    "permit with v of 0": one_permit(v=0),
    "permit with an empty signature": one_permit(v=27, r=bytes(32), s=bytes(32)),
}


@pytest.mark.parametrize("case", list(CASES))
def test_cash__same_call_as_openzeppelin__same_outcome(case: str) -> None:
    ours, theirs = tokens()
    assert ours.at == theirs.at
    mine, its = ours.told(CASES[case](ours)), theirs.told(CASES[case](theirs))
    assert [(str(one), one) for one in mine] == [(str(one), one) for one in its]


def test_cash__cases__reach_both_kinds_of_outcome() -> None:
    """Comparing two contracts that refuse everything would prove nothing."""
    outcomes = set()
    for steps in CASES.values():
        _, theirs = tokens()
        outcomes.add(str(theirs.told(steps(theirs))[-1]))
    assert outcomes >= {
        "done",
        "done, Approval",
        "done, Transfer",
        "ERC20InsufficientAllowance",
        "ERC20InsufficientBalance",
        "ERC20InvalidReceiver",
        "ERC20InvalidApprover",
        "ERC20InvalidSpender",
        "ERC2612ExpiredSignature",
        "ERC2612InvalidSigner",
        "ECDSAInvalidSignature",
        "ECDSAInvalidSignatureS",
    }
