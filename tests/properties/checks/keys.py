"""I-20, I-29: whose key signs what."""

from __future__ import annotations

from tests.contracts.harness import signer
from tests.properties.books.keys import ALL_SCOPES, KEYS, NO_LIMIT
from tests.properties.registry import proves
from tests.properties.step import Step

OF_KEYS = ("grant_key", "revoke_key", "replace_account")


@proves(
    "I-20",
    "every key has the member, scopes, limit and life that its member gave it, each member one account",
)
def keys_are_the_books(step: Step) -> None:
    for number, key in step.book.keys.items():
        word = step.after.keys[number]
        assert (word & 0xFF == 1) == key.is_active
        assert (word >> 8 & 0xFFFF, word >> 24 & 0xFFFFFFFF) == (key.scopes, step.ids[key.member])
        assert word >> 56 & NO_LIMIT == key.limit
    for name, number in step.book.accounts.items():
        assert step.after.accounts[name] == int(signer(number).address, 16)


@proves(
    "I-20", "a key outside its scope, above its limit, or given up signs nothing", on=("unkeyed", "unkeyed!")
)
def keys_bind(step: Step) -> None:
    assert not step.is_done
    assert step.after.state == step.before.state


@proves(
    "I-20",
    "what another key than the account signs lies within its scopes and its limit, as they were",
    on=("draw", "repay", "withdraw"),
)
def clerks_stay_within_their_keys(step: Step) -> None:
    if "key" in step.facts:
        word, scope = step.before.keys[step.facts["key"]], step.facts["scope"]
        assert word & 0xFF == 1
        assert word >> 8 & scope == scope
        assert word >> 24 & 0xFFFFFFFF == step.ids[step.facts["owner"]]
        assert step.facts["cash"] <= word >> 56 & NO_LIMIT


@proves("I-20", "a key that was given up is never valid again, whoever asks")
def dead_keys_stay_dead(step: Step) -> None:
    for number, word in step.before.keys.items():
        assert word & 0xFF in {0, 1} or step.after.keys[number] == word


@proves(
    "I-20 I-29",
    "keys are given, taken and replaced by a key of the same member that reaches as far",
    on=OF_KEYS,
)
def keys_come_from_keys(step: Step) -> None:
    number, by = step.facts["number"], step.facts["by"]
    after, giver = step.after.keys[number], step.before.keys[by]
    assert giver & 0xFF == 1
    assert giver >> 24 & 0xFFFFFFFF == after >> 24 & 0xFFFFFFFF
    if by != number:
        assert giver >> 8 & KEYS
        assert not after >> 8 & ALL_SCOPES & ~(giver >> 8)
        assert after >> 56 & NO_LIMIT <= giver >> 56 & NO_LIMIT
    changed = {one for one, word in step.after.keys.items() if step.before.keys.get(one, word) != word}
    former = {one for one in changed if step.after.keys[one] & 0xFF != 1} - {number}
    assert len(former) == (step.verb == "replace_account")
    assert (step.after.cash, step.after.orders) == (step.before.cash, step.before.orders)
