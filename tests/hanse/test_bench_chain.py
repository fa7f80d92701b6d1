"""The local chain's bench: every system plays the same transactions, and what fails is no figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hanse.bench_chain.load import CLIENTS, Fleet, in_turn
from hanse.bench_chain.nodes import NodePlayer, find_anvil, our_node
from hanse.bench_chain.report import Bar, as_text
from hanse.bench_chain.rounds import ETH_TESTER, ETH_TESTER_PURE, NODE_MANY, NODE_ONE, PY_EVM, Rates
from hanse.bench_chain.run import QUICK, bench_chain
from hanse.bench_chain.trade import MOST_ORDERS, sign_trade
from settlement.chain.local.formats.transactions import decode_transaction
from settlement.errors import ChainError, InputRefused
from settlement.settings import LOCAL_CHAIN_ID

SYSTEMS = {PY_EVM, NODE_ONE, NODE_MANY, ETH_TESTER, ETH_TESTER_PURE}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodePlayer]:
    with our_node(tmp_path / "chain", 2, Fleet().addresses) as player:
        yield player


def check(figures: dict[str, Any], works: tuple[str, ...]) -> None:
    """Every system was measured, and every bar stands beside its figure."""
    systems = SYSTEMS | ({"anvil, 1 client", f"anvil, {CLIENTS} clients"} if find_anvil() else set())
    for work in works:
        assert set(figures[work]) == systems
        assert all(row["low"] > 0 and len(row["rounds"]) == QUICK.rounds for row in figures[work].values())
    assert [state["transactions"] for state in figures["memory"]["states"]] == list(range(0, 501, 50))
    assert figures["logs"]["200"]["whole_range"]["found"] == 2
    ratios = len([work for work in works if work != "eth_call"])
    assert [bar["bar"] for bar in figures["bars"]] == [5.0, 1.5, 0.6, 5.0, 1.5] * ratios + [1.1, 10]
    lines = [line.strip() for line in as_text(figures)]
    assert all(any(line.startswith(bar["name"]) for line in lines) for bar in figures["bars"])


def test_bench_chain__transfers__measures_every_system_that_is_installed() -> None:
    check(bench_chain(replace(QUICK, orders=0), lambda _: None), ("transfers",))


@pytest.mark.deep
def test_bench_chain__quick__measures_the_trade_and_calls_too() -> None:
    check(bench_chain(QUICK, lambda _: None), ("transfers", "trade", "eth_call"))


def test_sign_trade__one_order__is_mined_on_a_new_chain(node: NodePlayer) -> None:
    trade = sign_trade(Fleet(), rounds=1, orders=1)
    node.prepare(trade.setup)
    assert [len(lane) for lane in trade.rounds[0] if lane] == [3]
    assert node.play(trade.rounds[0]) > 0
    assert node.call(trade.book, trade.view, 3) > 0


def test_sign_trade__more_orders_than_the_buyer_can_pay__is_refused() -> None:
    with pytest.raises(InputRefused, match="ask for fewer"):
        sign_trade(Fleet(), rounds=2, orders=MOST_ORDERS // 2 + 1)


def test_play__transaction_that_fails__is_no_figure(node: NodePlayer) -> None:
    fleet = Fleet()
    assert node.play([[fleet.sign(0, bytes(19) + b"\x99", gas=21_000, value=1)]]) > 0
    # Init code that reverts.
    reverting = fleet.sign(0, b"", gas=100_000, data=bytes.fromhex("5f5ffd"))
    with pytest.raises(ChainError, match="1 transactions of the bench failed"):
        node.play([[reverting]])
    with pytest.raises(ChainError, match="nonce too low"):
        node.play([[reverting]])


def test_transfers__again__go_on_with_each_senders_nonces() -> None:
    fleet = Fleet()
    played = [
        decode_transaction(raw, LOCAL_CHAIN_ID)
        for count in (120, 70)
        for raw in in_turn(fleet.transfers(count))
    ]
    assert len(played) == 190
    for lane, address in enumerate(fleet.addresses):
        expected = 3 + (lane < 20) + (lane < 20)
        assert [tx.nonce for tx in played if tx.sender == address] == list(range(expected))


def test_bar__figure_at_its_bound__is_met_and_one_past_it_is_not() -> None:
    assert Bar("speed", 1.5, 1.5, is_least=True).is_met
    assert not Bar("speed", 1.49, 1.5, is_least=True).is_met
    assert Bar("growth", 1.1, 1.1, is_least=False).is_met
    assert not Bar("growth", 1.11, 1.1, is_least=False).is_met


def test_ratio__rounds__is_the_median_of_pairs() -> None:
    rates = Rates({"one": [10, 20, 90], "two": [10, 10, 10]})
    assert rates.ratio("one", "two") == 2
    assert rates.ratio("one", "three") is None
