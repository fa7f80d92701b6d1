"""The ten well-known accounts that testers expect, derived from the usual test phrase. Never for real value."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from settlement.errors import InputRefused

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
DERIVATION_PATH = "m/44'/60'/0'/0/"
PHRASE_LENGTHS = (12, 15, 18, 21, 24)
ACCOUNT_COUNT = len(ADDRESSES)
MOST_ACCOUNTS = 1_000
INITIAL_BALANCE_WEI = 10_000 * 10**18


@cache
def well_known_accounts(mnemonic: str = MNEMONIC, count: int = ACCOUNT_COUNT) -> tuple[LocalAccount, ...]:
    """The accounts at m/44'/60'/0'/0/0 and after."""
    from eth_account import Account
    from eth_account.hdaccount import key_from_seed, seed_from_mnemonic

    # Stretching the phrase to its seed is what takes long, so it is done once for all accounts.
    seed = seed_from_mnemonic(mnemonic, "")
    return tuple(Account.from_key(key_from_seed(seed, f"{DERIVATION_PATH}{index}")) for index in range(count))


def funded_addresses(mnemonic: str = MNEMONIC, count: int = ACCOUNT_COUNT) -> tuple[str, ...]:
    """The addresses of those accounts."""
    if mnemonic == MNEMONIC and count <= ACCOUNT_COUNT:
        return ADDRESSES[:count]
    return tuple(str(account.address) for account in well_known_accounts(mnemonic, count))


def checked_phrase(text: str) -> str:
    """A BIP-39 phrase of English words, single spaces between them.

    Raises: InputRefused saying what is wrong with it; it never repeats more of the phrase than one unknown word.
    Source: BIP-39, "Generating the mnemonic".
    """
    from eth_account.hdaccount.mnemonic import Mnemonic
    from eth_account.types import Language

    words = text.lower().split()
    if len(words) not in PHRASE_LENGTHS:
        raise InputRefused(
            f"the phrase has {len(words)} words; BIP-39 phrases have 12, 15, 18, 21 or 24", field="--mnemonic"
        )
    english = Mnemonic(Language.ENGLISH)
    for word in words:
        if word not in english.wordlist:
            raise InputRefused(
                f"{word[:20]!r} is not one of BIP-39's English words; look for a slip of the pen",
                field="--mnemonic",
            )
    phrase = " ".join(words)
    if not english.is_mnemonic_valid(phrase):
        raise InputRefused(
            "the phrase's last word does not check the others; a word is wrong, or not in its place",
            field="--mnemonic",
        )
    return phrase
