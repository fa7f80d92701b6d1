"""Documents as received, by the SHA-256 of their bytes."""

from __future__ import annotations

import hashlib

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from settlement.store.tables_private import Document


def put_document(session: Session, content: bytes, content_type: str, received_at: int) -> Document:
    """Store a document once; the same bytes again return the first row, with its first time."""
    sha256 = hashlib.sha256(content).hexdigest()
    stored = session.get(Document, sha256)
    if stored is not None:
        return stored
    row = Document(sha256=sha256, content=content, content_type=content_type, received_at=received_at)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return session.get_one(Document, sha256)
    return row


def find_document(session: Session, sha256: str) -> Document | None:
    """The document with this hash."""
    return session.get(Document, sha256)
