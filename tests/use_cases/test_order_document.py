"""What of an order's document is signed, and whom it may name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from settlement.documents.order import Delivery, Order, OrderLine, Party
from settlement.errors import InputRefused
from settlement.money import currency
from settlement.use_cases.order_document import check_declarations, check_party, normalised, signed_fields
from settlement.wire.trade import DeclarationTerm

LEI = "529900T8BM49AURSDO55"
OTHER_LEI = "5493001KJTIIGC8Y1R12"


def party(name: str, *identifiers: tuple[str, str]) -> Party:
    return Party(name, identifiers, "DE")


def order(**changes: Any) -> Order:
    lines = tuple(
        OrderLine(f"L{at}", "goods", "1", "C62", None, value)
        for at, value in enumerate((70, 20, 10), start=1)
    )
    plain: dict[str, Any] = {
        "number": "PO-1",
        "issued_on": date(2026, 3, 2),
        "currency": currency("USD"),
        "buyer": party("Buyer"),
        "supplier": party("Supplier"),
        "lines": lines,
        "face_minor": 101,
        "allowance_minor": 0,
        "charge_minor": 0,
        "tax_minor": 0,
        "delivery": Delivery(),
        "source_format": "json",
        "source_sha256": "00",
    }
    return Order(**(plain | changes))


def refusal_of(check: Callable[[], None]) -> InputRefused | None:
    """What a check refuses with, if it does."""
    try:
        check()
    except InputRefused as refused:
        return refused
    return None


def term(number: str, *lines: int) -> DeclarationTerm:
    return DeclarationTerm(number=number, lines=list(lines))


@pytest.mark.parametrize(
    ("found", "is_accepted"),
    [
        (party("Whatever GmbH", ("LEI", LEI)), True),
        (party("Whatever GmbH", ("", LEI), ("GLN", "4012345000009")), True),
        (party("acme, trading.  co"), True),
        (party("Acme Trading Co", ("LEI", OTHER_LEI)), False),
        (party("Acme Trading Co", ("lei", OTHER_LEI), ("GLN", "1")), False),
        (party("Acme Trading"), False),
        (party("Other Co", ("GLN", "4012345000009")), False),
    ],
)
def test_order__party_of_the_document__must_be_the_member_of_the_terms(
    found: Party, is_accepted: bool
) -> None:
    refused = refusal_of(lambda: check_party("buyer", found, LEI, "Acme Trading Co"))
    assert (refused is None) == is_accepted
    if refused is not None:
        assert refused.field == "buyer"


@pytest.mark.parametrize(
    "terms",
    [
        [term("A", 4)],
        [term("A", 1), term("B", 1, 2)],
        [term("A"), term("B", 3)],
        [term("A", 1), term("A", 2)],
    ],
)
def test_d03__declarations_that_overlap__are_refused(terms: list[DeclarationTerm]) -> None:
    with pytest.raises(InputRefused) as refused:
        check_declarations(terms, 3)
    assert refused.value.field == "terms/declarations"


@pytest.mark.parametrize("terms", [[], [term("A")], [term("A", 1, 3), term("B", 2)]])
def test_d03__declarations_side_by_side__are_taken(terms: list[DeclarationTerm]) -> None:
    assert refusal_of(lambda: check_declarations(terms, 3)) is None


def test_signed_fields__declarations__are_under_the_root_too() -> None:
    fields = signed_fields(order(), [term("26GB1", 1, 3), term("26GB2")])
    assert fields["declarations/1/number"] == "26GB1"
    assert fields["declarations/1/lines"] == "1,3"
    assert fields["declarations/2/lines"] == ""
    assert set(fields) - set(signed_fields(order(), [])) == {
        f"declarations/{at}/{name}" for at in (1, 2) for name in ("number", "lines")
    }


def test_p27__line_values__add_up_to_the_face_exactly() -> None:
    kept = normalised(order(), {"number": "PO-1"})
    shares = [line["value_minor"] for line in kept["lines"]]
    assert shares == [70, 20, 11]
    assert sum(shares) == 101
    assert [line["position"] for line in kept["lines"]] == [1, 2, 3]
