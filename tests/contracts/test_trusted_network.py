"""TrustedNetwork: enrolment, standing, keys."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from settlement.chain.abi import Call
from settlement.chain.bindings import errors
from settlement.chain.bindings.enums import HaltOn, Status
from settlement.chain.bindings.trusted_network import (
    KeySet,
    MemberEnrolled,
    MemberRenewed,
    MemberStatusSet,
    TrustedNetwork,
)
from tests.contracts.harness import NOBODY, reverts, signer
from tests.contracts.world import BUYER, COUNTRY, CUSTOMS, DAY, FUNDER, SUPPLIER, World

LEI = keccak(text="a new one")[:20]
SPARE = signer(30)
DRAW = 2
ALL_SCOPES = 0xFFFF


def enroll(world: World, **changes: object) -> int:
    plain = {
        "lei": LEI,
        "account": SPARE.address,
        "jurisdiction": COUNTRY,
        "roles": BUYER,
        "lane": 1,
        "valid_until": world.evm.now + DAY,
    }
    call = TrustedNetwork.enroll(**{**plain, **changes})  # type: ignore[arg-type]  # a table of changed fields
    return int(world.govern("TrustedNetwork", call).value)


def standing(world: World, actor: str, role: int) -> None:
    world.view("TrustedNetwork", TrustedNetwork.require_standing(world.ids[actor], role))


def test_enroll__new_member__is_in_good_standing_with_its_account_as_key(world: World) -> None:
    before = world.view("TrustedNetwork", TrustedNetwork.member_count())
    call = TrustedNetwork.enroll(LEI, SPARE.address, COUNTRY, BUYER, 1, world.evm.now + DAY)
    done = world.govern("TrustedNetwork", call)
    member = done.value
    assert member == before + 1
    assert done.one(MemberEnrolled).account == SPARE.address
    assert done.one(KeySet).key == SPARE.address
    assert world.view("TrustedNetwork", TrustedNetwork.id_of(LEI)) == member
    assert world.view("TrustedNetwork", TrustedNetwork.account_of(member)) == SPARE.address
    assert world.view("TrustedNetwork", TrustedNetwork.signer(SPARE.address, ALL_SCOPES)) == member
    known = world.view("TrustedNetwork", TrustedNetwork.member_of(member))
    assert (known.lei, known.jurisdiction, known.roles, known.lane) == (LEI, COUNTRY, BUYER, 1)
    assert known.status == Status.ACTIVE
    assert world.view("TrustedNetwork", TrustedNetwork.predecessor()) == NOBODY


@pytest.mark.parametrize(
    "changes",
    [
        {"lei": b"\x00" * 20},
        {"account": NOBODY},
        {"roles": 0},
        {"lane": 8},
        {"valid_until": 1_600_000_000},
        {"roles": CUSTOMS | SUPPLIER},
        {"roles": CUSTOMS | FUNDER},
    ],
)
def test_enroll__senseless_member__is_refused(world: World, changes: dict[str, object]) -> None:
    with reverts(errors.InvalidMember()):
        enroll(world, **changes)


def test_enroll__twice__is_refused(world: World) -> None:
    enroll(world)
    with reverts(errors.AlreadyEnrolled(LEI)):
        enroll(world, account=signer(31).address)
    with reverts(errors.KeyTaken(SPARE.address)):
        enroll(world, lei=keccak(text="another")[:20])


def test_p05__interested_party__cannot_judge_goods(world: World) -> None:
    """P05: who buys, sells, lends or insures never holds the customs role as well."""
    with reverts(errors.InvalidMember()):
        call = TrustedNetwork.renew(world.ids["customs1"], CUSTOMS | BUYER, 1, world.evm.now + DAY)
        world.govern("TrustedNetwork", call)


def test_govern__stranger__is_refused_everywhere(world: World) -> None:
    stranger = world.key("supplier")
    calls: list[Call[Any]] = [
        TrustedNetwork.enroll(LEI, SPARE.address, COUNTRY, BUYER, 1, world.evm.now + DAY),
        TrustedNetwork.set_status(1, Status.SUSPENDED),
        TrustedNetwork.renew(1, BUYER, 1, world.evm.now + DAY),
        TrustedNetwork.propose_account(1, SPARE.address),
        TrustedNetwork.halt(HaltOn.MEMBER, 1),
        TrustedNetwork.confirm_halt(HaltOn.MEMBER, 1),
        TrustedNetwork.retire(),
    ]
    for call in calls:
        with reverts(errors.AccessManagedUnauthorized(stranger.address)):
            world.send("TrustedNetwork", call, stranger)


def test_standing__suspended_expelled_expired_and_wrong_role__are_refused(world: World) -> None:
    buyer = world.ids["buyer"]
    standing(world, "buyer", BUYER)
    standing(world, "buyer", 0)
    with reverts(errors.RoleMissing(buyer, FUNDER)):
        standing(world, "buyer", FUNDER)
    for status in (Status.SUSPENDED,):
        done = world.govern("TrustedNetwork", TrustedNetwork.set_status(buyer, status))
        assert done.one(MemberStatusSet) == MemberStatusSet(buyer, status)
        with reverts(errors.NotInGoodStanding(buyer)):
            standing(world, "buyer", BUYER)
    world.govern("TrustedNetwork", TrustedNetwork.set_status(buyer, Status.ACTIVE))
    standing(world, "buyer", BUYER)
    until = world.evm.now + DAY
    done = world.govern("TrustedNetwork", TrustedNetwork.renew(buyer, BUYER | SUPPLIER, 3, until))
    assert done.one(MemberRenewed) == MemberRenewed(buyer, BUYER | SUPPLIER, 3, until)
    world.evm.set_time(until)
    standing(world, "buyer", BUYER | SUPPLIER)
    world.evm.advance(1)
    with reverts(errors.NotInGoodStanding(buyer)):
        standing(world, "buyer", BUYER)


def test_govern__unknown_member__is_refused(world: World) -> None:
    for call in (
        TrustedNetwork.set_status(99, Status.ACTIVE),
        TrustedNetwork.renew(99, BUYER, 1, world.evm.now + DAY),
        TrustedNetwork.propose_account(99, SPARE.address),
        TrustedNetwork.confirm_halt(HaltOn.MEMBER, 99),
    ):
        with reverts(errors.UnknownMember(99)):
            world.govern("TrustedNetwork", call)
    with reverts(errors.InvalidMember()):
        world.govern("TrustedNetwork", TrustedNetwork.set_status(1, Status.NONE))


def test_expelled__is_for_good(world: World) -> None:
    """I-28: neither the member nor its LEI comes back; suspended members may."""
    buyer = world.ids["buyer"]
    lei = world.view("TrustedNetwork", TrustedNetwork.member_of(buyer)).lei
    world.govern("TrustedNetwork", TrustedNetwork.set_status(buyer, Status.EXPELLED))
    with reverts(errors.NotInGoodStanding(buyer)):
        standing(world, "buyer", BUYER)
    for call in (
        TrustedNetwork.set_status(buyer, Status.ACTIVE),
        TrustedNetwork.set_status(buyer, Status.SUSPENDED),
        TrustedNetwork.renew(buyer, BUYER, 1, world.evm.now + DAY),
    ):
        with reverts(errors.MemberExpelled(buyer)):
            world.govern("TrustedNetwork", call)
    with reverts(errors.AlreadyEnrolled(lei)):
        enroll(world, lei=lei)


def test_o02__zero_address__is_never_a_key(world: World) -> None:
    """O02: what ecrecover gives for nonsense acts for nobody."""
    with reverts(errors.KeyNotValid(NOBODY, DRAW)):
        world.view("TrustedNetwork", TrustedNetwork.signer(NOBODY, DRAW))
