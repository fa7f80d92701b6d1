"""CreditLines: lines and their versions, reserves, draws."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import Moved
from settlement.chain.bindings.credit_lines import CreditLines, Drawn, LinePublished, LineUsed
from settlement.chain.bindings.enums import DayCount, Phase, Status
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import Draw, LineTerms
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.harness import reverts, signer
from tests.contracts.world import DAY, JPY, SUPPLIER, USD, World

FACE = 100_000_00
SPARE = signer(30)
WIDEST: dict[str, Any] = {
    "limit": 2**56 - 1,
    "order_cap": 2**56 - 1,
    "rate_bps": 65535,
    "late_bps": 65535,
    "fee_bps": 10_000,
    "advance_accepted": 10_000,
    "advance_shipped": 10_000,
    "advance_released": 10_000,
    "day_count": DayCount.ACT365,
    "grace_days": 255,
    "recourse": True,
    "buyer_lanes": 255,
    "supplier_lanes": 255,
    "committed": True,
    "commitment_bps": 1023,
    "longest_days": 2047,
    "expiry": 2**32 - 1,
}


def publish(world: World, terms: LineTerms, actor: str = "bank") -> object:
    signed = world.sign(actor, "CreditLines", terms)
    return world.send("CreditLines", CreditLines.publish(terms, signed))


def drawable(world: World, order: int) -> int:
    return int(world.view("CreditLines", CreditLines.drawable_of(order)))


# Lines


@pytest.mark.parametrize("changes", [{}, WIDEST])
def test_publish__line__is_kept_field_by_field(world: World, changes: dict[str, Any]) -> None:
    terms = world.line_terms(**changes)
    done = world.send("CreditLines", CreditLines.publish(terms, world.sign("bank", "CreditLines", terms)))
    line, version = done.value.line, done.value.version
    assert (line, version) == (1, 1)
    assert done.one(LinePublished) == LinePublished(line, 1, terms.funder, terms)
    kept = world.view("CreditLines", CreditLines.terms_of(line, 1))
    assert kept == replace(terms, line=line, nonce=0, deadline=0)
    assert tuple(world.view("CreditLines", CreditLines.usage_of(line))) == (terms.limit, 0, 1)
    assert world.view("CreditLines", CreditLines.line_count()) == 1
    assert world.view("CreditLines", CreditLines.is_nonce_used(terms.funder, terms.nonce))


def test_publish__new_version__takes_the_old_one_off_the_table(world: World) -> None:
    line = world.publish()
    order = world.accepted(line)
    # The sum of uses is the line's, over all versions, and no limit may cut into it.
    with reverts(errors.LimitExceeded(line, 90_000_00, 90_000_00 - 1)):
        world.publish(line=line, limit=90_000_00 - 1)
    assert world.publish(line=line, rate_bps=900, limit=90_000_00) == line
    with reverts(errors.UnknownLine(line, 1)):
        world.accept(line=line)
    with reverts(errors.UnknownLine(line, 3)):
        world.accept(line=line, version=3)
    with reverts(errors.LimitExceeded(line, 90_000_00, 0)):
        world.accept(line=line, version=2)
    # What was reserved keeps its terms.
    world.draw(order, 80_000_00)
    world.evm.advance(360 * DAY // 8)
    assert world.outstanding(order)[0] == 800_00
    assert world.view("CreditLines", CreditLines.terms_of(line, 1)).rate_bps == 800


@pytest.mark.parametrize(
    "changes",
    [
        {"limit": 0},
        {"order_cap": 0},
        {"advance_accepted": 10_001},
        {"advance_shipped": 10_001},
        {"advance_released": 10_001},
        {"fee_bps": 10_001},
        {"commitment_bps": 1},
        {"committed": True, "commitment_bps": 1024},
        {"longest_days": 2048},
        {"expiry": 1_600_000_000},
    ],
)
def test_publish__senseless_terms__are_refused(world: World, changes: dict[str, Any]) -> None:
    with reverts(errors.InvalidTerms()):
        world.publish(**changes)


def test_publish__only_by_the_funder_in_good_standing(world: World) -> None:
    terms = world.line_terms()
    with reverts(errors.NotSignedBy(world.ids["bank"])):
        publish(world, terms, "bank2")
    with reverts(errors.RoleMissing(world.ids["buyer"], 4)):
        publish(world, replace(terms, funder=world.ids["buyer"]), "buyer")
    publish(world, terms)
    with reverts(errors.NonceUsed(world.ids["bank"], terms.nonce)):
        publish(world, terms)
    # Empty signature: the bank's own key.
    own = CreditLines.publish(world.line_terms(), b"")
    world.send("CreditLines", own, world.key("bank"))
    late = world.line_terms(deadline=world.evm.now - 1)
    with reverts(errors.SignatureExpired(late.deadline)):
        publish(world, late)
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids["bank"], Status.SUSPENDED))
    with reverts(errors.NotInGoodStanding(world.ids["bank"])):
        world.publish()


def test_publish__version_of_another_line__is_refused(world: World) -> None:
    line = world.publish()
    with reverts(errors.UnknownLine(line, 1)):
        world.publish("bank2", line=line)
    with reverts(errors.UnknownLine(line, 1)):
        world.publish(line=line, currency=JPY)
    with reverts(errors.UnknownLine(9, 0)):
        world.publish(line=9)
    with reverts(errors.CurrencyUnknown(978)):
        world.publish(currency=978)
    with reverts(errors.UnknownLine(line, 2)):
        world.view("CreditLines", CreditLines.terms_of(line, 2))


def test_collect__strangers__are_refused(world: World) -> None:
    with reverts(errors.NotTradeContract(SPARE.address)):
        world.send("CreditLines", CreditLines.collect(1, 2, 3, 4), SPARE)
    with reverts(errors.NotTradeContract(SPARE.address)):
        world.send("CreditLines", CreditLines.collect_many((), 3), SPARE)


# Reserves


def test_reserve__lanes_cap_and_expiry__are_the_banks_consent(world: World) -> None:
    line = world.publish(buyer_lanes=0b010, supplier_lanes=0b100)
    with reverts(errors.NotEligible(line, 1, 1)):
        world.accept(line=line)
    supplier, until = world.ids["supplier"], world.evm.now + 1000 * DAY
    world.govern("TrustedNetwork", TrustedNetwork.renew(supplier, SUPPLIER, 2, until))
    world.accept(line=line)
    with reverts(errors.OrderCapExceeded(500_000_01, 500_000_00)):
        world.accept(world.order(face=500_000_01), line)
    world.accept(world.order(face=500_000_00), line)
    expiry = world.view("CreditLines", CreditLines.terms_of(line, 1)).expiry
    world.evm.set_time(expiry)
    world.accept(world.order(face=1), line)
    world.evm.advance(1)
    with reverts(errors.LineExpired(line, 1)):
        world.accept(world.order(face=1), line)


def test_i11__sum_of_uses__never_exceeds_the_limit(world: World) -> None:
    """I-11 the reserve that fits exactly is taken, one unit more is refused."""
    line = world.publish(limit=180_000_00)
    world.accept(line=line)
    with reverts(errors.LimitExceeded(line, 90_000_01, 90_000_00)):
        world.accept(world.order(face=100_000_02), line)
    world.accept(world.order(face=100_000_01), line)
    assert world.used(line) == 180_000_00
    with reverts(errors.LimitExceeded(line, 1, 0)):
        world.accept(world.order(face=2), line)


def test_p08__headroom__is_counted_order_by_order(world: World) -> None:
    """P08: the advance is a share of each order's own claim, whatever headroom the line has left."""
    line = world.publish(limit=10_000_000_00)
    order = world.accepted(line)
    with reverts(errors.AdvanceExceeded(order, 80_000_01, 80_000_00)):
        world.draw(order, 80_000_01)
    world.draw(order, 80_000_00)
    assert world.used(line) == 90_000_00


