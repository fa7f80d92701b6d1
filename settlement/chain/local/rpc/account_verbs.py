"""The verbs that change accounts by hand, without a block, and that let anybody's account send."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from settlement.chain.local import orders
from settlement.chain.local.engine.port import Workspace
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import read_address, read_bytes, read_quantity, read_word
from settlement.chain.local.rpc.verbs import ALL_NAMES, Verbs, read_bounded, read_flag, then, under

_LARGEST = 2**256 - 1


class AccountVerbs(Verbs):
    """Balance, nonce, code and storage, which the head shows at once; impersonation."""

    def methods(self) -> dict[str, Method]:
        """The table of what it does."""
        verbs = {
            "setBalance": Method(self.set_balance, 2, 2),
            "addBalance": Method(self.add_balance, 2, 2),
            "setNonce": Method(self.set_nonce, 2, 2),
            "setCode": Method(self.set_code, 2, 2),
            "setStorageAt": Method(self.set_storage_at, 3, 3),
            "impersonateAccount": Method(self.impersonate, 1, 1),
            "stopImpersonatingAccount": Method(self.stop_impersonating, 1, 1),
            "autoImpersonateAccount": Method(self.impersonate_all, 1, 1),
        }
        return under(ALL_NAMES, verbs)

    def set_balance(self, address: Any, wei: Any) -> Future[None]:
        account, amount = read_address(address, "address"), read_bounded(wei, "balance", 0, _LARGEST)
        return self._change(lambda state: state.set_balance(account, amount))

    def add_balance(self, address: Any, wei: Any) -> Future[None]:
        account, amount = read_address(address, "address"), read_bounded(wei, "balance", 0, _LARGEST)
        # More than a word holds is cut off at its largest number, as anvil does.
        return self._change(
            lambda state: state.set_balance(account, min(state.balance(account) + amount, _LARGEST))
        )

    def set_nonce(self, address: Any, nonce: Any) -> Future[None]:
        account, wanted = read_address(address, "address"), read_bounded(nonce, "nonce", 0, 2**64 - 2)
        return self._change(lambda state: state.set_nonce(account, wanted))

    def set_code(self, address: Any, code: Any) -> Future[None]:
        account, wanted = read_address(address, "address"), read_bytes(code, "code")
        return self._change(lambda state: state.set_code(account, wanted))

    def set_storage_at(self, address: Any, slot: Any, word: Any) -> Future[bool]:
        account, position = read_address(address, "address"), read_quantity(slot, "slot")
        wanted = int.from_bytes(read_word(word, "value"), "big")
        return then(self._change(lambda state: state.set_storage(account, position, wanted)), lambda _: True)

    def impersonate(self, address: Any) -> None:
        self._node.signers.impersonate(read_address(address, "address"))

    def stop_impersonating(self, address: Any) -> None:
        self._node.signers.stop_impersonating(read_address(address, "address"))

    def impersonate_all(self, is_on: Any) -> None:
        """Whoever is named as a sender may send, until this is switched off."""
        self._node.signers.is_anyone = read_flag(is_on)

    def _change(self, change: Callable[[Workspace], None]) -> Future[None]:
        return self._tell(orders.change_state, change)
