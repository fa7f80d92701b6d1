"""A customs member hands in the state it signed; when k agree, one transaction is wanted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from settlement import typed_data
from settlement.chain.bindings.structs import Attestation
from settlement.chain.messages import struct_from_message
from settlement.chain.wanted import Kind
from settlement.errors import Conflict, EvidenceError, EvidenceKept, InputRefused, NotFound
from settlement.store.handles import Session
from settlement.store.repositories import clearance, handed_attestations, intents
from settlement.store.repositories.locks import lock_subject
from settlement.store.tables_private import HandedAttestation
from settlement.store.tables_projection import Committee, CommitteeSeat, Receivable
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.transactions import view_transaction, want
from settlement.use_cases.visibility import visible_receivable
from settlement.wire.clearance import AttestationWish, AttestedState, HandedIn

_GRID_S: Final = 3_600
_MOST_AHEAD_S: Final = 7_200
_SKEW_S: Final = 300
_MOST_CONTENTS: Final = 2


def hand_in_attestation(
    session: Session,
    context: Context,
    caller: Caller,
    wish: AttestationWish,
    *,
    now_at: int,
    received_at: int,
) -> HandedIn:
    """Keep the signed state; with the k-th signature on the same state, want the attestation.

    A second, different state of one seat under one number is kept as the proof it is, and that seat counts for neither.

    Units:  ``now_at`` business time, ``received_at`` wall time.
    Holds:  I-18, I-20, I-21: an active seat of this order's committee, and one content for each (order, seq).
    Raises: NotFound for orders outside the caller's jurisdiction; EvidenceError for a signature that is no seat's;
            EvidenceKept for a second state under one number; InputRefused for times that the contract refuses.
    """
    state = wish.state
    receivable = visible_receivable(session, caller, state.order)
    typed = _typed(context, state)
    signer = typed_data.recover(typed, bytes.fromhex(wish.signature[2:]))
    seat = _seat_of(session, caller, receivable, state, signer)
    _check_times(state, now_at)

    # Signatures may come in at once; whoever completes k must see the others.
    lock_subject(session, state.order)
    content_hash = content_of(state)
    digest = f"0x{typed_data.digest(typed).hex()}"
    _keep(
        session,
        HandedAttestation(
            order=state.order,
            seq=state.seq,
            key=signer,
            digest=digest,
            member=seat.member,
            jurisdiction=state.jurisdiction,
            content_hash=content_hash,
            message=typed["message"],
            signature=wish.signature.lower(),
            received_at=received_at,
        ),
    )
    committee = clearance.sitting_committee(session, state.jurisdiction)
    if committee is None:
        raise NotFound(f"jurisdiction {state.jurisdiction} has no committee")
    return _relay(
        session, context, caller, receivable, committee, digest, content_hash, received_at, state.seq
    )


def contradicting_keys(handed: Iterable[HandedAttestation]) -> set[str]:
    """The keys that signed different states under one number of one order (I-21)."""
    contents: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for row in handed:
        contents[row.key, row.seq].add(row.content_hash)
    return {key for (key, _), signed in contents.items() if len(signed) > 1}


def content_of(state: AttestedState) -> str:
    """The hash of everything but the deadline, which is no part of what a member claims.

    Source: ClearanceOracle.contentOf.
    """
    fields = typed_data.TYPES["Attestation"]
    signature = f"Attestation({','.join(f'{kind} {name}' for name, kind in fields)})"
    message, claimed = state.message(), fields[:-1]
    words = encode(
        ["bytes32", *(kind for _, kind in claimed)],
        [keccak(text=signature), *(message[name] for name, _ in claimed)],
    )
    return f"0x{keccak(words).hex()}"


def _typed(context: Context, state: AttestedState) -> dict[str, Any]:
    deployment = context.deployment
    return typed_data.typed_message(
        "Attestation", deployment.chain_id, deployment.clearance_oracle, state.message()
    )


def _seat_of(
    session: Session, caller: Caller, receivable: Receivable, state: AttestedState, signer: str
) -> CommitteeSeat:
    if state.jurisdiction != receivable.jurisdiction:
        raise InputRefused(
            f"the order is cleared in jurisdiction {receivable.jurisdiction}, not {state.jurisdiction}",
            field="state/jurisdiction",
        )
    seat = clearance.find_seat(session, signer, state.jurisdiction)
    if seat is None or seat.member != caller.acting_member():
        raise EvidenceError(
            f"the signature is of {signer}, which is no active seat of yours in jurisdiction {state.jurisdiction}",
            code="not_a_seat",
            field="signature",
        )
    return seat


def _check_times(state: AttestedState, now_at: int) -> None:
    if state.deadline_at % _GRID_S or not now_at <= state.deadline_at <= now_at + _MOST_AHEAD_S:
        raise InputRefused(
            "deadline_at is not on the full hour, at most two hours ahead", field="state/deadline_at"
        )
    if state.event_at > now_at + _SKEW_S:
        raise InputRefused("event_at lies in the future of business time", field="state/event_at")


def _keep(session: Session, handed: HandedAttestation) -> None:
    """Keep what was signed.

    Raises: EvidenceKept when the seat signed another state under this number; two are kept, more prove no more.
    """
    contents = {
        row.content_hash
        for row in handed_attestations.handed_for(session, handed.order, handed.seq)
        if row.key == handed.key
    }
    if len(contents | {handed.content_hash}) <= _MOST_CONTENTS:
        handed_attestations.hand_in(session, handed)
    if contents - {handed.content_hash}:
        raise EvidenceKept(
            f"{handed.key} signed another state under number {handed.seq}; both are kept, they prove equivocation",
            code="equivocation",
            field="state/seq",
        )


def _relay(
    session: Session,
    context: Context,
    caller: Caller,
    receivable: Receivable,
    committee: Committee,
    digest: str,
    content_hash: str,
    received_at: int,
    seq: int,
) -> HandedIn:
    """Want one transaction for the first digest that k seats signed; later signatures are kept in silence."""
    seats = {seat.key: seat.seat for seat in clearance.seats_of(session, committee) if not seat.suspended}
    handed = handed_attestations.handed_for(session, receivable.order, seq)
    doubtful = contradicting_keys(handed)
    agreed = [row for row in handed if row.digest == digest and row.key in seats.keys() - doubtful]
    agreed.sort(key=lambda row: seats[row.key])
    transaction = None
    if len(agreed) >= committee.threshold and seq > receivable.seq:
        intent = _under_way(session, receivable.order, seq)
        if intent is None:
            # The contract wants them in ascending order of seats; k are enough, more only cost gas.
            signatures = b"".join(bytes.fromhex(row.signature[2:]) for row in agreed[: committee.threshold])
            attestation = struct_from_message(Attestation, agreed[0].message)
            wanted = context.chain.clearance.attest(attestation, signatures)
            # Counting the failed ones gives the same state another chance at once, not only at its next deadline.
            before = intents.intents_about(session, Kind.ATTEST.value, wanted.effect_key)
            intent = want(session, wanted, caller.client_id, received_at, occasion=f"signed-{len(before)}")
        transaction = view_transaction(session, intent)
    return HandedIn(
        order=receivable.order,
        seq=seq,
        content_hash=content_hash,
        signatures=len(agreed),
        threshold=committee.threshold,
        transaction=transaction,
    )


def _under_way(session: Session, order: str, seq: int) -> str | None:
    for intent in intents.intents_about(session, Kind.ATTEST.value, f"{order}:{seq}"):
        if intent.state != intents.FAILED:
            return intent.id
    return None


def view_handed(session: Session, handed: HandedIn) -> HandedIn:
    """The answer with its transaction as it stands now."""
    if handed.transaction is None:
        raise Conflict("nothing was relayed")
    return handed.model_copy(update={"transaction": view_transaction(session, handed.transaction.id)})
