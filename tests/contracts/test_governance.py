"""Governance once a network is sealed: roles as the chain tells them, delays, and what nobody can do any more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from settlement.chain.abi import Call
from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.enums import HaltOn, Status
from settlement.chain.bindings.governance import Governance
from settlement.chain.bindings.index_oracle import IndexOracle
from settlement.chain.bindings.structs import Seat
from settlement.chain.bindings.trusted_network import TrustedNetwork
from settlement.chain.governance import ADMIN, GOVERNOR, GUARDIAN, VERBS, sealing, selector_of
from tests.contracts.harness import Outcome, Signer, reverts, signer
from tests.contracts.world import BUYER, COUNTRY, DAY, DELAY, USD, World
from tests.contracts.world import GOVERNOR as DEPLOYER

SOURCES = Path(__file__).resolve().parents[2] / "contracts" / "src"
CHAIR, WATCH, SPARE = signer(70), signer(71), signer(72)
EVERYBODY = [DEPLOYER, CHAIR, WATCH, SPARE, *(signer(n) for n in range(1, 10))]
# Abstract parts and the contract they are deployed in.
PARTS = {"Halts": "TrustedNetwork", "MemberKeys": "TrustedNetwork", "Committees": "ClearanceOracle"}


@pytest.fixture
def sealed(world: World) -> World:
    """The network after its set-up: the deployer has given its right up."""
    call = sealing(world.at, DEPLOYER.address, CHAIR.address, WATCH.address, DELAY)
    world.send("Governance", call, DEPLOYER)
    return world


def verbs(world: World) -> list[tuple[str, Call[Any]]]:
    """One call of each verb that waits."""
    buyer = world.ids["buyer"]
    seats = world.view("ClearanceOracle", ClearanceOracle.committee_of(COUNTRY)).seats
    return [
        ("TrustedNetwork", TrustedNetwork.enroll(b"\x01" * 20, SPARE.address, 1, BUYER, 1, 2**32 - 1)),
        ("TrustedNetwork", TrustedNetwork.set_status(buyer, Status.SUSPENDED)),
        ("TrustedNetwork", TrustedNetwork.renew(buyer, BUYER, 1, 2**32 - 1)),
        ("TrustedNetwork", TrustedNetwork.propose_account(buyer, SPARE.address)),
        ("TrustedNetwork", TrustedNetwork.confirm_halt(HaltOn.NETWORK, 0)),
        ("TrustedNetwork", TrustedNetwork.lift_halt(HaltOn.NETWORK, 0)),
        ("TrustedNetwork", TrustedNetwork.retire()),
        ("CashLedger", CashLedger.list(978, 2, world.tokens[USD])),
        ("CashLedger", CashLedger.freeze(USD, buyer, True)),
        ("ClearanceOracle", ClearanceOracle.seat(COUNTRY, 3, 0, seats)),
        (
            "ClearanceOracle",
            ClearanceOracle.name_reserves(COUNTRY, (Seat(SPARE.address, world.ids["treasury"]),)),
        ),
        ("ClearanceOracle", ClearanceOracle.suspend_seat(seats[0].key)),
        ("IndexOracle", IndexOracle.seat(1, 0, (SPARE.address,))),
    ]


def schedule(world: World, contract: str, call: Call[Any], by: Signer = CHAIR) -> Outcome[Any]:
    return world.send("Governance", Governance.schedule(world.at[contract], call.data, 0), by)


def role_of(world: World, contract: str, verb: str) -> int:
    asked = Governance.get_target_function_role(world.at[contract], selector_of(contract, verb))
    return int(world.view("Governance", asked))


def has_role(world: World, role: int, key: Signer) -> tuple[bool, int]:
    found = world.view("Governance", Governance.has_role(role, key.address))
    return found.is_member, found.execution_delay


def restricted_verbs() -> set[tuple[str, str]]:
    """Every function of the sources that governance alone may call, by the contract it is deployed in."""
    found = set()
    for path in SOURCES.glob("*.sol"):
        text = re.sub(r"///[^\n]*|//[^\n]*", "", path.read_text())
        for head, body in re.findall(r"function (\w+\([^{;]*)\{(.*?)\n    \}", text, re.DOTALL):
            if re.search(r"\brestricted\b", head) or "_checkCanCall" in body:
                found.add((PARTS.get(path.stem, path.stem), head.partition("(")[0]))
    return found


def test_verbs__every_governed_function_of_the_sources__has_its_role() -> None:
    listed = {(contract, verb) for of in VERBS.values() for contract, names in of.items() for verb in names}
    assert restricted_verbs() == listed


def test_verbs__each_one_that_waits__is_tried_here(world: World) -> None:
    tried = {(contract, call.data[:4]) for contract, call in verbs(world)}
    assert tried == {
        (contract, selector_of(contract, verb))
        for contract, names in VERBS[GOVERNOR].items()
        for verb in names
    }


def test_sealed__roles_on_chain__leave_nobody_an_undelayed_right(sealed: World) -> None:
    """I-29: nobody is admin, the governor waits two days, the guardian can do one thing."""
    assert [has_role(sealed, ADMIN, key)[0] for key in EVERYBODY] == [False] * len(EVERYBODY)
    governors = [key for key in EVERYBODY if has_role(sealed, GOVERNOR, key)[0]]
    guardians = [key for key in EVERYBODY if has_role(sealed, GUARDIAN, key)[0]]
    assert (governors, guardians) == ([CHAIR], [WATCH])
    assert has_role(sealed, GOVERNOR, CHAIR) == (True, DELAY)
    assert has_role(sealed, GUARDIAN, WATCH) == (True, 0)
    for role, by_contract in VERBS.items():
        for contract, names in by_contract.items():
            assert {role_of(sealed, contract, verb) for verb in names} == {role}
    for role in (GOVERNOR, GUARDIAN):
        assert sealed.view("Governance", Governance.get_role_admin(role)) == GOVERNOR
    assert sealed.view("Governance", Governance.delay()) == DELAY


def test_i29__every_act_of_governance__waits_for_its_delay(sealed: World) -> None:
    """I-29 governance acts only after a delay."""
    for contract, call in verbs(sealed):
        with sealed.evm.branch():
            if call.name == "liftHalt":
                sealed.send("TrustedNetwork", TrustedNetwork.halt(HaltOn.NETWORK, 0), WATCH)
            with reverts(errors.AccessManagerNotScheduled):
                sealed.send(contract, call, CHAIR)
            schedule(sealed, contract, call)
            due = sealed.evm.advance(DELAY)
            sealed.evm.set_time(due - 1)
            with reverts(errors.AccessManagerNotReady):
                sealed.send(contract, call, CHAIR)
            sealed.evm.set_time(due)
            if call.name == "list":
                with reverts(errors.CurrencyTaken(USD)):
                    sealed.send(contract, call, CHAIR)
                continue
            assert sealed.send(contract, call, CHAIR).events
            again = errors.NotHalted if call.name == "liftHalt" else errors.AccessManagerNotScheduled
            with reverts(again):
                sealed.send(contract, call, CHAIR)


def test_i29__guardian_and_deployer__can_do_nothing_else(sealed: World) -> None:
    """I-29: the guardian only restricts; who deployed the network has no right left."""
    halt = TrustedNetwork.halt(HaltOn.NETWORK, 0)
    for key in (WATCH, DEPLOYER):
        for contract, call in verbs(sealed):
            if call.name == "liftHalt":
                continue
            with reverts(errors.AccessManagedUnauthorized(key.address)):
                sealed.send(contract, call, key)
    for key in (CHAIR, DEPLOYER):
        with reverts(errors.AccessManagedUnauthorized(key.address)):
            sealed.send("TrustedNetwork", halt, key)
    assert sealed.send("TrustedNetwork", halt, WATCH).events
    with reverts(errors.AccessManagedUnauthorized(WATCH.address)):
        sealed.send("TrustedNetwork", TrustedNetwork.lift_halt(HaltOn.NETWORK, 0), WATCH)


def test_i29__no_role_without_the_delay__can_be_given_even_by_waiting(sealed: World) -> None:
    """I-29: the floor holds for every later governor, and nobody becomes admin again."""
    manager = sealed.at["Governance"]
    short = Governance.grant_role(GOVERNOR, SPARE.address, DELAY - 1)
    fine = Governance.grant_role(GOVERNOR, SPARE.address, DELAY)
    admin = Governance.grant_role(ADMIN, SPARE.address, DELAY)
    for call in (short, fine):
        schedule(sealed, "Governance", call)
    with reverts(errors.AccessManagerUnauthorizedCall):
        schedule(sealed, "Governance", admin)
    sealed.evm.advance(DELAY)
    with reverts(errors.DelayTooShort(DELAY - 1, DELAY)):
        sealed.send("Governance", short, CHAIR)
    sealed.send("Governance", fine, CHAIR)
    assert has_role(sealed, GOVERNOR, SPARE) == (True, DELAY)
    for call in (
        Governance.set_target_closed(sealed.at["TrustedNetwork"], True),
        Governance.set_target_function_role(sealed.at["TrustedNetwork"], (b"\x01" * 4,), GUARDIAN),
        Governance.update_authority(sealed.at["TrustedNetwork"], manager),
        Governance.set_role_guardian(GOVERNOR, GUARDIAN),
    ):
        with reverts(errors.AccessManagerUnauthorizedAccount(CHAIR.address, ADMIN)):
            sealed.send("Governance", call, CHAIR)


def test_p37__official__cannot_take_back_its_own_removal(sealed: World) -> None:
    """P37: neither guardian nor a second governor cancels the act that removes it."""
    grant = Governance.grant_role(GOVERNOR, SPARE.address, DELAY)
    schedule(sealed, "Governance", grant)
    sealed.evm.advance(DELAY)
    sealed.send("Governance", grant, CHAIR)
    for role, official in ((GUARDIAN, WATCH), (GOVERNOR, SPARE)):
        removal = Governance.revoke_role(role, official.address)
        schedule(sealed, "Governance", removal)
        cancel = Governance.cancel(CHAIR.address, sealed.at["Governance"], removal.data)
        with reverts(errors.AccessManagerUnauthorizedCancel):
            sealed.send("Governance", cancel, official)
        sealed.evm.advance(DELAY)
        sealed.send("Governance", removal, CHAIR)
        assert not has_role(sealed, role, official)[0]
    again = Governance.revoke_role(GUARDIAN, WATCH.address)
    schedule(sealed, "Governance", again)
    sealed.send("Governance", Governance.cancel(CHAIR.address, sealed.at["Governance"], again.data), CHAIR)
    sealed.evm.advance(DELAY)
    with reverts(errors.AccessManagerNotScheduled):
        sealed.send("Governance", again, CHAIR)


def test_i30__targets_closed_before_the_seal__stop_no_trade_verb(world: World) -> None:
    """I-30: trade verbs are not under governance, so closing a target stops none of them."""
    for name in ("TrustedNetwork", "CashLedger", "Receivables", "ClearanceOracle", "IndexOracle"):
        world.govern("Governance", Governance.set_target_closed(world.at[name], True))
    with reverts(errors.AccessManagedUnauthorized(DEPLOYER.address)):
        world.govern("TrustedNetwork", TrustedNetwork.retire())
    order = world.accepted(world.publish())
    world.draw(order, 1_000_00)
    world.repay(order, 500_00)
    world.attest(order, 1)
    world.deposit("buyer", 1)
    world.withdraw("supplier", 1)
    world.give_key("supplier", SPARE, 1, 0)
    world.revoke_key("supplier", SPARE.address)
    later = world.accepted(tenor_days=1)
    world.attest(later, 1)
    world.evm.advance(DAY)
    world.settle(later)
    assert world.position(order).paid == world.position(later).paid == 100_000_00


def test_seal__delay_below_the_floor__is_refused_and_changes_nothing(world: World) -> None:
    call = sealing(world.at, DEPLOYER.address, CHAIR.address, WATCH.address, DELAY - 1)
    with reverts(errors.DelayTooShort(DELAY - 1, DELAY)):
        world.send("Governance", call, DEPLOYER)
    assert has_role(world, ADMIN, DEPLOYER) == (True, 0)
