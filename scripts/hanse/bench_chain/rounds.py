"""Rounds in which every system plays the same transactions, and what they say."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Protocol

from hanse.bench_chain.child import ChildPlayer
from hanse.bench_chain.load import CLIENTS, Fleet, Lanes
from hanse.bench_chain.nodes import anvil, find_anvil, our_node
from settlement.chain.local.accounts import ADDRESSES

ETH_TESTER: Final = "eth-tester"
ETH_TESTER_PURE: Final = "eth-tester, no coincurve"
PY_EVM: Final = "py-evm"
NODE_ONE: Final = "node, 1 client"
NODE_MANY: Final = f"node, {CLIENTS} clients"


class Player(Protocol):
    """A system that plays transactions. Times are in seconds."""

    name: str

    def prepare(self, raws: Sequence[bytes]) -> None: ...
    def play(self, lanes: Lanes) -> float: ...
    def call(self, to: bytes, calldata: bytes, count: int) -> float: ...
    def close(self) -> None: ...


@dataclass
class Rates:
    """What was done per second, by system, round by round."""

    by_name: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, rate: float) -> None:
        self.by_name.setdefault(name, []).append(rate)

    def ratio(self, name: str, other: str) -> float | None:
        """The median over the rounds of one's rate by the other's in the same round; None where one was not measured."""
        if name not in self.by_name or other not in self.by_name:
            return None
        pairs = zip(self.by_name[name], self.by_name[other], strict=True)
        return statistics.median(one / two for one, two in pairs)

    def table(self) -> dict[str, dict[str, float | list[float]]]:
        """Median, least and most, and each round, a second."""
        return {
            name: {
                "median": round(statistics.median(rates), 1),
                "low": round(min(rates), 1),
                "high": round(max(rates), 1),
                "rounds": [round(rate, 1) for rate in rates],
            }
            for name, rates in self.by_name.items()
        }


@contextmanager
def all_players(folder: Path) -> Iterator[list[Player]]:
    """Every system that is installed, each on a new chain with the same accounts funded."""
    funded = Fleet().addresses
    rich = [bytes.fromhex(address[2:]) for address in ADDRESSES] + funded
    with ExitStack() as stack:
        path = find_anvil()
        makers: list[Callable[[], Player]] = [
            partial(ChildPlayer, PY_EVM, "py-evm", rich),
            *(partial(our_node, folder / f"chain{clients}", clients, funded) for clients in (1, CLIENTS)),
            *(partial(anvil, path, clients, funded) for clients in (1, CLIENTS) if path is not None),
        ]
        if find_spec("eth_tester") is not None:
            # They differ in nothing but the curve's library.
            makers.append(partial(ChildPlayer, ETH_TESTER, "eth-tester", rich))
            makers.append(partial(ChildPlayer, ETH_TESTER_PURE, "eth-tester", rich, is_pure=True))

        def start(make: Callable[[], Player]) -> Player:
            player = make()
            stack.callback(player.close)
            return player

        with ThreadPoolExecutor(len(makers)) as pool:
            players = list(pool.map(start, makers))
        yield players


def prepare_all(players: Sequence[Player], setup: Sequence[bytes]) -> None:
    """Mine the set-up's transactions, in order, on every system. Nothing is timed."""
    with ThreadPoolExecutor(len(players)) as pool:
        list(pool.map(lambda player: player.prepare(setup), players))


def play_rounds(players: Sequence[Player], rounds: Sequence[Lanes]) -> Rates:
    """Each round is played by every system in turn, so that a disturbance meets neighbours alike."""
    rates = Rates()
    for number, lanes in enumerate(rounds):
        count = sum(map(len, lanes))
        # Every other round goes the other way: nobody always follows the same one.
        for player in players if number % 2 else reversed(players):
            rates.add(player.name, count / player.play(lanes))
    return rates


def call_rounds(players: Sequence[Player], to: bytes, calldata: bytes, *, rounds: int, count: int) -> Rates:
    """The same for calls of a view."""
    rates = Rates()
    for number in range(rounds):
        for player in players if number % 2 else reversed(players):
            rates.add(player.name, count / player.call(to, calldata, count))
    return rates
