"""Which rows the events of a batch will ask for, so that they are loaded in a few queries instead of one each.

A row missing here costs a query, never a wrong result.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from settlement.chain.bindings.cash_ledger import Deposited, Moved, Withdrawn
from settlement.chain.bindings.clearance_oracle import Attested
from settlement.chain.bindings.credit_lines import LineUsed, Reserved, WrittenOff
from settlement.chain.bindings.receivables import Recorded, Settled
from settlement.ids import id_text
from settlement.store.projecting.cash import MEMBER_IDS_END
from settlement.store.tables_projection import (
    AccountBalance,
    Attestation,
    Line,
    Loan,
    Pool,
    ProjectionTable,
    Receivable,
    Settlement,
)

Need = tuple[type[ProjectionTable], tuple[Any, ...]]


def needs_of(event: object) -> Iterator[Need]:
    """The rows, by table and key, that projecting an event looks for."""
    order = getattr(event, "order", None)
    if isinstance(order, int):
        yield Receivable, (id_text(order),)
        yield Loan, (id_text(order),)
    if isinstance(event, Moved):
        for leg in event.legs:
            yield from _account(event.currency, leg.from_)
            yield from _account(event.currency, leg.to)
    elif isinstance(event, Deposited | Withdrawn):
        yield from _account(event.currency, event.member)
    elif isinstance(event, Attested | Recorded):
        yield Attestation, (id_text(event.order), event.seq)
    elif isinstance(event, Settled):
        yield Settlement, (id_text(event.order), event.number)
    elif isinstance(event, LineUsed | Reserved | WrittenOff):
        yield Line, (event.line,)


def _account(currency: int, account: int) -> Iterator[Need]:
    yield AccountBalance, (currency, id_text(account))
    if account >= MEMBER_IDS_END:
        yield Pool, (id_text(account),)
