"""docs/local-chain.md names every method and bound of the node, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from settlement.chain.local.node import Node
from settlement.chain.local.options import DEFAULT_PORT, node_command
from settlement.chain.local.pool import MOST_IN_ALL, MOST_PER_SENDER, PRICE_BUMP_PERCENT
from settlement.chain.local.rpc import (
    calls,
    dispatcher,
    fees,
    filters,
    log_reads,
    mining_verbs,
    proofs,
    simulation_request,
    subscriptions,
    sync_sending,
)
from settlement.chain.local.rpc.methods import methods_of
from settlement.chain.local.rpc.request_log import RequestLog
from settlement.chain.local.rpc.subscriptions import Subscriptions
from settlement.chain.local.rpc.verbs import ALL_NAMES
from settlement.chain.local.tracers import room
from settlement.chain.local.wire import web_socket
from settlement.chain.local.wire.bounds import MOST_BODY_BYTES
from settlement.chain.local.wire.http_server import MOST_CONNECTIONS


@pytest.fixture(scope="module")
def page(project_root: Path) -> str:
    return (project_root / "docs/local-chain.md").read_text(encoding="utf-8")


def part(page: str, heading: str) -> str:
    return page.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]


def test_page__methods_and_verbs__those_of_the_node(page: str, tmp_path: Path) -> None:
    with Node(tmp_path) as node:
        has = set(methods_of(node, RequestLog(), Subscriptions(node)))
    named = set(re.findall(r"`([a-z0-9]+_\w+)`", part(page, "Methods")))
    rows = [line for line in part(page, "Testing verbs").splitlines() if line.startswith("| `")]
    for verb in (name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])):
        if "_" in verb:
            other = {"anvil": "hardhat", "hardhat": "anvil"}[verb.partition("_")[0]]
            named |= {verb, f"{other}_{verb.partition('_')[2]}"}
        else:
            named |= {prefix + verb for prefix in ALL_NAMES}
    assert sorted(has - named) == []
    assert sorted(named - has) == []


def test_page__options__those_of_the_command(page: str) -> None:
    app = typer.Typer(add_completion=False)
    app.command()(node_command(lambda folder, port: (folder or Path(), port or DEFAULT_PORT)))
    has = {parameter.opts[0] for parameter in typer.main.get_command(app).params}
    rows = [line.split("|")[1] for line in part(page, "Start").splitlines() if line.startswith("| `--")]
    assert {option for row in rows for option in re.findall(r"--[a-z-]+", row)} == has - {
        "--parent-fd",
        "--help",
    }


def test_page__bounds__the_numbers_in_force(page: str) -> None:
    told = part(page, "What it keeps, and when")
    assert MOST_BODY_BYTES == 5 * 2**20
    assert dispatcher.MOST_RESPONSE_BYTES == 100 * 2**20
    assert web_socket.MOST_UNREAD_BYTES == 32 * 2**20
    assert filters.EXPIRES_AFTER_S == 5 * 60
    assert sync_sending.USUAL_WAIT_MS == 20 * 1_000
    assert filters.MOST_FILTERS == subscriptions.MOST_SUBSCRIPTIONS
    for bound, words in (
        (dispatcher.MOST_NESTED, "{:,} brackets deep"),
        (dispatcher.MOST_IN_A_BATCH, "{:,} requests in a batch"),
        (dispatcher.MOST_BATCH_RESPONSE_BYTES, "{:,} bytes for a batch"),
        (log_reads.MOST_LOGS, "| {:,}, of any range"),
        (MOST_IN_ALL, "| {:,} in all"),
        (MOST_PER_SENDER, "{:,} of one sender"),
        (filters.MOST_FILTERS, "| {:,} each"),
        (filters.MOST_CHANGES, "| {:,}; 32 MiB"),
        (MOST_CONNECTIONS, "| connections | {:,} |"),
        (mining_verbs.MOST_BLOCKS_AT_ONCE, "`mine` | {:,} |"),
        (proofs.MOST_SLOTS, "`eth_getProof` | {:,} |"),
        (fees.MOST_BLOCKS, "`eth_feeHistory` | {:,} |"),
        (room.MOST_TRACE_BYTES >> 20, "| a trace | {:,} MiB,"),
        (simulation_request.MOST_BLOCKS, "`eth_simulateV1` | {:,} blocks, "),
        (simulation_request.MOST_CALLS, "blocks, {:,} calls, "),
        (calls.MOST_CALL_GAS, "calls, {:,} gas, "),
        (room.MOST_TRACE_BYTES >> 20, "gas, {:,} MiB |"),
        (sync_sending.LONGEST_WAIT_MS, "up to {:,}; then error 4"),
        (PRICE_BUMP_PERCENT, "offers {:,} % more"),
    ):
        assert words.format(bound) in told
