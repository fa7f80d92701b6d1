"""The words on the wire stand for the contracts' numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from settlement.chain.bindings import enums
from settlement.typed_data import TYPES
from settlement.wire import words


@pytest.mark.parametrize(
    ("table", "enum"),
    [
        (words.SETTLE_ON, enums.SettleOn),
        (words.FUND_BY, enums.FundBy),
        ({word.replace("/", ""): number for word, number in words.DAY_COUNTS.items()}, enums.DayCount),
    ],
)
def test_words__of_an_enum__are_its_members(table: dict[str, int], enum: type[enums.Phase]) -> None:
    assert {word.upper(): number for word, number in table.items()} == {one.name: one.value for one in enum}


def test_phases__attestable_ones__are_all_but_none_and_closed() -> None:
    attestable = {one.name.lower(): one.value for one in enums.Phase if one.name not in {"NONE", "CLOSED"}}
    assert attestable == words.PHASES


def test_roles_and_scopes__are_the_constants_of_the_contracts(project_root: Path) -> None:
    source = (project_root / "contracts/src/lib/Terms.sol").read_text(encoding="utf-8")
    constants = {name: int(value, 0) for name, value in re.findall(r"uint16 constant (\w+) = (\w+);", source)}
    for word, bit in words.ROLES.items():
        assert constants[word.upper()] == bit
    for name in ("SIGN_ORDER", "DRAW", "PAY", "WITHDRAW", "PUBLISH", "COVER", "KEYS"):
        assert constants[name] == getattr(words, name)


def test_key_scopes__every_signed_message_has_one_or_needs_none() -> None:
    # Committee seats, observers and the member's own account sign these; they are no scoped keys.
    unscoped = {"Attestation", "AttestationBatch", "HoldRequest", "Observation", "Resolution", "Permit"}
    assert set(words.KEY_SCOPES) == set(TYPES) - unscoped


@pytest.mark.parametrize("mask", [0, 1, 5, 0b111, 511])
def test_masks__there_and_back__are_the_same(mask: int) -> None:
    assert words.roles_mask(words.role_words(mask)) == mask
    assert words.lanes_mask(words.lane_words(mask)) == mask & 0b111


def test_masks__word_given_twice__counts_once() -> None:
    assert words.roles_mask(["buyer", "buyer", "funder"]) == 5
    assert words.lanes_mask(["green", "green"]) == 1
