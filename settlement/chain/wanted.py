"""What the service wants of the chain: a transaction named by its effect, before anybody gave it a nonce.

``kind`` and ``effect_key`` together say how to find the effect on chain (`settlement.chain.effects`), whoever sent it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

SignerRole = Literal["governor", "relayer"]

CREATION = ""
"""The ``to`` of a transaction that creates a contract."""


class Kind(StrEnum):
    """Every kind of transaction the service sends, with the form of its effect key."""

    ACCEPT = "accept"
    """ORDER:TERMS_HASH:LINE:VERSION"""
    ATTEST = "attest"
    """ORDER:SEQ"""
    SETTLE = "settle"
    """ORDER"""
    LAPSE = "lapse"
    """ORDER"""
    DISMISS = "dismiss"
    """ORDER"""
    RETURN_UNDERTAKING = "return_undertaking"
    """ORDER"""
    REFUND_GUARANTOR = "refund_guarantor"
    """ORDER"""
    PUBLISH_LINE = "publish_line"
    """FUNDER:NONCE"""
    DRAW = "draw"
    """ORDER:INDEX:AMOUNT"""
    REPAY = "repay"
    """PAYER:NONCE"""
    RECOURSE = "recourse"
    """ORDER"""
    RELEASE_RESERVE = "release_reserve"
    """ORDER"""
    DEPOSIT = "deposit"
    """CURRENCY:MEMBER:HASH_OF_CALLDATA"""
    WITHDRAW = "withdraw"
    """MEMBER:NONCE"""
    OBSERVE = "observe"
    """BUCKET:OBSERVER:VALUE"""
    FIX_INDEX = "fix_index"
    """BUCKET"""
    GIVE_UP_INDEX = "give_up_index"
    """BUCKET"""
    FUND_POOL = "fund_pool"
    """INSURER:NONCE"""
    BUY_COVER = "buy_cover"
    """POLICY"""
    PAY_COVER = "pay_cover"
    """POLICY"""
    EXPIRE_COVER = "expire_cover"
    """POLICY"""
    SEAL_GOVERNANCE = "seal_governance"
    """DEPLOYER"""
    SCHEDULE = "schedule"
    """OPERATION; wanted by the sender for what governance must say before it does it."""
    ENROL = "enrol"
    """LEI_HASH"""
    SET_STATUS = "set_status"
    """MEMBER:STATUS"""
    RENEW = "renew"
    """MEMBER:ROLES:LANE:VALID_UNTIL"""
    GRANT_KEY = "grant_key"
    """KEY:MEMBER:SCOPES:LIMIT"""
    REVOKE_KEY = "revoke_key"
    """KEY"""
    SEAT_COMMITTEE = "seat_committee"
    """JURISDICTION:HASH_OF_CALLDATA"""
    SUSPEND_SEAT = "suspend_seat"
    """KEY"""
    SEAT_OBSERVERS = "seat_observers"
    """HASH_OF_CALLDATA"""
    LIST_CURRENCY = "list_currency"
    """CURRENCY"""
    DEPLOY_TEST_CASH = "deploy_test_cash"
    """CURRENCY:EXPONENT; once mined, the sender wants LIST_CURRENCY for the token it created."""
    MINT_TEST_CASH = "mint_test_cash"
    """ACCOUNT:AMOUNT; its effect cannot be told from another mint's, so it is never looked for."""


GAS_LIMITS: Final[dict[Kind, int]] = {
    Kind.ACCEPT: 400_000,
    # A split order has up to nine leaves to pay.
    Kind.ATTEST: 1_000_000,
    Kind.SETTLE: 900_000,
    Kind.LAPSE: 600_000,
    Kind.DISMISS: 400_000,
    Kind.PUBLISH_LINE: 350_000,
    Kind.DRAW: 300_000,
    Kind.REPAY: 300_000,
    Kind.RECOURSE: 300_000,
    Kind.DEPOSIT: 300_000,
    Kind.WITHDRAW: 250_000,
    Kind.OBSERVE: 250_000,
    Kind.FUND_POOL: 250_000,
}
"""Over twice what the frequent kinds use, so that one try tells as much as an estimate's many; others are estimated."""


@dataclass(frozen=True)
class Wanted:
    """One transaction to be sent once.

    ``occasion`` tells two of one kind and effect apart (an act's id, a due date); ``subject`` is the order, line,
    policy or member it is about, as the API names it.
    """

    kind: Kind
    effect_key: str
    to: str
    calldata: bytes
    signer: SignerRole = "relayer"
    occasion: str = ""
    subject: str | None = None
