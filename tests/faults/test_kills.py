"""kill -9 of a whole running network, at the worst moments; ``hanse up`` at once afterwards (T24).

One life holds all moments, since a restart costs seconds: in deployment; after the draw's intent; while the draw is being
broadcast; mined but not projected; with 2 of 3 customs signatures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from contracts import MODULES
from hanse.demo.stage import Stage
from hanse.demo.steps import Declaration, Line, Plan, accept_order, drawn_at, place_order
from hanse.network import ensure_demo_cash, ensure_lines
from settlement.days import DAY_S
from tests.faults.live import LiveNetwork, once
from tests.journeys.conftest import run_hanse
from tests.journeys.rpc import Witness

Kill = Callable[[LiveNetwork], None]
DRAWN_MINOR = 1_000_000


@pytest.fixture(params=["parent", "group"])
def kill(request: pytest.FixtureRequest) -> Kill:
    """Who is killed: the supervisor alone, or every process at once."""
    return LiveNetwork.kill_parent if request.param == "parent" else LiveNetwork.kill_all


@pytest.fixture
def network(tmp_path: Path) -> Iterator[LiveNetwork]:
    """A network that is stopped at the end, whatever state it is in."""
    live = LiveNetwork(tmp_path / "net")
    yield live
    live.stop()


def test_t24__kill_9_at_every_worst_moment__up_again_with_one_effect_each(
    network: LiveNetwork, kill: Kill
) -> None:
    """I-01, I-18: nothing lost, nothing doubled."""
    addresses = _killed_in_deployment(network, kill)

    stage = network.stage()
    ensure_lines(stage, {"GBP": 50_000_000})
    ensure_demo_cash(stage, {("buyer", "GBP"): 40_000_000})
    order = accept_order(stage, place_order(stage, _plan("I1")))["id"]
    stage.close()

    _killed_after_the_draws_intent(network, kill, order)
    drawn = {order, _killed_in_broadcast(network, kill), _killed_when_mined_but_not_projected(network, kill)}
    _killed_with_two_of_three_signatures(network, kill, order)

    assert _addresses(network) == addresses
    witness = Witness(f"http://127.0.0.1:{network.rpc_port}")
    _each_happened_once(witness, addresses, settled=order, drawn=drawn)
    verified = run_hanse("verify", "--data", str(network.folder), "--rpc-port", str(network.rpc_port))
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_t24__up_killed_in_the_middle_of_trade_1__the_next_up_finishes_it_once(network: LiveNetwork) -> None:
    """I-01, I-18: the trade that `up` plays on a new chain goes on where it was."""
    network.start(is_demo_wanted=True)
    once(lambda: "draws GBP" in network.say(), "the draw")
    network.kill_all()
    network.start(is_demo_wanted=True)
    network.wait_until_up()
    addresses = _addresses(network)
    witness = Witness(f"http://127.0.0.1:{network.rpc_port}")
    payments = [log for log in witness.logs("Receivables", addresses["Receivables"]) if log.name == "Settled"]
    assert [log.fields["face"] for log in payments] == [12_000_000]
    draws = [log for log in witness.logs("CreditLines", addresses["CreditLines"]) if log.name == "Drawn"]
    assert [log.fields["amount"] for log in draws] == [8_350_000]


def _killed_in_deployment(network: LiveNetwork, kill: Kill) -> dict[str, str]:
    network.start()
    plan = network.folder / "deployment.json"
    # The plan is written before the first contract, and the suite takes a while.
    once(plan.exists, "the deployment's plan")
    planned = json.loads(plan.read_text(encoding="utf-8"))
    assert not planned["is_complete"]
    kill(network)
    _up_again(network)
    addresses = _addresses(network)
    hosts = {module: host for host, modules in MODULES.items() for module in modules}
    assert addresses == {name: planned["steps"][hosts.get(name, name)] for name in addresses}
    return addresses


def _killed_after_the_draws_intent(network: LiveNetwork, kill: Kill, order: str) -> None:
    stage = network.stage()
    network.pause("worker")
    _sign_draw(stage, order)
    assert _draw_states(network, order) == ["queued"]
    stage.close()
    kill(network)
    _up_again(network)
    _drawn_once(network, order)


def _killed_in_broadcast(network: LiveNetwork, kill: Kill) -> str:
    """The draw's bytes are stored; whether the node has them yet, nobody knows."""
    order, _ = _stopped_in_broadcast(network, "B")
    kill(network)
    _up_again(network)
    _drawn_once(network, order)
    return order


