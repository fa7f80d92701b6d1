"""I-28 to I-30: standing, governance, halts."""

from __future__ import annotations

from tests.properties.books.network import BUYER, FUNDER, SUPPLIER
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
    assert step.refused_by not in {"NotInGoodStanding", "RoleMissing"}


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
