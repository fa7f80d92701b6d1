"""Members' keys: given, taken, and the account that stands behind them (I-20)."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.properties.books.network import NetworkBook
from tests.properties.books.refusals import Refusals

SIGN_ORDER, DRAW, PAY, WITHDRAW, PUBLISH, KEYS = 1, 2, 4, 8, 16, 64
ALL_SCOPES, NO_LIMIT = 0xFFFF, (1 << 56) - 1


@dataclass
class Key:
    """What one key may sign, and for how much cash; who gave it up never gets it back."""

    member: str
    scopes: int
    limit: int
    is_active: bool = True

    def may(self, member: str, scope: int, amount: int) -> bool:
        """Whether its signature counts for this."""
        is_fit = self.member == member and self.scopes & scope == scope
        return self.is_active and is_fit and amount <= self.limit


@dataclass
class KeyBook(NetworkBook):
    """All keys by the number of their signer; an account is the key that reaches everywhere."""

    keys: dict[int, Key] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)

    def enlist(self, name: str, number: int) -> None:
        """A member's first account."""
        self.accounts[name] = number
        self.keys[number] = Key(name, ALL_SCOPES, NO_LIMIT)

    def clerks_of(self, name: str) -> list[int]:
        """Keys of a member beside its account, dead ones among them."""
        own = self.accounts.get(name)
        return [number for number, key in self.keys.items() if key.member == name and number != own]

    def _ask_reach(self, no: Refusals, by: int, member: str, scopes: int, limit: int) -> None:
        key = self.keys.get(by)
        if key is None or not key.is_active or not key.scopes & KEYS:
            no.when(True, "KeyNotValid")
            return
        no.when(key.member != member, "NotSignedBy")
        no.when(scopes & ~key.scopes or limit > key.limit, "BeyondReach")

    def grant_key(self, member: str, number: int, scopes: int, limit: int, by: int) -> None:
        """A new key, or other scopes of one; nobody gives what it does not have."""
        known = self.keys.get(number)
        no = Refusals()
        no.when(scopes == 0, "InvalidMember")
        self._ask_reach(no, by, member, scopes, limit)
        if known is not None:
            is_ours = known.member == member and known.is_active and number != self.accounts[member]
            no.when(not is_ours, "KeyTaken")
            self._ask_reach(no, by, member, known.scopes, known.limit)
        no.stand()
        self.keys[number] = Key(member, scopes, limit)

    def revoke_key(self, number: int, by: int) -> None:
        """Whoever has a key may give it up; else who reaches as far."""
        known = self.keys[number]
        no = Refusals()
        no.when(not known.is_active, "KeyNotValid")
        if by != number:
            self._ask_reach(no, by, known.member, known.scopes, known.limit)
        no.stand()
        known.is_active = False

    def replace_account(self, member: str, number: int, by: int) -> None:
        """Another account; the former one is dead at once, other keys stay."""
        known = self.keys.get(number)
        no = Refusals()
        self._ask_reach(no, by, member, ALL_SCOPES, NO_LIMIT)
        is_free = known is None or (known.member == member and known.is_active)
        no.when(not is_free or number == self.accounts[member], "KeyTaken")
        no.stand()
        self.keys[self.accounts[member]].is_active = False
        self.enlist(member, number)
