"""The receivable beside OpenZeppelin's ERC721: the same bytes to both, the same outcome or a named difference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from eth_utils.crypto import keccak

from settlement.chain.abi import Call
from settlement.chain.bindings.enums import Phase
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import AccountReplacement
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.harness import NOBODY, signer
from tests.contracts.standards import TOKEN, Told, deploy_reference, plain_call, told
from tests.contracts.token_receivers import ASKED, FROM, ID, OPERATOR, PAYLOAD, REFUSALS, receiver, refusing
from tests.contracts.world import COUNTRY, DAY, GOVERNOR, SUPPLIER, World

STRANGER = signer(40).address
UNKNOWN = 7 << 8
WORDS = b"\xab" * 32

Step = tuple[str, bytes]


class Pair:
    """Two tokens of one owner in the book, and the same two in OpenZeppelin's contract, on one chain."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.line = world.publish()
        self.first, self.second = world.accepted(self.line), world.accepted(self.line)
        self.owner, self.other = world.key("supplier").address, world.key("supplier2").address
        self.watched = [self.owner, self.other, STRANGER]
        names = [str(world.view("Receivables", call)) for call in (Receivables.name(), Receivables.symbol())]
        self.reference = deploy_reference(world.evm, "ReferenceToken", *names)
        for token in (self.first, self.second):
            minted = plain_call("mint(address,uint256)", self.owner, token)
            world.evm.call(self.reference, minted, GOVERNOR.address)

    def account(self, code: bytes) -> str:
        """A member whose account has this code; both tokens may be handed to it."""
        at = self.world.evm.deploy(code, GOVERNOR.address, "TestCash")
        until = self.world.evm.now + 3650 * DAY
        enroll = TrustedNetwork.enroll(keccak(text=at)[:20], at, COUNTRY, SUPPLIER, 1, until)
        self.world.govern("TrustedNetwork", enroll)
        self.watched.append(at)
        return at

    def both(self, steps: list[Step]) -> tuple[Told, Told]:
        """What each makes of the last step, after the others, from the same state."""
        return self._of(self.world.at["Receivables"], steps), self._of(self.reference, steps)

    def _of(self, at: str, steps: list[Step]) -> Told:
        evm = self.world.evm
        with evm.branch(), evm.limited(3_000_000):
            for sender, payload in steps[:-1]:
                evm.send_raw(at, payload, sender)
            sender, payload = steps[-1]
            return told(evm, at, payload, sender, lambda: self._books(at))

    def _books(self, at: str) -> list[object]:
        """Owners, balances, approvals, and what receivers were told."""
        evm = self.world.evm
        asked: list[Call[Any]] = [Receivables.owner_of(token) for token in (self.first, self.second)]
        asked += [Receivables.get_approved(token) for token in (self.first, self.second)]
        asked += [Receivables.balance_of(address) for address in self.watched]
        found: list[object] = [evm.view(at, call) for call in asked]
        slots = (OPERATOR, FROM, ID, PAYLOAD, ASKED)
        return found + [evm.storage(address, slot) for address in self.watched[3:] for slot in slots]


def calls(*steps: tuple[str, Call[Any]]) -> list[Step]:
    return [(sender, call.data) for sender, call in steps]


def asking(ask: Callable[[Pair], Call[Any]]) -> Callable[[Pair], list[Step]]:
    return lambda pair: calls((STRANGER, ask(pair)))


def owner_does(ask: Callable[[Pair], Call[Any]]) -> Callable[[Pair], list[Step]]:
    return lambda pair: calls((pair.owner, ask(pair)))


def move(pair: Pair, to: str, sender: str | None = None) -> Step:
    return sender or pair.owner, Receivables.transfer_from(pair.owner, to, pair.first).data


def interface(known: str) -> Callable[[Pair], list[Step]]:
    return asking(lambda _: Receivables.supports_interface(bytes.fromhex(known)))


def to_receiver(pair: Pair, words: bytes | None) -> list[Step]:
    at = pair.account(receiver())
    plain = Receivables.safe_transfer_from(pair.owner, at, pair.first)
    if words is not None:
        plain = Receivables.safe_transfer_from_2(pair.owner, at, pair.first, words)
    return calls((pair.owner, plain))