def _killed_when_mined_but_not_projected(network: LiveNetwork, kill: Kill) -> str:
    order, transaction = _stopped_in_broadcast(network, "M")
    witness = Witness(f"http://127.0.0.1:{network.rpc_port}")
    if witness.ask("eth_getTransactionReceipt", transaction) is None:
        (raw,) = network.rows("SELECT raw FROM broadcast WHERE tx_hash = ?", transaction)[0]
        witness.ask("eth_sendRawTransaction", raw)
    once(lambda: witness.ask("eth_getTransactionReceipt", transaction), "the draw's receipt")
    assert not _is_drawn(network, order)
    kill(network)
    _up_again(network)
    _drawn_once(network, order)
    return order


def _stopped_in_broadcast(network: LiveNetwork, name: str) -> tuple[str, str]:
    """Stop the worker right after it stored a draw's transaction; a worker that was quicker gets another order."""
    stage = network.stage()
    try:
        for attempt in range(8):
            order = accept_order(stage, place_order(stage, _plan(f"{name}{attempt + 1}")))["id"]
            _sign_draw(stage, order)
            transaction = once(partial(_broadcasts, network, order), "the draw's stored transaction")[0]
            network.pause("worker")
            if not _is_drawn(network, order):
                return order, transaction
            network.go_on("worker")
    finally:
        stage.close()
    raise AssertionError("the worker was never caught between storing and projecting")


def _killed_with_two_of_three_signatures(network: LiveNetwork, kill: Kill, order: str) -> None:
    stage = network.stage()
    arrival_at = drawn_at(stage.client("supplier").get(f"/v1/loans/{order}")) + 10 * DAY_S
    stage.advance_to(arrival_at)
    declaration = Declaration(stage, stage.order(order))
    declaration.lodge(arrival_at - 2)
    once(lambda: stage.order(order)["seq"] == 2, "the lodged state")
    declaration.say("09", arrival_at - 1, members=(1, 2))
    once(lambda: _signers(stage, order, seq=3) == 2, "two signatures")
    assert stage.order(order)["phase"] == "accepted"
    stage.close()
    kill(network)
    _up_again(network)
    stage = network.stage()
    again = Declaration(stage, stage.order(order))
    again.repeat_after(1)
    again.say("09", arrival_at - 1, members=(3,))
    stage.order_when(order, lambda one: one["phase"] == "settled", "the settlement")
    stage.close()


def _up_again(network: LiveNetwork) -> None:
    network.start()
    network.wait_until_up()
    assert "in use" not in network.say()


def _addresses(network: LiveNetwork) -> dict[str, str]:
    stage = network.stage()
    try:
        return dict(stage.client("operator").get("/v1/network")["contracts"])
    finally:
        stage.close()


def _sign_draw(stage: Stage, order: str) -> None:
    act = stage.client("supplier").post(f"/v1/loans/{order}/draws", {"amount": _amount()})
    stage.client("supplier").sign_and_send(act, stage.actor("supplier").private_key, wait_s=0)


def _drawn_once(network: LiveNetwork, order: str) -> None:
    once(lambda: _is_drawn(network, order), "the draw")


def _is_drawn(network: LiveNetwork, order: str) -> bool:
    return network.rows('SELECT count(*) FROM draw WHERE "order" = ?', order) == [(1,)]


def _draw_states(network: LiveNetwork, order: str) -> list[str]:
    rows = network.rows("SELECT state FROM intent WHERE kind = 'draw' AND subject = ?", order)
    return [row[0] for row in rows]


def _broadcasts(network: LiveNetwork, order: str) -> list[str]:
    rows = network.rows(
        "SELECT broadcast.tx_hash FROM broadcast JOIN intent ON intent.id = intent_id "
        "WHERE kind = 'draw' AND subject = ?",
        order,
    )
    return [row[0] for row in rows]


def _signers(stage: Stage, order: str, seq: int) -> int:
    view = stage.client("customs-1").get("/v1/clearance/attestations", order=order)
    return max((len(state["members"]) for state in view["states"] if state["seq"] == seq), default=0)


def _each_happened_once(
    witness: Witness, addresses: dict[str, str], *, settled: str, drawn: set[str]
) -> None:
    draws = [
        log.fields for log in witness.logs("CreditLines", addresses["CreditLines"]) if log.name == "Drawn"
    ]
    orders = [one["order"] for one in draws]
    assert len(orders) == len(set(orders)), "an order was drawn twice"
    assert {int(order, 16) for order in drawn} <= set(orders)
    payments = [
        log.fields for log in witness.logs("Receivables", addresses["Receivables"]) if log.name == "Settled"
    ]
    assert [(one["order"], one["face"]) for one in payments] == [(int(settled, 16), 2_000_000)]


def _plan(number: str) -> Plan:
    return Plan(number, "GBP", (Line("Tea", "100", "KGM", 2_000_000),), "clearance")


def _amount() -> dict[str, str]:
    return {"value": str(DRAWN_MINOR), "currency": "GBP"}
