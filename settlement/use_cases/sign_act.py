"""Take a member's signature under an act; with the last one, what was signed is wanted of the chain."""

from __future__ import annotations

from settlement import typed_data
from settlement.errors import Conflict, EvidenceError
from settlement.store import tables_private as tables
from settlement.store.handles import Session
from settlement.store.repositories import acts, members
from settlement.store.repositories.locks import lock_subject
from settlement.use_cases.acts import view_act, visible_act
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.submissions import wanted_by
from settlement.use_cases.transactions import want
from settlement.wire.act import ActAnswer, SignatureWish
from settlement.wire.words import KEY_SCOPES

_DEAD_STATES = {acts.SUBMITTED}


def sign_act(
    session: Session,
    context: Context,
    caller: Caller,
    act_id: str,
    wish: SignatureWish,
    *,
    now_at: int,
    received_at: int,
) -> ActAnswer:
    """Keep the signature, and once all are in, queue one intent in the same commit.

    Units:  ``now_at`` business time, ``received_at`` wall time.
    Holds:  I-20: only an active key of the member that must sign counts, before the deadline.
    Raises: NotFound; EvidenceError for a signature of nobody who must sign; Conflict when the act has expired
            or was replaced.
    """
    act = visible_act(session, caller, act_id)
    # Two halves of one order may be signed at once: each must see the other's signature or wait for it.
    lock_subject(session, act.subject)
    act = visible_act(session, caller, act_id, for_update=True)
    if act.state == acts.REPLACED:
        raise Conflict("the order was sent anew with other terms; sign its newer act", code="act_replaced")
    signature = bytes.fromhex(wish.signature[2:])
    signer = typed_data.recover(act.typed_data, signature)
    role = _role_of(session, act, signer)
    if act.state not in _DEAD_STATES and now_at > act.expires_at:
        raise Conflict("the act has expired; open a new one", code="act_expired")

    acts.add_signature(
        session, act.id, role=role, signature="0x" + signature.hex(), signer=signer, received_at=received_at
    )
    if act.state not in _DEAD_STATES:
        _advance(session, context, caller, act, now_at, received_at)
    return view_signed(session, act_id, now_at)


def view_signed(session: Session, act_id: str, now_at: int) -> ActAnswer:
    """An act and its transaction as they stand."""
    row = acts.find_act(session, act_id)
    if row is None:
        raise Conflict(f"act {act_id} is gone")
    act = view_act(session, row, now_at)
    return ActAnswer(act=act, transaction=act.transaction)


def _role_of(session: Session, act: tables.Act, signer: str) -> str:
    """In which role this address signs.

    Raises: EvidenceError when it is no active key, with the right to sign this, of a member who must.
    """
    primary = str(act.typed_data["primaryType"])
    key = members.find_key(session, signer)
    for one in act.required:
        if one.get("account") is not None:
            if signer == one["account"]:
                return str(one["role"])
        elif key is not None and key.member == one["member"] and _may_sign(key.status, key.scopes, primary):
            return str(one["role"])
    needed = ", ".join(f"{one['role']} (member {one['member']})" for one in act.required)
    raise EvidenceError(
        f"the signature is of {signer}, which is no active key for this act; needed: {needed}",
        code="signer_not_entitled",
        field="signature",
    )


def _may_sign(status: int, scopes: int, primary: str) -> bool:
    scope = KEY_SCOPES[primary]
    return status == members.ACTIVE and scopes & scope == scope


def _advance(
    session: Session, context: Context, caller: Caller, act: tables.Act, now_at: int, received_at: int
) -> None:
    """Move the act on as far as its signatures carry it."""
    signed = acts.signatures_of(session, act.id)
    if any(one["role"] not in signed for one in act.required):
        return
    acts.move_act(session, act.id, (acts.OPEN,), acts.SIGNED)
    submission = wanted_by(session, context, act, now_at)
    if submission is None:
        return
    # The occasion is the act: what failed may be signed and tried anew, what was signed once is sent once.
    intent = want(session, submission.wanted, caller.client_id, received_at, occasion=act.id)
    for act_id in submission.acts:
        acts.move_act(session, act_id, (acts.OPEN, acts.SIGNED), acts.SUBMITTED, intent)
