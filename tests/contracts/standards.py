"""The suite's tokens and accounts beside OpenZeppelin's: the same bytes to both, and what differs by design."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from eth_utils.crypto import keccak

from contracts import load_artifact
from hanse.bindgen.shapes import Json, signature
from settlement.chain.abi import Call, encode
from tests.contracts.harness import Evm, Log, signer

REFERENCE: Final = Path(__file__).parent / "reference"
NAMES: Final = ("ReferenceCash", "ReferenceToken", "ReferenceAccount", "ConsentProbe")
SILENCE: Final = "refused without a reason"


@dataclass(frozen=True)
class Difference:
    """What the suite does, what OpenZeppelin does, and which of ``REASONS`` is why."""

    ours: str
    reference: str
    reason: str


REASONS: Final = {
    "approvals": "nobody is approved, so that no approval evades the rule of who may hold (P30)",
    "receivers": "only members' accounts in good standing receive; a claim on a company is not bearer paper (I-08)",
    "moments": "nothing moves once value was released or lent on: settlement must not race a sale (P22, I-08)",
    "to oneself": "a transfer to oneself would be an event without a change",
    "accounts": "the owner is the holder's account of now: a replaced account takes its tokens along, without an event",
    "errors": "they carry the suite's names, which tell a member what to do; ERC-721 prescribes none",
    "document": "a receivable draws itself; OpenZeppelin's has an address only where somebody sets one",
    "caller": "no signature at all means the caller, which acts in its own name",
    "delegation": "a key with delegated code (EIP-7702) still signs for itself; its code is asked where asked for",
    "gas": "an account's answer costs the relayer 50,000 gas at most",
    "lengths": "65 bytes are always a plain signature, so an account's own one may not have 45",
}
"""Why the suite differs from OpenZeppelin's tokens and accounts. Each is used below or has a test of its own."""

TOKEN: Final = {
    "balance of nobody": Difference("UnknownMember", "ERC721InvalidOwner", "errors"),
    "owner of no token": Difference("UnknownOrder", "ERC721NonexistentToken", "errors"),
    "approval of no token": Difference("UnknownOrder", "ERC721NonexistentToken", "errors"),
    "address of no token": Difference("UnknownOrder", "ERC721NonexistentToken", "errors"),
    "address of a token": Difference("done", "done", "document"),
    "no token moves": Difference("UnknownOrder", "ERC721NonexistentToken", "errors"),
    "token of another moves": Difference("NotHolder", "ERC721IncorrectOwner", "errors"),
    "former owner moves it": Difference("NotHolder", "ERC721InsufficientApproval", "errors"),
    "member moves another's": Difference("NotSignedBy", "ERC721InsufficientApproval", "errors"),
    "stranger moves it": Difference("KeyNotValid", "ERC721InsufficientApproval", "errors"),
    "to nobody": Difference("UnknownMember", "ERC721InvalidReceiver", "errors"),
    "to a stranger": Difference("UnknownMember", "done, Transfer", "receivers"),
    "to a member without the role": Difference("RoleMissing", "done, Transfer", "receivers"),
    "to oneself": Difference("PartiesNotDistinct", "done, Transfer", "to oneself"),
    "after a release": Difference("AlreadyReleased", "done, Transfer", "moments"),
    "under a loan": Difference("PrincipalOutstanding", "done, Transfer", "moments"),
    "receiver says another answer": Difference("ReceiverRefused", "ERC721InvalidReceiver", "errors"),
    "receiver says nothing": Difference("ReceiverRefused", SILENCE, "errors"),
    "receiver says its magic as a refusal": Difference("ReceiverRefused", "its own words", "errors"),
    "receiver says all gas": Difference("ReceiverRefused", "ERC721InvalidReceiver", "errors"),
    "approve": Difference("NotTransferable", "done, Approval", "approvals"),
    "approve nobody": Difference("NotTransferable", "done, Approval", "approvals"),
    "approve no token": Difference("NotTransferable", "ERC721NonexistentToken", "approvals"),
    "stranger approves": Difference("NotTransferable", "ERC721InvalidApprover", "approvals"),
    "approve for all": Difference("NotTransferable", "done, ApprovalForAll", "approvals"),
    "revoke for all": Difference("NotTransferable", "done, ApprovalForAll", "approvals"),
    "approve nobody for all": Difference("NotTransferable", "ERC721InvalidOperator", "approvals"),
    "approved one moves it": Difference("NotSignedBy", "done, Transfer", "approvals"),
    "operator moves it": Difference("NotSignedBy", "done, Transfer", "approvals"),
    "unknown function": Difference("UnknownVerb", SILENCE, "errors"),
}
"""The receivable beside ERC721: an error's name, or ``done`` with the standard's events."""

