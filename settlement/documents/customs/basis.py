"""What an order's customs messages are measured against: its signed value, and which declarations carry which share.

A declaration belongs to an order by the signed terms or by a k-signed pre-lodged state; who calls this has checked that.

Source: issue 2, "Documents"; CHECKLISTS D03.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from settlement.documents.order import Order
from settlement.errors import InputRefused
from settlement.money import Currency


@dataclass(frozen=True)
class ItemShare:
    """One goods item of a declaration and what it is worth to this order.

    Units:  ``value_minor`` minor units of the order's currency; ``quantity`` exact decimal text, None when not counted.
    """

    sequence: int
    value_minor: int
    quantity: str | None = None
    unit: str = ""


@dataclass(frozen=True)
class DeclarationScope:
    """A declaration's share of an order, by value and, where the goods items are known, by item.

    Units:  minor units of the order's currency.
    """

    value_minor: int
    items: tuple[ItemShare, ...] = ()

    def __post_init__(self) -> None:
        sequences = [item.sequence for item in self.items]
        if len(set(sequences)) != len(sequences):
            raise InputRefused(
                "two goods items of one declaration carry the same sequence number", field="items"
            )
        if self.items and sum(item.value_minor for item in self.items) != self.value_minor:
            raise InputRefused("the goods items of a declaration do not add up to its share", field="items")
        if min([self.value_minor, *(item.value_minor for item in self.items)]) < 0:
            raise InputRefused("a share of an order is negative", field="items")


@dataclass(frozen=True)
class OrderBasis:
    """One order's face and the declarations that speak for it.

    Units:  minor units of ``currency``.
    """

    face_minor: int
    currency: Currency
    declarations: Mapping[str, DeclarationScope]

    def __post_init__(self) -> None:
        shares = sum(scope.value_minor for scope in self.declarations.values())
        if shares > self.face_minor:
            raise InputRefused(
                f"the declarations' shares add up to {shares}, more than the order's face {self.face_minor}",
                field="declarations",
            )


def whole_order(order: Order, declaration_number: str) -> OrderBasis:
    """The basis of an order that one declaration covers; goods item n is the order's line n."""
    scope = scope_of_lines(order, [line.line_id for line in order.lines])
    return OrderBasis(order.face_minor, order.currency, {declaration_number: scope})


def scope_of_lines(order: Order, line_ids: Sequence[str]) -> DeclarationScope:
    """The share of a declaration that carries these lines of the order, as goods items 1, 2, ... in this order.

    Raises: InputRefused when the order has no such line, or one is named twice.
    """
    worth = dict(zip((line.line_id for line in order.lines), order.face_by_line(), strict=True))
    lines = {line.line_id: line for line in order.lines}
    unknown = [one for one in line_ids if one not in lines]
    if unknown or len(set(line_ids)) != len(line_ids):
        raise InputRefused(
            f"the order has no line {unknown[0]!r}" if unknown else "a line is named twice", field="lines"
        )
    items = tuple(
        ItemShare(at, worth[one], lines[one].quantity, lines[one].unit)
        for at, one in enumerate(line_ids, start=1)
    )
    return DeclarationScope(sum(item.value_minor for item in items), items)
