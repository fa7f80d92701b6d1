"""Members' cash."""

from __future__ import annotations

from eth_utils.crypto import keccak

from settlement.chain.bindings.cash_ledger import AvailableAnswer, CashLedger, TokenOfAnswer
from settlement.chain.bindings.structs import Withdrawal
from settlement.chain.gateways.gateway import Gateway
from settlement.chain.wanted import Kind, Wanted
from settlement.ids import MemberId


class LedgerGateway(Gateway):
    """The CashLedger contract."""

    def list_currency(self, currency: int, exponent: int, token: str) -> Wanted:
        """Governance: list a token for a currency, once."""
        call = CashLedger.list(currency, exponent, token)
        return Wanted(
            Kind.LIST_CURRENCY, str(currency), self.address, call.data, "governor", subject=str(currency)
        )

    def deposit_with_permit(
        self, currency: int, member: MemberId, amount_minor: int, deadline: int, signature: bytes
    ) -> Wanted:
        """Take in cash that the member's account permitted. Shapes: signature of 65 bytes (r, s, v)."""
        r, s, v = signature[:32], signature[32:64], signature[64]
        call = CashLedger.deposit_with_permit(currency, member, amount_minor, deadline, v, r, s)
        key = f"{currency}:{member}:0x{keccak(call.data).hex()}"
        return Wanted(Kind.DEPOSIT, key, self.address, call.data, subject=str(member))

    def withdraw(self, withdrawal: Withdrawal, signature: bytes) -> Wanted:
        """Pay free cash out to the member's account address."""
        call = CashLedger.withdraw(withdrawal, signature)
        key = f"{withdrawal.member}:{withdrawal.nonce}"
        return Wanted(Kind.WITHDRAW, key, self.address, call.data, subject=str(withdrawal.member))

    def balance(self, currency: int, account: int, *, block: str | int = "latest") -> int:
        """What an account has: a member's free cash, an order's hold, a pool's capital. Units: minor units."""
        return self._ask(CashLedger.balance_of(currency, account), block)

    def available(
        self, currency: int, hold: int, payer: MemberId, *, block: str | int = "latest"
    ) -> AvailableAnswer:
        """What an order's hold and its payer have. Units: minor units."""
        return self._ask(CashLedger.available(currency, hold, payer), block)

    def total(self, currency: int, *, block: str | int = "latest") -> int:
        """The sum of all accounts of a currency. Units: minor units."""
        return self._ask(CashLedger.total_of(currency), block)

    def token(self, currency: int, *, block: str | int = "latest") -> TokenOfAnswer:
        """The token of a currency.

        Raises: NotFound when it is not listed.
        """
        return self._ask(CashLedger.token_of(currency), block)

    def is_nonce_used(self, member: MemberId, nonce: int, *, block: str | int = "latest") -> bool:
        """Whether a withdrawal with that nonce was made."""
        return self._ask(CashLedger.is_nonce_used(member, nonce), block)
