"""What an audit of the trade contracts found, each finding beside what must go on working."""

from __future__ import annotations

from typing import Any

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.clearance_oracle import ClearanceOracle, SeatSuspended
from settlement.chain.bindings.credit_lines import CreditLines, Drawn, Repaid
from settlement.chain.bindings.enums import FundBy, Phase, Status
from settlement.chain.bindings.index_oracle import IndexOracle
from settlement.chain.bindings.receivables import Closed, DueSet, DutyUnpaid, Lapsed, Settled, Unpaid
from settlement.chain.bindings.structs import Seat
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.covers import ATTACH, EXHAUST, open_desk
from tests.contracts.harness import Signer, reverts, signer
from tests.contracts.world import BUYER, COUNTRY, DAY, FUNDER, SUPPLIER, World

FACE = 100_000_00
LATEST = 730 * DAY
ALL_SCOPES, KEYS, NO_LIMIT = 0xFFFF, 64, 2**56 - 1


def set_status(world: World, actor: str, status: Status) -> None:
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids[actor], status))


def renew(world: World, actor: str, roles: int) -> None:
    term = TrustedNetwork.renew(world.ids[actor], roles, 1, world.evm.now + 3650 * DAY)
    world.govern("TrustedNetwork", term)


def drawable(world: World, order: int) -> int:
    return int(world.view("CreditLines", CreditLines.drawable_of(order)))


def due_from_supplier(world: World, order: int) -> int:
    return int(world.view("CreditLines", CreditLines.due_from_supplier(order)))


# A loan always falls due


def test_accept__expiry_beyond_two_years__is_refused(world: World) -> None:
    latest = world.evm.now + LATEST
    for expiry in (latest + 1, 2**32 - 1):
        with reverts(errors.ExpiryTooFar(expiry, latest)):
            world.accept(world.order(expiry=expiry))
    order = world.accepted(world.publish(recourse=True), expiry=latest)
    world.draw(order, 80_000_00)
    world.evm.set_time(world.loan(order).maturity)
    assert world.loan(order).maturity == latest + 10 * DAY
    assert due_from_supplier(world, order) == sum(world.outstanding(order))


def test_accept__tenor_beyond_a_year__is_refused(world: World) -> None:
    with reverts(errors.TenorTooLong(366, 365)):
        world.accept(world.order(tenor_days=366))
    assert world.position(world.accepted(tenor_days=365)).tenor_days == 365


def test_reserve__never_drawn__is_free_after_two_years_and_grace(world: World) -> None:
    line = world.publish()
    order = world.accepted(line, expiry=world.evm.now + LATEST)
    world.evm.advance(LATEST + 5 * DAY + 1)
    world.lapse(order)
    assert world.used(line) == 0


# Keys


def test_revoke_key__account_revoked_itself__revokes_no_other(world: World) -> None:
    thief, fresh = world.key("supplier"), signer(40)
    world.give_key("supplier", fresh, ALL_SCOPES, NO_LIMIT)
    world.revoke_key("supplier", thief.address)
    with reverts(errors.KeyNotValid(thief.address, KEYS)):
        world.revoke_key("supplier", fresh.address)
    assert world.view("TrustedNetwork", TrustedNetwork.signer(fresh.address, 1)) == world.ids["supplier"]


def test_revoke_key__active_account__revokes_others_and_itself(world: World) -> None:
    account, clerk = world.key("supplier"), signer(40)
    world.give_key("supplier", clerk, 1, 0)
    for key in (clerk, account):
        world.revoke_key("supplier", key.address)
        with reverts(errors.KeyNotValid(key.address, 1)):
            world.view("TrustedNetwork", TrustedNetwork.signer(key.address, 1))


# Lapse after a release was taken back


def test_lapse__release_taken_back_since__cuts_again_and_frees_the_hold(world: World) -> None:
    """I-02: locked cash comes back once nothing can be claimed of it."""
    order = world.accepted(fund_by=FundBy.ACCEPTED)
    world.attest(order, 1, phase=Phase.RELEASED, released=50_000_00)
    world.evm.set_time(world.position(order).expiry + 5 * DAY + 1)
    assert world.lapse(order).one(Lapsed).reduced == 50_000_00
    with reverts(errors.NothingDue(order)):
        world.lapse(order)
    assert world.cash(order) == FACE - 50_000_00
    world.attest(order, 2, phase=Phase.ACCEPTED, released=0, hold=True)
    # Under a hold a lapse waits 90 days more.
    with reverts(errors.NotExpired(world.position(order).expiry + 95 * DAY)):
        world.lapse(order)
    world.attest(order, 3, phase=Phase.ACCEPTED, released=0)
    before = world.cash("buyer")
    done = world.lapse(order)
    assert (done.one(Lapsed).reduced, done.one(Closed).order) == (50_000_00, order)
    assert (world.cash(order), world.cash("buyer")) == (0, before + FACE - 50_000_00)
    with reverts(errors.OrderClosed(order)):
        world.lapse(order)