def to_refusing(answer: str, *, is_safe: bool) -> Callable[[Pair], list[Step]]:
    def steps(pair: Pair) -> list[Step]:
        at = pair.account(refusing(answer))
        verb = Receivables.safe_transfer_from if is_safe else Receivables.transfer_from
        return calls((pair.owner, verb(pair.owner, at, pair.first)))

    return steps


def after_release(pair: Pair) -> list[Step]:
    pair.world.attest(pair.first, 1, phase=Phase.SHIPPED, released=1)
    return [move(pair, pair.other)]


def under_a_loan(pair: Pair) -> list[Step]:
    pair.world.draw(pair.first, 1_00)
    return [move(pair, pair.other)]


def dirty_address(pair: Pair) -> list[Step]:
    """A word for the receiver that has more than an address in it."""
    sender, payload = move(pair, pair.other)
    return [(sender, payload[:36] + b"\x01" + payload[37:])]


def words_beyond_the_call(pair: Pair) -> list[Step]:
    call = Receivables.safe_transfer_from_2(pair.owner, pair.other, pair.first, WORDS)
    return [(pair.owner, call.data[:-32])]


CASES: Final[dict[str, Callable[[Pair], list[Step]]]] = {
    "interface of interfaces": interface("01ffc9a7"),
    "interface of the token": interface("80ac58cd"),
    "interface of its metadata": interface("5b5e139f"),
    "interface of enumeration": interface("780e9d63"),
    "interface that is none": interface("ffffffff"),
    "name": asking(lambda _: Receivables.name()),
    "symbol": asking(lambda _: Receivables.symbol()),
    "balance of the owner": asking(lambda pair: Receivables.balance_of(pair.owner)),
    "balance of a stranger": asking(lambda _: Receivables.balance_of(STRANGER)),
    "balance of nobody": asking(lambda _: Receivables.balance_of(NOBODY)),
    "owner of a token": asking(lambda pair: Receivables.owner_of(pair.first)),
    "owner of no token": asking(lambda _: Receivables.owner_of(UNKNOWN)),
    "approval of a token": asking(lambda pair: Receivables.get_approved(pair.first)),
    "approval of no token": asking(lambda _: Receivables.get_approved(UNKNOWN)),
    "approval for all": asking(lambda pair: Receivables.is_approved_for_all(pair.owner, STRANGER)),
    "address of a token": asking(lambda pair: Receivables.token_uri(pair.first)),
    "address of no token": asking(lambda _: Receivables.token_uri(UNKNOWN)),
    "owner moves it": lambda pair: [move(pair, pair.other)],
    "owner moves it safely": owner_does(
        lambda pair: Receivables.safe_transfer_from(pair.owner, pair.other, pair.first)
    ),
    "owner moves it safely with words": owner_does(
        lambda pair: Receivables.safe_transfer_from_2(pair.owner, pair.other, pair.first, WORDS)
    ),
    "to and fro": lambda pair: [
        move(pair, pair.other),
        (pair.other, Receivables.transfer_from(pair.other, pair.owner, pair.first).data),
    ],
    "both tokens": lambda pair: [
        move(pair, pair.other),
        (pair.owner, Receivables.transfer_from(pair.owner, pair.other, pair.second).data),
    ],
    "receiver takes it": lambda pair: to_receiver(pair, None),
    "receiver takes it with words": lambda pair: to_receiver(pair, WORDS),
    "no token moves": owner_does(lambda pair: Receivables.transfer_from(pair.owner, pair.other, UNKNOWN)),
    "token of another moves": owner_does(
        lambda pair: Receivables.transfer_from(pair.other, pair.owner, pair.first)
    ),
    "former owner moves it": lambda pair: [move(pair, pair.other), move(pair, pair.other)],
    "member moves another's": lambda pair: [move(pair, pair.other, pair.other)],
    "stranger moves it": lambda pair: [move(pair, pair.other, STRANGER)],
    "to nobody": lambda pair: [move(pair, NOBODY)],
    "to a stranger": lambda pair: [move(pair, STRANGER)],
    "to a member without the role": lambda pair: [move(pair, pair.world.key("carrier").address)],
    "to oneself": lambda pair: [move(pair, pair.owner)],
    "after a release": after_release,
    "under a loan": under_a_loan,
    **{f"receiver says {answer}": to_refusing(answer, is_safe=True) for answer in REFUSALS},
    **{f"unasked, would say {answer}": to_refusing(answer, is_safe=False) for answer in REFUSALS},
    "approve": owner_does(lambda pair: Receivables.approve(pair.other, pair.first)),
    "approve nobody": owner_does(lambda pair: Receivables.approve(NOBODY, pair.first)),
    "approve no token": owner_does(lambda pair: Receivables.approve(pair.other, UNKNOWN)),
    "stranger approves": asking(lambda pair: Receivables.approve(pair.other, pair.first)),
    "approve for all": owner_does(lambda pair: Receivables.set_approval_for_all(pair.other, True)),
    "revoke for all": owner_does(lambda pair: Receivables.set_approval_for_all(pair.other, False)),
    "approve nobody for all": owner_does(lambda _: Receivables.set_approval_for_all(NOBODY, True)),
    "approved one moves it": lambda pair: [
        (pair.owner, Receivables.approve(pair.other, pair.first).data),
        move(pair, pair.other, pair.other),
    ],
    "operator moves it": lambda pair: [
        (pair.owner, Receivables.set_approval_for_all(pair.other, True).data),
        move(pair, pair.other, pair.other),
    ],
    "words missing": lambda pair: [(pair.owner, move(pair, pair.other)[1][:-32])],
    "words too many": lambda pair: [(pair.owner, move(pair, pair.other)[1] + bytes(32))],
    "dirty address": dirty_address,
    "words beyond the call": words_beyond_the_call,
    "unknown function": lambda pair: [(pair.owner, bytes.fromhex("12345678"))],
}


