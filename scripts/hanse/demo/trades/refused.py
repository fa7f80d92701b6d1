"""Trade 4: customs refuse the goods; nothing is paid, and the loan falls due from the supplier, who is told why."""

from __future__ import annotations

from hanse.demo.stage import Stage, amount_text, minor
from hanse.demo.steps import Declaration, Line, Plan, accept_order, draw, drawn_at, evidence_of, place_order
from settlement.days import DAY_S
from settlement.documents.customs.wco_writer import REFUSAL

PLAN = Plan(
    number="PO-2026-0004",
    currency="USD",
    lines=(Line("Lacquerware, lead content to be shown", "900", "C62", 5_000_000),),
    settle_on="release",
)


def play(stage: Stage) -> str:
    """Play it.

    Returns the order's id.
    """
    stage.timeline.title("Trade 4: customs refuse")
    order = accept_order(stage, place_order(stage, PLAN))
    arrival_at = drawn_at(draw(stage, order)) + 25 * DAY_S
    stage.advance_to(arrival_at)
    declaration = Declaration(stage, order)
    declaration.lodge(arrival_at - 3)
    declaration.say("05", arrival_at - 2)
    function_code, reason_code = REFUSAL
    declaration.say(function_code, arrival_at - 1, reason_code=reason_code)
    refused = stage.order_when(order["id"], lambda one: one["phase"] == "refused", "the refusal")
    stage.tell("committee", "3 of 5 sign the refusal: nothing is paid", evidence_of(refused, "attest"))
    stage.tell("supplier", f"is told: {stage.order(order['id'], 'supplier')['reason']}")
    recovered = stage.order_when(
        order["id"],
        lambda one: minor(one["outstanding"]) == 0 and minor(one["recovered_from_supplier"]) > 0,
        "the recourse",
        "supplier",
    )
    taken = amount_text(recovered["recovered_from_supplier"])
    stage.tell(
        "keeper", f"takes {taken} back from the supplier for the bank", evidence_of(recovered, "recourse")
    )
    return str(order["id"])
