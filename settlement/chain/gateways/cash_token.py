"""The ERC-20 tokens behind the ledger's currencies; on test networks our own TestCash."""

from __future__ import annotations

from typing import Final

from settlement.chain.bindings.test_cash import TestCash
from settlement.chain.gateways.gateway import Gateway
from settlement.chain.wanted import CREATION, Kind, Wanted
from settlement.money import Currency

LEAST_DECIMALS: Final = 6


class CashTokenGateway(Gateway):
    """One token that can be permitted by signature (ERC-2612), and minted where it is TestCash."""

    def mint(self, account: str, units: int, occasion: str) -> Wanted:
        """Test networks: make money out of nothing. Units: the token's own."""
        call = TestCash.mint(account, units)
        key = f"{account}:{units}"
        return Wanted(Kind.MINT_TEST_CASH, key, self.address, call.data, occasion=occasion, subject=account)

    def name(self) -> str:
        """The name in the token's EIP-712 domain."""
        return self._ask(TestCash.name(), "latest")

    def permit_nonce(self, owner: str, *, block: str | int = "pending") -> int:
        """The nonce that the owner's next permit must carry."""
        return self._ask(TestCash.nonces(owner), block)

    def balance(self, account: str, *, block: str | int = "latest") -> int:
        """What an address has. Units: the token's own."""
        return self._ask(TestCash.balance_of(account), block)


def deploy_test_cash(unit: Currency) -> Wanted:
    """Create a test token for a currency; the sender lists it once it is mined."""
    key = f"{unit.number}:{unit.exponent}"
    return Wanted(
        Kind.DEPLOY_TEST_CASH, key, CREATION, creation_code(unit), "governor", subject=str(unit.number)
    )


def creation_code(unit: Currency) -> bytes:
    """The creation code of a currency's test token, which has at least as many decimals as the currency."""
    return TestCash.deploy(f"Test {unit.code}", f"t{unit.code}", max(unit.exponent, LEAST_DECIMALS))
