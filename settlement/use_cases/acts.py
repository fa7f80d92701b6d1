"""Acts: typed data that members sign. Opening one, showing it, and who may see it.

Source: DESIGN section 8, "Signing".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from settlement import typed_data
from settlement.days import DAY_S
from settlement.errors import NotFound
from settlement.ids import MemberId
from settlement.store import tables_private as tables
from settlement.store.handles import Session
from settlement.store.repositories import acts, clients
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.transactions import view_transaction
from settlement.wire.act import Act, ActKind, safe_integers

WEEK_S: Final = 7 * DAY_S
HOUR_S: Final = 3_600


@dataclass(frozen=True)
class Signatory:
    """Who must sign, in which role; ``account`` when only that address counts."""

    role: str
    member: MemberId
    account: str | None = None


def open_act(
    session: Session,
    caller: Caller,
    *,
    kind: ActKind,
    subject: str,
    signatories: list[Signatory],
    typed: Mapping[str, Any],
    received_at: int,
    payload: Mapping[str, Any] | None = None,
) -> Act:
    """Open an act and show what is to be signed; it expires with the deadline that is signed."""
    row = acts.add_act(
        session,
        kind=kind,
        subject=subject,
        required=[{"role": one.role, "member": one.member, "account": one.account} for one in signatories],
        typed_data=dict(typed),
        payload=dict(payload or {}),
        expires_at=typed["message"]["deadline"],
        client_id=caller.client_id,
        created_at=received_at,
    )
    return view_act(session, row, now_at=0)


def open_own_act(
    session: Session,
    context: Context,
    caller: Caller,
    *,
    kind: ActKind,
    subject: str,
    role: str,
    primary_type: str,
    contract: str,
    message: Mapping[str, Any],
    received_at: int,
    payload: Mapping[str, Any] | None = None,
) -> Act:
    """Open an act that the caller's member signs alone, for the ``contract`` that is to verify it."""
    return open_act(
        session,
        caller,
        kind=kind,
        subject=subject,
        signatories=[Signatory(role, caller.acting_member())],
        typed=typed_data.typed_message(primary_type, context.deployment.chain_id, contract, message),
        received_at=received_at,
        payload=payload,
    )


def read_act(session: Session, context: Context, caller: Caller, act_id: str) -> Act:
    """One act.

    Raises: NotFound for acts that the caller neither signs nor opened.
    """
    return view_act(session, visible_act(session, caller, act_id), now_at=context.business_now())


def visible_act(session: Session, caller: Caller, act_id: str, *, for_update: bool = False) -> tables.Act:
    """The act's row.

    Raises: NotFound for acts that the caller neither signs nor opened.
    """
    row = acts.find_act(session, act_id, for_update=for_update)
    if row is None or not (caller.sees_all or _is_concerned(session, row, caller)):
        raise NotFound(f"there is no act {act_id[:80]!r}")
    return row


def _is_concerned(session: Session, row: tables.Act, caller: Caller) -> bool:
    if caller.member is None:
        return False
    if any(one["member"] == caller.member for one in row.required):
        return True
    opener = clients.find_client(session, row.client_id)
    return opener is not None and opener.member_id == caller.member


def view_act(session: Session, row: tables.Act, now_at: int) -> Act:
    """An act with who has signed it. Units: ``now_at`` business time."""
    signatures = acts.signatures_of(session, row.id)
    is_over = row.state in {acts.SUBMITTED, acts.REPLACED}
    state = "expired" if not is_over and row.expires_at < now_at else row.state
    return Act.model_validate(
        {
            "id": row.id,
            "kind": row.kind,
            "subject": row.subject,
            "typed_data": safe_integers(row.typed_data),
            "sign": [{**one, "is_signed": one["role"] in signatures} for one in row.required],
            "expires_at": row.expires_at,
            "state": state,
            "transaction": view_transaction(session, row.intent_id) if row.intent_id else None,
        }
    )
