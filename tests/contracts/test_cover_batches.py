"""DisruptionCover on the bare EVM: payouts of one bucket in batches that anyone calls and continues."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.disruption_cover import CoverPaid
from settlement.chain.bindings.enums import Status
from settlement.chain.bindings.structs import Policy
from settlement.chain.bindings.trusted_network import TrustedNetwork
from settlement.payout import linear_payout
from tests.contracts.covers import ATTACH, EXHAUST, POOL_MINOR, SUM_MINOR, Desk, open_desk
from tests.contracts.harness import reverts
from tests.contracts.observers import DAY
from tests.contracts.world import INSURER, JPY, build_world

MOST = 50


@pytest.fixture(scope="module")
def built() -> Desk:
    desk = open_desk(build_world())
    desk.world.deposit("supplier", 1_000_00)
    return desk


@pytest.fixture
def desk(built: Desk) -> Iterator[Desk]:
    with built.world.evm.branch():
        yield built


@pytest.fixture
def order(desk: Desk) -> int:
    """An accepted order with a loan of 60,000.00."""
    order = desk.world.accepted(line=desk.world.publish())
    desk.world.draw(order, 60_000_00)
    return order


def several(desk: Desk, order: int, count: int) -> list[Policy]:
    """Policies of 1,000.00 each for the same three days."""
    return [desk.bought(order, sum=1_000_00, premium=0) for _ in range(count)]


def test_o17__all_policies_of_one_peril_at_once__are_paid_to_the_last_unit(desk: Desk) -> None:
    """I-22: the capital stands for all of them; lenders and insured get theirs."""
    line = desk.world.publish()
    orders = [desk.world.accepted(line=line) for _ in range(4)]
    for order in orders[:2]:
        desk.world.draw(order, 20_000_00)
    policies = [desk.bought(order, sum=POOL_MINOR // 4, premium=0) for order in orders]
    assert desk.pool() == (POOL_MINOR, POOL_MINOR)
    day = policies[0].first_day
    desk.observe(day, EXHAUST)
    owed = [sum(desk.world.outstanding(order)) for order in orders]
    before = {one: desk.world.cash(one) for one in ("bank", "supplier")}
    done = desk.pay_batch(policies, day)
    assert done.value == 4
    parts = [(one.payout, one.to_loss_payee) for one in done.every(CoverPaid)]
    assert parts == [(POOL_MINOR // 4, part) for part in owed]
    assert desk.world.cash("bank") - before["bank"] == sum(owed)
    assert desk.world.cash("supplier") - before["supplier"] == POOL_MINOR - sum(owed)
    assert desk.pool() == (0, 0)
    assert [sum(desk.world.outstanding(order)) for order in orders] == [0] * 4


def test_o20__batch_size__zero_and_one_too_many_are_refused(desk: Desk, order: int) -> None:
    """P40: at most fifty policies in one call."""
    policies = several(desk, order, MOST + 1)
    day = policies[0].first_day
    desk.observe(day, EXHAUST)
    with reverts(errors.BatchOutOfRange(0, MOST)):
        desk.pay_batch([], day)
    with reverts(errors.BatchOutOfRange(MOST + 1, MOST)):
        desk.pay_batch(policies, day)
    assert desk.pay_batch(policies[:MOST], day).value == MOST
    assert desk.pay_batch(policies[MOST:], day).value == 1


def test_o20__policies_that_cannot_be_paid__do_not_sink_the_others(desk: Desk, order: int) -> None:
    """I-23: settled, unknown, of another bucket or pool, not covered, below attach: each is left as it is."""
    good = several(desk, order, 2)
    day = good[0].first_day
    settled = desk.bought(order, sum=500_00, premium=0)
    elsewhere = desk.bought(order, sum=1_00, premium=0, place=b"CNSHA".ljust(32, b"\0"))
    other_peril = desk.bought(order, sum=1_00, premium=0, peril=1)
    later = desk.bought(order, sum=1_00, premium=0, first_day=day + 1)
    higher = desk.bought(order, sum=1_00, premium=0, attach=EXHAUST - 1)
    unknown = replace(good[0], nonce=10**6)
    until = desk.world.evm.now + 365 * DAY
    desk.world.govern("TrustedNetwork", TrustedNetwork.renew(desk.world.ids["bank2"], INSURER, 1, until))
    desk.fund(desk.funding(1_000_00, insurer=desk.world.ids["bank2"]), by="bank2")
    others = desk.terms(order, sum=1_00, premium=0, insurer=desk.world.ids["bank2"])
    desk.buy(others, insurer="bank2")
    desk.observe(day, EXHAUST - 1)
    desk.pay(settled, day)
    rest = [settled, elsewhere, other_peril, later, higher, unknown, others]
    done = desk.pay_batch([good[0], *rest, good[1], good[0]], day)
    assert done.value == 2
    assert [one.policy for one in done.every(CoverPaid)] == [desk.identity(one) for one in good]
    assert [desk.state(one).is_settled for one in (elsewhere, other_peril, later, higher, others)] == [
        False
    ] * 5
    with reverts(errors.NothingPayable(day)):
        desk.pay_batch(rest, day)
    assert desk.pay_batch([others], day, insurer=desk.world.ids["bank2"]).value == 1
    with reverts(errors.NothingPayable(day)):
        desk.pay_batch([later, higher], day, currency=JPY)


def test_o20__parties_out_of_standing__stop_nobody(desk: Desk, order: int) -> None:
    """I-04: no payee's state stops a payout for the others; I-28: what is owed settles."""
    policies = several(desk, order, 3)
    day = policies[0].first_day
    desk.observe(day, EXHAUST)
    for actor in ("supplier", "insurer", "bank"):
        desk.world.govern("TrustedNetwork", TrustedNetwork.set_status(desk.world.ids[actor], Status.EXPELLED))
    assert desk.pay_batch(policies, day).value == 3