@pytest.mark.parametrize("case", list(CASES))
def test_receivable__same_call_as_openzeppelin__same_outcome_or_a_named_difference(
    world: World, case: str
) -> None:
    pair = Pair(world)
    ours, theirs = pair.both(CASES[case](pair))
    if case in TOKEN:
        assert ours != theirs
        assert (str(ours), str(theirs)) == (TOKEN[case].ours, TOKEN[case].reference)
    else:
        assert (str(ours), ours) == (str(theirs), theirs)


def test_differences__of_the_token__are_of_cases_that_are_asked() -> None:
    assert set(TOKEN) <= set(CASES)
    assert len(CASES) - len(TOKEN) >= 20


def test_mint__of_a_receivable__tells_what_openzeppelins_does(world: World) -> None:
    pair = Pair(world)
    order = world.order()
    acceptance = world.acceptance(order)
    signatures = [
        world.sign("buyer", "Receivables", order),
        world.sign("supplier", "Receivables", acceptance),
    ]
    accept = Receivables.accept(order, acceptance, *signatures)
    ours = told(world.evm, world.at["Receivables"], accept.data, STRANGER)
    minted = plain_call("mint(address,uint256)", pair.owner, int.from_bytes(ours.answer, "big"))
    theirs = told(world.evm, pair.reference, minted.data, STRANGER)
    assert ours.events == theirs.events
    assert str(theirs) == "done, Transfer"


def test_difference__accounts__a_replaced_one_takes_its_tokens_along(world: World) -> None:
    """The reason "accounts": OpenZeppelin's token stays with the address it was minted to."""
    pair = Pair(world)
    old, new = world.key("supplier"), signer(41)
    network = world.at["TrustedNetwork"]
    asked = AccountReplacement(world.ids["supplier"], new.address, 1, world.evm.now + DAY)
    call = TrustedNetwork.replace_account(asked, old.sign(network, asked), new.sign(network, asked))
    done = world.send("TrustedNetwork", call)
    assert done.logs
    assert all(log.address != world.at["Receivables"] for log in done.logs)
    question = Receivables.owner_of(pair.first)
    assert world.evm.view(world.at["Receivables"], question) == new.address
    assert world.evm.view(pair.reference, question) == old.address
