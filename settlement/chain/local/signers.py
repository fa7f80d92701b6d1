"""Who may send without signing: the accounts whose keys the node has, and those that a tester impersonates."""

from __future__ import annotations

from settlement.chain.local.accounts import funded_addresses, well_known_accounts
from settlement.chain.local.formats.signing import mark_transaction, sign_transaction
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.settings import ChainSettings


class Signers:
    """Impersonation lasts until it is stopped or the node is. Any thread may use it."""

    def __init__(self, settings: ChainSettings) -> None:
        self.hold(settings)
        self._impersonated: dict[bytes, None] = {}
        self.is_anyone = False

    def hold(self, settings: ChainSettings) -> None:
        """Have the keys of the accounts that a chain was begun with, and no others."""
        self._settings = settings
        own = funded_addresses(settings.mnemonic, settings.accounts)
        self._own = {bytes.fromhex(address[2:]): index for index, address in enumerate(own)}

    def addresses(self) -> list[bytes]:
        """Its own accounts in their order, then the impersonated ones as they came."""
        return [*self._own, *(address for address in list(self._impersonated) if address not in self._own)]

    def impersonate(self, address: bytes) -> None:
        self._impersonated[address] = None

    def stop_impersonating(self, address: bytes) -> None:
        self._impersonated.pop(address, None)

    def stop_all(self) -> None:
        """Only its own accounts may send from now on."""
        self._impersonated.clear()
        self.is_anyone = False

    def can_send(self, address: bytes) -> bool:
        return self.is_anyone or address in self._impersonated or address in self._own

    def key(self, address: bytes) -> bytes | None:
        """The private key of one of its own accounts."""
        if address not in self._own:
            return None
        accounts = well_known_accounts(self._settings.mnemonic, self._settings.accounts)
        return bytes(accounts[self._own[address]].key)

    def finish(self, tx: Transaction) -> Transaction:
        """``tx`` with its signature, or with the mark of one who is impersonated."""
        key = self.key(tx.sender)
        if key is None:
            return mark_transaction(tx, self._settings.chain_id)
        return sign_transaction(tx, key, self._settings.chain_id)