def test_o20__half_done_batch__anyone_goes_on(desk: Desk, order: int) -> None:
    policies = several(desk, order, 6)
    day = policies[0].first_day
    desk.observe(day, EXHAUST)
    assert desk.pay_batch(policies[:2], day).value == 2
    assert desk.pool().locked == 4_000_00
    assert desk.pay_batch(policies, day).value == 4
    assert desk.pool().locked == 0
    assert desk.word().open == 0


def test_batch__same_policy_twice__is_paid_once(desk: Desk, order: int) -> None:
    """I-23: once."""
    [policy] = several(desk, order, 1)
    desk.observe(policy.first_day, EXHAUST)
    before = desk.pool().capital
    assert desk.pay_batch([policy] * 3, policy.first_day).value == 1
    assert desk.pool().capital == before - 1_000_00


def test_batch__earlier_day_open_or_paying__waits_for_it(desk: Desk, order: int) -> None:
    """I-23: the caller does not choose among triggered days, policy by policy."""
    early, late = desk.bought(order, sum=1_00, premium=0), desk.terms(order, sum=2_00, premium=0)
    late = replace(late, first_day=late.first_day + 1)
    desk.buy(late)
    first, second = early.first_day, early.first_day + 1
    desk.observe(second, EXHAUST)
    done = desk.pay_batch([early, late], second)
    assert [one.policy for one in done.every(CoverPaid)] == [desk.identity(late)]
    desk.station.observe_all(first, (490,) * 5)
    with reverts(errors.NothingPayable(second)):
        desk.pay_batch([early], second)
    assert desk.pay_batch([early], first).value == 1
    assert desk.state(early).payout == linear_payout(1_00, 490, ATTACH, EXHAUST)


def test_batch__strange_first_days__cost_no_more_than_a_window(desk: Desk, order: int) -> None:
    """P40: how far back a batch looks is bounded, whatever its caller passes."""
    [policy] = several(desk, order, 1)
    desk.observe(policy.first_day, EXHAUST)
    plain = desk.pay_batch
    strange = [replace(policy, first_day=first) for first in (0, 1, policy.first_day - 31, 2**32 - 1)]
    with desk.world.evm.branch():
        alone = plain([policy], policy.first_day).gas
    done = plain([*strange, policy], policy.first_day)
    assert (done.value, desk.state(policy).is_settled) == (1, True)
    assert done.gas < alone + 60_000


def test_batch__longest_window__looks_back_over_all_of_it(desk: Desk, order: int) -> None:
    policy = desk.bought(order, sum=1_00, premium=0, last_day=desk.today + 31)
    assert policy.last_day - policy.first_day == 30
    desk.world.evm.set_time((policy.last_day + 1) * DAY)
    desk.observe(policy.last_day, EXHAUST)
    with reverts(errors.NothingPayable(policy.last_day)):
        desk.pay_batch([policy], policy.last_day)
    desk.world.evm.set_time(desk.station.end_of_window(policy.last_day - 1) + 1)
    assert desk.pay_batch([policy], policy.last_day).value == 1


def test_batch__pays_what_single_calls_pay(desk: Desk) -> None:
    """Both ways end in the same books, to the unit."""
    line = desk.world.publish()
    orders = [desk.world.accepted(line=line), desk.world.accepted(), desk.world.accepted(line=line)]
    desk.world.draw(orders[0], 10_000_00)
    policies = [desk.bought(one, sum=SUM_MINOR // 7 + n, premium=0) for n, one in enumerate(orders * 2)]
    day = policies[0].first_day
    desk.observe(day, 451)
    books = []
    for is_batch in (True, False):
        with desk.world.evm.branch():
            if is_batch:
                desk.pay_batch(policies, day)
            else:
                for policy in policies:
                    desk.pay(policy, day)
            states = [desk.state(one) for one in policies]
            cash = [desk.world.cash(one) for one in ("bank", "supplier", "insurer")]
            loans = [desk.world.outstanding(one) for one in orders]
            books.append((states, cash, loans, desk.pool(), desk.word(), desk.world.used(line)))
    assert books[0] == books[1]
