"""Our own calls as a workload: accept, draw and settle of orders, as their parties sign them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from hanse.bench_chain.load import CLIENTS, Fleet, Lanes
from hanse.bench_gas import Bench, open_bench
from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.client import ChainClient
from settlement.chain.local.server import LocalNode
from settlement.errors import InputRefused
from settlement.settings import LOCAL_CHAIN_ID

MOST_ORDERS: Final = 900
"""What the buyer's deposit pays for, and what is over before the customs signatures expire."""
_GAS: Final = 600_000
_HOUR_S: Final = 3_600


@dataclass(frozen=True)
class Trade:
    """``setup`` deploys the contracts and enrols the parties; ``view`` reads an order in ``book``, for ``eth_call``."""

    setup: list[bytes]
    rounds: list[Lanes]
    book: bytes
    view: bytes


def sign_trade(fleet: Fleet, rounds: int, orders: int) -> Trade:
    """Rounds of so many orders, three calls each.

    The set-up is played on a node here, and the same transactions set up every system that is measured: keys and nonces
    are the same, so the contracts' addresses are, and with them what members signed.

    Raises: InputRefused for more orders than the buyer can pay.
    """
    if rounds * orders > MOST_ORDERS:
        raise InputRefused(f"{rounds} rounds of {orders} orders are more than {MOST_ORDERS}; ask for fewer")
    with (
        tempfile.TemporaryDirectory(prefix="hanse-bench-") as folder,
        LocalNode(Path(folder, "chain")) as local,
        ChainClient(local.url, LOCAL_CHAIN_ID) as client,
    ):
        bench = open_bench(client, Path(folder, "deployment.json"))
        chain = local.node.chain
        heads = [chain.head_at(number) for number in range(1, chain.head.number + 1)]
        setup = [
            mined.transaction.raw for head in heads if head for mined in chain.block_of(head).transactions
        ]
        played = []
        order = 0
        for _ in range(rounds):
            lanes: Lanes = [[] for _ in range(CLIENTS)]
            for number in range(orders):
                lane = number % CLIENTS
                order, calls = _life(bench)
                lanes[lane] += [fleet.sign(lane, to, gas=_GAS, data=calldata) for to, calldata in calls]
            played.append(lanes)
    book = bytes.fromhex(bench.deployment.receivables[2:])
    return Trade(setup, played, book, Receivables.position_of(order).data)


def _life(bench: Bench) -> tuple[int, list[tuple[bytes, bytes]]]:
    """A fresh order's id, and the three calls of its life. Nothing of it is sent here."""
    book, oracle = bench.deployment.receivables, bench.deployment.clearance_oracle
    fingerprint, accept = bench.acceptance()
    order = bench.client.call(book, fingerprint)
    draw = bench.drawing(order, 50_000_00)
    now = bench.now
    # The last full hour of the two that the contract allows: every round is over by then.
    state = replace(bench.state(order, 1), deadline=now - now % _HOUR_S + 2 * _HOUR_S)
    settle = ClearanceOracle.attest(state, bench.quorum(state))
    calls = ((book, accept), (book, draw), (oracle, settle))
    return order, [(bytes.fromhex(to[2:]), call.data) for to, call in calls]
