"""Which LEI a document gives for a company."""

from __future__ import annotations

import pytest

from settlement.documents.order import Party
from settlement.documents.party_lei import lei_of
from settlement.errors import DocumentRefused

GOOD = "9845001B2AD43E664E58"
OTHER = "549300LBI3LRIZ2V8V66"


def party(*identifiers: tuple[str, str]) -> Party:
    return Party("Somebody", identifiers, "NL")


@pytest.mark.parametrize("scheme", ["LEI", "lei", "0199", ""])
def test_lei_of__valid_lei_under_its_schemes_or_none__found(scheme: str) -> None:
    assert lei_of("buyer", party(("GLN", "7300070011115"), (scheme, GOOD))) == GOOD


def test_lei_of__twenty_characters_of_another_scheme__not_taken_for_one() -> None:
    assert lei_of("buyer", party(("GLN", GOOD), ("", "ABCDEFGHIJKLMNOPQR12"))) is None


@pytest.mark.parametrize("text", ["short", "-", GOOD[:-1] + "9"])
def test_lei_of__named_lei_with_wrong_check_digits__refused_with_the_role(text: str) -> None:
    with pytest.raises(DocumentRefused, match="check digits") as refused:
        lei_of("supplier", party(("LEI", text)))
    assert refused.value.field == "supplier"


def test_lei_of__two_different__refused_and_the_same_twice__found() -> None:
    assert lei_of("buyer", party(("LEI", GOOD), ("0199", GOOD))) == GOOD
    with pytest.raises(DocumentRefused, match="two LEIs"):
        lei_of("buyer", party(("LEI", GOOD), ("0199", OTHER)))
