"""ReceivableRenderer: what a wallet shows of a receivable is JSON, whatever the token calls itself."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.chain.bindings.enums import Phase
from settlement.chain.bindings.receivable_renderer import ReceivableRenderer
from settlement.chain.bindings.structs import Picture
from tests.contracts.harness import Evm, engines, new_evm, signer

ORDER = int.from_bytes(bytes(range(0xA0, 0xC0)), "big") & ~0xFF
ACCOUNT = signer(2).address
PLAIN = Picture(
    id=ORDER,
    share=0,
    phase=Phase.ACCEPTED,
    is_held=False,
    currency=840,
    exponent=2,
    symbol="USD",
    face=100_000_00,
    reduced=1_000_00,
    paid=2_500_05,
    due=1_700_086_400,
    expiry=1_710_000_000,
    buyer=1,
    holder=2,
    account=ACCOUNT,
)
Drawn = tuple[Evm, str]


@pytest.fixture(scope="module")
def renderer() -> Drawn:
    evm = new_evm(engines()[-1])
    return evm, evm.deploy(ReceivableRenderer.deploy(), signer(0).address, "ReceivableRenderer")


def shown(renderer: Drawn, picture: Picture) -> dict[str, Any]:
    """The JSON behind the data URI."""
    evm, at = renderer
    head, _, body = evm.view(at, ReceivableRenderer.render(picture)).partition(",")
    assert head == "data:application/json;base64"
    found: dict[str, Any] = json.loads(base64.b64decode(body, validate=True).decode("ascii"))
    return found


def traits(document: dict[str, Any]) -> dict[str, Any]:
    return {one["trait_type"]: one["value"] for one in document["attributes"]}


@pytest.mark.parametrize("phase", list(Phase))
def test_render__every_phase__is_valid_and_says_it(renderer: Drawn, phase: Phase) -> None:
    document = shown(renderer, replace(PLAIN, phase=phase))
    assert set(document) == {"name", "description", "image", "attributes"}
    assert traits(document) == {
        "Face": "100000.00",
        "Open": "96499.95",
        "Paid": "2500.05",
        "Currency": "USD",
        "Currency code": 840,
        "Phase": phase.name.lower(),
        "On hold": "no",
        "Due": PLAIN.due,
        "Expiry": PLAIN.expiry,
        "Buyer": 1,
        "Holder": 2,
        "Holder account": ACCOUNT,
    }
    assert document["name"] == "Hanse receivable 0xa0a1a2a3"
    assert "100000.00 USD" in document["description"]


def test_render__times__are_dates_and_an_unset_one_is_no_date(renderer: Drawn) -> None:
    def kinds(picture: Picture) -> dict[str, str | None]:
        listed = shown(renderer, picture)["attributes"]
        return {one["trait_type"]: one.get("display_type") for one in listed}

    assert kinds(PLAIN)["Due"] == kinds(PLAIN)["Expiry"] == "date"
    unset = replace(PLAIN, due=0)
    assert kinds(unset)["Due"] is None
    assert traits(shown(renderer, unset))["Due"] == "not set"


@pytest.mark.parametrize("share", [1, 8])
def test_render__share__is_named_with_its_number(renderer: Drawn, share: int) -> None:
    document = shown(renderer, replace(PLAIN, id=ORDER | share, share=share))
    assert document["name"] == f"Hanse receivable 0xa0a1a2a3, share {share}"


@pytest.mark.parametrize(
    ("exponent", "minor", "text"),
    [
        (0, 0, "0"),
        (0, 5, "5"),
        (0, 2**56 - 1, "72057594037927935"),
        (2, 0, "0.00"),
        (2, 5, "0.05"),
        (2, 99, "0.99"),
        (2, 100, "1.00"),
        (3, 999, "0.999"),
        (3, 1000, "1.000"),
        (4, 2**56 - 1, "7205759403792.7935"),
    ],
)
def test_render__amount__has_the_currencys_own_decimals(
    renderer: Drawn, exponent: int, minor: int, text: str
) -> None:
    """D08: JPY 0, KWD 3, CLF 4."""
    picture = replace(PLAIN, exponent=exponent, face=minor, reduced=0, paid=0)
    assert traits(shown(renderer, picture))["Face"] == text


@pytest.mark.parametrize(
    ("symbol", "text"),
    [
        ('US"D', 'US"D'),
        ("a\\b", "a\\b"),
        ("x\ny", "x?y"),
        ("\x00\x7f", "??"),
        ("€", "???"),
        ("", ""),
        ("TWELVE_CHARS", "TWELVE_CHARS"),
        ("THIRTEENCHARS", "THIRTEENCHAR"),
        ('"}],"attributes":[]}', '"}],"attribu'),
    ],
)
def test_render__strange_symbol__stays_a_value(renderer: Drawn, symbol: str, text: str) -> None:
    assert traits(shown(renderer, replace(PLAIN, symbol=symbol)))["Currency"] == text


@settings(max_examples=40)
@given(symbol=st.text(max_size=40), phase=st.sampled_from(list(Phase)), held=st.booleans())
def test_render__any_symbol__is_json_with_a_picture(
    renderer: Drawn, symbol: str, phase: Phase, held: bool
) -> None:
    document = shown(renderer, replace(PLAIN, symbol=symbol, phase=phase, is_held=held))
    head, _, body = document["image"].partition(",")
    assert head == "data:image/svg+xml;base64"
    image = ET.fromstring(base64.b64decode(body, validate=True))
    texts = [element.text or "" for element in image.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == [
        "Hanse receivable 0xa0a1a2a3",
        "100000.00",
        phase.name.lower() + (", on hold" if held else ""),
    ]
