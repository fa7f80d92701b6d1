"""The request log, read back."""

from __future__ import annotations

from sqlmodel import Session, col, select

from settlement.store.tables_private import Audit


def audits_of(session: Session, effect: str) -> list[Audit]:
    """The accepted requests that had this effect, oldest first."""
    return list(session.exec(select(Audit).where(Audit.effect == effect).order_by(col(Audit.id))))