# Draws


def test_draw__at_the_exact_limit__moves_cash_less_the_fee(world: World) -> None:
    order = world.accepted(world.publish(fee_bps=33))
    bank, supplier = world.cash("bank"), world.cash("supplier")
    assert drawable(world, order) == 80_000_00
    done = world.draw(order, 80_000_00)
    fee = 80_000_00 * 33 // 10_000
    assert done.one(Drawn) == Drawn(order, 0, 80_000_00, fee, 80_000_00, 0)
    assert done.one(Moved).legs[0].amount == 80_000_00 - fee
    assert (world.cash("bank"), world.cash("supplier")) == (
        bank - 80_000_00 + fee,
        supplier + 80_000_00 - fee,
    )
    assert world.outstanding(order) == (0, 80_000_00)
    assert drawable(world, order) == 0


def test_p27__fee__is_rounded_up_for_the_funder(world: World) -> None:
    """P27: the drawer pays the fraction of its own fee."""
    order = world.accepted(world.publish(fee_bps=1))
    assert world.draw(order, 10_001).one(Drawn).fee == 2


def test_i10__draws__stay_within_the_phase(world: World) -> None:
    """I-10 at every draw principal <= advance of the phase x (face - reduced - paid), one unit over is refused."""
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 80_000_00)
    with reverts(errors.AdvanceExceeded(order, 1, 0)):
        world.draw(order, 1, 1)
    world.attest(order, 1, phase=Phase.SHIPPED, released=0)
    assert drawable(world, order) == 5_000_00
    with reverts(errors.AdvanceExceeded(order, 5_000_01, 5_000_00)):
        world.draw(order, 5_000_01, 1)
    world.draw(order, 5_000_00, 1)
    world.attest(order, 2, phase=Phase.RELEASED)
    done = world.draw(order, 5_000_00, 2)
    assert (done.one(Drawn).index, done.one(Drawn).principal) == (2, 90_000_00)
    assert not done.every(LineUsed)
    assert world.used(line) == 90_000_00
    # A phase taken back lends no more, and calls nothing back.
    world.attest(order, 3, phase=Phase.SHIPPED, released=0)
    assert drawable(world, order) == 0


