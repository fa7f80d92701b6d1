"""The steps trades are made of. Each looks first at what is already so: a killed demo goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hanse.demo.stage import Stage, amount_body, amount_text, minor
from oracle.link import write_link
from settlement.days import DAY_S
from settlement.documents.customs.event import Duty, ItemScope
from settlement.documents.customs.wco_writer import wco_notification
from settlement.order_number import canonical_number
from settlement.wire.model import instant_from_text, instant_text


@dataclass(frozen=True)
class Line:
    """One line of a demo order. Units: minor units of the order's currency."""

    description: str
    quantity: str
    unit: str
    value_minor: int


@dataclass(frozen=True)
class Plan:
    """What a demo order is about; its terms beside the document.

    Units:  minor units of ``currency``; ``expires_in_days`` after it is placed.
    """

    number: str
    currency: str
    lines: tuple[Line, ...]
    settle_on: str
    duty_cap_minor: int = 0
    expires_in_days: int = 180

    @property
    def face_minor(self) -> int:
        """Sum of the lines."""
        return sum(line.value_minor for line in self.lines)


def place_order(stage: Stage, plan: Plan) -> dict[str, Any]:
    """The buyer's system sends the order, and the buyer signs it."""
    order = _known_order(stage, plan.number)
    if order is None:
        terms = order_terms(
            stage, plan.settle_on, plan.duty_cap_minor, stage.now() + plan.expires_in_days * DAY_S
        )
        order = stage.client("buyer").post("/v1/orders", {"terms": terms, "document": _document(stage, plan)})
        stage.tell("buyer", f"sends order {plan.number} over {amount_text(order['face'])}")
    return order


def order_terms(stage: Stage, settle_on: str, duty_cap_minor: int, expires_at: int) -> dict[str, Any]:
    """The terms both sign beside the document."""
    return {
        "buyer": stage.member("buyer"),
        "supplier": stage.member("supplier"),
        "settle_on": settle_on,
        "duty_cap": str(duty_cap_minor),
        "jurisdiction": 826,
        "late_bps": 800,
        "expires_at": instant_text(expires_at),
    }


def accept_order(stage: Stage, order: Mapping[str, Any]) -> dict[str, Any]:
    """Buyer and supplier sign; the supplier names the cheapest eligible line. From that block on the loan is there."""
    seen = stage.order(order["id"])
    if seen["phase"] != "draft":
        return seen
    for act in seen["acts"]:
        if act["kind"] == "order" and act["state"] == "open":
            stage.sign("buyer", act)
            stage.tell("buyer", "signs the order")
    offers = stage.client("supplier").get(f"/v1/orders/{order['id']}/offers")["items"]
    chosen = {"line": offers[0]["line"], "version": offers[0]["version"]} if offers else {}
    act = stage.client("supplier").post(
        f"/v1/orders/{order['id']}/acceptances", chosen, key=f"accept-{order['id']}"
    )
    done = stage.sign("supplier", act)
    if offers:
        what = f"accepts on line {offers[0]['line']} at {offers[0]['rate_bps']} bps: receivable minted, loan reserved"
    else:
        what = "accepts without a line: receivable minted"
    stage.tell("supplier", what, done)
    return stage.order_when(order["id"], lambda one: one["phase"] != "draft", "acceptance")


def draw(stage: Stage, order: Mapping[str, Any], wanted_minor: int | None = None) -> dict[str, Any]:
    """The supplier draws: so much, or all that the phase allows."""
    loan = stage.client("supplier").get(f"/v1/loans/{order['id']}")
    if minor(loan["drawn"]) > 0:
        return loan
    code = loan["drawable"]["currency"]
    amount = amount_body(minor(loan["drawable"]) if wanted_minor is None else wanted_minor, code)
    # One key for the one draw: repeated after a kill it gives the same act, whose signature counts once.
    act = stage.client("supplier").post(
        f"/v1/loans/{order['id']}/draws", {"amount": amount}, key=f"draw-{order['id']}"
    )
    done = stage.sign("supplier", act)
    stage.tell("supplier", f"draws {amount_text(amount)}", done)
    stage.order_when(order["id"], lambda one: minor(one["drawn"]) > 0, "draw", "supplier")
    return stage.client("supplier").get(f"/v1/loans/{order['id']}")


