"""Trade 3: a typhoon closes the port of loading; cover pays the lender first, the goods come late and pay the rest."""

from __future__ import annotations

import json
from typing import Any

from hanse.demo.stage import Stage, amount_text, minor
from hanse.demo.steps import Declaration, Line, Plan, accept_order, draw, place_order, settled
from hanse.waiting import wait_for
from settlement.days import DAY_S
from settlement.wire.model import instant_text

WIND = 2
PORT = "VNHPH"
ATTACH, EXHAUST = 330, 500
READINGS = (450, 460, 455, 470, 452)
SUM_MINOR, PREMIUM_MINOR = 7_000_000, 150_000
PLAN = Plan(
    number="PO-2026-0003",
    currency="GBP",
    lines=(Line("Cushion covers", "12000", "C62", 6_000_000),),
    settle_on="clearance",
)


def play(stage: Stage) -> tuple[str, str]:
    """Play it.

    Returns the order's id and the policy's.
    """
    stage.timeline.title("Trade 3: a typhoon, and cover that pays by itself")
    order = accept_order(stage, place_order(stage, PLAN))
    draw(stage, order)
    policy = _buy_cover(stage, order["id"])
    storm_day = policy["first_day"] + 1
    stage.advance_to((storm_day + 1) * DAY_S + 60)
    _observe(stage, policy["first_day"], tuple(100 for _ in READINGS))
    _observe(stage, storm_day, READINGS)
    paid = wait_for(lambda: _paid(stage, policy["id"]), "the payout")
    stage.tell(
        "cover", f"median {paid['index']} of 5 readings pays {amount_text(paid['payout'])}, the lender first"
    )
    stage.timeline.share(amount_text(paid["to_loss_payee"]), "bank")
    stage.timeline.share(amount_text(paid["to_insured"]), "supplier")

    arrival_at = (storm_day + 30) * DAY_S
    stage.advance_to(arrival_at)
    declaration = Declaration(stage, order)
    declaration.lodge(arrival_at - 2)
    declaration.say("09", arrival_at - 1)
    settled(stage, order["id"], lambda one: one["phase"] == "settled", "settlement of trade 3")
    return str(order["id"]), str(policy["id"])


def _buy_cover(stage: Stage, order: str) -> dict[str, Any]:
    first_day = stage.now() // DAY_S + 2
    wish = {
        "insurer": stage.member("insurer"),
        "insured": stage.member("supplier"),
        "order": order,
        "sum": str(SUM_MINOR),
        "premium": str(PREMIUM_MINOR),
        "peril": WIND,
        "place": PORT,
        "first_day": first_day,
        "last_day": first_day + 13,
        "attach": ATTACH,
        "exhaust": EXHAUST,
        "waiting_days": 1,
    }
    act = stage.client("insurer").post("/v1/cover/policies", wish)
    stage.sign("insurer", act)
    done = stage.sign("supplier", act)
    stage.tell("supplier", f"buys wind cover for {PORT}, the bank as loss payee", done)
    stage.timeline.note(f"{'':>37}GBP 70,000.00 at 50.0 m/s, in proportion from 33.0 m/s on")
    return wait_for(lambda: _policy_of(stage, order), "the policy")


def _observe(stage: Stage, day: int, readings: tuple[int, ...]) -> None:
    for number, value in enumerate(readings, start=1):
        reading = {
            "peril": WIND,
            "place": PORT,
            "day": day,
            "value": value,
            "observed_at": instant_text(day * DAY_S + 43_200),
            "source": "ten-minute sustained wind, 0.1 m/s",
        }
        stage.weather.deliver_to(number, "reading", json.dumps(reading).encode())


def _policy_of(stage: Stage, order: str) -> dict[str, Any] | None:
    return next(
        (one for one in stage.client("supplier").items("/v1/cover/policies") if one["order"] == order), None
    )


def _paid(stage: Stage, policy: str) -> dict[str, Any] | None:
    rows = stage.client("supplier").items("/v1/cover/policies")
    paid = next((one["paid"] for one in rows if one["id"] == policy), None)
    return paid if paid is not None and minor(paid["payout"]) > 0 else None
