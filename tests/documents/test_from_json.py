"""Mirrors settlement/documents/from_json.py and settlement/wire/order.py."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from settlement.documents.from_json import order_from_json
from settlement.documents.order import Order, OrderLine
from settlement.errors import DocumentRefused

Body = dict[str, Any]


def read(body: Body) -> Order:
    return order_from_json(json.dumps(body).encode())


def test_order_from_json__a_whole_order__is_read(json_order: Body) -> None:
    order = read(json_order)
    assert (order.number, order.reference, order.issued_on) == (
        "PO-2026-0042",
        "PO20260042",
        date(2026, 3, 2),
    )
    assert (order.face_minor, order.currency.code) == (1_000_000, "USD")
    assert order.buyer.identifiers == (("LEI", "529900T8BM49AURSDO55"),)
    assert order.lines == (
        OrderLine("1", "Cotton shirts", "120", "C62", "50.00", 600_000),
        OrderLine("2", "Yarn", "7.5", "KGM", None, 400_000),
    )
    assert (order.delivery.place, order.delivery.not_before, order.delivery.not_after) == (
        "Rotterdam",
        None,
        date(2026, 4, 20),
    )
    assert order.source_sha256 == hashlib.sha256(json.dumps(json_order).encode()).hexdigest()


def setting(*path: str | int, to: object) -> Callable[[Body], None]:
    def change(body: Body) -> None:
        at: Any = body
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = to

    return change


def dropping(*path: str | int) -> Callable[[Body], None]:
    def change(body: Body) -> None:
        at: Any = body
        for step in path[:-1]:
            at = at[step]
        del at[path[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (dropping("number"), "number"),
        (setting("number", to="  "), "number"),
        (setting("number", to=42), "number"),
        (setting("issued_on", to=1_700_000_000), "issued_on"),
        (setting("issued_on", to="2026-03-02T00:00:00"), "issued_on"),
        (setting("issued_on", to="2026-02-30"), "issued_on"),
        (setting("status", to="settled"), "status"),
        (setting("lines", 0, "discount", to="1"), "lines/0/discount"),
        (setting("lines", to=[]), "lines"),
        (setting("lines", to=[{}] * 5001), "lines"),
        (setting("lines", 1, "id", to="1"), "lines"),
        (setting("lines", 0, "quantity", to=120), "lines/0/quantity"),
        (setting("lines", 0, "quantity", to="1e3"), "lines/0/quantity"),
        (setting("lines", 0, "value", "currency", to="EUR"), "lines/0/value/currency"),
        (setting("payable", "currency", to="XYZ"), "payable/currency"),
        (setting("payable", "currency", to="usd"), "payable/currency"),
        (setting("payable", "value", to="0"), "payable"),
        (setting("payable", "value", to="72057594037927936"), "payable/value"),
        (setting("payable", "value", to="01"), "payable/value"),
        (setting("payable", "value", to="-1"), "payable/value"),
        (setting("payable", "value", to="1.00"), "payable/value"),
        (setting("payable", "value", to="1\n"), "payable/value"),
        (setting("payable", to="1000000"), "payable"),
        (setting("buyer", "name", to=""), "buyer/name"),
        (setting("buyer", "name", to="x" * 501), "buyer/name"),
        (setting("buyer", "name", to="Kontor\r\nadmin: logged in"), "buyer/name"),
        (setting("buyer", "identifiers", to=[{"value": "1"}] * 21), "buyer/identifiers"),
        (setting("supplier", "country", to="Bangladesh"), "supplier/country"),
    ],
)
def test_order_from_json__a_field_missing_or_wrong__is_refused_by_name(
    change: Callable[[Body], None], field: str, json_order: Body
) -> None:
    body = copy.deepcopy(json_order)
    change(body)
    with pytest.raises(DocumentRefused) as refused:
        read(body)
    assert refused.value.field == field


@pytest.mark.parametrize("number", ["1000000", "1000000.0", "1e6", "NaN", "1E400"])
def test_t14__an_amount_as_a_number__is_refused(number: str, json_order: Body) -> None:
    raw = json.dumps(json_order).replace('"value": "1000000"', f'"value": {number}')
    with pytest.raises(DocumentRefused):
        order_from_json(raw.encode())


def test_t14__an_amount_above_2_to_the_53__survives(json_order: Body) -> None:
    json_order["payable"] = {"value": str(2**53 + 1), "currency": "USD"}
    assert read(json_order).face_minor == 2**53 + 1


@pytest.mark.parametrize(("code", "exponent"), [("JPY", 0), ("KWD", 3), ("USD", 2), ("CLF", 4)])
def test_d08__minor_units_in_json__are_taken_as_they_are(code: str, exponent: int, json_order: Body) -> None:
    order = order_from_json(json.dumps(json_order).replace("USD", code).encode())
    assert (order.face_minor, order.currency.exponent) == (1_000_000, exponent)


@pytest.mark.parametrize("raw", [b"[]", b'"order"', b"null", b"1", b"{}"])
def test_order_from_json__another_value__is_refused(raw: bytes) -> None:
    with pytest.raises(DocumentRefused):
        order_from_json(raw)


def test_order_from_json__half_a_character__is_refused(json_order: Body) -> None:
    raw = json.dumps(json_order).replace("Kontor GmbH", "Kontor \\ud800")
    with pytest.raises(DocumentRefused):
        order_from_json(raw.encode())
