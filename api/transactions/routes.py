"""Transactions: writes on their way to the chain."""

from __future__ import annotations

from fastapi import APIRouter

from api.dependencies import CallerHere, SessionHere
from settlement.use_cases.transactions import read_transaction
from settlement.wire.transaction import Transaction

router = APIRouter(prefix="/v1/transactions", tags=["transactions"])


@router.get("/{transaction_id}")
def get_transaction(session: SessionHere, caller: CallerHere, transaction_id: str) -> Transaction:
    """One transaction the caller asked for."""
    return read_transaction(session, caller, transaction_id)
