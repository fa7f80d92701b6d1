"""Undertakings behind orders."""

from __future__ import annotations

from sqlmodel import Session, col, select

from settlement.store.tables_projection import Receivable, Undertaking


def live_undertakings(session: Session) -> list[tuple[Undertaking, Receivable]]:
    """Every undertaking that has cash left or is owed, with its order: what the keeper looks through."""
    statement = (
        select(Undertaking, Receivable)
        .where(
            Undertaking.order == Receivable.order,
            (col(Undertaking.left_minor) > 0) | (col(Undertaking.claim_minor) > 0),
        )
        .order_by(col(Undertaking.order))
    )
    return [(row, order) for row, order in session.exec(statement)]