def drawn_at(loan: Mapping[str, Any]) -> int:
    """When the first draw was mined."""
    return instant_from_text(loan["draws"][0]["drawn_at"])


class Declaration:
    """A customs declaration of one order: the authority's link, and its messages, with ids that repeat on a replay."""

    def __init__(self, stage: Stage, order: Mapping[str, Any]) -> None:
        self._stage = stage
        self._order = order["id"]
        self.number = f"26GB{order['id'][2:16].upper()}R"
        self._count = 0

    def repeat_after(self, count: int) -> None:
        """Go on counting messages where an earlier run of this declaration stopped."""
        self._count = count

    def lodge(self, at: int) -> None:
        """The authority names the declaration for the order and accepts it."""
        link = write_link(f"{self.number}-link", self._order, self.number, at)
        self._stage.customs.deliver("link", link)
        self.say("01", at)
        self._stage.tell("customs", f"declaration {self.number} lodged and accepted")

    def say(
        self,
        function_code: str,
        at: int,
        *,
        reason_code: str = "",
        items: Sequence[ItemScope] = (),
        duties: Sequence[Duty] = (),
        members: Sequence[int] | None = None,
    ) -> None:
        """The authority sends one notification to all members, or to some."""
        self._count += 1
        raw = wco_notification(
            function_code,
            self.number,
            1,
            f"{self.number}-{self._count}",
            at,
            authority="HMRC",
            reason_code=reason_code,
            items=items,
            duties=duties,
        )
        self._stage.customs.deliver("wco", raw, members=members)


def settled(stage: Stage, order: str, is_so: Any, what: str) -> dict[str, Any]:
    """Wait for a settlement and tell how the cash went."""
    seen = stage.order_when(order, is_so, what)
    last = seen["settlements"][-1]
    evidence = evidence_of(seen, "settle", last["hash"])
    stage.tell("committee", "3 of 5 members sign, and the same transaction pays", evidence)
    for key, who in (("to_funder", "bank"), ("to_holder", "supplier"), ("to_customs", "customs")):
        if minor(last[key]) > 0:
            stage.timeline.share(amount_text(last[key]), who)
    return seen


def evidence_of(order: Mapping[str, Any], verb: str, tx_hash: str | None = None) -> dict[str, Any] | None:
    """The last transaction that did ``verb`` to the order (or the one of that hash)."""
    rows = [row for row in order["evidence"] if row["verb"] == verb and tx_hash in (None, row["hash"])]
    return rows[-1] if rows else None


def _known_order(stage: Stage, number: str) -> dict[str, Any] | None:
    for row in stage.client("buyer").items("/v1/orders"):
        if row["number"] == canonical_number(number):
            return stage.order(row["id"])
    return None


def _document(stage: Stage, plan: Plan) -> dict[str, Any]:
    buyer, supplier = stage.actor("buyer"), stage.actor("supplier")
    document = {
        "number": plan.number,
        "issued_on": instant_text(stage.now())[:10],
        "buyer": {"name": "Thames Home Retail Ltd", "identifiers": [_lei(buyer.lei)], "country": "GB"},
        "supplier": {"name": "Song Hong Textiles JSC", "identifiers": [_lei(supplier.lei)], "country": "VN"},
        "lines": [
            {
                "id": str(position),
                "description": line.description,
                "quantity": line.quantity,
                "unit": line.unit,
                "value": amount_body(line.value_minor, plan.currency),
            }
            for position, line in enumerate(plan.lines, start=1)
        ],
        "payable": amount_body(plan.face_minor, plan.currency),
        "delivery": {"country": "GB", "place": "Felixstowe", "terms": "CIF"},
    }
    # Through JSON once, so that what is sent is plain data.
    return dict(json.loads(json.dumps(document)))


def _lei(text: str) -> dict[str, str]:
    return {"scheme": "LEI", "value": text}
