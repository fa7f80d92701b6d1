"""The receivable as an ERC-721 token; `test_erc721_reference.py` puts each call to OpenZeppelin's as well."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from eth_utils.crypto import keccak

from settlement.chain.bindings import errors
from settlement.chain.bindings.enums import Phase
from settlement.chain.bindings.receivables import Receivables, Transfer
from settlement.chain.bindings.share_desk import Assigned
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.harness import NOBODY, Outcome, reverts, signer
from tests.contracts.holdings import assignment, split
from tests.contracts.token_receivers import (
    ASKED,
    FROM,
    ID,
    OPERATOR,
    PAYLOAD,
    REFUSALS,
    meddling,
    receiver,
    refusing,
)
from tests.contracts.world import COUNTRY, DAY, GOVERNOR, SUPPLIER, World

STRANGER = signer(40)
UNKNOWN = 7 << 8


def owner_of(world: World, token: int) -> str:
    return str(world.view("Receivables", Receivables.owner_of(token)))


def balance(world: World, address: str) -> int:
    return int(world.view("Receivables", Receivables.balance_of(address)))


def enrol(world: World, code: bytes) -> tuple[int, str]:
    """A supplier whose account is a contract: its id and address."""
    at = world.evm.deploy(code, GOVERNOR.address, "TestCash")
    lei = keccak(text=f"LEI OF {at}")[:20]
    enroll = TrustedNetwork.enroll(lei, at, COUNTRY, SUPPLIER, 1, world.evm.now + 3650 * DAY)
    return world.govern("TrustedNetwork", enroll).value, at


def move(world: World, to: str, token: int, payload: bytes | None = None) -> Outcome[Any]:
    """A safe transfer by the supplier's account."""
    supplier = world.key("supplier")
    plain = Receivables.safe_transfer_from(supplier.address, to, token)
    if payload is not None:
        plain = Receivables.safe_transfer_from_2(supplier.address, to, token, payload)
    return world.send("Receivables", plain, supplier)


def test_erc165__interfaces__are_those_it_has(world: World) -> None:
    known = {"01ffc9a7": True, "80ac58cd": True, "5b5e139f": True, "780e9d63": False, "ffffffff": False}
    for interface, is_known in known.items():
        call = Receivables.supports_interface(bytes.fromhex(interface))
        assert world.view("Receivables", call) == is_known, interface


def test_metadata__name_and_symbol__are_constant(world: World) -> None:
    assert world.view("Receivables", Receivables.name()) == "Hanse receivable"
    assert world.view("Receivables", Receivables.symbol()) == "HANSE"


def test_balance_of__owner_stranger_and_nobody(world: World) -> None:
    assert balance(world, world.key("supplier").address) == 0
    world.accepted()
    world.accepted()
    assert balance(world, world.key("supplier").address) == 2
    assert balance(world, STRANGER.address) == 0
    with reverts(errors.UnknownMember(0)):
        balance(world, NOBODY)


def test_unknown_token__every_question_and_transfer__is_refused(world: World) -> None:
    for call in (
        Receivables.owner_of(UNKNOWN),
        Receivables.get_approved(UNKNOWN),
        Receivables.token_uri(UNKNOWN),
    ):
        with reverts(errors.UnknownOrder(UNKNOWN)):
            world.view("Receivables", call)
    with reverts(errors.UnknownOrder(UNKNOWN)):
        move(world, world.key("supplier2").address, UNKNOWN)


def test_transfer_from__owner__moves_it_with_one_event(world: World) -> None:
    token = world.accepted()
    supplier, other = world.key("supplier"), world.key("supplier2")
    call = Receivables.transfer_from(supplier.address, other.address, token)
    done = world.send("Receivables", call, supplier)
    assert done.one(Transfer) == Transfer(supplier.address, other.address, token)
    assert owner_of(world, token) == other.address
    assert (balance(world, supplier.address), balance(world, other.address)) == (0, 1)
    assert world.view("Receivables", Receivables.get_approved(token)) == NOBODY


def test_transfer_from__wrong_owner_nobody_or_stranger__is_refused(world: World) -> None:
    token = world.accepted()
    supplier, other = world.key("supplier"), world.key("supplier2")
    refused = [
        (supplier, Receivables.transfer_from(other.address, other.address, token), errors.NotHolder),
        (supplier, Receivables.transfer_from(supplier.address, NOBODY, token), errors.UnknownMember),
        (other, Receivables.transfer_from(supplier.address, other.address, token), errors.NotSignedBy),
        (STRANGER, Receivables.transfer_from(supplier.address, other.address, token), errors.KeyNotValid),
    ]
    for sender, call, error in refused:
        with reverts(error):
            world.send("Receivables", call, sender)
    assert owner_of(world, token) == supplier.address


def test_safe_transfer__receiver_with_code__is_told_who_what_and_why(world: World) -> None:
    token = world.accepted()
    member, at = enrol(world, receiver())
    done = move(world, at, token, b"\xab" * 32)
    supplier = world.key("supplier").address
    told = [world.evm.storage(at, slot) for slot in (OPERATOR, FROM, ID, PAYLOAD, ASKED)]
    assert told == [int(supplier, 16), int(supplier, 16), token, int.from_bytes(b"\xab" * 32, "big"), 1]
    assert done.one(Assigned).holder == member
    assert owner_of(world, token) == at


def test_safe_transfer__without_words__asks_as_well_and_plain_transfer_does_not(world: World) -> None:
    first, second = world.accepted(), world.accepted()
    _, at = enrol(world, receiver())
    call = Receivables.transfer_from(world.key("supplier").address, at, first)
    world.send("Receivables", call, world.key("supplier"))
    assert world.evm.storage(at, ASKED) == 0
    move(world, at, second)
    assert (world.evm.storage(at, ASKED), world.evm.storage(at, PAYLOAD)) == (1, 0)
    assert balance(world, at) == 2


