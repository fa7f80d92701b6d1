"""Two contents under one (order, seq) suspend the seat that signed both; honest members can never be shown to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.clearance_oracle import ClearanceOracle, Equivocated, SeatSuspended
from settlement.chain.bindings.structs import Attestation, SignedState
from tests.contracts.committee import is_counting, seat, seats_of, signatures, signed_state
from tests.contracts.harness import CHAIN_ID, Outcome, reverts, signer
from tests.contracts.world import COUNTRY, World

STRANGER = signer(30)


def prove(world: World, one: SignedState, other: SignedState) -> Outcome[None]:
    return world.send("ClearanceOracle", ClearanceOracle.prove_equivocation(one, other), STRANGER)


@pytest.mark.parametrize(
    "changes",
    [
        {"released": 1},
        {"hold": True},
        {"refused": True},
        {"duty": 1},
        {"declarations": b"\x01" * 32},
        {"messages": b"\x01" * 32},
        {"event_at": 1_699_999_999},
        {"jurisdiction": 528},
    ],
)
def test_i21__two_contents_under_one_number__suspend_the_seat_at_once(
    world: World, changes: dict[str, object]
) -> None:
    """I-21 anyone proves it; the seat counts no more from then on, the others do."""
    order = world.accepted()
    state = world.attestation(order, 3)
    signed = signatures(world, state, 1, 2, 3)
    other = replace(state, **changes)  # type: ignore[arg-type]  # a table of changed fields
    done = prove(world, signed_state(world, 2, state), signed_state(world, 2, other))
    key = world.key("customs2").address
    assert done.one(Equivocated) == Equivocated(order, 3, key)
    assert done.one(SeatSuspended) == SeatSuspended(COUNTRY, key)
    assert not is_counting(world, 2)
    with reverts(errors.SeatNotActive(key)):
        world.send("ClearanceOracle", ClearanceOracle.attest(state, signed))
    world.relay(state, (1, 3, 4))


@pytest.mark.parametrize(
    ("first", "second"),
    [(False, True), (True, False), (True, True)],
    ids=["single+batch", "batch+single", "batches"],
)
def test_i21__forms__do_not_matter(world: World, first: bool, second: bool) -> None:
    """I-21 a content is a content, signed alone or in a batch."""
    state = world.attestation(world.accepted(), 1)
    other = replace(state, released=7)
    beside = world.attestation(world.accepted(), 1)
    one = signed_state(world, 4, state, [beside, state] if first else None)
    two = signed_state(world, 4, other, [other, beside] if second else None)
    prove(world, one, two)
    assert not is_counting(world, 4)


def test_i21__one_batch_with_both_contents__is_a_proof(world: World) -> None:
    """I-21 one signature is enough where it covers both."""
    state = world.attestation(world.accepted(), 1)
    other = replace(state, hold=True)
    both = [state, other]
    prove(world, signed_state(world, 1, state, both), signed_state(world, 1, other, both))
    assert not is_counting(world, 1)


def test_i21__honest_member__cannot_be_proven(world: World) -> None:
    """I-21 a later deadline, another number, another order, another form of the same content: no contradiction."""
    state = world.attestation(world.accepted(), 1)
    alone = signed_state(world, 1, state)
    honest: list[Attestation] = [
        state,
        replace(state, deadline=state.deadline + 3600),
        replace(state, seq=2, released=5),
        replace(state, order=world.accepted(), released=5),
    ]
    for other in honest:
        for form in (None, [other], [world.attestation(world.accepted(), 1), other]):
            with reverts(errors.NoContradiction()):
                prove(world, alone, signed_state(world, 1, other, form))
    assert is_counting(world, 1)


def test_i21__signatures_of_two_members__prove_nothing(world: World) -> None:
    """I-21 members may disagree."""
    state = world.attestation(world.accepted(), 1)
    with reverts(errors.NoContradiction()):
        prove(world, signed_state(world, 1, state), signed_state(world, 2, replace(state, released=7)))


def test_i21__forged_testimony__proves_nothing(world: World) -> None:
    """I-21 what a member did not sign here is not held against it (O05)."""
    state = world.attestation(world.accepted(), 1)
    other = replace(state, released=7)
    beside = world.attestation(world.accepted(), 1)
    true, told = signed_state(world, 1, state), signed_state(world, 1, other, [beside, other])
    # The state does not stand in the batch that was signed.
    with reverts(errors.NoContradiction()):
        prove(world, true, replace(signed_state(world, 1, beside, [beside]), state=other))
    # The batch is not the one that was signed.
    with reverts(errors.NoContradiction()):
        prove(world, true, replace(told, batch=told.batch[1:]))
    at = world.at["ClearanceOracle"]
    for elsewhere in (
        world.key("customs1").sign(at, other, chain_id=CHAIN_ID + 1),
        world.key("customs1").sign(world.at["Receivables"], other),
    ):
        with reverts(errors.NoContradiction()):
            prove(world, true, SignedState(other, (), elsewhere))
    with reverts(errors.InvalidSignatureLength(64)):
        prove(world, true, SignedState(other, (), told.signature[:64]))
    with reverts(errors.SeatNotActive("0x" + "00" * 20)):
        prove(world, replace(true, signature=b"\x00" * 65), SignedState(other, (), b"\x00" * 65))
    assert is_counting(world, 1)


def test_i21__key_without_a_seat__is_refused(world: World) -> None:
    """I-21 the proof is about seats; a stranger's contradictions, or a second proof, change nothing."""
    state = world.attestation(world.accepted(), 1)
    other = replace(state, released=7)
    at = world.at["ClearanceOracle"]
    by_stranger = [SignedState(said, (), STRANGER.sign(at, said)) for said in (state, other)]
    with reverts(errors.SeatNotActive(STRANGER.address)):
        prove(world, *by_stranger)
    proof = signed_state(world, 1, state), signed_state(world, 1, other)
    prove(world, *proof)
    with reverts(errors.SeatNotActive(world.key("customs1").address)):
        prove(world, *proof)


def test_i21__former_seat__is_suspended_inside_its_grace(world: World) -> None:
    """I-21 who still counts can still be suspended."""
    order = world.accepted()
    state = world.attestation(order, 1)
    seat(world, 1, seats_of(world, 5))
    prove(world, signed_state(world, 1, state), signed_state(world, 1, replace(state, released=7)))
    with reverts(errors.SeatNotActive(world.key("customs1").address)):
        world.relay(state, (1, 2, 3))
    world.relay(state, (2, 3, 4))


def test_o06__very_old_contradiction__still_counts(world: World) -> None:
    """O06: no deadline protects who contradicted itself."""
    state = world.attestation(world.accepted(), 1)
    proof = signed_state(world, 1, state), signed_state(world, 1, replace(state, released=7))
    world.evm.advance(500 * 86_400)
    prove(world, *proof)
    assert not is_counting(world, 1)
