"""The same trade on other ground: PostgreSQL instead of SQLite, a real anvil instead of the embedded chain."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hanse.tree import free_port
from hanse.waiting import wait_for
from tests.journeys.conftest import ROOT, Played, play
from tests.journeys.rpc import Witness


@pytest.fixture
def order_file(tmp_path: Path) -> Path:
    """A small order of two lines."""
    amount = {"value": "9000", "currency": "EUR"}
    order = {
        "number": "ELSEWHERE-1",
        "issued_on": "2026-03-02",
        "buyer": {"name": "Buyer", "country": "NL"},
        "supplier": {"name": "Supplier", "country": "SG"},
        "lines": [{"id": str(line), "quantity": "1", "value": amount} for line in (1, 2)],
        "payable": {"value": "18000", "currency": "EUR"},
    }
    path = tmp_path / "order.json"
    path.write_text(json.dumps(order), encoding="utf-8")
    return path


@pytest.fixture
def anvil() -> Iterator[str]:
    """The URL of a fresh anvil; `npm install --no-save --prefix tests/nodes` installs it."""
    binary = shutil.which("anvil") or shutil.which("anvil", path=str(ROOT / "tests/nodes/node_modules/.bin"))
    if binary is None:
        pytest.skip("anvil is not installed (npm install --no-save --prefix tests/nodes)")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    node = subprocess.Popen(
        [binary, "--port", str(port), "--hardfork", "prague", "--silent"], stdout=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: _answers(url), "anvil")
        yield url
    finally:
        node.terminate()
        node.wait(20)


def test_trade__books_in_postgresql__settles_and_agrees_with_the_chain(
    tmp_path: Path, order_file: Path, postgresql_url: str
) -> None:
    """I-01, I-07: HANSE_DATABASE_URL is all that changes."""
    played = play(
        tmp_path / "net", "--order", str(order_file), environment={"HANSE_DATABASE_URL": postgresql_url}
    )
    _settled_whole(played)
    assert not list((tmp_path / "net").glob("*.db"))


def test_demo__on_a_real_anvil__plays_all_four_trades(tmp_path: Path, anvil: str) -> None:
    """I-01, I-07: HANSE_CHAIN_URL is all that changes."""
    played = play(tmp_path / "net", environment={"HANSE_CHAIN_URL": anvil})
    assert played.status == 0, played.errors
    assert [order["phase"] for order in played.report["orders"]] == [
        "settled",
        "settled",
        "settled",
        "refused",
    ]
    assert all(check["ok"] for check in played.report["checks"].values())
    assert not (tmp_path / "net" / "chain").exists()
    for order in played.report["orders"][:3]:
        receipt = Witness(anvil).ask("eth_getTransactionReceipt", order["tx"]["settle"])
        assert int(receipt["gasUsed"], 16) == order["gas"]["settle"]


def _settled_whole(played: Played) -> None:
    assert played.status == 0, played.errors
    order = played.order(1)
    assert order["phase"] == "settled"
    assert order["buyer_debited"] == {"value": "18000", "currency": "EUR"}
    assert all(check["ok"] for check in played.report["checks"].values())


def _answers(url: str) -> bool | None:
    try:
        return Witness(url).ask("eth_chainId") == hex(31_337) or None
    except OSError:
        return None
