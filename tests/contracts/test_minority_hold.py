"""A third of the seats stops payment; a quorum lifts it."""

from __future__ import annotations

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.clearance_oracle import ClearanceOracle, HoldAsked
from settlement.chain.bindings.enums import Phase
from settlement.chain.bindings.order_desk import OrderDesk
from settlement.chain.bindings.receivables import Held, Settled
from tests.contracts.committee import (
    ask_hold,
    enrolled,
    hold_request,
    seat,
    seats_of,
    signatures,
)
from tests.contracts.harness import CHAIN_ID, Reverted, reverts, signer, typed_digest
from tests.contracts.world import DAY, World

ELSEWHERE = 528


def test_i19__minority_hold__stops_payment_until_a_quorum_lifts_it(world: World) -> None:
    """I-19 two of five set the hold; three lift it, and their transaction pays."""
    order = world.accepted(tenor_days=10)
    world.attest(order, 1)
    request = hold_request(world, order, 1)
    done = ask_hold(world, request, (2, 5))
    assert done.one(Held) == Held(order, 1)
    told = done.one(HoldAsked)
    assert (told.seq, told.messages, told.seat_bitmap) == (1, request.messages, 0b10010)
    assert told.digest == typed_digest(world.at["ClearanceOracle"], request)
    assert (world.position(order).hold, world.position(order).seq) == (True, 1)
    world.evm.advance(11 * DAY)
    with reverts(errors.OnHold(order)):
        world.settle(order)
    with reverts(errors.TooFewSignatures(2, 3)):
        world.attest(order, 2, seats=(2, 5))
    assert world.attest(order, 2).one(Settled).face == 100_000_00


@pytest.mark.parametrize(
    ("seats", "threshold", "needed"), [(1, 1, 1), (3, 2, 1), (4, 3, 2), (5, 3, 2), (6, 4, 2), (7, 5, 3)]
)
def test_hold__a_third_of_the_seats__rounded_up(
    world: World, seats: int, threshold: int, needed: int
) -> None:
    keys = [signer(40 + n) for n in range(seats)]
    members = [enrolled(world, key) for key in keys]
    sitting = tuple(
        type(seats_of(world, 1)[0])(key.address, member) for key, member in zip(keys, members, strict=True)
    )
    seat(world, threshold, sitting, ELSEWHERE)
    order = world.accepted(jurisdiction=ELSEWHERE)
    request = hold_request(world, order, 0, jurisdiction=ELSEWHERE)
    signed = [key.sign(world.at["ClearanceOracle"], request) for key in keys]
    if needed > 1:
        with reverts(errors.TooFewSignatures(needed - 1, needed)):
            call = ClearanceOracle.hold(request, b"".join(signed[: needed - 1]))
            world.send("ClearanceOracle", call)
    world.send("ClearanceOracle", ClearanceOracle.hold(request, b"".join(signed[:needed])))
    assert world.position(order).hold


def test_hold__newer_state__ends_the_request(world: World) -> None:
    """I-18 a request is about the state that stands; once a quorum went on, it counts no more (O06)."""
    order = world.accepted()
    world.attest(order, 1, phase=Phase.SHIPPED, released=0)
    request = hold_request(world, order, 1)
    ask_hold(world, request, (1, 2))
    with reverts(errors.OnHold(order)):
        ask_hold(world, request, (1, 2))
    world.attest(order, 2, phase=Phase.SHIPPED, released=0)
    for stale in (request, hold_request(world, order, 0), hold_request(world, order, 3)):
        with reverts(errors.StaleSequence(stale.seq, 2)):
            ask_hold(world, stale, (1, 2))
    assert not world.position(order).hold


def test_hold__closed_unknown_or_foreign_order__is_refused(world: World) -> None:
    closed, foreign = world.accepted(), world.accepted(jurisdiction=ELSEWHERE)
    world.attest(closed, 1)
    with reverts(errors.OrderClosed(closed)):
        ask_hold(world, hold_request(world, closed, 1), (1, 2))
    with reverts(errors.UnknownOrder(512)):
        ask_hold(world, hold_request(world, 512, 0), (1, 2))
    with reverts(errors.WrongJurisdiction(276, ELSEWHERE)):
        ask_hold(world, hold_request(world, foreign, 0), (1, 2))
    with reverts(errors.NoCommittee(ELSEWHERE)):
        ask_hold(world, hold_request(world, foreign, 0, jurisdiction=ELSEWHERE), (1, 2))


def test_hold__signatures_that_do_not_count__set_nothing(world: World) -> None:
    """I-20 one chain, one contract, one deadline, an active seat of the present version (O03, O05)."""
    order = world.accepted()
    request = hold_request(world, order, 0)
    with reverts(errors.SeatsNotAscending()):
        ask_hold(world, request, (2, 2))
    world.govern("ClearanceOracle", ClearanceOracle.suspend_seat(world.key("customs5").address))
    with reverts(errors.SeatNotActive(world.key("customs5").address)):
        ask_hold(world, request, (4, 5))
    second = signatures(world, request, 2)
    for foreign in (
        world.key("customs1").sign(world.at["ClearanceOracle"], request, chain_id=CHAIN_ID + 1),
        world.key("customs1").sign(world.at["Receivables"], request),
    ):
        with pytest.raises(Reverted) as refused:
            world.send("ClearanceOracle", ClearanceOracle.hold(request, foreign + second))
        assert isinstance(refused.value.error, errors.SeatNotActive)
    for deadline, error in (
        (request.deadline - 3600, errors.SignatureExpired(request.deadline - 3600)),
        (request.deadline + 1, errors.DeadlineNotOnGrid(request.deadline + 1)),
        (request.deadline + 2 * 3600, errors.DeadlineTooFar(request.deadline + 2 * 3600)),
    ):
        with reverts(error):
            ask_hold(world, hold_request(world, order, 0, deadline=deadline), (1, 2))
    # The grace of a former version is for its quorums alone.
    seat(world, 1, seats_of(world, 3))
    with reverts(errors.SeatNotActive(world.key("customs1").address)):
        ask_hold(world, request, (1, 2))
    assert not world.position(order).hold


def test_hold__late_buyer__owes_what_was_counted_and_no_more(world: World) -> None:
    order = world.accepted()
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(73 * DAY)
    charge = world.view("Receivables", OrderDesk.late_of(order))
    assert charge > 0
    ask_hold(world, hold_request(world, order, 1), (1, 2))
    world.evm.advance(73 * DAY)
    assert world.view("Receivables", OrderDesk.late_of(order)) == charge
