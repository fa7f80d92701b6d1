"""Real documents of other people, where the samples folder is there, and orders written by hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from settlement.documents.from_json import order_from_json
from settlement.documents.order import Order


@pytest.fixture(scope="session")
def samples(project_root: Path) -> Path:
    """The folder of real samples; tests that need it are skipped, visibly, without it."""
    folder = Path(os.environ.get("HANSE_SAMPLES", project_root.parent / "shared" / "samples"))
    if not folder.is_dir():
        pytest.skip(f"no samples at {folder}; set HANSE_SAMPLES")
    return folder


@pytest.fixture
def json_order() -> dict[str, object]:
    """A JSON order of two lines in two units, face 10,000.00 USD."""
    return {
        "number": "PO-2026-0042",
        "issued_on": "2026-03-02",
        "buyer": {
            "name": "Kontor GmbH",
            "identifiers": [{"scheme": "LEI", "value": "529900T8BM49AURSDO55"}],
            "country": "DE",
        },
        "supplier": {"name": "Dhaka Mills Ltd", "country": "BD"},
        "lines": [
            {
                "id": "1",
                "description": "Cotton shirts",
                "quantity": "120",
                "unit": "C62",
                "price": "50.00",
                "value": {"value": "600000", "currency": "USD"},
            },
            {
                "id": "2",
                "description": "Yarn",
                "quantity": "7.5",
                "unit": "KGM",
                "value": {"value": "400000", "currency": "USD"},
            },
        ],
        "payable": {"value": "1000000", "currency": "USD"},
        "delivery": {"country": "NL", "place": "Rotterdam", "not_after": "2026-04-20", "terms": "CIF"},
    }


@pytest.fixture
def order(json_order: dict[str, object]) -> Order:
    import json

    return order_from_json(json.dumps(json_order).encode())
