"""Which orders a member is party to: everybody else is answered 404 (T02)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, or_
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import col, select

from settlement.store.tables_projection import (
    Committee,
    CommitteeSeat,
    Line,
    Policy,
    Receivable,
    Share,
    Undertaking,
)


def is_party(member: int) -> ColumnElement[bool]:
    """The condition on ``receivable`` that ``member`` is its buyer, supplier, holder, the holder of a share of it,
    the funder of its line, the guarantor of an undertaking that has cash left or is owed, on the sitting customs
    committee of its jurisdiction, or the insurer of a policy on it.

    Nobody stays party by what it was: who handed its receivable or share on sees it no more, unless it sold the goods.
    """
    lines = select(Line.line).where(Line.funder == member)
    policies = select(Policy.order).where(Policy.insurer == member)
    shares = select(Share.order).where(Share.holder == member)
    undertakings = select(Undertaking.order).where(
        Undertaking.guarantor == member,
        (col(Undertaking.left_minor) > 0) | (col(Undertaking.claim_minor) > 0),
    )
    return or_(
        col(Receivable.buyer) == member,
        col(Receivable.supplier) == member,
        col(Receivable.holder) == member,
        col(Receivable.order).in_(shares),
        col(Receivable.line).in_(lines),
        col(Receivable.order).in_(undertakings),
        col(Receivable.order).in_(policies),
        col(Receivable.jurisdiction).in_(
            select(CommitteeSeat.jurisdiction).where(CommitteeSeat.member == member, is_sitting())
        ),
    )


def is_sitting() -> ColumnElement[bool]:
    """The condition on ``committee_seat`` that it belongs to its jurisdiction's newest version, unsuspended."""
    return is_newest() & col(CommitteeSeat.suspended).is_(False)


def is_newest() -> ColumnElement[bool]:
    """The condition on ``committee_seat`` that it belongs to its jurisdiction's newest version."""
    newer = aliased(Committee)
    newest = (
        select(func.max(col(newer.version)))
        .where(col(newer.jurisdiction) == col(CommitteeSeat.jurisdiction))
        .correlate(CommitteeSeat)
        .scalar_subquery()
    )
    return col(CommitteeSeat.version) == newest


def orders_seen_by(member: int, order: Mapped[Any]) -> ColumnElement[bool]:
    """The condition that an ``order`` column of another table names an order of this member."""
    return order.in_(select(Receivable.order).where(is_party(member)))