@pytest.mark.parametrize("answer", list(REFUSALS))
def test_safe_transfer__receiver_that_does_not_take_it__moves_nothing(world: World, answer: str) -> None:
    token = world.accepted()
    _, at = enrol(world, refusing(answer))
    with reverts(errors.ReceiverRefused(at)):
        move(world, at, token)
    assert owner_of(world, token) == world.key("supplier").address
    assert balance(world, at) == 0
    # Who cannot be asked can still be given it, as ever with ERC-721.
    call = Receivables.transfer_from(world.key("supplier").address, at, token)
    world.send("Receivables", call, world.key("supplier"))


def test_p20__receiver_that_acts_in_between__finds_a_finished_transfer(world: World) -> None:
    """P20: it is the holder already, may hand it on as any holder may, and nothing counts twice."""
    token = world.accepted()
    book, other = world.at["Receivables"], world.key("supplier2").address
    supplier = world.key("supplier").address
    # The next address is the meddler's own, which its payload must name.
    with world.evm.branch():
        mine = world.evm.deploy(meddling(book, b"\x00" * 100), GOVERNOR.address, "TestCash")
    payload = Receivables.transfer_from(mine, other, token).data
    member, at = enrol(world, meddling(book, payload))
    assert at == mine
    done = move(world, at, token)
    assert world.evm.storage(at, ASKED) == 2
    moves = [(one.from_, one.to) for one in done.every(Transfer)]
    assert moves == [(supplier, at), (at, other)]
    assert owner_of(world, token) == other
    assert [balance(world, address) for address in (supplier, at, other)] == [0, 0, 1]
    assert [one.holder for one in done.every(Assigned)] == [member, world.ids["supplier2"]]
    free = world.cash("supplier2")
    world.attest(token, 1)
    assert world.cash("supplier2") - free == 100_000_00


def test_p20__receiver_that_takes_the_senders_other_token__cannot(world: World) -> None:
    """P20: being asked gives no right to anything else of the sender's."""
    token, other = world.accepted(), world.accepted()
    supplier = world.key("supplier").address
    payload = Receivables.transfer_from(supplier, world.key("supplier2").address, other).data
    _, at = enrol(world, meddling(world.at["Receivables"], payload))
    move(world, at, token)
    assert world.evm.storage(at, ASKED) == 1
    assert owner_of(world, other) == supplier


@pytest.mark.parametrize(
    "phase", [Phase.ACCEPTED, Phase.SHIPPED, Phase.RELEASED, Phase.CLEARED, Phase.CLOSED]
)
def test_token_uri__every_phase__is_json_with_the_phase(world: World, phase: Phase) -> None:
    token = world.accepted(tenor_days=0)
    if phase == Phase.CLOSED:
        world.attest(token, 1)
    elif phase != Phase.ACCEPTED:
        world.attest(token, 1, phase=phase, released=1_00, hold=True)
    shown = document(world, token)
    assert set(shown) == {"name", "description", "image", "attributes"}
    traits = {one["trait_type"]: one["value"] for one in shown["attributes"]}
    assert (traits["Phase"], traits["Face"]) == (phase.name.lower(), "100000.00")
    assert (traits["Due"], traits["Holder account"]) == ("not set", world.key("supplier").address)
    assert traits["Currency code"] == 840


def test_token_uri__share__has_its_own_face_and_its_orders_phase(world: World) -> None:
    token = world.accepted()
    split(world, token, [("bank2", 20_000_00)])
    world.attest(token, 1, phase=Phase.SHIPPED, released=0)
    shown = document(world, token | 1)
    traits = {one["trait_type"]: one["value"] for one in shown["attributes"]}
    assert (traits["Face"], traits["Phase"]) == ("20000.00", "shipped")
    assert traits["Holder"] == world.ids["bank2"]
    assert shown["name"].endswith(", share 1")


def document(world: World, token: int) -> dict[str, Any]:
    text = str(world.view("Receivables", Receivables.token_uri(token)))
    head, _, body = text.partition(",")
    assert head == "data:application/json;base64"
    found: dict[str, Any] = json.loads(base64.b64decode(body, validate=True))
    return found


def test_difference__approvals__are_refused(world: World) -> None:
    token = world.accepted()
    supplier, other = world.key("supplier"), world.key("supplier2").address
    with reverts(errors.NotTransferable(token)):
        world.send("Receivables", Receivables.approve(other, token), supplier)
    with reverts(errors.NotTransferable(0)):
        world.send("Receivables", Receivables.set_approval_for_all(other, True), supplier)
    assert not world.view("Receivables", Receivables.is_approved_for_all(supplier.address, other))


def test_difference__receivers__are_members_accounts(world: World) -> None:
    token = world.accepted()
    with reverts(errors.UnknownMember(0)):
        move(world, STRANGER.address, token)


def test_difference__moments__before_any_release_only(world: World) -> None:
    token = world.accepted()
    world.attest(token, 1, phase=Phase.SHIPPED, released=1)
    with reverts(errors.AlreadyReleased(token)):
        move(world, world.key("supplier2").address, token)


def test_difference__to_oneself__is_refused(world: World) -> None:
    token = world.accepted()
    with reverts(errors.PartiesNotDistinct()):
        move(world, world.key("supplier").address, token)


def test_difference__errors__are_the_suites_own(world: World) -> None:
    token = world.accepted()
    sale = assignment(world, token, "supplier2", claim=1)
    with reverts(errors.ClaimDiffers(1, 100_000_00)):
        world.send("Receivables", Receivables.assign(sale, b""), world.key("supplier"))
