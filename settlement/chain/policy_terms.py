"""A policy's terms from its projected row: what `pay` and `expire` are called with, and what its id is the digest of."""

from __future__ import annotations

from settlement.chain.bindings.structs import Policy
from settlement.ids import id_from_text
from settlement.store import tables_projection as rows


def policy_terms(row: rows.Policy) -> Policy:
    """The terms both parties signed."""
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
        attach=row.attach,
        exhaust=row.exhaust,
        waiting_days=row.waiting_days,
        nonce=row.nonce,
        deadline=row.deadline_at,
    )
