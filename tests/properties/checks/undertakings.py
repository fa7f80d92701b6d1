"""I-02, I-07, I-14, I-15, I-28 of undertakings: R5 and R13."""

from __future__ import annotations

from settlement.chain.bindings.receivables import Settled
from settlement.chain.bindings.settlement_desk import (
    GuarantorRefunded,
    ShareSettled,
    Undertaken,
    UndertakingCalled,
    UndertakingReturned,
)
from tests.properties.books.arithmetic import CLOSED
from tests.properties.books.network import FUNDER, ON_MEMBER, ON_NETWORK
from tests.properties.registry import proves
from tests.properties.step import Step

CALLING = ("attest", "settle", "lapse")


@proves(
    "I-07 I-01",
    "what a guarantor has behind an order, until when, and what the buyer owes it, is what the books say",
)
def undertakings_are_the_books(step: Step) -> None:
    for id_, order in step.book.orders.items():
        seen, known = step.after.guarantees[id_], order.guarantee
        if known is None:
            assert (seen.left, seen.claim, seen.expiry, seen.guarantor) == (0, 0, 0, 0)
            continue
        figures = (known.left, known.claim, known.expiry, step.ids[known.guarantor])
        assert (seen.left, seen.claim, seen.expiry, seen.guarantor) == figures
        assert step.after.cash[order.currency, order.undertaking_account] == seen.left


@proves(
    "I-14 I-02",
    "an undertaking pays only face that hold and buyer lack, once they have nothing but what rounding left",
    on=CALLING,
)
def undertakings_pay_last(step: Step) -> None:
    order = step.order
    assert order is not None
    before, after = step.before.guarantees[order.id], step.after.guarantees[order.id]
    called = sum(event.amount for event in step.every(UndertakingCalled))
    assert before.left - after.left == after.claim - before.claim == called
    if called:
        assert before.expiry > step.after.at
        rest = step.after.cash[order.currency, order.id] - step.after.orders[order.id].disputed
        if (order.currency, order.buyer) not in step.after.frozen:
            rest += step.after.cash[order.currency, order.buyer]
        settled, shares = step.every(Settled), step.every(ShareSettled)
        face = sum(event.face for event in settled) + sum(event.face for event in shares)
        assert 0 <= rest <= len(order.shares)
        assert called <= face + len(order.shares)
        assert sum(event.late + event.to_customs for event in settled) == 0


@proves("I-14", "no face stays unpaid while an undertaking in force has cash for it", on=CALLING)
def undertakings_do_not_hang_back(step: Step) -> None:
    assert step.order is not None
    assert step.told is not None
    backing = step.after.guarantees[step.order.id]
    if backing.left and backing.expiry > step.after.at:
        assert step.told.payable <= len(step.order.shares)


@proves("I-07", "what a buyer owes its guarantor rises by calls and falls by refunds, and by nothing else")
def guarantors_claims_are_told(step: Step) -> None:
    for id_, before in step.before.guarantees.items():
        called = sum(event.amount for event in step.every(UndertakingCalled) if event.order == id_)
        refunded = sum(event.amount for event in step.every(GuarantorRefunded) if event.order == id_)
        assert step.after.guarantees[id_].claim - before.claim == called - refunded


@proves(
    "I-15 I-14",
    "a guarantor is refunded by the buyer alone, after all face and late charge, and never more than it paid",
    on=("refund_guarantor",),
)
def guarantors_rank_last(step: Step) -> None:
    order = step.order
    assert order is not None
    assert order.guarantee is not None
    assert step.told is not None
    (told,) = step.every(GuarantorRefunded)
    assert step.told.payable == step.told.late == 0
    assert 0 < told.amount <= step.before.guarantees[order.id].claim
    gained = step.change(order.currency, order.guarantee.guarantor)
    assert told.amount == gained == -step.change(order.currency, order.buyer)


@proves(
    "I-02 I-03",
    "cash behind an order goes back whole to the guarantor that locked it, once expired or the order closed",
    on=("return_undertaking",),
)
def undertakings_return_whole(step: Step) -> None:
    order = step.order
    assert order is not None
    assert order.guarantee is not None
    before = step.before.guarantees[order.id]
    (told,) = step.every(UndertakingReturned)
    assert told.amount == before.left == step.change(order.currency, order.guarantee.guarantor) > 0
    assert told.guarantor == before.guarantor
    assert step.after.at >= before.expiry or step.before.orders[order.id].phase == CLOSED


@proves(
    "I-02 I-18",
    "an undertaking is displaced only by a larger one that pays out what is owed to it; its cash is back at once",
    on=("undertake",),
)
def undertakings_stand(step: Step) -> None:
    order = step.order
    assert order is not None
    before, after = step.before.guarantees[order.id], step.after.guarantees[order.id]
    (told,) = step.every(Undertaken)
    signed = after.left + after.claim
    assert (told.amount, told.guarantor, told.expiry) == (signed, after.guarantor, after.expiry)
    assert after.left > 0
    assert after.claim == before.claim
    returned = {event.guarantor: event.amount for event in step.every(UndertakingReturned)}
    assert returned == ({before.guarantor: before.left} if before.left else {})
    refunded = {event.guarantor: event.amount for event in step.every(GuarantorRefunded)}
    assert refunded == ({before.guarantor: before.claim} if before.claim else {})
    if before.left and step.after.at < before.expiry:
        assert after.left > before.left
    for name, number in step.ids.items():
        if number in {before.guarantor, after.guarantor}:
            gained = returned.get(number, 0) + refunded.get(number, 0)
            assert step.change(order.currency, name) == gained - (signed if number == after.guarantor else 0)


@proves(
    "I-28 I-30 I-02",
    "a guarantor is a funder in good standing, neither halted nor frozen, and not the buyer",
    on=("undertake",),
)
def guarantors_are_in_good_standing(step: Step) -> None:
    order, name = step.order, step.facts["guarantor"]
    assert order is not None
    assert step.after.guarantees[order.id].guarantor == step.ids[name]
    assert step.book.has_standing(name, FUNDER)
    assert name != order.buyer
    assert not step.book.is_halted(ON_NETWORK, 0)
    assert not step.book.is_halted(ON_MEMBER, name)
    assert (order.currency, name) not in step.before.frozen
