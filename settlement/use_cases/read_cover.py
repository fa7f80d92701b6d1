"""Pools, policies and observed indices as the API shows them."""

from __future__ import annotations

from settlement.errors import NotFound
from settlement.ids import bucket_of, place_bytes
from settlement.store import tables_projection as tables
from settlement.store.handles import Session
from settlement.store.repositories import cover
from settlement.use_cases.amounts import amount
from settlement.use_cases.caller import Caller
from settlement.use_cases.visibility import seen_by
from settlement.wire.cover import Bucket, Observation, Payout, Policy, Pool
from settlement.wire.page import Page


def list_pools(session: Session, caller: Caller) -> Page[Pool]:
    """The caller's pools."""
    items = [
        Pool(
            id=row.pool,
            insurer=row.insurer,
            capital=amount(row.capital_minor, row.currency),
            locked=amount(row.locked_minor, row.currency),
        )
        for row in cover.list_pools(session, seen_by(caller))
    ]
    return Page(items=items)


def list_policies(session: Session, caller: Caller, limit: int, cursor: str | None) -> Page[Policy]:
    """Policies the caller sells, holds, or whose order it is party to, newest first."""
    page = cover.list_policies(session, seen_by(caller), limit=limit, cursor=cursor)
    return Page(items=[_policy(session, row) for row in page.rows], next=page.next_cursor)


def read_policy(session: Session, caller: Caller, policy_id: str) -> Policy:
    """One policy.

    Raises: NotFound.
    """
    row = cover.find_policy(session, policy_id, seen_by(caller))
    if row is None:
        raise NotFound(f"there is no policy {policy_id[:80]!r}")
    return _policy(session, row)


def _policy(session: Session, row: tables.Policy) -> Policy:
    payout = cover.find_payout(session, row.policy)
    paid = None
    if payout is not None:
        paid = Payout(
            index=payout.index_value,
            payout=amount(payout.payout_minor, row.currency),
            to_loss_payee=amount(payout.to_loss_payee_minor, row.currency),
            to_insured=amount(payout.to_insured_minor, row.currency),
            hash=payout.tx_hash,
        )
    return Policy(
        id=row.policy,
        order=row.order,
        insurer=row.insurer,
        insured=row.insured,
        sum=amount(row.sum_minor, row.currency),
        premium=amount(row.premium_minor, row.currency),
        peril=row.peril,
        place=_place_text(row.place),
        first_day=row.first_day,
        last_day=row.last_day,
        attach=row.attach,
        exhaust=row.exhaust,
        is_settled=row.settled,
        is_triggered=payout is not None,
        paid=paid,
    )


def _place_text(stored: str) -> str:
    """A place as UN/LOCODE from the 32 bytes the contracts keep."""
    if not stored.startswith("0x"):
        return stored
    return bytes.fromhex(stored[2:]).rstrip(b"\0").decode("ascii", errors="replace")


def list_buckets(session: Session, peril: int, place: str, day: int) -> Page[Bucket]:
    """The readings for one peril, place and day, and their median once it is fixed."""
    bucket = f"0x{bucket_of(peril, place_bytes(place), day).hex()}"
    row = cover.find_bucket(session, bucket)
    readings = [
        Observation(observer=one.observer, value=one.value, observed_at=one.observed_at)
        for one in cover.observations_of(session, bucket)
    ]
    view = Bucket(
        id=bucket,
        peril=peril,
        place=place,
        day=day,
        is_fixed=row.fixed if row else False,
        median=row.median if row and row.fixed else None,
        observations=readings,
    )
    return Page(items=[view])
