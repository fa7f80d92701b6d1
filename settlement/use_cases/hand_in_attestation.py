"""A customs member hands in the state it signed; when k agree, one transaction is wanted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from settlement import typed_data
from settlement.chain.bindings.structs import Attestation
from settlement.chain.messages import struct_from_message
from settlement.chain.wanted import Wanted
from settlement.errors import Conflict, EvidenceError, EvidenceKept, InputRefused
from settlement.store.handles import Session
from settlement.store.repositories import clearance, handed_attestations, intents, receivables
from settlement.store.repositories.locks import lock_subject
from settlement.store.tables_private import HandedAttestation
from settlement.store.tables_projection import Committee, Receivable
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.transactions import view_transaction, want
from settlement.use_cases.visibility import visible_receivable
from settlement.wire.clearance import AttestationWish, AttestedState, HandedIn
from settlement.wire.model import instant_text
from settlement.wire.transaction import Transaction

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
    Holds:  I-18, I-20, I-21: a seat that counts now in this order's committee or, in its grace, in the one before, and
            one content for each (order, seq).
    Raises: NotFound for orders outside the caller's jurisdiction; EvidenceError for a signature that is no seat's;
            EvidenceKept for a second state under one number; InputRefused for times that the contract refuses.
    """
    state = wish.state
    receivable = _receivable_of(session, caller, state, now_at)
    signed = _signed(context, caller, wish, received_at)
    quorums = _quorums(session, receivable, signed, now_at)
    _check_times(state, now_at)

    # Signatures may come in at once; whoever completes k must see the others.
    lock_subject(session, state.order)
    _keep(session, signed)
    committee, agreed = _agreement(session, quorums, signed)
    transaction = None
    if len(agreed) >= committee.threshold and state.seq > receivable.seq:
        # The contract wants them in ascending order of seats; k are enough, more only cost gas.
        wanted = _attest(context, agreed[: committee.threshold])
        transaction = _relay(session, caller, wanted, received_at)
    return HandedIn(
        order=receivable.order,
        seq=state.seq,
        content_hash=signed.content_hash,
        signatures=len(agreed),
        threshold=committee.threshold,
        transaction=transaction,
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


def _signed(context: Context, caller: Caller, wish: AttestationWish, received_at: int) -> HandedAttestation:
    state, deployment = wish.state, context.deployment
    typed = typed_data.typed_message(
        "Attestation", deployment.chain_id, deployment.clearance_oracle, state.message()
    )
    return HandedAttestation(
        order=state.order,
        seq=state.seq,
        key=typed_data.recover(typed, bytes.fromhex(wish.signature[2:])),
        digest=f"0x{typed_data.digest(typed).hex()}",
        member=caller.acting_member(),
        jurisdiction=state.jurisdiction,
        content_hash=content_of(state),
        message=typed["message"],
        signature=wish.signature.lower(),
        received_at=received_at,
    )


def _receivable_of(session: Session, caller: Caller, state: AttestedState, now_at: int) -> Receivable:
    """The order, for who is party to it and, while its signature counts, for who left the committee."""
    found = receivables.find_receivable(session, state.order)
    if found is not None and not caller.sees_all:
        quorums = clearance.quorums(session, found.jurisdiction, now_at)
        if any(seat.member == caller.member for one in quorums for seat in one.seats):
            return found
    return visible_receivable(session, caller, state.order)


def _quorums(
    session: Session, receivable: Receivable, signed: HandedAttestation, now_at: int
) -> list[clearance.Quorum]:
    """The versions of the committee that may attest; the member's key sits in at least one."""
    jurisdiction = signed.jurisdiction
    if jurisdiction != receivable.jurisdiction:
        raise InputRefused(
            f"the order is cleared in jurisdiction {receivable.jurisdiction}, not {jurisdiction}",
            field="state/jurisdiction",
        )
    quorums = clearance.quorums(session, jurisdiction, now_at)
    own = (signed.key, signed.member)
    if any((seat.key, seat.member) == own for one in quorums for seat in one.seats):
        return quorums
    reason = (
        f"the signature is of {signed.key}, which is no active seat of yours in jurisdiction {jurisdiction}"
    )
    if quorums and (until := quorums[0].committee.grace_until_at):
        reason += f"; what the committee before signed counted until {instant_text(until)}"
    raise EvidenceError(reason, code="not_a_seat", field="signature")


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


def _agreement(
    session: Session, quorums: list[clearance.Quorum], signed: HandedAttestation
) -> tuple[Committee, list[HandedAttestation]]:
    """The version whose quorum stands behind the state, else the newest that the signer sits in; its signatures by seat.

    A quorum is of one version: signatures of two do not add up.
    """
    handed = handed_attestations.handed_for(session, signed.order, signed.seq)
    doubtful = contradicting_keys(handed)
    same = [row for row in handed if row.digest == signed.digest and row.key not in doubtful]
    behind = []
    for one in quorums:
        numbers = one.numbers
        agreed = sorted((row for row in same if row.key in numbers), key=lambda row: numbers[row.key])
        if len(agreed) >= one.committee.threshold:
            return one.committee, agreed
        if signed.key in numbers:
            behind.append((one.committee, agreed))
    return behind[0]


def _attest(context: Context, signed: list[HandedAttestation]) -> Wanted:
    attestation = struct_from_message(Attestation, signed[0].message)
    signatures = b"".join(bytes.fromhex(row.signature[2:]) for row in signed)
    return context.chain.clearance.attest(attestation, signatures)


def _relay(session: Session, caller: Caller, wanted: Wanted, received_at: int) -> Transaction:
    """Want one transaction for the first digest that k seats signed; later signatures are kept in silence."""
    before = intents.intents_about(session, wanted.kind.value, wanted.effect_key)
    intent = next((one.id for one in before if one.state != intents.FAILED), None)
    if intent is None:
        # Counting the failed ones gives the same state another chance at once, not only at its next deadline.
        intent = want(session, wanted, caller.client_id, received_at, occasion=f"signed-{len(before)}")
    return view_transaction(session, intent)


def view_handed(session: Session, handed: HandedIn) -> HandedIn:
    """The answer with its transaction as it stands now."""
    if handed.transaction is None:
        raise Conflict("nothing was relayed")
    return handed.model_copy(update={"transaction": view_transaction(session, handed.transaction.id)})
