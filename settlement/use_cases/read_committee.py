"""Where a customs committee stands on an order: who signed what, who has not spoken."""

from __future__ import annotations

from settlement.errors import NotFound
from settlement.store.handles import Session
from settlement.store.repositories import clearance, handed_attestations
from settlement.store.tables_private import HandedAttestation
from settlement.use_cases.caller import Caller
from settlement.use_cases.hand_in_attestation import contradicting_keys
from settlement.use_cases.visibility import visible_receivable
from settlement.wire.clearance import CommitteeView, SharedState
from settlement.wire.words import PHASE_WORDS


def read_committee(session: Session, caller: Caller, order_id: str, now_at: int) -> CommitteeView:
    """The committee's view of one order; a disagreement is shown, with who saw what.

    Units:  ``now_at`` business time.
    Raises: NotFound.
    """
    receivable = visible_receivable(session, caller, order_id)
    quorums = clearance.quorums(session, receivable.jurisdiction, now_at)
    if not quorums:
        raise NotFound(f"jurisdiction {receivable.jurisdiction} has no committee")
    members = [seat.member for seat in quorums[0].seats]
    handed = handed_attestations.handed_for(session, order_id)
    states = _states(handed)
    doubtful = contradicting_keys(handed)
    contradicting = {row.member for row in handed if row.key in doubtful}
    newer = [state for state in states if state.seq > receivable.seq]
    spoken = {member for state in newer for member in state.members}
    latest = max((state.seq for state in newer), default=0)
    contents = {state.content_hash for state in newer if state.seq == latest}
    is_divided = len(contents) > 1 or len({state.seq for state in newer}) > 1
    return CommitteeView.model_validate(
        {
            "order": order_id,
            "jurisdiction": receivable.jurisdiction,
            "threshold": quorums[0].committee.threshold,
            "seats": members,
            "recorded_seq": receivable.seq,
            "is_divided": is_divided,
            "states": states,
            "silent": [member for member in members if member not in spoken],
            "contradicting": sorted(contradicting),
            "standing": _standing(newer, handed, quorums, receivable.seq, is_divided=is_divided),
        }
    )


def _standing(
    newer: list[SharedState],
    handed: list[HandedAttestation],
    quorums: list[clearance.Quorum],
    recorded_seq: int,
    *,
    is_divided: bool,
) -> str:
    if not newer:
        return "recorded" if recorded_seq else "waiting"
    doubtful = contradicting_keys(handed)
    for state in newer:
        shared = {row.key for row in handed if (row.seq, row.content_hash) == (state.seq, state.content_hash)}
        # A quorum is of one version of the committee.
        if any(len((shared - doubtful) & one.numbers.keys()) >= one.committee.threshold for one in quorums):
            return "agreed"
    return "divided" if is_divided else "waiting"


def _states(rows: list[HandedAttestation]) -> list[SharedState]:
    """One entry for each state, whichever deadlines it was signed with; newest number first."""
    shared: dict[tuple[int, str], list[HandedAttestation]] = {}
    for row in rows:
        shared.setdefault((row.seq, row.content_hash), []).append(row)
    return [_state(same) for _, same in sorted(shared.items(), key=lambda one: (-one[0][0], one[0][1]))]


def _state(same: list[HandedAttestation]) -> SharedState:
    first: dict[int, int] = {}
    for row in same:
        first[row.member] = min(row.received_at, first.get(row.member, row.received_at))
    message = same[0].message
    return SharedState.model_validate(
        {
            "content_hash": same[0].content_hash,
            "seq": same[0].seq,
            "phase": PHASE_WORDS[message["phase"]],
            "hold": message["hold"],
            "refused": message["refused"],
            "released": str(message["released"]),
            "duty": str(message["duty"]),
            "members": list(first),
            "handed_at": list(first.values()),
        }
    )
