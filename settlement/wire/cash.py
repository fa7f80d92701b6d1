"""Cash in the ledger: accounts, test cash, deposits and withdrawals."""

from __future__ import annotations

from typing import Literal

from settlement.wire.model import Answer, CurrencyCode, MemberNumber, Wish
from settlement.wire.order import AmountBody


class CurrencyWish(Wish):
    """A currency to list with test cash of its own."""

    currency: CurrencyCode


class Currency(Answer):
    """A listed currency: its token and ISO exponent."""

    currency: str
    number: int
    token: str
    exponent: int


class MintWish(Wish):
    """Test cash to create on a member's account address."""

    member: MemberNumber
    amount: AmountBody


class DepositWish(Wish):
    """Cash to bring in from the member's account address."""

    amount: AmountBody


class WithdrawalWish(Wish):
    """Free cash to take out to the member's account address."""

    amount: AmountBody


class CashAccount(Answer):
    """One account: a member's free cash, an order's hold, or a cover pool's capital."""

    id: str
    kind: Literal["member", "order", "pool"]
    balance: AmountBody
