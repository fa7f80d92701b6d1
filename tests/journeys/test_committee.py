"""A split committee on a running network: what is not agreed is not paid, and who saw what is shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hanse.demo.stage import Stage
from hanse.demo.steps import Declaration, Line, Plan, accept_order, place_order
from hanse.network import ensure_demo_cash, ensure_lines
from settlement.days import DAY_S
from tests.faults.live import LiveNetwork, once
from tests.journeys.conftest import run_hanse


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveNetwork]:
    """One network for the tests of this file."""
    live = LiveNetwork(tmp_path_factory.mktemp("committee") / "net")
    live.start()
    live.wait_until_up()
    yield live
    live.stop()


@pytest.fixture
def stage(network: LiveNetwork) -> Iterator[Stage]:
    """The outside parties."""
    stage = network.stage()
    ensure_lines(stage, {"GBP": 50_000_000})
    ensure_demo_cash(stage, {("buyer", "GBP"): 5_000_000})
    yield stage
    stage.close()


def test_split_committee__two_release_one_holds_two_silent__nothing_settles_until_a_fourth_agrees(
    stage: Stage,
) -> None:
    """I-17, I-19: release seen by two, hold by one, nothing by two; then release reaches the others' inboxes."""
    plan = Plan("SPLIT-1", "GBP", (Line("Tea", "10", "KGM", 1_000_000),), "release")
    order = accept_order(stage, place_order(stage, plan))["id"]
    arrival_at = stage.now() + 5 * DAY_S
    stage.advance_to(arrival_at)
    declaration = Declaration(stage, stage.order(order))
    declaration.lodge(arrival_at - 4)
    once(lambda: stage.order(order)["seq"] == 2, "the lodged state")

    declaration.say("08", arrival_at - 2, members=(1, 2))
    declaration.say("05", arrival_at - 1, members=(3,))
    view = once(lambda: _divided(stage, order), "three members' words")
    assert view["is_divided"]
    states = {
        (state["phase"], state["hold"]): len(state["members"])
        for state in view["states"]
        if state["seq"] == 3
    }
    assert states == {("released", False): 2, ("accepted", True): 1}
    assert len(view["silent"]) == 2
    assert stage.order(order)["paid"]["value"] == "0"

    again = Declaration(stage, stage.order(order))
    again.repeat_after(1)
    again.say("08", arrival_at - 2, members=(4,))
    settled = stage.order_when(order, lambda one: one["phase"] == "settled", "the settlement")
    assert settled["paid"]["value"] == "1000000"
    assert len(settled["settlements"]) == 1
    paid = settled["settlements"][0]["hash"]
    assert paid in {row["hash"] for row in settled["evidence"] if row["verb"] == "attest"}, (
        "paid by the attestation"
    )


def test_up__started_twice_on_one_folder__the_second_shows_where_the_first_listens(
    network: LiveNetwork,
) -> None:
    ports = ("--port", str(network.api_port + 1), "--rpc-port", str(network.rpc_port + 1))
    second = run_hanse("up", "--data", str(network.folder), *ports)
    assert second.returncode == 0, second.stderr
    assert f"http://127.0.0.1:{network.api_port}" in second.stdout
    assert f"http://127.0.0.1:{network.rpc_port}" in second.stdout


def test_up__files_of_the_folder__are_readable_by_their_owner_alone(network: LiveNetwork) -> None:
    assert network.folder.stat().st_mode & 0o077 == 0
    opened = [path for path in network.folder.rglob("*") if path.stat().st_mode & 0o077]
    assert opened == []


def test_credentials__shown_by_the_command__are_those_of_the_file(network: LiveNetwork) -> None:
    shown = run_hanse("credentials", "--data", str(network.folder))
    assert shown.returncode == 0
    assert stage_key(network) in shown.stdout
    missing = run_hanse("credentials", "--data", str(network.folder / "nowhere"))
    assert missing.returncode == 2


def test_rebuild__of_a_projection_with_trades__gives_it_back_byte_for_byte(
    network: LiveNetwork, stage: Stage
) -> None:
    done = run_hanse("rebuild", "--data", str(network.folder), "--rpc-port", str(network.rpc_port))
    assert done.returncode == 0, done.stderr
    before, after = [line.split()[1] for line in done.stdout.splitlines()]
    assert before == after
    assert len(before) == 64


def stage_key(network: LiveNetwork) -> str:
    """The buyer's API key as the file has it."""
    key = network.stage().actor("buyer").api_key
    assert key is not None
    return key


def _divided(stage: Stage, order: str) -> dict[str, object] | None:
    view = stage.client("customs-1").get("/v1/clearance/attestations", order=order)
    voices = sum(len(state["members"]) for state in view["states"] if state["seq"] == 3)
    return view if voices == 3 else None
