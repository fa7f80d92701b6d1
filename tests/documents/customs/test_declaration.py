"""Mirrors settlement/documents/customs/declaration.py, wco_declaration.py and basis.py."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from settlement.documents.customs.basis import (
    DeclarationScope,
    ItemShare,
    OrderBasis,
    scope_of_lines,
    whole_order,
)
from settlement.documents.customs.declaration import Declaration, Purpose
from settlement.documents.customs.event import CustomsEvent
from settlement.documents.customs.wco_declaration import declaration_from_wco, read_wco
from settlement.documents.order import Order
from settlement.errors import DocumentRefused, InputRefused
from settlement.money import Money, currency


@pytest.fixture
def lodged(samples: Path) -> Declaration:
    return declaration_from_wco(
        (samples / "customs_wco_hmrc" / "im017a_control_then_clear" / "Step1_TT_IM017a.xml").read_bytes()
    )


def test_declaration_from_wco__hmrcs_import__is_read_with_its_items(lodged: Declaration) -> None:
    pounds = currency("GBP")
    assert (lodged.trader_reference, lodged.number, lodged.purpose) == (
        "TT_IM17a_v1.4_1907_01",
        "",
        Purpose.ORIGINAL,
    )
    assert (lodged.currency, lodged.invoice) == (pounds, Money(120_000, pounds))
    assert [item.value for item in lodged.items] == [
        Money(100_000, pounds),
        Money(10_000, pounds),
        Money(10_000, pounds),
    ]
    assert [item.quantity for item in lodged.items] == [None, "10", "10"]
    assert (lodged.importer.identifier, lodged.exporter.name, lodged.exporter.country) == (
        "GB553202734852",
        "US Clipper Inc.",
        "US",
    )
    assert lodged.is_sale


def test_declaration_from_wco__amendment_and_cancellation__are_told_apart(samples: Path) -> None:
    folder = samples / "customs_wco_hmrc"
    amended = declaration_from_wco(
        (folder / "im017a_control_then_clear" / "TT_IM017a_Amendment.xml").read_bytes()
    )
    cancelled = declaration_from_wco((folder / "export_cancel" / "TT_EX010a_Cancellation.xml").read_bytes())
    assert (amended.purpose, amended.number) == (Purpose.AMENDMENT, "21GB7X8M7S6NG8N6R0")
    assert (cancelled.purpose, cancelled.number) == (Purpose.CANCELLATION, "24GBDIRIGZ7QLCPAA8")


def test_declaration_from_wco__a_notification__is_refused(samples: Path) -> None:
    raw = (samples / "customs_wco_hmrc" / "im001a_straight_clear" / "04_DMSCLE.xml").read_bytes()
    with pytest.raises(DocumentRefused, match="type RES, not a declaration"):
        declaration_from_wco(raw)


def test_read_wco__a_folder_of_both__tells_them_apart(samples: Path) -> None:
    folder = samples / "customs_wco_hmrc" / "im001a_straight_clear"
    kinds = {path.name: type(read_wco(path.read_bytes(), 0)) for path in folder.glob("*.xml")}
    assert kinds == {
        "Step1_TT_IM001a.xml": Declaration,
        "01_DMSACC.xml": CustomsEvent,
        "04_DMSCLE.xml": CustomsEvent,
    }


def test_d07__re_export_and_return__are_no_sale(samples: Path, lodged: Declaration) -> None:
    re_export = declaration_from_wco(
        (samples / "customs_wco_hmrc" / "export_reexport" / "TT_EX016a.xml").read_bytes()
    )
    returned = replace(lodged, transaction_nature="2")
    brought_back = replace(lodged, items=tuple(replace(item, procedures=("6123",)) for item in lodged.items))
    for one in (re_export, returned, brought_back):
        assert not one.is_sale


def test_scope_of_lines__the_lines_of_two_declarations__share_the_whole_face(order: Order) -> None:
    first, second = scope_of_lines(order, ["1"]), scope_of_lines(order, ["2"])
    assert first == DeclarationScope(600_000, (ItemShare(1, 600_000, "120", "C62"),))
    assert first.value_minor + second.value_minor == order.face_minor
    with pytest.raises(InputRefused, match="no line '3'"):
        scope_of_lines(order, ["3"])
    with pytest.raises(InputRefused, match="twice"):
        scope_of_lines(order, ["1", "1"])


def test_order_basis__shares_above_the_face__are_refused(order: Order) -> None:
    assert whole_order(order, "MRN").declarations["MRN"].value_minor == order.face_minor
    whole = DeclarationScope(order.face_minor)
    with pytest.raises(InputRefused, match="more than the order's face"):
        OrderBasis(order.face_minor, order.currency, {"A": whole, "B": DeclarationScope(1)})


def test_declaration_scope__items_that_do_not_add_up__are_refused() -> None:
    with pytest.raises(InputRefused, match="add up"):
        DeclarationScope(10, (ItemShare(1, 9),))
    with pytest.raises(InputRefused, match="same sequence"):
        DeclarationScope(10, (ItemShare(1, 5), ItemShare(1, 5)))
    with pytest.raises(InputRefused, match="negative"):
        DeclarationScope(0, (ItemShare(1, 5), ItemShare(2, -5)))