# Draws


def test_draw__buyer_is_late__is_refused_and_both_views_say_so(world: World) -> None:
    order = world.accepted(world.publish(recourse=False))
    assert (drawable(world, order), world.loan(order).draws_closed) == (80_000_00, False)
    world.drain("buyer")
    world.attest(order, 1)
    assert world.position(order).late_since
    assert (drawable(world, order), world.loan(order).draws_closed) == (0, True)
    with reverts(errors.DrawsClosed(order)):
        world.draw(order, 1)


@pytest.mark.parametrize("actor", ["buyer", "supplier", "bank"])
@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.EXPELLED])
def test_draw__any_of_the_three_lost_its_standing__is_refused(
    world: World, actor: str, status: Status
) -> None:
    """I-28: P33, D15: good standing is asked again at the draw."""
    order = world.accepted(world.publish())
    set_status(world, actor, status)
    with reverts(errors.NotInGoodStanding(world.ids[actor])):
        world.draw(order, 80_000_00)
    assert drawable(world, order) == 0
    if status == Status.EXPELLED:
        return
    set_status(world, actor, Status.ACTIVE)
    assert drawable(world, order) == 80_000_00
    assert world.draw(order, 80_000_00).one(Drawn).amount == 80_000_00


def test_draw__buyer_lost_its_role__is_refused(world: World) -> None:
    order = world.accepted(world.publish())
    renew(world, "buyer", SUPPLIER)
    with reverts(errors.RoleMissing(world.ids["buyer"], BUYER)):
        world.draw(order, 1)
    assert drawable(world, order) == 0


def test_reserve__on_the_suppliers_own_line__is_refused(world: World) -> None:
    """I-12: a loan to oneself moves no cash, and would stand before the others' claims."""
    renew(world, "supplier", SUPPLIER | FUNDER)
    line = world.publish("supplier")
    with reverts(errors.FunderIsSupplier(world.ids["supplier"])):
        world.accept(line=line)
    other = world.order(supplier=world.ids["supplier2"])
    assert world.accept(other, line).value


# Committees


def test_unseat__member_lost_its_standing__seat_counts_no_more(world: World) -> None:
    """I-20: a signature is good only while its seat is active; anyone may say that it is not."""
    order, key = world.accepted(), world.key("customs1").address
    with reverts(errors.SeatInGoodStanding(key)):
        world.send("ClearanceOracle", ClearanceOracle.unseat(key))
    set_status(world, "customs1", Status.EXPELLED)
    done = world.send("ClearanceOracle", ClearanceOracle.unseat(key))
    assert done.one(SeatSuspended) == SeatSuspended(COUNTRY, key)
    with reverts(errors.SeatNotActive(key)):
        world.attest(order, 1)
    with reverts(errors.SeatNotActive(key)):
        world.send("ClearanceOracle", ClearanceOracle.unseat(key))
    world.attest(order, 1, seats=(2, 3, 4))
    assert world.position(order).phase == Phase.CLOSED


def test_renew__seated_member__cannot_start_to_trade(world: World) -> None:
    """P05: who judges goods must not trade in them."""
    with reverts(errors.InvalidMember()):
        renew(world, "customs1", SUPPLIER)


def test_unseat__key_given_up__seat_counts_no_more(world: World) -> None:
    key = world.key("customs1").address
    world.revoke_key("customs1", key)
    world.send("ClearanceOracle", ClearanceOracle.unseat(key))
    assert not world.view("ClearanceOracle", ClearanceOracle.is_seat_active(key))


def test_unseat__no_seat_at_all__is_refused(world: World) -> None:
    with reverts(errors.SeatNotActive(signer(50).address)):
        world.send("ClearanceOracle", ClearanceOracle.unseat(signer(50).address))


def seat(world: World, seats: list[tuple[Signer, str]], threshold: int = 2) -> None:
    chosen = tuple(Seat(key=key.address, member=world.ids[actor]) for key, actor in seats)
    world.govern("ClearanceOracle", ClearanceOracle.seat(COUNTRY + 1, threshold, 0, chosen))


def test_seat__one_member_twice__is_refused(world: World) -> None:
    """P38: two keys of one member are one voice."""
    twice = [(signer(50), "customs1"), (signer(51), "customs2"), (signer(52), "customs1")]
    with reverts(errors.InvalidCommittee()):
        seat(world, twice)
    seat(world, [*twice[:2], (signer(52), "customs3")])


