"""Keys given, taken and replaced."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from settlement.chain.bindings.structs import AccountReplacement, KeyGrant, KeyRevocation
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.harness import signer
from tests.properties.books.arithmetic import DAY
from tests.properties.books.keys import DRAW, KEYS, NO_LIMIT, PAY, WITHDRAW
from tests.properties.market import CURRENCIES
from tests.properties.rules.cash import CashRules
from tests.properties.rules.dice import DICE, Dice

NETWORK = "TrustedNetwork"
KEEPERS = ("supplier", "supplier2", "trader", "buyer2", "bank2")
NUMBERS = tuple(range(60, 68))


class KeyRules(CashRules):
    """Who signs for a member."""

    def signers_for(self, dice: Dice, member: str) -> int:
        """Mostly the member's account, else one of its clerks or another's account."""
        accounts, clerks = self.book.accounts, self.book.clerks_of(member)
        return dice.of([accounts[member]] * 5 + clerks + [accounts["buyer"]], "by")

    @rule(dice=DICE, member=st.sampled_from(KEEPERS))
    def grant_key(self, dice: Dice, member: str) -> None:
        """A key for some verbs and so much cash."""
        number = dice.of(NUMBERS, "number")
        scopes = dice.of((DRAW | PAY | WITHDRAW, DRAW | PAY, KEYS | DRAW | WITHDRAW, WITHDRAW, 0), "scopes")
        limit = dice.of((NO_LIMIT, 1_000, 20_000, 0), "limit")
        by = self.signers_for(dice, member)
        at, key = self.market.at[NETWORK], signer(number)
        struct = KeyGrant(
            self.market.ids[member], key.address, scopes, limit, self.nonce(), self.book.now + DAY
        )
        call = TrustedNetwork.grant_key(struct, signer(by).sign(at, struct), key.sign(at, struct))
        done = self.step(
            "grant_key",
            lambda: self.market.send(NETWORK, call),
            lambda: self.book.grant_key(member, number, scopes, limit, by),
            by=by, number=number,
        )  # fmt: skip
        if done is not None:
            self.spent.append(("grant_key", NETWORK, call))
            if dice.of((True, False), "used"):
                currency = max(CURRENCIES, key=lambda code: self.book.of(code, member))
                self.deposit(member, currency, 500)
                self.withdraw(dice, member, currency, 2)

    @precondition(lambda self: any(self.book.clerks_of(name) for name in KEEPERS))
    @rule(dice=DICE)
    def revoke_key(self, dice: Dice) -> None:
        """Dead at once, whoever gave it up."""
        number = dice.of([one for name in KEEPERS for one in self.book.clerks_of(name)], "number")
        member = self.book.keys[number].member
        by = dice.of((self.signers_for(dice, member), number), "self")
        struct = KeyRevocation(
            self.market.ids[member], signer(number).address, self.nonce(), self.book.now + DAY
        )
        call = TrustedNetwork.revoke_key(struct, signer(by).sign(self.market.at[NETWORK], struct))
        self.step(
            "revoke_key",
            lambda: self.market.send(NETWORK, call),
            lambda: self.book.revoke_key(number, by),
            by=by, number=number,
        )  # fmt: skip

    @rule(dice=DICE, member=st.sampled_from(KEEPERS))
    def replace_account(self, dice: Dice, member: str) -> None:
        """Another account stands for the member; what the former one signed before is worth nothing more."""
        number = dice.of((*NUMBERS, self.book.accounts["buyer"]), "number")
        by = self.signers_for(dice, member)
        at, key = self.market.at[NETWORK], signer(number)
        struct = AccountReplacement(self.market.ids[member], key.address, self.nonce(), self.book.now + DAY)
        call = TrustedNetwork.replace_account(struct, signer(by).sign(at, struct), key.sign(at, struct))

        def replace() -> None:
            self.book.replace_account(member, number, by)
            # Before the chain is looked at: what lies outside is the new account's from now on.
            self.market.accounts[member] = key

        self.step("replace_account", lambda: self.market.send(NETWORK, call), replace, by=by, number=number)
