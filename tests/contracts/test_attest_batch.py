"""Fifty clearances under one signature of each member: what counts, what is passed over, what starves nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.clearance_oracle import Attested, ClearanceOracle, Unsettled
from settlement.chain.bindings.enums import FundBy, Phase
from settlement.chain.bindings.order_desk import OrderDesk
from settlement.chain.bindings.receivables import Lapsed, Recorded, Settled, Unpaid
from settlement.chain.bindings.structs import Attestation, AttestationBatch
from tests.contracts.committee import attest_batch, signatures
from tests.contracts.harness import CHAIN_ID, Outcome, Reverted, reverts, signer, typed_digest
from tests.contracts.harness.pyevm import PyEvm
from tests.contracts.world import COUNTRY, DAY, USD, World

ELSEWHERE = 528
SPARE = signer(30)
# The opcode that burns all gas it was given.
BURNING = b"\xfe"
ASIDE = "0x" + "5a" * 20


def send(world: World, items: list[Attestation], signed: bytes) -> Outcome[None]:
    batch = AttestationBatch(tuple(items))
    return world.send("ClearanceOracle", ClearanceOracle.attest_batch(batch, signed))


def put_ledger(world: World, code: bytes) -> bytes:
    """Other code where the ledger is; gives what was there."""
    assert isinstance(world.evm, PyEvm)
    before = world.evm.code(world.at["CashLedger"])
    world.evm.put_code(world.at["CashLedger"], code)
    return before


def break_moves(world: World) -> bytes:
    """A ledger that answers as ever, but reverts when cash should move; gives what was there."""
    assert isinstance(world.evm, PyEvm)
    before = world.evm.code(world.at["CashLedger"])
    world.evm.put_code(ASIDE, before)
    move = CashLedger.move(USD, ()).data[:4].hex()
    is_move = f"60003560e01c63{move}1460"
    ask_aside = f"3660006000376000600036600073{ASIDE[2:]}5af4"
    answer, refuse = "3d600060003e3d6000f3", "5b60006000fd"
    size = len(is_move + "ff57" + ask_aside + answer) // 2
    code = bytes.fromhex(f"{is_move}{size:02x}57{ask_aside}{answer}{refuse}")
    return put_ledger(world, code)


def test_batch__several_orders__are_recorded_and_settled_in_one_transaction(world: World) -> None:
    line = world.publish()
    orders = [world.accepted(line=line), world.accepted(), world.accepted(duty_cap=70)]
    world.draw(orders[0], 50_000_00)
    items = [world.attestation(order, 1, duty=70) for order in orders]
    done = attest_batch(world, items)
    digest = typed_digest(world.at["ClearanceOracle"], AttestationBatch(tuple(items)))
    assert (
        world.view("ClearanceOracle", ClearanceOracle.digest_of_batch(AttestationBatch(tuple(items))))
        == digest
    )
    assert [(told.order, told.digest, told.seat_bitmap) for told in done.every(Attested)] == [
        (order, digest, 0b111) for order in orders
    ]
    paid = {told.order: (told.to_funder, told.to_holder, told.to_customs) for told in done.every(Settled)}
    assert paid == {
        orders[0]: (50_000_00, 50_000_00, 0),
        orders[1]: (0, 100_000_00, 0),
        orders[2]: (0, 100_000_00, 70),
    }
    assert all(world.position(order).phase == Phase.CLOSED for order in orders)


def test_p40__batch__is_bounded(world: World) -> None:
    """P40: fifty items are taken; fifty-one and none are refused."""
    orders = [world.accepted(face=100) for _ in range(51)]
    items = [world.attestation(order, 1) for order in orders]
    with reverts(errors.BatchOutOfBounds(51, 50)):
        attest_batch(world, items)
    with reverts(errors.BatchOutOfBounds(0, 50)):
        attest_batch(world, [])
    assert len(attest_batch(world, items[:50]).every(Settled)) == 50
    assert world.position(orders[50]).seq == 0


def test_batch__item_that_adds_nothing__is_passed_over_in_silence(world: World) -> None:
    """I-18 a stale, closed or unknown item sinks nobody; neither does one of another country's order."""
    closed, stale, foreign = world.accepted(), world.accepted(), world.accepted(jurisdiction=ELSEWHERE)
    world.attest(closed, 1)
    world.attest(stale, 5, phase=Phase.SHIPPED, released=0)
    fresh = [world.accepted(), world.accepted()]
    items = [
        world.attestation(fresh[0], 1),
        world.attestation(closed, 2),
        world.attestation(stale, 5),
        world.attestation(stale, 4),
        world.attestation(512, 1),
        world.attestation(foreign, 1),
        world.attestation(fresh[1], 1, phase=Phase.NONE),
        world.attestation(fresh[1], 1),
    ]
    done = attest_batch(world, items)
    assert [told.order for told in done.every(Attested)] == fresh
    assert [told.order for told in done.every(Recorded)] == fresh
    assert not done.every(Unsettled)
    assert (world.position(stale).seq, world.position(foreign).seq) == (5, 0)
    # A batch of late items only is silent as a whole; a single one tells its relayer before it pays.
    assert not attest_batch(world, items).events
    with reverts(errors.StaleSequence(5, 5)):
        world.relay(items[2])
    with reverts(errors.OrderClosed(closed)):
        world.relay(items[1])


