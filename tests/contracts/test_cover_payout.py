"""DisruptionCover on the bare EVM: payout and expiry, each beside what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.credit_lines import Repaid
from settlement.chain.bindings.disruption_cover import CoverExpired, CoverPaid
from settlement.chain.bindings.enums import Status
from settlement.chain.bindings.structs import PolicyState
from settlement.chain.bindings.trusted_network import TrustedNetwork
from settlement.payout import linear_payout
from tests.contracts.covers import (
    ATTACH,
    EXHAUST,
    POOL_MINOR,
    PREMIUM_MINOR,
    SUM_MINOR,
    Desk,
    open_desk,
)
from tests.contracts.harness import reverts
from tests.contracts.observers import DAY, OBSERVERS, WINDOW
from tests.contracts.world import USD, build_world

GRACE = 3 * DAY


@pytest.fixture(scope="module")
def built() -> Desk:
    return open_desk(build_world())


@pytest.fixture
def desk(built: Desk) -> Iterator[Desk]:
    with built.world.evm.branch():
        yield built


@pytest.fixture
def order(desk: Desk) -> int:
    """An accepted order of 100,000.00 with a loan of 60,000.00."""
    order = desk.world.accepted(line=desk.world.publish())
    desk.world.draw(order, 60_000_00)
    return order


def test_pay__median_between_attach_and_exhaust__lender_first_then_insured(desk: Desk, order: int) -> None:
    """I-25: the lienholder's outstanding at payout is paid first."""
    world = desk.world
    terms = desk.bought(order)
    desk.observe(terms.first_day, 490)
    interest, principal = world.outstanding(order)
    assert (interest > 0, principal) == (True, 60_000_00)
    payout = linear_payout(SUM_MINOR, 490, ATTACH, EXHAUST)
    assert payout > interest + principal
    before = {actor: world.cash(actor) for actor in ("bank", "supplier", "insurer", "buyer")}

    done = desk.pay(terms, terms.first_day)
    to_bank, to_supplier = interest + principal, payout - interest - principal
    bucket = desk.station.bucket(terms.first_day)
    assert done.one(CoverPaid) == CoverPaid(desk.identity(terms), bucket, 490, payout, to_bank, to_supplier)
    repaid = done.one(Repaid)
    assert (repaid.interest, repaid.principal, repaid.source) == (interest, principal, 3)
    gained = {actor: world.cash(actor) - was for actor, was in before.items()}
    assert gained == {"bank": to_bank, "supplier": to_supplier, "insurer": 0, "buyer": 0}
    assert desk.pool() == (POOL_MINOR + PREMIUM_MINOR - payout, 0)
    assert desk.state(terms) == PolicyState(terms.insurer, terms.insured, USD, SUM_MINOR, payout, True)
    assert world.outstanding(order) == (0, 0)


def test_pay__loan_larger_than_the_payout__all_of_it_to_the_lender(desk: Desk, order: int) -> None:
    """I-25: the insured gets nothing while the lender is owed."""
    terms = desk.bought(order, sum=10_000_00)
    desk.observe(terms.first_day, EXHAUST)
    interest, principal = desk.world.outstanding(order)
    paid = desk.pay(terms, terms.first_day).one(CoverPaid)
    assert (paid.payout, paid.to_loss_payee, paid.to_insured) == (10_000_00, 10_000_00, 0)
    assert desk.world.outstanding(order) == (0, principal + interest - 10_000_00)


def test_pay__loan_repaid_in_between__insured_gets_what_the_lender_is_no_longer_owed(
    desk: Desk, order: int
) -> None:
    """I-25: what counts is what is outstanding at payout, not at the sale."""
    terms = desk.bought(order, sum=50_000_00)
    desk.world.repay(order, 40_000_00)
    desk.observe(terms.first_day, EXHAUST)
    interest, principal = desk.world.outstanding(order)
    assert principal < 21_000_00
    paid = desk.pay(terms, terms.first_day).one(CoverPaid)
    assert (paid.to_loss_payee, paid.to_insured) == (
        interest + principal,
        50_000_00 - interest - principal,
    )


def test_pay__order_without_a_loan__all_to_the_insured(desk: Desk) -> None:
    desk.world.deposit("supplier", PREMIUM_MINOR)
    unfinanced = desk.world.accepted()
    terms = desk.bought(unfinanced)
    desk.observe(terms.first_day, EXHAUST)
    paid = desk.pay(terms, terms.first_day).one(CoverPaid)
    assert (paid.to_loss_payee, paid.to_insured) == (0, SUM_MINOR)
    assert desk.world.cash("supplier") == SUM_MINOR


