"""Words on the wire for the numbers in the contracts. A test holds them equal to the generated enums.

Committee members may not import the bindings, so the tables stand here.
"""

from __future__ import annotations

from typing import Final, Literal

RoleWord = Literal[
    "buyer", "supplier", "funder", "customs", "insurer", "observer", "carrier", "arbiter", "auditor"
]
PhaseWord = Literal["accepted", "shipped", "released", "cleared"]
SettleOnWord = Literal["release", "clearance", "arrival"]
FundByWord = Literal["never", "accepted", "shipped", "released"]
DayCountWord = Literal["act/360", "act/365"]
LaneWord = Literal["green", "standard", "red"]

ROLES: Final[dict[RoleWord, int]] = {
    "buyer": 1,
    "supplier": 2,
    "funder": 4,
    "customs": 8,
    "insurer": 16,
    "observer": 32,
    "carrier": 64,
    "arbiter": 128,
    "auditor": 256,
}
PHASES: Final[dict[PhaseWord, int]] = {"accepted": 1, "shipped": 2, "released": 3, "cleared": 4}
SETTLE_ON: Final[dict[SettleOnWord, int]] = {"release": 0, "clearance": 1, "arrival": 2}
FUND_BY: Final[dict[FundByWord, int]] = {"never": 0, "accepted": 1, "shipped": 2, "released": 3}
DAY_COUNTS: Final[dict[DayCountWord, int]] = {"act/360": 0, "act/365": 1}
PHASE_WORDS: Final = {number: word for word, number in PHASES.items()}
SETTLE_ON_WORDS: Final = {number: word for word, number in SETTLE_ON.items()}
FUND_BY_WORDS: Final = {number: word for word, number in FUND_BY.items()}
DAY_COUNT_WORDS: Final = {number: word for word, number in DAY_COUNTS.items()}
LANES: Final[dict[LaneWord, int]] = {"green": 0, "standard": 1, "red": 2}

SIGN_ORDER: Final = 1
DRAW: Final = 2
PAY: Final = 4
WITHDRAW: Final = 8
PUBLISH: Final = 16
COVER: Final = 32
KEYS: Final = 64

KEY_SCOPES: Final[dict[str, int]] = {
    "PurchaseOrder": SIGN_ORDER,
    "Acceptance": SIGN_ORDER,
    "Amendment": SIGN_ORDER,
    "Cancellation": SIGN_ORDER,
    "CreditNote": SIGN_ORDER,
    "Dispute": SIGN_ORDER,
    "DisputeEnd": SIGN_ORDER,
    "Arrival": SIGN_ORDER,
    "Assignment": SIGN_ORDER,
    "Split": SIGN_ORDER,
    "LineTerms": PUBLISH,
    "WriteOff": PUBLISH,
    "Undertaking": PUBLISH,
    # The funder of an uncommitted line gives a reserve back with PUBLISH.
    "ReserveRelease": DRAW,
    "ReserveMove": DRAW,
    "Draw": DRAW,
    "Repayment": PAY,
    "Withdrawal": WITHDRAW,
    "Policy": COVER,
    "PoolFunding": COVER,
    "PoolTerms": COVER,
    "PoolEntry": COVER,
    "PoolExit": COVER,
    "KeyGrant": KEYS,
    "KeyRevocation": KEYS,
    "AccountReplacement": KEYS,
    "AccountRefusal": KEYS,
}
"""What a key must be allowed to do to sign each kind of message. A Permit needs the member's account itself."""


def roles_mask(words: list[RoleWord]) -> int:
    """The bitmap of these roles."""
    return sum(ROLES[word] for word in set(words))


def role_words(mask: int) -> list[RoleWord]:
    """The roles in a bitmap, in their own order."""
    return [word for word, bit in ROLES.items() if mask & bit]


def lanes_mask(words: list[LaneWord]) -> int:
    """The bitmap of these lanes: bit n for lane n."""
    return sum(1 << LANES[word] for word in set(words))


def lane_words(mask: int) -> list[LaneWord]:
    """The lanes in a bitmap."""
    return [word for word, number in LANES.items() if mask & (1 << number)]
