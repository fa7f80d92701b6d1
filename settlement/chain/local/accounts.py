"""The ten well-known accounts that testers expect, derived from the usual test phrase. Never for real value."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

MNEMONIC = "test test test test test test test test test test test junk"
# The addresses that the phrase gives, so that a node starts without half a second of key derivation.
ADDRESSES = (
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
    "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
    "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
    "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
    "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
)
ACCOUNT_COUNT = len(ADDRESSES)
INITIAL_BALANCE_WEI = 10_000 * 10**18


@cache
def well_known_accounts(mnemonic: str = MNEMONIC, count: int = ACCOUNT_COUNT) -> tuple[LocalAccount, ...]:
    """The accounts at m/44'/60'/0'/0/0 and after."""
    from eth_account import Account

    Account.enable_unaudited_hdwallet_features()
    return tuple(
        Account.from_mnemonic(mnemonic, account_path=f"m/44'/60'/0'/0/{index}") for index in range(count)
    )


def funded_addresses(mnemonic: str = MNEMONIC, count: int = ACCOUNT_COUNT) -> tuple[str, ...]:
    """The addresses of those accounts."""
    if mnemonic == MNEMONIC and count <= ACCOUNT_COUNT:
        return ADDRESSES[:count]
    return tuple(str(account.address) for account in well_known_accounts(mnemonic, count))