def test_seat__key_of_another_member_or_given_up__is_refused(world: World) -> None:
    others = [(signer(51), "customs2"), (signer(52), "customs3")]
    with reverts(errors.InvalidCommittee()):
        seat(world, [(world.key("supplier"), "customs1"), *others])
    world.give_key("customs1", signer(53), 1, 0)
    seat(world, [(signer(53), "customs1"), *others])
    world.revoke_key("customs1", signer(53).address)
    with reverts(errors.InvalidCommittee()):
        seat(world, [(signer(53), "customs1"), *others])


# Cover


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


# Time past the word's end


def test_i13__after_the_end_of_32_bits__interest_stands_still(world: World) -> None:
    """I-13: time that no longer fits its field neither spills into others nor counts twice."""
    last = 2**32 - 1
    world.evm.set_time(last - 300 * DAY)
    order = world.accepted(_line_of_today(world))
    world.draw(order, 80_000_00)
    world.evm.set_time(last)
    before = world.outstanding(order)
    world.evm.advance(400 * DAY)
    assert world.outstanding(order) == before
    world.lapse(order)
    world.evm.advance(400 * DAY)
    loan = world.loan(order)
    assert (world.outstanding(order), loan.since, loan.draws) == (before, last, 1)
    assert (loan.principal, loan.draws_closed) == (80_000_00, True)


def _line_of_today(world: World) -> int:
    for actor in ("buyer", "supplier", "bank", "bank2"):
        member = world.view("TrustedNetwork", TrustedNetwork.member_of(world.ids[actor]))
        term = TrustedNetwork.renew(world.ids[actor], member.roles, 1, 2**32 - 1)
        world.govern("TrustedNetwork", term)
    return world.publish(expiry=2**32 - 1)


# Due dates and late charges


def test_tenor__refused_with_nothing_delivered__sets_no_due_date(world: World) -> None:
    order = world.accepted(world.publish(grace_days=0), tenor_days=365)
    world.draw(order, 80_000_00)
    maturity = world.loan(order).maturity
    done = world.attest(order, 1, refused=True, released=0, phase=Phase.ACCEPTED)
    assert not done.every(DueSet)
    assert world.position(order).phase == Phase.CLOSED
    assert world.loan(order).maturity == maturity == world.position(order).expiry


def test_tenor__refused_with_a_part_delivered__sets_the_due_date(world: World) -> None:
    order = world.accepted(tenor_days=30)
    done = world.attest(order, 1, refused=True, released=40_000_00)
    assert done.one(DueSet).due == world.evm.now + 30 * DAY


def late_order(world: World) -> int:
    """An order of a buyer without cash, late since 36 days."""
    order = world.accepted(late_bps=10_000)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(36 * DAY)
    return order


def test_late__release_taken_back__nothing_is_charged_until_it_stands_again(world: World) -> None:
    """I-17: nothing is paid beyond what is released, charges neither."""
    order = late_order(world)
    done = world.attest(order, 2, phase=Phase.ACCEPTED, released=0)
    assert done.one(Unpaid).remaining == 0
    world.deposit("buyer", 2 * FACE)
    with reverts(errors.NothingDue(order)):
        world.settle(order)
    world.evm.advance(DAY)
    settled = world.attest(order, 3).one(Settled)
    # 36 days of a year on the face, and none while it was not payable.
    assert (settled.face, settled.late) == (FACE, -(-FACE * 36 // 365))
    assert world.position(order).phase == Phase.CLOSED


def test_late__everything_lapses__the_charge_goes_with_it(world: World) -> None:
    """I-09: an order on which nothing is claimed closes, also one that was late."""
    order = late_order(world)
    done = world.attest(order, 2, refused=True, phase=Phase.ACCEPTED, released=0)
    assert done.one(Closed).order == order
    assert not done.every(Settled)
    assert world.position(order).late_since == 0


# Settling with nothing to move


def test_settle__only_duty_unpaid_and_no_cash__is_refused(world: World) -> None:
    order = world.accepted(duty_cap=5_00)
    world.drain("buyer")
    assert world.attest(order, 1, released=0, duty=5_00).one(DutyUnpaid).remaining == 5_00
    for _ in range(2):
        with reverts(errors.BuyerShort(5_00, 0)):
            world.settle(order)
    world.deposit("buyer", 3_00)
    done = world.settle(order)
    assert (done.one(Settled).to_customs, done.one(DutyUnpaid).remaining) == (3_00, 2_00)


def test_settle__face_unpaid_for_the_first_time__is_recorded_once(world: World) -> None:
    order = world.accepted(tenor_days=1)
    world.attest(order, 1)
    world.drain("buyer")
    world.evm.advance(DAY)
    assert world.settle(order).one(Unpaid).remaining == FACE
    with reverts(errors.BuyerShort(FACE, 0)):
        world.settle(order)
