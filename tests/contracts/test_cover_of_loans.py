"""Cover of orders with a loan: whom a payout pays, and whether it closes the draws; what cover is not sold any more."""

from __future__ import annotations

from typing import Any

from settlement.chain.bindings import errors
from settlement.chain.bindings.credit_lines import CreditLines, Repaid
from settlement.chain.bindings.index_oracle import IndexOracle
from tests.contracts.covers import ATTACH, EXHAUST, open_desk
from tests.contracts.harness import reverts
from tests.contracts.world import DAY, World

NO_LIMIT = 2**56 - 1


def drawable(world: World, order: int) -> int:
    return int(world.view("CreditLines", CreditLines.drawable_of(order)))


def paid_to_buyer(world: World, order: int, **changes: Any) -> int:
    """The payout of a policy of the buyer's own on an order."""
    desk = open_desk(world)
    terms = desk.terms(order, insured=world.ids["buyer"], premium=0, **changes)
    desk.buy(terms, insured="buyer")
    desk.observe(terms.first_day, EXHAUST)
    desk.pay(terms, terms.first_day)
    return desk.state(terms).payout


def test_pay__buyers_own_cover_on_an_undrawn_loan__leaves_the_draws_open(world: World) -> None:
    """P31: acting for oneself closes nothing of another's."""
    line = world.publish()
    order = world.accepted(line)
    assert paid_to_buyer(world, order, sum=1) == 1
    assert (world.used(line), drawable(world, order)) == (90_000_00, 80_000_00)
    world.draw(order, 80_000_00)


def test_pay__buyers_own_cover_on_a_drawn_loan__pays_the_lender_and_closes(world: World) -> None:
    """I-25: whoever is insured, the lienholder is paid first."""
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 60_000_00)
    paid_to_buyer(world, order, sum=10_000_00)
    assert world.loan(order).draws_closed
    assert world.used(line) == world.outstanding(order)[1] < 60_000_00


def test_pay__loan_repaid_by_a_stranger__buyers_cover_leaves_the_draws_open(world: World) -> None:
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 60_000_00)
    world.repay(order, NO_LIMIT, "bank2")
    paid_to_buyer(world, order, sum=1)
    assert (world.used(line), world.loan(order).draws_closed) == (90_000_00, False)
    world.draw(order, 80_000_00, 1)


def test_pay__to_the_holder_before_the_first_draw__closes_the_draws(world: World) -> None:
    desk, line = open_desk(world), world.publish()
    order = world.accepted(line)
    world.deposit("supplier", 10_000_00)
    policies = (desk.bought(order, sum=1), desk.bought(order, sum=1))
    desk.observe(policies[0].first_day, EXHAUST)
    for terms in policies:
        desk.pay(terms, terms.first_day)
        assert (world.used(line), drawable(world, order), world.loan(order).draws_closed) == (0, 0, True)


def test_pay__lender_is_paid__the_payer_is_the_insurer(world: World) -> None:
    desk = open_desk(world)
    order = world.accepted(world.publish())
    world.draw(order, 60_000_00)
    terms = desk.bought(order)
    desk.observe(terms.first_day, EXHAUST)
    repaid = desk.pay(terms, terms.first_day).one(Repaid)
    assert (repaid.source, repaid.payer) == (3, world.ids["insurer"])


def test_buy__only_the_last_closed_day_was_read__event_is_known(world: World) -> None:
    """I-24: however late the readings, one of the days asked is past its observation window."""
    desk = open_desk(world)
    order, begun = world.accepted(), desk.today
    world.deposit("supplier", 10_000_00)
    world.evm.set_time((begun + 1) * DAY + 100)
    desk.station.observe_all(begun, (ATTACH + 70,) * 5)
    window = int(world.evm.view(world.at["IndexOracle"], IndexOracle.observation_window()))
    closes = (begun + 1) * DAY + window
    for at in (closes + 1, closes + DAY):
        world.evm.set_time(at)
        with reverts(errors.EventUnderWay(begun)):
            desk.buy(desk.terms(order))
    # By now another day has passed its window, and nobody read the peril there.
    world.evm.set_time((begun + 5) * DAY)
    assert not desk.state(desk.bought(order)).is_settled