def test_i18__two_states_of_one_order_in_a_batch__count_in_their_order(world: World) -> None:
    """I-18 a newer item takes over, an older one behind it adds nothing."""
    order = world.accepted()
    shipped = world.attestation(order, 1, phase=Phase.SHIPPED, released=0)
    held = world.attestation(order, 3, hold=True)
    done = attest_batch(world, [shipped, held, world.attestation(order, 2)])
    assert [told.seq for told in done.every(Recorded)] == [1, 3]
    assert (world.position(order).hold, world.position(order).paid) == (True, 0)


def test_i20__batch__needs_the_quorum_of_its_own_bytes(world: World) -> None:
    """I-20 fewer than k, another batch, a part of it, another chain or contract: nothing counts (O05, I-17)."""
    items = [world.attestation(world.accepted(), 1) for _ in range(3)]
    batch = AttestationBatch(tuple(items))
    with reverts(errors.TooFewSignatures(2, 3)):
        attest_batch(world, items, seats=(1, 2))
    with reverts(errors.SeatsNotAscending()):
        attest_batch(world, items, seats=(1, 1, 2))
    with reverts(errors.InvalidSignatureLength(0)):
        send(world, items, b"")
    signed = signatures(world, batch, 1, 2, 3)
    rest = signatures(world, batch, 2, 3)
    for changed in (
        items[:2],
        items[::-1],
        [*items, items[0]],
        [replace(items[0], released=5), *items[1:]],
    ):
        with pytest.raises(Reverted) as refused:
            send(world, changed, signed)
        assert isinstance(refused.value.error, errors.SeatNotActive)
    for foreign in (
        world.key("customs1").sign(world.at["ClearanceOracle"], batch, chain_id=CHAIN_ID + 1),
        world.key("customs1").sign(world.at["Receivables"], batch),
        world.sign("customs1", "ClearanceOracle", items[0]),
    ):
        with pytest.raises(Reverted) as refused:
            send(world, items, foreign + rest)
        assert isinstance(refused.value.error, errors.SeatNotActive)
    # What was signed as a batch is no signature over its only item, and the other way round.
    call = ClearanceOracle.attest(items[0], signatures(world, AttestationBatch((items[0],)), 1, 2, 3))
    with pytest.raises(Reverted):
        world.send("ClearanceOracle", call)
    with pytest.raises(Reverted):
        send(world, items[:1], signatures(world, items[0], 1, 2, 3))
    send(world, items, signed)