CONSENT: Final = {
    "nothing": Difference("nobody", "nobody", "caller"),
    "delegated key, plain": Difference("consent", "nobody", "delegation"),
    "account that takes 60,000 gas": Difference("nobody", "consent", "gas"),
    "account, 45 bytes": Difference("nobody", "consent", "lengths"),
}
"""A signature in the suite's three forms beside SignatureChecker."""


@dataclass(frozen=True)
class Told:
    """What one contract made of one call: its answer, the standard's own events, and the books afterwards."""

    is_done: bool
    answer: bytes
    events: tuple[tuple[tuple[bytes, ...], bytes], ...]
    books: tuple[Any, ...] = ()

    def __str__(self) -> str:
        if self.is_done:
            return ", ".join(["done", *(_names()[topics[0]] for topics, _ in self.events)])
        if not self.answer:
            return SILENCE
        return _names().get(self.answer[:4], "its own words")


def reference(name: str) -> Json:
    """The artifact of one of the contracts in ``reference/``."""
    found: Json = json.loads((REFERENCE / f"{name}.json").read_text())
    return found


def reference_code(name: str, *words: object) -> bytes:
    """Its creation code with the constructor's arguments."""
    artifact = reference(name)
    entry: Json = next((one for one in artifact["abi"] if one["type"] == "constructor"), {"inputs": []})
    code = bytes.fromhex(artifact["bytecode"]["object"].removeprefix("0x"))
    return code + encode([one["type"] for one in entry["inputs"]], words)


def deploy_reference(evm: Evm, name: str, *words: object, read_as: str = "TestCash") -> str:
    """Put one of them on chain; ``read_as`` is the binding by which its logs are read."""
    return evm.deploy(reference_code(name, *words), signer(0).address, read_as)


def plain_call(function: str, *words: object, decode: Callable[[bytes], Any] = bytes) -> Call[Any]:
    """A call that no binding knows, by its signature."""
    kinds = function[function.index("(") + 1 : -1]
    payload = keccak(text=function)[:4] + encode(kinds.split(",") if kinds else [], words)
    return Call("reference", function, payload, is_view=False, decode=decode)


def told(evm: Evm, at: str, payload: bytes, sender: str, books: Callable[[], Iterable[Any]] = tuple) -> Told:
    """Send bytes and note what comes of it; the suite's own events beside the standard's are left out."""
    done = evm.send_raw(at, payload, sender)
    events = tuple(_standard(log) for log in done.logs if log.address == at and log.topics[0] in _topics())
    return Told(done.is_success, done.output, events, tuple(books()))


def _standard(log: Log) -> tuple[tuple[bytes, ...], bytes]:
    return log.topics, log.body


@cache
def _topics() -> frozenset[bytes]:
    """Events of ERC-20 and ERC-721, by OpenZeppelin's own interfaces."""
    entries = [*reference("ReferenceCash")["abi"], *reference("ReferenceToken")["abi"]]
    return frozenset(keccak(text=signature(one)) for one in entries if one["type"] == "event")


@cache
def _names() -> dict[bytes, str]:
    """Names of errors by selector and of events by topic, of the suite and of the references."""
    suite = ("Receivables", "ShareDesk", "TrustedNetwork", "TestCash")
    entries = [entry for name in suite for entry in load_artifact(name).abi]
    entries += [entry for name in NAMES for entry in reference(name)["abi"]]
    errors = {keccak(text=signature(one))[:4]: one["name"] for one in entries if one["type"] == "error"}
    events = {keccak(text=signature(one)): one["name"] for one in entries if one["type"] == "event"}
    return errors | events