def test_pay__reserve_not_drawn_yet__is_closed_and_freed(desk: Desk) -> None:
    """I-11: headroom comes back when a triggered cover ends the draws."""
    desk.world.deposit("supplier", 2 * PREMIUM_MINOR)
    line = desk.world.publish()
    undrawn = desk.world.accepted(line=line)
    first, second = desk.bought(undrawn, sum=40_000_00), desk.bought(undrawn, sum=30_000_00)
    desk.observe(first.first_day, EXHAUST)
    paid = desk.pay(first, first.first_day).one(CoverPaid)
    assert (paid.to_loss_payee, paid.to_insured, desk.world.used(line)) == (0, 40_000_00, 0)
    with reverts(errors.DrawsClosed(undrawn)):
        desk.world.draw(undrawn, 1)
    assert desk.pay(second, second.first_day).one(CoverPaid).to_insured == 30_000_00


def test_pay__twice__only_the_first_pays(desk: Desk, order: int) -> None:
    """I-23: a policy pays once."""
    terms = desk.bought(order)
    desk.observe(terms.first_day, 400)
    desk.observe(terms.first_day + 1, EXHAUST)
    desk.pay(terms, terms.first_day)
    for day in (terms.first_day, terms.first_day + 1):
        with reverts(errors.PolicySettled(desk.identity(terms))):
            desk.pay(terms, day)
    with reverts(errors.PolicySettled(desk.identity(terms))):
        desk.expire(terms)


