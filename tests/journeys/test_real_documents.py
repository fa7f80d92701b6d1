"""``hanse demo --order FILE --customs FOLDER``: real documents on a fresh chain, and documents that cannot be used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.journeys.conftest import play, run_hanse
from tests.journeys.rpc import chain_of

ORDER = "ubl/UBL-Order-2.1-Example.xml"
CUSTOMS = "customs_wco_hmrc/im017a_control_then_clear"


def test_real_documents__ubl_order_controlled_then_cleared__settles_exactly_the_payable_amount(
    samples: Path, tmp_path: Path
) -> None:
    """I-07, I-17: SEK 6,225.00 as the document says, no more and no less."""
    played = play(tmp_path / "net", "--order", str(samples / ORDER), "--customs", str(samples / CUSTOMS))
    assert played.status == 0, played.errors
    order = played.order(1)
    assert order["phase"] == "settled"
    assert order["face"] == {"value": "622500", "currency": "SEK"}
    paid = {name: int(amount["value"]) for name, amount in order["paid"].items()}
    assert paid["customs"] == 0, "the duty is in sterling; the buyer's cap covers kronor only"
    assert paid["funder"] + paid["holder"] == int(order["buyer_debited"]["value"]) == 622_500
    with chain_of(played.folder) as witness:
        recorded = [
            log.fields
            for log in witness.logs("Receivables", played.report["network"]["contracts"]["Receivables"])
            if log.name == "Recorded"
        ]
    # Ten notifications and the authority's link; the control held the order before it was cleared.
    assert recorded[-1]["seq"] == 11
    assert recorded[-1]["released"] == 622_500
    assert not recorded[-1]["hold"]


def test_real_documents__folder_reordered_and_repeated__gives_the_same_state(
    samples: Path, tmp_path: Path
) -> None:
    """D13, I-18: names and repeats of files change nothing."""
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    for position, path in enumerate(sorted((samples / CUSTOMS).glob("*.xml"), reverse=True)):
        shutil.copy(path, shuffled / f"{position:02d}.xml")
        shutil.copy(path, shuffled / f"{position + 50:02d}-again.xml")
    arguments = ("--order", str(samples / ORDER), "--customs")
    states = []
    for folder in (samples / CUSTOMS, shuffled):
        played = play(tmp_path / folder.name / "net", *arguments, str(folder))
        assert played.status == 0, played.errors
        with chain_of(played.folder) as witness:
            logs = witness.logs("ClearanceOracle", played.report["network"]["contracts"]["ClearanceOracle"])
        last = [log.fields for log in logs if log.name == "Attested"][-1]
        states.append((last["order"], last["seq"], last["declarations"], last["messages"]))
    assert states[0] == states[1]


@pytest.mark.parametrize(("code", "payable"), [("JPY", "1250001"), ("KWD", "4500125")])
def test_d08__orders_in_currencies_without_two_decimals__keep_their_minor_units(
    tmp_path: Path, code: str, payable: str
) -> None:
    """D08, I-14: yen have no minor unit, dinars have a thousand."""
    order = tmp_path / "order.json"
    order.write_text(json.dumps(_order(code, payable)), encoding="utf-8")
    played = play(tmp_path / "net", "--order", str(order), "--voyage-days", "5")
    assert played.status == 0, played.errors
    row = played.order(1)
    assert row["face"] == {"value": payable, "currency": code}
    assert row["phase"] == "settled"
    assert int(row["buyer_debited"]["value"]) == int(payable)


def test_real_documents__invoice_instead_of_order__refused_with_the_reason_and_status_2(
    samples: Path, tmp_path: Path
) -> None:
    done = run_hanse(
        "demo", "--data", str(tmp_path / "net"), "--order", str(samples / "ubl/UBL-Invoice-2.1-Example.xml")
    )
    assert done.returncode == 2
    assert "Invoice" in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "net" / "chain").exists(), "nothing is started for a document that cannot be used"


def test_real_documents__payable_amount_below_a_minor_unit__refused_with_its_field(tmp_path: Path) -> None:
    order = tmp_path / "order.json"
    wrong = _order("JPY", "1250001") | {"payable": {"value": "1250.5", "currency": "JPY"}}
    order.write_text(json.dumps(wrong), encoding="utf-8")
    done = run_hanse("demo", "--data", str(tmp_path / "net"), "--order", str(order))
    assert done.returncode == 2
    assert "payable" in done.stderr


def test_real_documents__customs_without_an_order__refused(tmp_path: Path) -> None:
    done = run_hanse("demo", "--customs", str(tmp_path))
    assert done.returncode == 2
    assert "--order" in done.stderr


def test_real_documents__folder_without_notifications__refused(tmp_path: Path) -> None:
    order = tmp_path / "order.json"
    order.write_text(json.dumps(_order("KWD", "1000")), encoding="utf-8")
    done = run_hanse("demo", "--order", str(order), "--customs", str(tmp_path))
    assert done.returncode == 2
    assert "no customs notification" in done.stderr


def _order(code: str, payable: str) -> dict[str, object]:
    return {
        "number": f"EX-{code}-7",
        "issued_on": "2026-03-02",
        "buyer": {"name": "Buyer of Goods", "country": "JP"},
        "supplier": {"name": "Maker of Goods", "country": "KW"},
        "lines": [
            {"id": "1", "quantity": "3", "unit": "C62", "value": {"value": payable, "currency": code}},
        ],
        "payable": {"value": payable, "currency": code},
    }
