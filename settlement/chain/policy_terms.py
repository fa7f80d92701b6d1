"""A policy's terms from its projected row: what `pay` and `expire` are called with, and what its id is the digest of."""

from __future__ import annotations

from settlement.chain.bindings.enums import PayoutKind
from settlement.chain.bindings.structs import Policy
from settlement.ids import id_from_text
from settlement.store import tables_projection as rows


def policy_terms(row: rows.Policy) -> Policy:
    """The terms both parties signed."""
    steps = [step.split(":") for step in row.steps.split(",") if step]
    return Policy(
        insurer=row.insurer,
        insured=row.insured,
        order=id_from_text(row.order),
        currency=row.currency,
        sum=row.sum_minor,
        premium=row.premium_minor,
        peril=row.peril,
        place=bytes.fromhex(row.place[2:]),
        first_day=row.first_day,
        last_day=row.last_day,
        kind=PayoutKind(row.kind),
        attach=row.attach,
        exhaust=row.exhaust,
        step_at=tuple(int(at) for at, _ in steps),
        step_pays=tuple(int(pays) for _, pays in steps),
        no_data_bps=row.no_data_bps,
        waiting_days=row.waiting_days,
        nonce=row.nonce,
        deadline=row.deadline_at,
    )
