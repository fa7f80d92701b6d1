"""The ten well-known accounts that testers expect, derived from the usual test phrase. Never for real value."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

MNEMONIC = "test test test test test test test test test test test junk"
ACCOUNT_COUNT = 10
INITIAL_BALANCE_WEI = 10_000 * 10**18


@cache
def well_known_accounts(mnemonic: str = MNEMONIC, count: int = ACCOUNT_COUNT) -> tuple[LocalAccount, ...]:
    """The accounts at m/44'/60'/0'/0/0 and after."""
    # Half a second of imports, which a chain that exists already can do without.
    from eth_account import Account

    Account.enable_unaudited_hdwallet_features()
    return tuple(
        Account.from_mnemonic(mnemonic, account_path=f"m/44'/60'/0'/0/{index}") for index in range(count)
    )
