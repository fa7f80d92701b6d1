"""Policies, pools, payouts and the observed indices they hang on."""

from __future__ import annotations

from sqlmodel import Session, col, select

from settlement.chain.bindings.enums import IndexState
from settlement.store.paging import Page, page_of
from settlement.store.repositories.visibility import orders_seen_by
from settlement.store.tables_projection import (
    CoverPayout,
    IndexBucket,
    Observation,
    ObserverSeat,
    ObserverSet,
    Policy,
    Pool,
)


def find_policy(session: Session, policy: str, member: int | None = None) -> Policy | None:
    """A policy; with ``member`` only if that is insurer, insured, or party to the order."""
    statement = select(Policy).where(Policy.policy == policy)
    if member is not None:
        statement = statement.where(
            (col(Policy.insurer) == member)
            | (col(Policy.insured) == member)
            | orders_seen_by(member, col(Policy.order))
        )
    return session.exec(statement).first()


def list_policies(
    session: Session, member: int | None, *, limit: int, cursor: str | None, order: str | None = None
) -> Page[Policy]:
    """The policies a member is insurer, insured or party of (none: all), newest first."""
    statement = select(Policy)
    if member is not None:
        statement = statement.where(
            (col(Policy.insurer) == member)
            | (col(Policy.insured) == member)
            | orders_seen_by(member, col(Policy.order))
        )
    if order is not None:
        statement = statement.where(Policy.order == order)
    keys = [col(Policy.bought_at), col(Policy.policy)]
    return page_of(session, statement, keys, limit=limit, cursor=cursor, newest_first=True)


def open_policies(session: Session) -> list[Policy]:
    """Every policy neither paid nor expired: what the keeper looks through."""
    statement = select(Policy).where(col(Policy.settled).is_(False))
    return list(session.exec(statement.order_by(col(Policy.bought_at), col(Policy.policy))))


def find_payout(session: Session, policy: str) -> CoverPayout | None:
    """The payout of a policy, once it was paid."""
    return session.get(CoverPayout, policy)


def find_pool(session: Session, insurer: int, currency: int) -> Pool | None:
    """An insurer's pool in a currency."""
    return session.exec(select(Pool).where(Pool.insurer == insurer, Pool.currency == currency)).first()


def list_pools(session: Session, insurer: int | None = None) -> list[Pool]:
    """The pools of an insurer (none: all), by id."""
    statement = select(Pool)
    if insurer is not None:
        statement = statement.where(Pool.insurer == insurer)
    return list(session.exec(statement.order_by(col(Pool.pool))))


def find_bucket(session: Session, bucket: str) -> IndexBucket | None:
    """The index of a bucket, once somebody observed it."""
    return session.get(IndexBucket, bucket)


def unfixed_buckets(session: Session) -> list[IndexBucket]:
    """The buckets that somebody spoke on and that are not decided yet."""
    statement = select(IndexBucket).where(IndexBucket.state == 0)
    return list(session.exec(statement.order_by(col(IndexBucket.bucket))))


def held_buckets(session: Session) -> list[IndexBucket]:
    """The buckets whose readings lay too far apart and that people have not resolved."""
    statement = select(IndexBucket).where(
        IndexBucket.state == IndexState.HELD, col(IndexBucket.fixed).is_(False)
    )
    return list(session.exec(statement.order_by(col(IndexBucket.bucket))))


def observations_of(session: Session, bucket: str) -> list[Observation]:
    """The readings of a bucket, in the order they were recorded."""
    statement = select(Observation).where(Observation.bucket == bucket)
    keys = (col(Observation.version), col(Observation.recorded_at), col(Observation.observer))
    return list(session.exec(statement.order_by(*keys)))


def sitting_observers(session: Session) -> tuple[ObserverSet, list[ObserverSeat]] | None:
    """The newest version of the observers, with their keys in seat order; none before the first."""
    newest = session.exec(select(ObserverSet).order_by(col(ObserverSet.version).desc()).limit(1)).first()
    if newest is None:
        return None
    statement = select(ObserverSeat).where(ObserverSeat.version == newest.version)
    return newest, list(session.exec(statement.order_by(col(ObserverSeat.seat))))
