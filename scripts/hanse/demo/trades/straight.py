"""Trade 1, the straight one: accept, draw, 45 days, clear, settle."""

from __future__ import annotations

from hanse.demo.stage import Stage
from hanse.demo.steps import Declaration, Line, Plan, accept_order, draw, drawn_at, place_order, settled
from settlement.days import DAY_S
from settlement.documents.customs.event import Duty
from settlement.money import Money, currency

DAYS_OUT = 45
DRAWN_MINOR = 8_350_000
PLAN = Plan(
    number="PO-2026-0001",
    currency="GBP",
    lines=(
        Line("Cotton bed linen sets", "4000", "SET", 9_000_000),
        Line("Linen table cloths", "1500", "C62", 3_000_000),
    ),
    settle_on="clearance",
    duty_cap_minor=3_000_000,
)


def play(stage: Stage) -> str:
    """Play it, or go on with it.

    Returns the order's id.
    """
    stage.timeline.title("Trade 1: from two signatures to settled cash")
    order = accept_order(stage, place_order(stage, PLAN))
    loan = draw(stage, order, DRAWN_MINOR)
    arrival_at = drawn_at(loan) + DAYS_OUT * DAY_S
    if stage.now() < arrival_at:
        stage.advance_to(arrival_at)
        stage.tell("ship", f"{DAYS_OUT} days at sea; arrives at Felixstowe")
    sterling = currency("GBP")
    declaration = Declaration(stage, order)
    declaration.lodge(arrival_at - 3)
    duties = (Duty("A00", Money(240_000, sterling), 1), Duty("B00", Money(2_448_000, sterling), 1))
    declaration.say("13", arrival_at - 2, duties=duties)
    declaration.say("09", arrival_at - 1)
    settled(stage, order["id"], lambda one: one["phase"] == "settled", "settlement of trade 1")
    return str(order["id"])