def test_i10__odd_face__is_rounded_down(world: World) -> None:
    """I-10 the fraction of a unit is not lent."""
    order = world.accepted(world.publish(), face=101)
    with reverts(errors.AdvanceExceeded(order, 81, 80)):
        world.draw(order, 81)
    world.draw(order, 80)


def test_draw__index__counts_up_by_one(world: World) -> None:
    order = world.accepted(world.publish())
    with reverts(errors.DrawIndexUsed(1, 0)):
        world.draw(order, 1, 1)
    world.draw(order, 1)
    with reverts(errors.DrawIndexUsed(0, 1)):
        world.draw(order, 1)
    world.draw(order, 1, 1)
    with reverts(errors.InvalidTerms()):
        world.draw(order, 0, 2)


def test_p40__draws_of_one_order__are_bounded(world: World) -> None:
    """P40: sixty-three draws are made, the next is refused."""
    order = world.accepted(world.publish())
    for index in range(63):
        world.draw(order, 1, index)
    assert (world.loan(order).draws, world.outstanding(order)[1]) == (63, 63)
    with reverts(errors.DrawsClosed(order)):
        world.draw(order, 1, 63)


def test_draw__only_by_the_supplier_in_good_standing(world: World) -> None:
    order = world.accepted(world.publish())
    with reverts(errors.NotSignedBy(world.ids["supplier"])):
        world.draw(order, 1, actor="supplier2")
    with reverts(errors.RoleMissing(world.ids["buyer"], 2)):
        world.draw(order, 1, actor="buyer")
    for actor in ("supplier", "bank"):
        world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids[actor], Status.SUSPENDED))
        with reverts(errors.NotInGoodStanding(world.ids[actor])):
            world.draw(order, 1)
        world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids[actor], Status.ACTIVE))
    request = Draw(order=order, index=0, amount=5, deadline=world.evm.now)
    own = Receivables.draw(request, b"")
    with reverts(errors.NotSignedBy(world.ids["supplier"])):
        world.send("CreditLines", own, world.key("supplier2"))
    world.send("CreditLines", own, world.key("supplier"))
    late = replace(request, index=1, deadline=world.evm.now - 1)
    with reverts(errors.SignatureExpired(late.deadline)):
        world.send("CreditLines", Receivables.draw(late, b""), world.key("supplier"))


