"""What holds of every step, whatever the verb: refusals agree, change nothing, and touch nobody else."""

from __future__ import annotations

from tests.properties.checks.orders import ENDING
from tests.properties.registry import proves
from tests.properties.step import Step

HOSTILE = frozenset({"unkeyed", "flawed", "replay", "grab", "usurp", "untimely"})
# Governance and time aside, these verbs are about one order.
OF_ONE_ORDER = frozenset(
    {
        "accept",
        "attest",
        "settle",
        "lapse",
        "draw",
        "repay",
        "recourse",
        "release",
        "move_reserve",
        "write_off",
        "amend",
        "assign",
        "split",
        "settle_share",
        "undertake",
        "return_undertaking",
        "refund_guarantor",
        *ENDING,
    }
)


@proves("I-02 I-17 I-20", "what the rules refuse the chain refuses, and what they allow it does")
def refusals_agree(step: Step) -> None:
    assert step.is_done == (not step.reasons), f"books: {sorted(step.reasons)}, chain: {step.refused_by}"


@proves("I-02 I-20", "a refusal names a reason that the rules know")
def refusals_have_the_rules_reasons(step: Step) -> None:
    if step.refused_by is not None and step.verb not in HOSTILE:
        assert step.refused_by in step.reasons


@proves("I-02 I-09 I-20", "a refused act changes no account, order, loan, line, seat or member")
def refused_acts_change_nothing(step: Step) -> None:
    if not step.is_done:
        assert step.after.state == step.before.state


@proves("I-20", "a revert is one of the contracts' own errors, never a panic or an empty one")
def refusals_are_named(step: Step) -> None:
    assert step.refused_by not in {"Panic", "ErrorString", "UnknownError"}


@proves("I-06 I-09 I-14", "an act on one order leaves every other order and its loan as they were")
def acts_touch_one_order(step: Step) -> None:
    touched = step.order.id if step.order is not None else None
    for id_, known in step.before.orders.items():
        if id_ != touched and id_ not in step.facts.get("touched", ()):
            assert step.after.orders[id_] == known
            assert step.after.loans[id_] == step.before.loans[id_]
            assert step.after.guarantees[id_] == step.before.guarantees[id_]
    for id_, share in step.before.shares.items():
        if id_ & ~0xFF != touched and id_ & ~0xFF not in step.facts.get("touched", ()):
            assert step.after.shares[id_] == share


@proves("I-02", "an act in one currency moves no cash of another")
def acts_stay_in_their_currency(step: Step) -> None:
    if step.order is None or step.verb not in OF_ONE_ORDER:
        return
    for (currency, account), amount in step.after.cash.items():
        if currency != step.order.currency:
            assert amount == step.before.cash.get((currency, account), 0)


@proves(
    "I-20",
    "a signature of another, for another contract, chain or content, cut short or mirrored does nothing",
    on=("flawed", "flawed!"),
)
def flawed_signatures_do_nothing(step: Step) -> None:
    assert not step.is_done
    assert step.after.state == step.before.state


@proves(
    "I-20 I-05 I-18",
    "a call with signatures that was done once is refused for ever",
    on=("replay", "replay!"),
)
def spent_signatures_stay_spent(step: Step) -> None:
    assert not step.is_done
    assert step.after.state == step.before.state


@proves("I-29", "governance is the governor's: anybody else is refused", on=("usurp", "usurp!"))
def strangers_do_not_govern(step: Step) -> None:
    assert not step.is_done
    assert (step.after.seats, step.after.members) == (step.before.seats, step.before.members)


@proves(
    "I-29",
    "no governance act moves cash or changes an order, a loan or a line",
    on=(
        "set_status",
        "suspend_seat",
        "seat",
        "name_reserves",
        "prove_equivocation",
        "halt",
        "confirm_halt",
        "lift_halt",
        "clear_halt",
        "freeze",
    ),
)
def governance_moves_nothing(step: Step) -> None:
    after, before = step.after, step.before
    assert (after.cash, after.totals, after.tokens) == (before.cash, before.totals, before.tokens)
    assert (after.orders, after.loans, after.lines) == (before.orders, before.loans, before.lines)
