"""Seat a customs committee, or the index observers."""

from __future__ import annotations

from eth_utils.address import to_checksum_address

from settlement.chain.bindings.structs import Seat
from settlement.errors import InputRefused, NotPermitted
from settlement.ids import MemberId
from settlement.quorum import MOST_SEATS, is_sound
from settlement.store.handles import Session
from settlement.store.repositories import members
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.transactions import view_transaction, want
from settlement.wire.network import CommitteeWish, ObserversWish
from settlement.wire.transaction import Submitted
from settlement.wire.words import ROLES


def seat_committee(
    session: Session,
    context: Context,
    caller: Caller,
    wish: CommitteeWish,
    *,
    occasion: str,
    received_at: int,
) -> Submitted:
    """Want a new version of a jurisdiction's committee.

    Raises: NotPermitted for all but the operator; InputRefused for too low a threshold, repeated keys, or members
            without the customs role.
    """
    if not caller.is_operator:
        raise NotPermitted("only the operator seats committees")
    _check_threshold(wish.threshold, [seat.key for seat in wish.seats])
    for member in [seat.member for seat in wish.seats]:
        row = members.find_member(session, member)
        if row is None or not row.roles & ROLES["customs"]:
            raise InputRefused(f"member {member} has no customs role; GET /v1/members", field="seats")
    seats = tuple(Seat(key=to_checksum_address(seat.key), member=seat.member) for seat in wish.seats)
    wanted = context.chain.clearance.seat(wish.jurisdiction, wish.threshold, MemberId(wish.treasury), seats)
    intent = want(session, wanted, caller.client_id, received_at, occasion=occasion)
    return Submitted(transaction=view_transaction(session, intent))


def seat_observers(
    session: Session,
    context: Context,
    caller: Caller,
    wish: ObserversWish,
    *,
    occasion: str,
    received_at: int,
) -> Submitted:
    """Want a new set of index observers.

    Raises: NotPermitted for all but the operator; InputRefused for too low a threshold or repeated keys.
    """
    if not caller.is_operator:
        raise NotPermitted("only the operator seats observers")
    _check_threshold(wish.threshold, wish.keys)
    wanted = context.chain.index.seat(wish.threshold, tuple(to_checksum_address(key) for key in wish.keys))
    intent = want(session, wanted, caller.client_id, received_at, occasion=occasion)
    return Submitted(transaction=view_transaction(session, intent))


def _check_threshold(threshold: int, keys: list[str]) -> None:
    if len({key.lower() for key in keys}) != len(keys):
        raise InputRefused("one key stands twice; every seat has its own", field="keys")
    if not is_sound(threshold, len(keys)):
        raise InputRefused(
            f"threshold {threshold} of {len(keys)}: at most {MOST_SEATS} seats, of which more than half must agree, "
            "and not more than there are",
            field="threshold",
        )
