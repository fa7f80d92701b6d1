"""The network as a whole, its clock, and whether the service is ready."""

from __future__ import annotations

import time

from settlement.errors import ChainError
from settlement.money import currency_of_number
from settlement.store.engine import DatabaseFailure
from settlement.store.handles import Session
from settlement.store.projector import CURSOR
from settlement.store.repositories import cash, clearance, cover, cursors
from settlement.store.tables_projection import Committee as CommitteeRow
from settlement.store.tables_projection import ListedCurrency
from settlement.use_cases.context import Context
from settlement.wire.cash import Currency
from settlement.wire.network import Clock, Committee, Network, Readiness


def read_network(session: Session, context: Context) -> Network:
    """Chain, contracts, sitting committees, listed currencies and observers."""
    deployment = context.deployment
    sitting = {row.jurisdiction: row for row in clearance.list_committees(session)}
    observers = cover.sitting_observers(session)
    return Network(
        chain_id=deployment.chain_id,
        genesis_hash=deployment.genesis_hash,
        deployment_block=deployment.block,
        contracts=deployment.addresses,
        committees=[_committee(session, row) for row in sitting.values()],
        currencies=[view_currency(row) for row in cash.list_currencies(session)],
        observers=[seat.key for seat in observers[1]] if observers else [],
        observer_threshold=observers[0].threshold if observers else 0,
    )


def view_currency(row: ListedCurrency) -> Currency:
    """A listed currency."""
    code = currency_of_number(row.currency).code
    return Currency(currency=code, number=row.currency, token=row.token, exponent=row.exponent)


def _committee(session: Session, row: CommitteeRow) -> Committee:
    seats = [seat for seat in clearance.seats_of(session, row) if not seat.suspended]
    return Committee(
        jurisdiction=row.jurisdiction,
        version=row.version,
        threshold=row.threshold,
        treasury=row.treasury,
        members=[seat.member for seat in seats],
    )


def read_clock(context: Context) -> Clock:
    """Business time beside wall time.

    Raises: ChainError.
    """
    return Clock(
        business_time=context.business_now(),
        wall_time=int(time.time()),
        chain_id=context.deployment.chain_id,
        block=context.client.head(),
    )


def read_readiness(context: Context) -> Readiness:
    """Whether database and chain answer and blocks are projected; each by name."""
    checks, cursor = {"database": "ok"}, None
    try:
        with context.reading() as session:
            cursor = cursors.find_cursor(session, CURSOR)
    except DatabaseFailure:
        checks["database"] = "database_unreachable"
    checks["projection"] = "none" if cursor is None else f"block {cursor.block_number}"
    try:
        checks["chain"] = f"block {context.client.head()}"
    except ChainError as silent:
        checks["chain"] = silent.code
    is_ready = cursor is not None and checks["chain"].startswith("block")
    return Readiness(status="ready" if is_ready else "not_ready", checks=checks)