def test_draw__limit_of_the_key__binds(world: World) -> None:
    order = world.accepted(world.publish())
    world.give_key("supplier", SPARE, 2, 999)
    for amount, is_fine in ((1000, False), (999, True)):
        request = Draw(order=order, index=0, amount=amount, deadline=world.evm.now)
        send = Receivables.draw(request, SPARE.sign(world.at["CreditLines"], request))
        if is_fine:
            world.send("CreditLines", send)
        else:
            with reverts(errors.KeyLimitExceeded(SPARE.address, 1000, 999)):
                world.send("CreditLines", send)


def test_draw__bank_without_cash__is_refused_by_the_ledger(world: World) -> None:
    order = world.accepted(world.publish())
    world.drain("bank")
    assert drawable(world, order) == 0
    with reverts(errors.InsufficientCash(USD, world.ids["bank"], 0, 100)):
        world.draw(order, 100)


def test_draw__without_a_line__is_refused(world: World) -> None:
    order = world.accepted()
    assert drawable(world, order) == 0
    with reverts(errors.NoLoan(order)):
        world.draw(order, 1)
    with reverts(errors.UnknownOrder(5)):
        world.draw(5, 1)


def test_draw__under_hold__waits_for_its_lifting(world: World) -> None:
    order = world.accepted(world.publish())
    world.attest(order, 1, hold=True, phase=Phase.SHIPPED, released=0)
    assert drawable(world, order) == 0
    with reverts(errors.DrawsClosed(order)):
        world.draw(order, 1)
    assert not world.loan(order).draws_closed
    world.attest(order, 2, phase=Phase.SHIPPED, released=0)
    world.draw(order, 85_000_00)


def test_draw__after_a_payment_expiry_lapse_or_repayment__is_closed(world: World) -> None:
    line = world.publish()
    paid, lapsed, repaid = (world.accepted(line) for _ in range(3))
    expired = world.accepted(line, expiry=world.evm.now + 10)
    world.attest(paid, 1, released=1)
    world.attest(lapsed, 1, phase=Phase.SHIPPED, refused=True, released=1)
    world.draw(repaid, 10)
    world.repay(repaid, 1)
    world.evm.advance(11)
    for order, index in ((paid, 0), (lapsed, 0), (repaid, 1), (expired, 0)):
        assert world.loan(order).draws_closed
        assert drawable(world, order) == 0
        with reverts(errors.DrawsClosed(order)):
            world.draw(order, 1, index)


def test_p31__strangers_repayment__does_not_close_the_suppliers_draws(world: World) -> None:
    """P31: paying for somebody else takes nothing from him."""
    line = world.publish()
    order = world.accepted(line)
    world.draw(order, 10_000_00)
    world.repay(order, 1, "buyer2")
    world.draw(order, 70_000_00, 1)
    assert world.used(line) == 90_000_00
    world.repay(order, 80_000_00, "buyer2")
    assert world.outstanding(order) == (0, 0)
    world.draw(order, 80_000_00, 2)
    world.attest(order, 1)
    assert (world.used(line), world.outstanding(order)) == (0, (0, 0))


def test_i12__order_on_a_line__is_not_accepted_on_another(world: World) -> None:
    """I-12 one receivable secures one line: an order is accepted once, so no second line can be named for it."""
    first, second = world.publish(), world.publish("bank2")
    order = world.order()
    order_id = world.accept(order, first).value
    with reverts(errors.AlreadyAccepted(order_id)):
        world.accept(order, second)
    assert (world.position(order_id).line, world.used(second)) == (first, 0)
