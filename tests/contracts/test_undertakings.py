"""A guarantor's cash behind an order: given, called last, refunded after everybody else, taken back."""

from __future__ import annotations

import pytest

from settlement.chain.bindings import errors
from settlement.chain.bindings.enums import Status
from settlement.chain.bindings.receivables import Closed, Receivables, Settled, Unpaid
from settlement.chain.bindings.settlement_desk import (
    GuarantorRefunded,
    Undertaken,
    UndertakingCalled,
    UndertakingReturned,
)
from settlement.chain.bindings.structs import Guarantee, Undertaking
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.harness import Outcome, reverts
from tests.contracts.holdings import guarantee, split, undertake
from tests.contracts.world import DAY, FUNDER, World

FACE = 100_000_00
BACKED = 60_000_00


def account(world: World, order: int) -> int:
    return int(world.view("Receivables", Receivables.undertaking_account(order)))


def give_back(world: World, order: int) -> Outcome[None]:
    return world.send("Receivables", Receivables.return_undertaking(order))


def refund(world: World, order: int) -> Outcome[None]:
    return world.send("Receivables", Receivables.refund_guarantor(order))


def leave(world: World, amount: int) -> None:
    """The buyer keeps so much free cash."""
    world.withdraw("buyer", world.cash("buyer") - amount)


def test_undertake__funders_cash__stands_behind_the_order_in_an_account_of_its_own(world: World) -> None:
    """I-01, I-02: moved by what its owner signed, still somebody's."""
    order = world.accepted()
    free = world.cash("bank2")
    done = undertake(world, order, BACKED)
    expiry = world.evm.now + 30 * DAY
    assert done.one(Undertaken) == Undertaken(order, world.ids["bank2"], BACKED, expiry)
    assert free - world.cash("bank2") == world.cash(account(world, order)) == BACKED
    assert guarantee(world, order) == Guarantee(world.ids["bank2"], BACKED, 0, expiry)


def test_r5__short_buyer__undertaking_pays_last_and_only_what_is_lacking(world: World) -> None:
    order = world.accepted()
    undertake(world, order, BACKED)
    leave(world, 70_000_00)
    free = world.cash("supplier")
    done = world.attest(order, 1)
    assert done.one(UndertakingCalled) == UndertakingCalled(order, 30_000_00, 30_000_00)
    assert done.one(Settled).face == world.cash("supplier") - free == FACE
    assert done.one(Closed) == Closed(order)
    assert world.cash("buyer") == world.cash(order) == 0
    assert world.cash(account(world, order)) == 30_000_00


def test_r5__buyer_with_cash__never_touches_the_undertaking(world: World) -> None:
    order = world.accepted()
    undertake(world, order, BACKED)
    done = world.attest(order, 1)
    assert not done.every(UndertakingCalled)
    assert world.cash(account(world, order)) == BACKED


@pytest.mark.parametrize("left", [0, 39_999_99])
def test_r5__undertaking_too_small__pays_all_it_has_and_the_buyer_is_late(world: World, left: int) -> None:
    """I-07, I-14: counted in paid like the buyer's own cash."""
    order = world.accepted()
    undertake(world, order, BACKED)
    leave(world, left)
    done = world.attest(order, 1)
    assert done.one(Settled).face == BACKED + left == world.position(order).paid
    assert done.one(Unpaid).remaining == FACE - BACKED - left
    assert guarantee(world, order).left == 0
    assert guarantee(world, order).claim == BACKED


def test_settle__cash_of_the_undertaking_alone__is_enough(world: World) -> None:
    order = world.accepted()
    world.drain("buyer")
    world.attest(order, 1)
    with reverts(errors.BuyerShort):
        world.settle(order)
    undertake(world, order, BACKED)
    payable = world.view("Receivables", Receivables.payable_now(order))
    assert (payable.payable, payable.covered) == (FACE, 0)
    world.settle(order)
    assert world.position(order).paid == BACKED


def test_split_order__undertaking_pays_all_leaves_alike(world: World) -> None:
    order = world.accepted()
    split(world, order, [("supplier2", 50_000_00)])
    undertake(world, order, BACKED)
    world.drain("buyer")
    free = {name: world.cash(name) for name in ("supplier", "supplier2")}
    world.attest(order, 1)
    assert {name: world.cash(name) - before for name, before in free.items()} == {
        "supplier": 30_000_00,
        "supplier2": 30_000_00,
    }


def test_r13__guarantor__is_refunded_after_the_open_claim_and_the_late_charge(world: World) -> None:
    order = world.accepted(late_bps=1000)
    undertake(world, order, BACKED)
    world.drain("buyer")
    world.attest(order, 1)
    world.evm.advance(73 * DAY)
    world.deposit("buyer", 100_00)
    with reverts(errors.BuyerShort(FACE - BACKED + 800_00 + BACKED, 100_00)):
        refund(world, order)
    world.deposit("buyer", FACE - BACKED + 800_00 - 100_00)
    world.settle(order)
    assert world.cash("buyer") == 0
    with reverts(errors.BuyerShort(BACKED, 0)):
        refund(world, order)
    free = world.cash("bank2")
    world.deposit("buyer", 10_000_00)
    done = refund(world, order)
    assert done.one(GuarantorRefunded) == GuarantorRefunded(order, world.ids["bank2"], 10_000_00)
    world.deposit("buyer", BACKED)
    refund(world, order)
    assert world.cash("bank2") - free == BACKED
    assert world.cash("buyer") == 10_000_00
    with reverts(errors.NothingUndertaken(order)):
        refund(world, order)


