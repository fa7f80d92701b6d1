"""A write that needs the chain, on its way there."""

from __future__ import annotations

from typing import Literal

from settlement.wire.model import Answer

TransactionState = Literal["queued", "sent", "mined", "final", "failed"]


class TransactionError(Answer):
    """Why it failed: the contract's own reason."""

    code: str
    message: str


class Transaction(Answer):
    """One intended effect on the chain.

    Units:  ``gas_used`` in gas, null until mined.
    """

    id: str
    kind: str
    subject: str | None
    state: TransactionState
    hash: str | None = None
    block: int | None = None
    gas_used: int | None = None
    error: TransactionError | None = None


class Submitted(Answer):
    """The 202 answer: what was asked for is on its way."""

    transaction: Transaction
