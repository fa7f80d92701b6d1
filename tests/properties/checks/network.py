"""I-28 to I-30: standing, governance, halts."""

from __future__ import annotations

from tests.properties.books.network import BUYER, FOREVER, FUNDER, HALT_S, ON_NETWORK, SUPPLIER
from tests.properties.registry import proves
from tests.properties.step import Step


@proves(
    "I-28",
    "an order opens only between a buyer and a supplier in good standing, on a funder in good standing",
    on=("accept",),
)
def orders_open_in_good_standing(step: Step) -> None:
    order = step.order
    assert order is not None
    assert step.book.has_standing(order.buyer, BUYER)
    assert step.book.has_standing(order.supplier, SUPPLIER)
    assert order.line is None or step.book.has_standing(order.line.funder, FUNDER)


@proves("I-28", "a draw needs supplier, buyer and funder in good standing", on=("draw",))
def draws_open_in_good_standing(step: Step) -> None:
    order = step.order
    assert order is not None
    assert order.line is not None
    assert step.book.has_standing(order.buyer, BUYER)
    assert step.book.has_standing(order.supplier, SUPPLIER)
    assert step.book.has_standing(order.line.funder, FUNDER)


@proves(
    "I-28",
    "settlement, lapse, repayment and recourse never ask for anybody's standing",
    on=("settle!", "lapse!", "repay!", "recourse!", "attest!"),
)
def what_is_owed_settles(step: Step) -> None:
    assert step.refused_by not in {"NotInGoodStanding", "RoleMissing", "NewBusinessHalted"}


@proves("I-28", "members have the standing that governance gave them, and their roles")
def members_are_the_books(step: Step) -> None:
    for name, member in step.book.members.items():
        word = step.after.members[name]
        assert word & 0x7F == member.status
        assert word >> 16 & 0xFFFF == member.roles


@proves("I-05 I-28", "nobody trades with itself", on=("accept",))
def nobody_trades_with_itself(step: Step) -> None:
    assert step.order is not None
    assert step.order.buyer != step.order.supplier
    assert step.order.line is None or step.order.line.funder != step.order.supplier


@proves("I-30", "while new business is halted no line, order or draw opens", on=("accept", "draw", "publish"))
def halts_stop_new_business(step: Step) -> None:
    order, halts = step.order, step.book.halts
    opening = {order.buyer, order.supplier, order.line.funder if order.line else ""} if order else set()
    for on, subject in halts:
        if step.book.is_halted(on, subject):
            assert on != ON_NETWORK
            assert order is None or subject not in opening | {order.currency}


@proves("I-30 I-29", "a halt stands as long as the guardian or governance gave it, and is over by itself")
def halts_are_the_books(step: Step) -> None:
    for key, halt in step.book.halts.items():
        word = step.after.halts[key]
        assert (word & FOREVER, word >> 48 & 1) == (halt.until, int(halt.stands))


@proves(
    "I-29", "the guardian's halt ends after seven days and does not follow another within seven", on=("halt",)
)
def halts_lapse(step: Step) -> None:
    fresh = [key for key, word in step.after.halts.items() if step.before.halts.get(key) != word]
    assert len(fresh) == 1
    former = step.before.halts.get(fresh[0], 0) & FOREVER
    assert step.after.halts[fresh[0]] & FOREVER == step.after.at + HALT_S
    assert not former or step.after.at >= former + HALT_S
