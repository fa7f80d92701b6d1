"""One transaction at a time about one thing, where no row stands yet that could be locked."""

from __future__ import annotations

import hashlib

from sqlalchemy import text
from sqlmodel import Session


def lock_subject(session: Session, subject: str) -> None:
    """Wait until no other transaction works on this order, act or line; held until the transaction ends.

    SQLite has one writer anyhow.
    """
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8], "big", signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