def test_batch__times_of_every_item__bind_the_whole(world: World) -> None:
    world.evm.set_time((world.evm.now // 3600 + 1) * 3600)
    now = world.evm.now
    good = world.attestation(world.accepted(), 1)
    order = world.accepted()
    for changes, error in (
        ({"deadline": now - 3600}, errors.SignatureExpired(now - 3600)),
        ({"deadline": now + 1}, errors.DeadlineNotOnGrid(now + 1)),
        ({"deadline": now + 3 * 3600}, errors.DeadlineTooFar(now + 3 * 3600)),
        ({"event_at": now + 301}, errors.EventInFuture(now + 301)),
    ):
        with reverts(error):
            attest_batch(world, [good, world.attestation(order, 1, **changes)])
    with reverts(errors.BatchOfManyJurisdictions()):
        attest_batch(world, [good, world.attestation(order, 1, jurisdiction=ELSEWHERE)])
    attest_batch(world, [good, world.attestation(order, 1, event_at=now + 300)])


# Recording apart from settling


def test_attest__settlement_that_fails__leaves_the_state_recorded(exact: World) -> None:
    """I-17 an order that cannot settle keeps its attested state; anyone settles it once it can."""
    order = exact.accepted(duty_cap=70, tenor_days=0)
    code = break_moves(exact)
    done = exact.attest(order, 1, duty=70)
    assert done.one(Unsettled) == Unsettled(order, 1)
    assert (done.one(Recorded).seq, done.one(Attested).seq) == (1, 1)
    found = exact.position(order)
    assert (found.phase, found.seq, found.released, found.duty_demanded) == (Phase.CLEARED, 1, 100_000_00, 70)
    with reverts(errors.StaleSequence(1, 1)):
        exact.attest(order, 1, duty=70)
    put_ledger(exact, code)
    settled = exact.settle(order).one(Settled)
    assert (settled.face, settled.to_customs) == (100_000_00, 70)


def test_batch__item_that_cannot_settle__stops_no_other(exact: World) -> None:
    """I-04 where every settlement fails, every state is recorded all the same."""
    orders = [exact.accepted() for _ in range(3)]
    code = break_moves(exact)
    done = attest_batch(exact, [exact.attestation(order, 1) for order in orders])
    assert [told.order for told in done.every(Unsettled)] == orders
    put_ledger(exact, code)
    for order in orders:
        assert exact.settle(order).one(Settled).face == 100_000_00


def test_record_alone__refusal__reduces_with_the_next_state(exact: World) -> None:
    order = exact.accepted(fund_by=FundBy.NEVER)
    code = break_moves(exact)
    assert not exact.attest(order, 1, refused=True, released=50_000_00).every(Lapsed)
    put_ledger(exact, code)
    assert exact.attest(order, 2, refused=True, released=50_000_00).one(Lapsed).reduced == 50_000_00
    assert (exact.position(order).phase, exact.cash("supplier")) == (Phase.CLOSED, 50_000_00)


def test_record_alone__late_buyer__is_charged_by_what_each_state_made_payable(exact: World) -> None:
    """I-13 what was late stays counted; from the new state on the charge runs on what that leaves payable (R6)."""
    order = exact.accepted()
    exact.drain("buyer")
    exact.attest(order, 1)
    exact.evm.advance(73 * DAY)
    charge = exact.view("Receivables", OrderDesk.late_of(order))
    assert charge == 100_000_00 * 73 * 10 // (365 * 100)
    exact.deposit("buyer", 1_00)
    code = break_moves(exact)
    done = exact.attest(order, 2, released=50_000_00)
    assert (done.one(Unsettled).seq, done.one(Unpaid).remaining) == (2, 50_000_00)
    put_ledger(exact, code)
    assert exact.view("Receivables", OrderDesk.late_of(order)) == charge
    exact.evm.advance(73 * DAY)
    assert exact.view("Receivables", OrderDesk.late_of(order)) == charge + charge // 2


def test_record_alone__stranger__is_refused(exact: World) -> None:
    state = exact.attestation(exact.accepted(), 1)
    with reverts(errors.NotClearanceOracle(SPARE.address)):
        exact.send("Receivables", OrderDesk.record_alone(state, 0), SPARE)
    with reverts(errors.NotClearanceOracle(SPARE.address)):
        exact.send("Receivables", OrderDesk.hold(state.order, COUNTRY, 0), SPARE)


# Gas that a relayer sets


def test_p18__too_little_gas__reverts_the_whole_and_starves_no_item(exact: World) -> None:
    """P18: whatever gas a relayer gives, either all items are settled or nothing happened."""
    orders = [exact.accepted() for _ in range(3)]
    items = [exact.attestation(order, 1) for order in orders]
    mark = exact.evm.snapshot()
    seen = set()
    for gas in range(20_000, 520_000, 6_000):
        with exact.evm.limited(gas):
            try:
                done = attest_batch(exact, items)
            except Reverted as refused:
                seen.add(type(refused.error))
                settled = 0
            else:
                seen.add(Settled)
                settled = len(done.every(Settled))
                assert (settled, done.every(Unsettled)) == (3, [])
        assert [exact.position(order).seq for order in orders] == [int(settled == 3)] * 3
        exact.evm.restore(mark)
    assert {errors.TooLittleGas, Settled} <= seen


def test_p18__single_attestation_with_too_little_gas__is_not_recorded_alone(exact: World) -> None:
    """P18: a relayer cannot have a state recorded and its settlement starved."""
    state = exact.attestation(exact.accepted(), 1)
    mark = exact.evm.snapshot()
    outcomes = set()
    for gas in range(10_000, 200_000, 3_000):
        with exact.evm.limited(gas):
            try:
                assert exact.relay(state).one(Settled).face == 100_000_00
            except Reverted as refused:
                outcomes.add(type(refused.error))
            else:
                outcomes.add(Settled)
        exact.evm.restore(mark)
    assert {errors.TooLittleGas, Settled} <= outcomes


def test_p18__settlement_that_burns_all_its_gas__reverts_the_whole(exact: World) -> None:
    """P18: what is left after it could not tell a starved item from a broken one."""
    order = exact.accepted()
    put_ledger(exact, BURNING)
    with pytest.raises(Reverted) as refused:
        exact.attest(order, 1)
    assert isinstance(refused.value.error, errors.TooLittleGas)
    assert exact.position(order).seq == 0
