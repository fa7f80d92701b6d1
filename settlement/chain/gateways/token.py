"""One currency's token, as far as deposits and test networks need it."""

from __future__ import annotations

from settlement.chain.bindings.test_cash import TestCash
from settlement.chain.gateways.gateway import Gateway
from settlement.chain.wanted import CREATION, Kind, Wanted


class TokenGateway(Gateway):
    """An ERC-20 with permits (ERC-2612)."""

    def name(self) -> str:
        """The name in the token's EIP-712 domain."""
        return self._ask(TestCash.name(), "latest")

    def permit_nonce(self, owner: str) -> int:
        """The nonce that the owner's next permit carries."""
        return self._ask(TestCash.nonces(owner), "pending")

    def balance(self, owner: str, *, block: str | int = "latest") -> int:
        """What an address has. Units: the token's own units."""
        return self._ask(TestCash.balance_of(owner), block)

    def mint(self, to: str, units: int) -> Wanted:
        """Test networks only: make cash out of nothing. Units: the token's own units."""
        call = TestCash.mint(to, units)
        return Wanted(Kind.MINT_TEST_CASH, f"{to}:{units}", self.address, call.data, subject=to)


def deploy_test_cash(currency: int, code: str, exponent: int, decimals: int) -> Wanted:
    """Test networks only: create a currency's token; once mined it is listed."""
    creation = TestCash.deploy(f"Test {code}", f"t{code}", decimals)
    key = f"{currency}:{exponent}"
    return Wanted(Kind.DEPLOY_TEST_CASH, key, CREATION, creation, "governor", subject=str(currency))
