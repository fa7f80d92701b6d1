"""Take a company into the network."""

from __future__ import annotations

from eth_utils.address import to_checksum_address
from stdnum import lei as lei_numbers

from settlement.errors import Conflict, InputRefused, NotPermitted
from settlement.ids import lei_hash
from settlement.store.handles import Session
from settlement.store.repositories import clients, members
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.read_members import view_member
from settlement.use_cases.transactions import view_transaction, want
from settlement.wire.member import MemberAnswer, MemberWish
from settlement.wire.words import LANES, roles_mask

_NOBODY = "0x0000000000000000000000000000000000000000"


def enrol_member(
    session: Session, context: Context, caller: Caller, wish: MemberWish, *, now_at: int, received_at: int
) -> MemberAnswer:
    """Want the enrolment, and remember name and LEI, which the chain knows by hash only.

    Units:  ``now_at`` business time, ``received_at`` wall time.
    Raises: NotPermitted for all but the operator; InputRefused for wrong check digits, the zero address or a
            validity that is over; Conflict when the LEI is enrolled.
    """
    if not caller.is_operator:
        raise NotPermitted("only the operator enrols members")
    _checked(wish, now_at)
    hashed = lei_hash(wish.lei)
    hashed_text = f"0x{hashed.hex()}"
    if members.find_member_by_lei_hash(session, hashed_text) is not None:
        raise Conflict(f"LEI {wish.lei} is enrolled already; GET /v1/members", code="already_enrolled")
    clients.put_company(session, lei_hash=hashed_text, lei=wish.lei, name=wish.name, created_at=received_at)
    wanted = context.chain.network.enrol(
        hashed,
        to_checksum_address(wish.account),
        wish.jurisdiction,
        roles_mask(wish.roles),
        LANES[wish.lane],
        wish.valid_until,
    )
    # One enrolment of an LEI at a time, but a failed one may be tried again with other particulars.
    intent = want(session, wanted, caller.client_id, received_at, occasion=f"{wish.account.lower()}:{now_at}")
    return MemberAnswer(lei=wish.lei, member=None, transaction=view_transaction(session, intent))


def view_enrolment(session: Session, lei: str, intent: str) -> MemberAnswer:
    """How an enrolment stands: the member is there once its block is projected."""
    row = members.find_member_by_lei_hash(session, f"0x{lei_hash(lei).hex()}")
    member = None if row is None else view_member(session, row)
    return MemberAnswer(lei=lei, member=member, transaction=view_transaction(session, intent))


def _checked(wish: MemberWish, now_at: int) -> None:
    if not lei_numbers.is_valid(wish.lei):
        raise InputRefused(f"LEI {wish.lei} has wrong check digits; look it up at gleif.org", field="lei")
    if wish.account.lower() == _NOBODY:
        raise InputRefused("account is the zero address; give the member's own", field="account")
    if wish.valid_until <= now_at:
        raise InputRefused(
            "valid_until lies in the past; members are enrolled for a time to come", field="valid_until"
        )
