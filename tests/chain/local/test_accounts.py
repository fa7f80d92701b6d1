"""The well-known addresses are those that the phrase gives."""

from __future__ import annotations

from settlement.chain.local.accounts import ADDRESSES, funded_addresses, well_known_accounts


def test_accounts__the_usual_phrase__the_addresses_written_down() -> None:
    assert tuple(account.address for account in well_known_accounts()) == ADDRESSES == funded_addresses()


def test_accounts__another_phrase_or_more_of_them__derived() -> None:
    other = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
    assert funded_addresses(other, 1) == ("0x9858EfFD232B4033E47d90003D41EC34EcaEda94",)
    assert funded_addresses(count=11)[:10] == ADDRESSES
