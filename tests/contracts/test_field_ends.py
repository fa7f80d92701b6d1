"""Counts at the end of their fields: put there by hand, since only tens of thousands of transactions lead there."""

from __future__ import annotations

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.settlement_desk import ShareSettled
from settlement.chain.bindings.structs import Seat
from tests.contracts.changes import amend, amendment, changes_of, dispute, resolve, send_amendment
from tests.contracts.harness import reverts
from tests.contracts.harness.pyevm import PyEvm
from tests.contracts.holdings import shares, split
from tests.contracts.world import COUNTRY, DAY, World
from tests.properties.seen import place, variable, words_of_an_order

FACE = 100_000_00
LAST = 2**16 - 1
MOST_ACCRUED = 2**88 - 1
GIVEN = [("supplier2", 10_000_00), ("bank2", 20_000_00)]


def put_field(world: World, contract: str, slot: int, bit: int, width: int, value: int) -> None:
    """Write one field of a word; the others stay."""
    assert isinstance(world.evm, PyEvm)
    at = world.at[contract]
    mask = ((1 << width) - 1) << bit
    world.evm.put_storage(at, slot, world.evm.storage(at, slot) & ~mask | value << bit)


def put_count(world: World, order: int, word: str, bit: int, value: int) -> None:
    """Write a count of 16 bits in one of an order's words."""
    contract, slot = variable("_words", "Receivables")
    put_field(world, contract, place(order, slot) + words_of_an_order().index(word), bit, 16, value)


@pytest.mark.parametrize("before", [LAST - 1, LAST])
def test_p40__shares_count_of_settlements__stops_at_its_end_and_still_pays(exact: World, before: int) -> None:
    """P40: the number in the event says no more; the money and the neighbouring fields are right."""
    order = exact.accepted()
    split(exact, order, GIVEN)
    put_count(exact, order | 1, "sums", 240, before)
    done = exact.attest(order, 1)
    told = next(one for one in done.every(ShareSettled) if one.share == order | 1)
    assert (told.number, told.face) == (LAST, 10_000_00)
    share = shares(exact, order)[0]
    assert (share.settlements, share.paid, share.face, share.reduced) == (LAST, 10_000_00, 10_000_00, 0)


@pytest.mark.parametrize("is_split", [False, True])
def test_p40__orders_count_of_settlements__stops_at_its_end_and_still_pays(
    exact: World, is_split: bool
) -> None:
    """P40: an order settles on, whatever its count."""
    order = exact.accepted()
    if is_split:
        split(exact, order, GIVEN)
    own = exact.position(order).face
    put_count(exact, order, "sums", 240, LAST - 1)
    for seq, released in ((1, FACE // 2), (2, FACE)):
        exact.attest(order, seq, released=released)
        position = exact.position(order)
        assert (position.settlements, position.seq) == (LAST, seq)
        assert (position.paid, position.face) == (own * released // FACE, own)


def test_p40__disputes_of_an_order__are_bounded_by_their_count(exact: World) -> None:
    """P40: the number after the last would be that of the first dispute, whose signatures are known."""
    order = exact.accepted()
    dispute(exact, order, 1)
    resolve(exact, order, 0)
    put_count(exact, order, "extension", 168, LAST - 1)
    dispute(exact, order, 1, LAST - 1)
    resolve(exact, order, 0, index=LAST - 1)
    assert changes_of(exact, order).disputes == LAST
    with reverts(errors.DisputeIndexUsed(LAST, LAST)):
        dispute(exact, order, 1, LAST)


def test_p40__amendments_of_an_order__are_bounded_by_their_count(exact: World) -> None:
    """P40: the version after the last would be that of the order as it was accepted."""
    order = exact.accepted()
    amend(exact, order, late_bps=1)
    put_count(exact, order, "extension", 152, LAST - 1)
    amend(exact, order, late_bps=2)
    assert changes_of(exact, order).amendments == LAST
    with reverts(errors.VersionSuperseded(order, LAST, LAST)):
        send_amendment(exact, amendment(exact, order, late_bps=3))
    assert exact.position(order).late_bps == 2


def test_p40__versions_of_a_line__end_with_their_field(exact: World) -> None:
    """P40, I-09: a version after the last would be the first again, which orders have pinned."""
    line = exact.publish()
    contract, slot = variable("_usage", "Receivables")
    put_field(exact, contract, place(line, slot), 112, 16, LAST - 1)
    exact.publish(line=line)
    order = exact.accepted(line, LAST)
    assert exact.loan(order).version == LAST
    with reverts(errors.InvalidTerms()):
        exact.publish(line=line)
    assert exact.used(line) == 90_000_00


def test_p40__versions_of_a_committee__end_with_their_field(exact: World) -> None:
    """P40, O04: a version after the last would let seats of the first count again."""
    contract, slot = variable("_committees", "ClearanceOracle")
    put_field(exact, contract, place(COUNTRY, slot), 0, 16, LAST - 1)
    seats = tuple(Seat(exact.key(f"customs{n}").address, exact.ids[f"customs{n}"]) for n in range(1, 6))
    seat = ClearanceOracle.seat(COUNTRY, 4, exact.ids["treasury"], seats)
    exact.govern("ClearanceOracle", seat)
    order = exact.accepted()
    with reverts(errors.TooFewSignatures(3, 4)):
        exact.attest(order, 1)
    exact.attest(order, 1, (1, 2, 3, 4))
    with reverts(errors.InvalidCommittee()):
        exact.govern("ClearanceOracle", seat)


def test_p12__accrued_interest__stops_at_the_end_of_its_word(exact: World) -> None:
    """P12, I-13: the fields beside it stay what they are, and the loan can still be paid."""
    order = exact.accepted(exact.publish())
    exact.draw(order, 50_000_00)
    contract, slot = variable("_words", "Receivables")
    loan = place(order, slot) + words_of_an_order().index("loan")
    put_field(exact, contract, loan, 112, 88, MOST_ACCRUED - 1)
    exact.evm.advance(30 * DAY)
    assert exact.outstanding(order) == (-(-MOST_ACCRUED // 10**6), 50_000_00)
    exact.repay(order, 5_00, "buyer2")
    found = exact.loan(order)
    assert (found.principal, found.since, found.draws) == (50_000_00, exact.evm.now, 1)
    assert found.accrued == MOST_ACCRUED - 5_00 * 10**6