def test_return__expired_or_closed__gives_the_cash_back_to_the_second(world: World) -> None:
    """I-20: in force until its expiry and not longer; what is left of it goes to its guarantor alone."""
    order = world.accepted()
    undertake(world, order, BACKED)
    expiry = guarantee(world, order).expiry
    free = world.cash("bank2")
    world.evm.set_time(expiry - 1)
    with reverts(errors.UndertakingInForce(order, expiry)):
        give_back(world, order)
    world.evm.set_time(expiry)
    done = give_back(world, order)
    assert done.one(UndertakingReturned) == UndertakingReturned(order, world.ids["bank2"], BACKED)
    assert world.cash("bank2") - free == BACKED
    with reverts(errors.NothingUndertaken(order)):
        give_back(world, order)


def test_return__order_closed_early__gives_the_cash_back(world: World) -> None:
    order = world.accepted()
    undertake(world, order, BACKED)
    leave(world, FACE - 1)
    world.attest(order, 1)
    free = world.cash("bank2")
    give_back(world, order)
    assert world.cash("bank2") - free == BACKED - 1
    world.deposit("buyer", 1)
    refund(world, order)
    assert world.cash("bank2") - free == BACKED


def test_r5__expired_undertaking__pays_nothing(world: World) -> None:
    order = world.accepted()
    undertake(world, order, BACKED)
    world.drain("buyer")
    world.evm.set_time(guarantee(world, order).expiry)
    done = world.attest(order, 1)
    assert not done.every(UndertakingCalled)
    assert world.cash(account(world, order)) == BACKED


def test_p02__small_undertaking__does_not_keep_out_a_larger_one(world: World) -> None:
    """P02: a stranger cannot block the place; the smaller one's cash goes back in the same call."""
    order = world.accepted()
    undertake(world, order, 1, "bank")
    with reverts(errors.UndertakingTaken(order, 1)):
        undertake(world, order, 1)
    free = world.cash("bank")
    done = undertake(world, order, 2)
    assert done.one(UndertakingReturned) == UndertakingReturned(order, world.ids["bank"], 1)
    assert world.cash("bank") - free == 1
    assert world.cash(account(world, order)) == 2
    world.evm.set_time(guarantee(world, order).expiry)
    undertake(world, order, 1)
    assert guarantee(world, order).left == 1


def test_undertake__larger_but_shorter__does_not_buy_a_guarantor_out(world: World) -> None:
    """P02: nor does one that outlasts the order keep out a larger one."""
    order = world.accepted()
    undertake(world, order, BACKED)
    until = guarantee(world, order).expiry
    for actor in ("bank", "bank2"):
        with reverts(errors.UndertakingTaken(order, BACKED)):
            undertake(world, order, BACKED + 1, actor, expiry=until - 1)
    undertake(world, order, BACKED + 1, "bank", expiry=2**32 - 1)
    last = world.position(order).expiry + 5 * DAY
    with reverts(errors.UndertakingTaken(order, BACKED + 1)):
        undertake(world, order, BACKED + 2, expiry=last - 1)
    undertake(world, order, BACKED + 2, expiry=last)
    assert guarantee(world, order) == Guarantee(world.ids["bank2"], BACKED + 2, 0, last)


def test_undertake__terms_that_cannot_stand__are_refused(world: World) -> None:
    order = world.accepted()
    with reverts(errors.FaceOutOfRange(0)):
        undertake(world, order, 0)
    with reverts(errors.OrderExpired(world.evm.now)):
        undertake(world, order, 1, expiry=world.evm.now)
    with reverts(errors.SignatureExpired(world.evm.now - 1)):
        undertake(world, order, 1, deadline=world.evm.now - 1)
    with reverts(errors.RoleMissing(world.ids["supplier2"], FUNDER)):
        undertake(world, order, 1, "supplier2")
    with reverts(errors.NotSignedBy(world.ids["bank"])):
        undertake(world, order, 1, "bank2", guarantor=world.ids["bank"])
    with reverts(errors.InsufficientCash):
        undertake(world, order, world.cash("bank2") + 1)
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids["bank2"], Status.SUSPENDED))
    with reverts(errors.NotInGoodStanding(world.ids["bank2"])):
        undertake(world, order, 1)


def test_undertake__by_the_buyer_for_itself__is_refused(world: World) -> None:
    roles = TrustedNetwork.renew(world.ids["buyer"], 1 | FUNDER, 1, world.evm.now + 365 * DAY)
    world.govern("TrustedNetwork", roles)
    order = world.accepted()
    with reverts(errors.GuarantorIsBuyer(world.ids["buyer"])):
        undertake(world, order, 1, "buyer")


def test_undertake__same_signature_again__is_spent(world: World) -> None:
    order = world.accepted()
    signed = Undertaking(order, world.ids["bank2"], 5, 0, world.evm.now + DAY, 7, world.evm.now + 3 * DAY)
    world.send("Receivables", Receivables.undertake(signed, b""), world.key("bank2"))
    world.evm.advance(2 * DAY)
    give_back(world, order)
    with reverts(errors.OrderExpired):
        world.send("Receivables", Receivables.undertake(signed, b""), world.key("bank2"))
    again = Undertaking(order, world.ids["bank2"], 5, 0, world.evm.now + DAY, 7, world.evm.now + DAY)
    with reverts(errors.NonceUsed(world.ids["bank2"], 7)):
        world.send("Receivables", Receivables.undertake(again, b""), world.key("bank2"))
