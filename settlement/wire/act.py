"""An act: what a member signs with its own key, and what becomes of it."""

from __future__ import annotations

from typing import Any, Literal

from settlement.wire.model import Answer, Instant, SignatureText, Wish
from settlement.wire.transaction import Transaction

_JSON_INTEGER_LIMIT = 1 << 53

ActKind = Literal[
    "order", "acceptance", "line", "draw", "repayment", "withdrawal", "deposit", "policy", "pool"
]
ActState = Literal["open", "signed", "submitted", "expired", "replaced"]


class Signatory(Answer):
    """A member whose signature the act needs; ``account`` when only that very address counts."""

    role: str
    member: int
    account: str | None = None
    is_signed: bool = False


class Act(Answer):
    """Typed data to sign, who signs, and until when.

    Whole numbers of 2^53 and more stand as decimal strings in ``typed_data``; EIP-712 libraries read both.
    """

    id: str
    kind: ActKind
    subject: str
    typed_data: dict[str, Any]
    sign: list[Signatory]
    expires_at: Instant
    state: ActState
    transaction: Transaction | None = None


class SignatureWish(Wish):
    """One signature over an act's typed data."""

    signature: SignatureText


class ActAnswer(Answer):
    """The act after a signature; ``transaction`` once all are in."""

    act: Act
    transaction: Transaction | None = None


def safe_integers(value: Any) -> Any:
    """The value with integers that JSON readers round (2^53 and more) as decimal strings."""
    if isinstance(value, dict):
        return {key: safe_integers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [safe_integers(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and value >= _JSON_INTEGER_LIMIT:
        return str(value)
    return value