@pytest.mark.parametrize(
    ("index", "payout"),
    [
        (ATTACH + 1, SUM_MINOR // 170),
        (EXHAUST - 1, SUM_MINOR * 169 // 170),
        (EXHAUST, SUM_MINOR),
        (2**64 - 1, SUM_MINOR),
    ],
)
def test_o12__payout_at_the_edges__exact_and_at_most_the_sum(
    desk: Desk, order: int, index: int, payout: int
) -> None:
    """I-23: at most the sum, rounded down."""
    terms = desk.bought(order)
    desk.observe(terms.first_day, index)
    assert desk.pay(terms, terms.first_day).one(CoverPaid).payout == payout
    assert desk.state(terms).payout == payout


def test_pay__index_that_pays_nothing__leaves_the_policy_for_a_worse_day(desk: Desk, order: int) -> None:
    """I-23: a day at the attachment, or one that rounds to nothing, does not use the one payout up."""
    low, tiny = desk.bought(order), desk.bought(order, sum=100)
    desk.observe(low.first_day, ATTACH)
    with reverts(errors.BelowAttach(ATTACH, ATTACH)):
        desk.pay(low, low.first_day)
    desk.observe(low.first_day + 1, ATTACH + 1)
    with reverts(errors.BelowAttach(ATTACH + 1, ATTACH)):
        desk.pay(tiny, low.first_day + 1)
    desk.observe(low.first_day + 2, EXHAUST)
    assert desk.pay(tiny, low.first_day + 2).one(CoverPaid).payout == 100
    assert desk.pay(low, low.first_day + 1).one(CoverPaid).payout == SUM_MINOR // 170


def test_pay__days_that_do_not_count__are_refused(desk: Desk, order: int) -> None:
    terms = desk.bought(order)
    for day in (terms.first_day - 1, terms.last_day + 1):
        with reverts(errors.DayNotCovered(day)):
            desk.pay(terms, day)
    with reverts(errors.IndexNotFixed(terms.first_day)):
        desk.pay(terms, terms.first_day)
    desk.observe(terms.first_day, ATTACH - 1)
    with reverts(errors.BelowAttach(ATTACH - 1, ATTACH)):
        desk.pay(terms, terms.first_day)


def test_pay__earlier_day_triggered_or_still_open__goes_first(desk: Desk, order: int) -> None:
    """I-23: the caller does not choose among triggered days."""
    terms = desk.bought(order)
    first, second, third = terms.first_day, terms.first_day + 1, terms.first_day + 2
    desk.observe(second, EXHAUST)
    with reverts(errors.EarlierDayOpen(first)):
        desk.pay(terms, second)
    desk.observe(third, EXHAUST)
    desk.world.evm.set_time(desk.station.end_of_window(first))
    with reverts(errors.EarlierDayOpen(first)):
        desk.pay(terms, second)
    desk.world.evm.advance(1)
    with reverts(errors.EarlierDayOpen(second)):
        desk.pay(terms, third)
    assert desk.pay(terms, second).one(CoverPaid).payout == SUM_MINOR


def test_o11__silence_of_the_observers__is_not_the_peril(desk: Desk, order: int) -> None:
    terms = desk.bought(order)
    desk.world.evm.set_time((terms.first_day + 1) * DAY)
    desk.station.observe_all(terms.first_day, (EXHAUST, EXHAUST))
    desk.world.evm.set_time(desk.expires_at(terms) + 1)
    for day in range(terms.first_day, terms.last_day + 1):
        with reverts(errors.IndexNotFixed(day)):
            desk.pay(terms, day)
    desk.expire(terms)
    assert desk.pool().locked == 0


def test_o14__other_terms_than_those_signed__are_unknown(desk: Desk, order: int) -> None:
    terms = desk.bought(order)
    desk.observe(terms.first_day, ATTACH - 1)
    changed: tuple[dict[str, Any], ...] = (
        {"attach": 1},
        {"sum": 1},
        {"peril": 1},
        {"insured": terms.insurer},
    )
    for changes in changed:
        other = replace(terms, **changes)
        with reverts(errors.UnknownPolicy(desk.identity(other))):
            desk.pay(other, terms.first_day)
        with reverts(errors.UnknownPolicy(desk.identity(other))):
            desk.expire(other)


def test_o17__all_policies_of_one_event__are_paid(desk: Desk, order: int) -> None:
    """I-22: the capital stands for all of them at once."""
    sums = (30_000_00, 30_000_00, 40_000_00)
    policies = [desk.bought(order, sum=one, premium=0) for one in sums]
    assert desk.pool() == (POOL_MINOR, POOL_MINOR)
    desk.observe(policies[0].first_day, EXHAUST)
    paid = [desk.pay(one, one.first_day).one(CoverPaid).payout for one in reversed(policies)]
    assert sum(paid) == POOL_MINOR
    assert desk.pool() == (0, 0)


def test_o20__one_policy_that_cannot_be_paid__does_not_stop_the_others(desk: Desk, order: int) -> None:
    """I-04: no payee's state stops a payout; anyone may go on."""
    policies = [desk.bought(order, sum=10_000_00, premium=0) for _ in range(3)]
    desk.observe(policies[0].first_day, EXHAUST)
    desk.pay(policies[0], policies[0].first_day)
    with reverts(errors.PolicySettled(desk.identity(policies[0]))):
        desk.pay(policies[0], policies[0].first_day)
    for status in (Status.SUSPENDED, Status.EXPELLED):
        for actor in ("supplier", "insurer", "bank"):
            desk.world.govern("TrustedNetwork", TrustedNetwork.set_status(desk.world.ids[actor], status))
    paid = [desk.pay(one, one.first_day).one(CoverPaid).to_loss_payee for one in policies[1:]]
    assert paid == [10_000_00, 10_000_00]


def test_o21__correction_after_the_payout__takes_nothing_back(desk: Desk, order: int) -> None:
    terms = desk.bought(order)
    desk.observe(terms.first_day, 490)
    desk.pay(terms, terms.first_day)
    with reverts(errors.AlreadyFixed):
        desk.station.observe(terms.first_day, 100, OBSERVERS[0])
    assert desk.station.of(terms.first_day).median == 490
    assert desk.state(terms).payout == linear_payout(SUM_MINOR, 490, ATTACH, EXHAUST)


# Expiry


def test_expire__nothing_happened__frees_the_capital_after_deadline_and_grace(desk: Desk, order: int) -> None:
    """I-26: capital is freed after the observation deadline and grace, not before."""
    terms = desk.bought(order)
    until = desk.expires_at(terms)
    assert until == (terms.last_day + 1) * DAY + WINDOW + GRACE
    desk.world.evm.set_time(until)
    with reverts(errors.CapitalStillBound(desk.identity(terms), until)):
        desk.expire(terms)
    desk.world.evm.advance(1)
    assert desk.expire(terms).one(CoverExpired) == CoverExpired(desk.identity(terms), SUM_MINOR)
    assert desk.pool() == (POOL_MINOR + PREMIUM_MINOR, 0)
    assert desk.state(terms).is_settled
    with reverts(errors.PolicySettled(desk.identity(terms))):
        desk.expire(terms)


def test_o19__index_that_may_still_be_fixed__keeps_the_capital_bound(desk: Desk, order: int) -> None:
    """I-26: readings that came in time are decided before capital is freed, however late."""
    terms = desk.bought(order)
    desk.world.evm.set_time(desk.station.end_of_window(terms.last_day))
    desk.station.observe_all(terms.last_day, (EXHAUST,) * 3)
    desk.world.evm.set_time(desk.expires_at(terms) + 1)
    with reverts(errors.IndexNotFixed(terms.last_day)):
        desk.expire(terms)
    desk.station.fix(terms.last_day)
    with reverts(errors.TriggeredUnpaid(terms.last_day)):
        desk.expire(terms)
    desk.world.evm.advance(365 * DAY)
    assert desk.pay(terms, terms.last_day).one(CoverPaid).payout == SUM_MINOR


def test_expire__days_below_the_attachment__free_the_capital(desk: Desk, order: int) -> None:
    terms = desk.bought(order)
    for day, index in enumerate((ATTACH - 1, 0, ATTACH), start=terms.first_day):
        desk.observe(day, index)
    desk.world.evm.set_time(desk.expires_at(terms) + 1)
    desk.expire(terms)
    assert desk.pool().locked == 0
