"""What a demo found: the orders and policies as the API shows them, and the checks that decide its exit status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hanse.demo.stage import Stage, amount_body, minor
from hanse.demo.steps import evidence_of
from hanse.demo.timeline import Timeline
from settlement.interest import YEAR_DAYS, accrue_up, due_up
from settlement.wire.model import instant_from_text
from settlement.wire.words import DAY_COUNTS


@dataclass(frozen=True)
class Check:
    """One claim: what was expected and what was found."""

    name: str
    expected: Any
    found: Any

    @property
    def is_ok(self) -> bool:
        """Whether the claim holds."""
        return bool(self.expected == self.found)


def order_report(stage: Stage, order: str) -> dict[str, Any]:
    """One order with what it paid to whom, and the transactions and gas of its three steps."""
    seen = stage.order(order)
    # The buyer does not see its supplier's loan; the supplier does.
    loan = stage.order(order, "supplier")
    settlements, code = seen["settlements"], seen["face"]["currency"]
    evidence = {
        "accept": evidence_of(loan, "accept"),
        "draw": evidence_of(loan, "draw"),
        "settle": evidence_of(seen, "settle"),
    }
    return {
        "id": seen["id"],
        "source": seen["source"],
        "face": seen["face"],
        "phase": seen["phase"],
        "drawn": loan["drawn"],
        "interest": loan["interest_paid"],
        "paid": {
            "funder": _total(settlements, "to_funder", code),
            "holder": _total(settlements, "to_holder", code),
            "customs": _total(settlements, "to_customs", code),
        },
        "buyer_debited": _total(settlements, "buyer_debited", code),
        "tx": {verb: row and row["hash"] for verb, row in evidence.items()},
        "gas": {verb: row and row["gas_used"] for verb, row in evidence.items()},
    }


def policy_report(stage: Stage, policy: str) -> dict[str, Any]:
    """One policy and what it paid."""
    rows = stage.client("insurer").items("/v1/cover/policies")
    seen = next(one for one in rows if one["id"] == policy)
    paid = seen["paid"]
    nothing = amount_body(0, seen["sum"]["currency"])
    return {
        "id": policy,
        "triggered": seen["is_triggered"],
        "payout": paid["payout"] if paid else nothing,
        "to_loss_payee": paid["to_loss_payee"] if paid else nothing,
        "to_insured": paid["to_insured"] if paid else nothing,
    }


def order_checks(stage: Stage, rows: Iterable[Mapping[str, Any]]) -> list[Check]:
    """What must hold for every order that was played."""
    rows = list(rows)
    loans = {row["id"]: stage.order(row["id"], "supplier") for row in rows}
    return [
        Check(
            "debits_equal_credits",
            {row["id"]: minor(row["buyer_debited"]) for row in rows},
            {row["id"]: sum(minor(share) for share in row["paid"].values()) for row in rows},
        ),
        Check(
            "face_is_paid_reduced_or_open",
            {order: minor(seen["face"]) for order, seen in loans.items()},
            {
                order: sum(minor(seen[part]) for part in ("paid", "reduced", "open"))
                for order, seen in loans.items()
            },
        ),
        Check(
            "banks_have_nothing_outstanding",
            {order: 0 for order, seen in loans.items() if seen["phase"] in {"settled", "refused"}},
            {
                order: minor(seen["outstanding"])
                for order, seen in loans.items()
                if seen["phase"] in {"settled", "refused"}
            },
        ),
    ]


def interest_check(stage: Stage, order: str) -> Check:
    """The interest of a loan drawn once and repaid once, against the rule written out.

    Source: CONTRACTS.md R7; QuantLib agrees in tests/journeys.
    """
    loan = stage.client("supplier").get(f"/v1/loans/{order}")
    line = next(one for one in stage.client("bank").items("/v1/lines") if one["id"] == loan["line"])
    repaid_at = instant_from_text(loan["repayments"][0]["repaid_at"])
    drawn_at = instant_from_text(loan["draws"][0]["drawn_at"])
    year_days = YEAR_DAYS[DAY_COUNTS[line["day_count"]]]
    accrued = accrue_up(0, minor(loan["drawn"]), line["rate_bps"], repaid_at - drawn_at, year_days)
    return Check("interest_follows_the_rule", due_up(accrued), minor(loan["interest_paid"]))


def tell_checks(timeline: Timeline, checks: Sequence[Check]) -> None:
    """Print each check; a failed one with both sides."""
    timeline.title("Checks")
    for check in checks:
        if check.is_ok:
            timeline.note(f"ok      {check.name}")
        else:
            timeline.note(f"FAILED  {check.name}: expected {check.expected}, found {check.found}")
    holding = sum(check.is_ok for check in checks)
    timeline.note(f"{holding} of {len(checks)} checks hold")


def _total(rows: Iterable[Mapping[str, Any]], key: str, code: str) -> dict[str, str]:
    return amount_body(sum(minor(row[key]) for row in rows), code)
