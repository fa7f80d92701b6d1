"""An observer hands in its signed reading of an index; anyone could relay it, the service does."""

from __future__ import annotations

from settlement import typed_data
from settlement.chain.bindings.structs import Observation
from settlement.chain.messages import struct_from_message
from settlement.days import DAY_S
from settlement.errors import EvidenceError, InputRefused
from settlement.ids import bucket_of, place_bytes
from settlement.store.handles import Session
from settlement.store.repositories import cover
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.transactions import view_transaction, want
from settlement.wire.cover import ObservationWish
from settlement.wire.transaction import Submitted


def hand_in_observation(
    session: Session,
    context: Context,
    caller: Caller,
    wish: ObservationWish,
    *,
    now_at: int,
    received_at: int,
) -> Submitted:
    """Want the reading on chain.

    Units:  ``now_at`` business time, ``received_at`` wall time.
    Raises: EvidenceError when the signature is no sitting observer's; InputRefused for a day that is not over.
    """
    if (wish.day + 1) * DAY_S > now_at:
        raise InputRefused(f"day {wish.day} is not over; readings are taken afterwards", field="day")
    place = place_bytes(wish.place)
    message = {
        "bucket": bucket_of(wish.peril, place, wish.day),
        "answer": typed_data.VALUE_ANSWER,
        "value": wish.value,
        "observedAt": wish.observed_at,
        "deadline": wish.deadline_at,
    }
    deployment = context.deployment
    typed = typed_data.typed_message("Observation", deployment.chain_id, deployment.index_oracle, message)
    signature = bytes.fromhex(wish.signature[2:])
    signer = typed_data.recover(typed, signature)
    sitting = cover.sitting_observers(session)
    if sitting is None or signer not in {seat.key for seat in sitting[1]}:
        raise EvidenceError(
            f"the signature is of {signer}, which is no sitting observer",
            code="not_a_seat",
            field="signature",
        )
    observation = struct_from_message(Observation, typed["message"])
    wanted = context.chain.index.observe(wish.peril, place, wish.day, observation, signature, signer)
    # The occasion is what was signed: a reading that expired unrelayed may be signed again.
    occasion = f"0x{typed_data.digest(typed).hex()}"
    intent = want(session, wanted, caller.client_id, received_at, occasion=occasion)
    return Submitted(transaction=view_transaction(session, intent))
