"""Trade 2: customs control the goods, hold them, release a part, then the rest."""

from __future__ import annotations

from hanse.demo.stage import Stage
from hanse.demo.steps import Declaration, Line, Plan, accept_order, draw, drawn_at, place_order, settled
from settlement.days import DAY_S
from settlement.documents.customs.event import ItemScope

PLAN = Plan(
    number="PO-2026-0002",
    currency="USD",
    lines=(
        Line("Rattan chairs", "800", "C62", 4_800_000),
        Line("Bamboo lamps", "2000", "C62", 3_200_000),
    ),
    settle_on="release",
)


def play(stage: Stage) -> str:
    """Play it.

    Returns the order's id.
    """
    stage.timeline.title("Trade 2: control and hold, release of a part, then the rest")
    order = accept_order(stage, place_order(stage, PLAN))
    arrival_at = drawn_at(draw(stage, order)) + 20 * DAY_S
    declaration = Declaration(stage, order)

    stage.advance_to(arrival_at)
    declaration.lodge(arrival_at - 2)
    declaration.say("05", arrival_at - 1)
    stage.order_when(order["id"], lambda one: one["hold"], "the hold")
    stage.tell("committee", "3 of 5 sign the hold; nothing can be paid")

    stage.advance_to(arrival_at + 2 * DAY_S)
    declaration.say("08", arrival_at + 2 * DAY_S - 1, items=(ItemScope(1),))
    settled(stage, order["id"], lambda one: len(one["settlements"]) == 1, "settlement of the released part")

    stage.advance_to(arrival_at + 5 * DAY_S)
    declaration.say("08", arrival_at + 5 * DAY_S - 1, items=(ItemScope(2),))
    settled(stage, order["id"], lambda one: one["phase"] == "settled", "settlement of trade 2")
    return str(order["id"])
