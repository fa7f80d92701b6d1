"""Signer leases: one process at a time signs with a key, and a slow former holder is fenced off."""

from __future__ import annotations

from sqlalchemy import CursorResult, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from settlement.store.tables_private import SignerLease


def take_lease(session: Session, signer: str, holder: str, *, now: int, ttl_s: int) -> SignerLease | None:
    """Take or extend the lease of a signer; none while another holder has it.

    Holds: each change of holder raises ``fence``, so that the former holder's writes no longer match.
    """
    lease = session.get(SignerLease, signer, populate_existing=True)
    if lease is None:
        return _first_lease(session, signer, holder, now + ttl_s)
    if lease.holder != holder and lease.expires_at > now:
        return None
    fence = lease.fence if lease.holder == holder else lease.fence + 1
    taken = session.execute(
        update(SignerLease)
        .where(
            col(SignerLease.signer) == signer,
            col(SignerLease.fence) == lease.fence,
            col(SignerLease.holder) == lease.holder,
        )
        .values(holder=holder, fence=fence, expires_at=now + ttl_s)
        .execution_options(synchronize_session=False)
    )
    if not isinstance(taken, CursorResult) or taken.rowcount != 1:
        return None
    session.refresh(lease)
    return lease


def _first_lease(session: Session, signer: str, holder: str, expires_at: int) -> SignerLease | None:
    lease = SignerLease(signer=signer, holder=holder, fence=1, expires_at=expires_at)
    try:
        with session.begin_nested():
            session.add(lease)
    except IntegrityError:
        return None
    return lease


def find_lease(session: Session, signer: str) -> SignerLease | None:
    """Who holds a signer now, or held it last."""
    return session.get(SignerLease, signer, populate_existing=True)


def release_lease(session: Session, lease: SignerLease) -> None:
    """Let others take the lease at once; the fence stays."""
    session.execute(
        update(SignerLease)
        .where(
            col(SignerLease.signer) == lease.signer,
            col(SignerLease.holder) == lease.holder,
            col(SignerLease.fence) == lease.fence,
        )
        .values(expires_at=0)
        .execution_options(synchronize_session="fetch")
    )
