"""What only a second look at the shares of an order shows: their numbers and counts, their due date, duty and lapse."""

from __future__ import annotations

from settlement.chain.bindings.enums import Phase
from settlement.chain.bindings.receivables import Closed, Settled
from settlement.chain.bindings.settlement_desk import ShareReduced, ShareSettled
from tests.contracts.holdings import shares, split
from tests.contracts.world import DAY, World

FACE = 100_000_00
TWO = [("supplier2", 10_000_00), ("bank2", 20_000_00)]


def test_shares__of_an_order__are_told_by_number_and_count_their_payments(world: World) -> None:
    order = world.accepted()
    split(world, order, TWO)
    assert [(one.order, one.number, one.settlements) for one in shares(world, order)] == [
        (order, 1, 0),
        (order, 2, 0),
    ]
    for seq in (1, 2):
        done = world.attest(order, seq, released=seq * 40_000_00)
        assert [(one.share, one.number) for one in done.every(ShareSettled)] == [
            (order | 1, seq),
            (order | 2, seq),
        ]
        assert world.position(order).settlements == seq
    assert [(one.number, one.settlements) for one in shares(world, order)] == [(1, 2), (2, 2)]


def test_i17__tenor_of_a_split_order__nothing_is_paid_before_the_due_date_and_all_on_it(world: World) -> None:
    """I-17: the shares wait for the due date as the order's own leaf does."""
    order = world.accepted(tenor_days=30)
    split(world, order, TWO)
    assert not world.attest(order, 1).every(ShareSettled)
    assert all(one.paid == 0 for one in shares(world, order))
    world.evm.set_time(world.position(order).due)
    done = world.settle(order)
    assert [one.face for one in done.every(ShareSettled)] == [face for _, face in TWO]
    assert done.one(Closed) == Closed(order)


def test_duty__of_a_split_order__is_kept_until_the_condition_is_met(world: World) -> None:
    order = world.accepted(duty_cap=5_000_00)
    split(world, order, TWO)
    world.attest(order, 1, phase=Phase.SHIPPED, released=0, duty=4_000_00)
    position = world.position(order)
    assert (position.duty_demanded, position.duty_paid) == (4_000_00, 0)
    assert world.attest(order, 2, duty=4_000_00).one(Settled).to_customs == 4_000_00


def test_lapse__share_with_nothing_left_to_give_up__is_not_told(world: World) -> None:
    """I-07: a share of one unit lost it with the refusal; what is taken back later concerns the others only."""
    order = world.accepted()
    split(world, order, [*TWO, ("supplier2", 1)])
    done = world.attest(order, 1, phase=Phase.RELEASED, released=60_000_00, refused=True)
    assert [one.share for one in done.every(ShareReduced)] == [order | 1, order | 2, order | 3]
    world.attest(order, 2, phase=Phase.CLEARED, released=30_000_00, refused=True)
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
    done = world.lapse(order)
    assert [one.share for one in done.every(ShareReduced)] == [order | 1, order | 2]
