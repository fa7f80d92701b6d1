"""Intents as the API shows them, and how they are wanted."""

from __future__ import annotations

import threading
import time
from typing import Final

from settlement.chain.wanted import Kind, Wanted
from settlement.errors import NotFound
from settlement.store.engine import reading
from settlement.store.handles import Engine, Session
from settlement.store.projector import CURSOR
from settlement.store.repositories import clients, cursors, intents, receivables
from settlement.store.tables_private import Intent
from settlement.use_cases.caller import Caller
from settlement.use_cases.visibility import SeenOrder, is_loan_partner
from settlement.wire.transaction import Transaction, TransactionError

_SETTLED_STATES: Final = {intents.MINED, intents.FINAL, intents.FAILED}
_OF_THE_LOAN: Final = {
    Kind.DRAW.value,
    Kind.REPAY.value,
    Kind.RECOURSE.value,
    Kind.RELEASE_RESERVE.value,
}
_LOOK_EVERY_S: Final = 0.05


def want(
    session: Session, wanted: Wanted, client_id: str, now_at: int, *, occasion: str | None = None
) -> str:
    """Queue what is wanted of the chain, once; its id.

    Units: ``now_at`` wall time.
    """
    intent = intents.add_intent(
        session,
        signer=wanted.signer,
        kind=wanted.kind.value,
        to_address=wanted.to,
        calldata="0x" + wanted.calldata.hex(),
        effect_key=wanted.effect_key,
        occasion=wanted.occasion if occasion is None else occasion,
        client_id=client_id,
        subject=wanted.subject,
        created_at=now_at,
    )
    return intent.id


def view_transaction(session: Session, intent_id: str) -> Transaction:
    """One intent as it stands; ``mined`` once its block is projected, so that what it did can be read.

    Raises: NotFound.
    """
    intent = intents.find_intent(session, intent_id)
    if intent is None:
        raise NotFound(f"there is no transaction {intent_id}")
    error = None
    if intent.state == intents.FAILED:
        error = TransactionError(
            code=intent.error_code or "failed", message=intent.error or "the chain refused it"
        )
    return Transaction.model_validate(
        {
            "id": intent.id,
            "kind": intent.kind,
            "subject": intent.subject,
            "state": _shown_state(session, intent),
            "hash": intent.tx_hash,
            "block": intent.block_number,
            "gas_used": intent.gas_used,
            "error": error,
        }
    )


def _shown_state(session: Session, intent: Intent) -> str:
    if intent.kind == Kind.DEPLOY_TEST_CASH and intent.state in {intents.MINED, intents.FINAL}:
        # A token without its listing is of no use: the listing, which the sender wants next, is what counts.
        listing = intents.intents_about(session, Kind.LIST_CURRENCY.value, intent.effect_key.split(":")[0])
        return _shown_state(session, listing[-1]) if listing else intents.SENT
    if intent.state not in {intents.MINED, intents.FINAL}:
        return intent.state
    projected = cursors.find_cursor(session, CURSOR)
    is_readable = intent.block_number is None or (
        projected is not None and projected.block_number >= intent.block_number
    )
    return intent.state if is_readable else intents.SENT


def read_transaction(session: Session, caller: Caller, intent_id: str) -> Transaction:
    """A transaction that the caller's member asked for, or that did something to an order of its.

    Raises: NotFound for any other.
    """
    intent = intents.find_intent(session, intent_id)
    if intent is None or not (caller.sees_all or _is_callers(session, intent, caller)):
        raise NotFound(f"there is no transaction {intent_id[:80]!r}")
    return view_transaction(session, intent_id)


def _is_callers(session: Session, intent: Intent, caller: Caller) -> bool:
    if caller.member is None:
        return False
    asker = clients.find_client(session, intent.client_id) if intent.client_id is not None else None
    if asker is not None and asker.member_id == caller.member:
        return True
    if intent.subject is None:
        return False
    row = receivables.find_receivable(session, intent.subject, caller.member)
    if row is None:
        return False
    return intent.kind not in _OF_THE_LOAN or is_loan_partner(
        session, caller, SeenOrder(row.order, None, row)
    )


def wait_for_transaction(engine: Engine, intent_id: str, wait_s: int) -> None:
    """Return once the transaction is mined or failed, or the time is over."""
    until = time.monotonic() + wait_s
    pause = threading.Event()
    while True:
        with reading(engine) as session:
            state = view_transaction(session, intent_id).state
        if state in _SETTLED_STATES or time.monotonic() >= until:
            return
        pause.wait(_LOOK_EVERY_S)
