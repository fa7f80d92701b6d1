"""Acts: what members sign, and the signatures that came in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import CursorResult, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from settlement.errors import Conflict
from settlement.ids import new_private_id
from settlement.store.tables_private import Act, ActSignature

OPEN: Final = "open"
SIGNED: Final = "signed"
SUBMITTED: Final = "submitted"
REPLACED: Final = "replaced"


def add_act(
    session: Session,
    *,
    kind: str,
    subject: str,
    required: list[dict[str, Any]],
    typed_data: Any,
    payload: dict[str, Any],
    expires_at: int,
    client_id: str,
    created_at: int,
) -> Act:
    """Open an act for its members to sign."""
    act = Act(
        id=new_private_id("act"),
        kind=kind,
        subject=subject,
        required=required,
        typed_data=typed_data,
        payload=payload,
        expires_at=expires_at,
        client_id=client_id,
        created_at=created_at,
    )
    session.add(act)
    session.flush()
    return act


def find_act(session: Session, act_id: str, *, for_update: bool = False) -> Act | None:
    """The act of this id; ``for_update`` makes parallel signatures of one act wait for each other."""
    return session.get(Act, act_id, populate_existing=True, with_for_update=for_update or None)


def acts_about(session: Session, subject: str, kinds: Collection[str] | None = None) -> list[Act]:
    """The acts about an order, line or policy, oldest first."""
    statement = select(Act).where(Act.subject == subject)
    if kinds is not None:
        statement = statement.where(col(Act.kind).in_(kinds))
    return list(session.exec(statement.order_by(col(Act.id))))


def add_signature(
    session: Session, act_id: str, *, role: str, signature: str, signer: str, received_at: int
) -> ActSignature:
    """Keep a member's signature; the same again changes nothing.

    Raises: Conflict when another signature stands for that role.
    """
    row = ActSignature(act_id=act_id, role=role, signature=signature, signer=signer, received_at=received_at)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        stored = session.get_one(ActSignature, (act_id, role), populate_existing=True)
        if stored.signature != signature:
            raise Conflict(f"act {act_id} is signed for role {role} already, by {stored.signer}") from None
        return stored
    return row


def signatures_of(session: Session, act_id: str) -> dict[str, ActSignature]:
    """The signatures under an act, by role."""
    return {row.role: row for row in session.exec(select(ActSignature).where(ActSignature.act_id == act_id))}


def move_act(
    session: Session,
    act_id: str,
    from_states: Collection[str],
    to_state: str,
    intent_id: str | None = None,
) -> bool:
    """Change an act's state if it still is in one of ``from_states``; say whether it was."""
    values: dict[str, Any] = {"state": to_state}
    if intent_id is not None:
        values["intent_id"] = intent_id
    moved = session.execute(
        update(Act)
        .where(col(Act.id) == act_id, col(Act.state).in_(from_states))
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )
    return isinstance(moved, CursorResult) and moved.rowcount == 1


def replace_acts(session: Session, subject: str, kinds: Collection[str]) -> None:
    """Let nobody sign the acts about an order any more that are not submitted: it was sent anew."""
    session.execute(
        update(Act)
        .where(col(Act.subject) == subject, col(Act.kind).in_(kinds), col(Act.state).in_((OPEN, SIGNED)))
        .values(state=REPLACED)
        .execution_options(synchronize_session="fetch")
    )
